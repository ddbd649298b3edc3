"""Shows on a terminal how sources do: a line for each, and under it in words what a person should look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

Row = Mapping[str, Any]
"""What `condition.row_of` says of a source."""

COLUMNS = ("source", "state", "outcome", "entries", "last poll", "next poll", "why")
COLOURS = {"ok": "green", "failing": "red", "incident": "red", "gone": "red", "new": "cyan", "disabled": "dim"}
NOTES = {
    "moved_to": "moved to {}",
    "moving_to": "redirects for good to {}",
    "list": "from the list {}",
    "insecure_tls": "its certificate is not checked",
    "pushed_until": "its hub tells what is new until {}",
    "no_push": "its hub is not asked: {}",
}
GAP = 2
INDENT = 4
LEAST_FOR_SOURCES = 24
"""Cells without which the names of sources would be unreadable: `outcome` is left out before."""


def print_conditions(rows: Sequence[Row], now: datetime, console: Console) -> None:
    """The rows as they were at `now`, whatever the width; what stands under a source is wrapped, and nothing is cut."""
    lines = [_cells(row, now) for row in rows]
    columns = list(COLUMNS)
    widths = {name: max(len(line[name]) for line in ({name: name for name in COLUMNS}, *lines)) for name in columns}
    # What it found at its last poll is also told by the state and by the line under it, if it was a failure.
    if _left(columns, widths, console.width) < min(widths["source"], LEAST_FOR_SOURCES):
        columns.remove("outcome")
    widths["source"] = min(widths["source"], max(_left(columns, widths, console.width), len("source")))
    console.print(_line({name: name for name in columns}, columns, widths, "bold"), soft_wrap=True)
    for row, line in zip(rows, lines, strict=True):
        if len(line["source"]) > widths["source"]:
            console.print(Text(line["source"]), soft_wrap=True)
            line = {**line, "source": ""}
        console.print(_line(line, columns, widths, COLOURS[row["state"]]), soft_wrap=True)
        for words, style in _words(row, now):
            console.print(Padding(Text(words, style), (0, 0, 0, INDENT)))


def ago(moment: str, now: datetime) -> str:
    """How far from `now` an RFC 3339 moment is, in words that are never longer than `59 min ago`."""
    away = datetime.fromisoformat(moment) - now
    if abs(away) < timedelta(minutes=1):
        return "now"
    return f"in {_span(away)}" if away > timedelta(0) else f"{_span(-away)} ago"


def _span(length: timedelta) -> str:
    """The length in minutes, in hours up to two days, or in days."""
    minutes = max(1, int(length.total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def _cells(row: Row, now: datetime) -> dict[str, str]:
    due = row["next_poll"]
    is_due = due is not None and datetime.fromisoformat(due) <= now
    return {
        "source": row["source"],
        "state": row["state"],
        "outcome": row["outcome"] or "",
        "entries": str(row["entries"]),
        "last poll": ago(row["last_poll"], now) if row["last_poll"] else "never",
        "next poll": "now" if is_due else ago(due, now) if due else "",
        "why": row["why"] or "",
    }


def _left(columns: Sequence[str], widths: Mapping[str, int], width: int) -> int:
    """The cells that are left for the names of the sources."""
    return width - sum(widths[name] + GAP for name in columns if name != "source")


def _line(cells: Mapping[str, str], columns: Sequence[str], widths: Mapping[str, int], style: str) -> Text:
    line = Text(no_wrap=True)
    for name in columns:
        cell = cells[name]
        wide = cell.rjust(widths[name]) if name == "entries" else cell.ljust(widths[name])
        line.append(wide, style if name == "state" or style == "bold" else "")
        line.append(" " * GAP)
    line.rstrip()
    return line


def _words(row: Row, now: datetime) -> Iterator[tuple[str, str]]:
    """What stands under a source, each with its colour."""
    for one in row["incidents"]:
        yield f"{one['cause']} for {_span(now - datetime.fromisoformat(one['since']))}: {one['what']}", "red"
    if row["failures"]:
        times = "once" if row["failures"] == 1 else f"{row['failures']} times in a row"
        why = ": ".join(filter(None, (row["reason"], row["detail"])))
        is_told = any(why.endswith(one["what"]) for one in row["incidents"])
        yield f"failed {times}" + ("" if is_told else f": {why}"), "red"
    for key, words in NOTES.items():
        if row[key]:
            yield words.format(_minute(row[key]) if key == "pushed_until" else row[key]), "dim"


def _minute(moment: str) -> str:
    """The moment where the terminal stands."""
    return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M}"
