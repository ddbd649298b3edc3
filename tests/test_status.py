"""What `status` says on a terminal: whole words at eighty columns, and why a source fails."""

from __future__ import annotations

import io
import os
import pty
import struct
import subprocess
from datetime import UTC, datetime, timedelta
from fcntl import ioctl
from termios import TIOCSWINSZ
from typing import Any

import pytest
from conftest import PATIENCE, Place
from rich.console import Console
from scripted_web import Answer, ScriptedWeb

from aggregator.cli.conditions import ago, print_conditions

NOW = datetime(2026, 11, 26, 1, 0, 30, tzinfo=UTC)


def row(source: str, **keys: Any) -> dict[str, Any]:
    return {
        **dict.fromkeys(("reason", "detail", "moved_to", "moving_to", "pushed_until", "no_push", "list")),
        "source": source,
        "state": "ok",
        "last_poll": "2026-11-26T00:48:12.123456Z",
        "outcome": "not-modified",
        "entries": 20,
        "failures": 0,
        "next_poll": "2026-11-26T02:00:00Z",
        "why": "pace",
        "insecure_tls": False,
        "incidents": [],
        **keys,
    }


def shown(rows: list[dict[str, Any]], width: int = 80) -> list[str]:
    out = io.StringIO()
    print_conditions(rows, NOW, Console(file=out, width=width, color_system=None))
    return [line.rstrip() for line in out.getvalue().splitlines()]


BAD = row(
    "the-register-security",
    state="incident",
    outcome="failed",
    reason="http-status",
    detail="500 Internal Server Error",
    failures=7,
    next_poll="2026-11-27T00:48:12Z",
    why="retry-after",
    incidents=[{"cause": "silent", "since": "2026-11-20T00:00:00Z", "what": "the newest entry is of 2026-11-13"}],
    list="blogs",
)


def test_eighty_columns_hold_every_word_and_what_failed_stands_under_its_source() -> None:
    assert shown([row("lwn"), BAD, row("off", state="disabled", last_poll=None, next_poll=None, why=None)]) == [
        "source                 state     entries  last poll   next poll  why",
        "lwn                    ok             20  12 min ago  in 59 min  pace",
        "the-register-security  incident       20  12 min ago  in 23 h    retry-after",
        "    silent for 6 days: the newest entry is of 2026-11-13",
        "    failed 7 times in a row: http-status: 500 Internal Server Error",
        "    from the list blogs",
        "off                    disabled       20  never",
    ]


def test_where_there_is_room_the_outcome_is_told_too() -> None:
    heading, lwn = shown([row("lwn")], 120)
    assert heading.split() == ["source", "state", "outcome", "entries", "last", "poll", "next", "poll", "why"]
    assert "not-modified" in lwn


def test_a_name_too_long_for_its_column_stands_whole_on_a_line_of_its_own() -> None:
    name = "a-blog-whose-address-is-so-long-that-it-fills-more-than-half-of-any-terminal-there-is"
    _, first, second = shown([row(name)])
    assert first == name
    assert second.split() == ["ok", "20", "12", "min", "ago", "in", "59", "min", "pace"]


def test_what_an_incident_tells_is_not_told_again() -> None:
    what = "http-status: 500 Internal Server Error"
    failing = {"cause": "failing", "since": "2026-11-20T00:00:00Z", "what": what}
    assert shown([{**BAD, "incidents": [failing]}])[2:4] == [
        f"    failing for 6 days: {what}",
        "    failed 7 times in a row",
    ]


def test_words_are_wrapped_between_words() -> None:
    long = "selector `div.entry > h2 > a` finds nothing in any of the forty items of the page [/red] any more"
    lines = shown([row("lwn", incidents=[{"cause": "incomplete", "since": "2026-11-26T01:00:00Z", "what": long}])])
    assert all(len(line) <= 80 for line in lines)
    assert " ".join(line.strip() for line in lines[2:]) == f"incomplete for 1 min: {long}"


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (timedelta(seconds=-59), "now"),
        (timedelta(minutes=-3), "3 min ago"),
        (timedelta(minutes=59, seconds=59), "in 59 min"),
        (timedelta(hours=-1, minutes=-30), "1 h ago"),
        (timedelta(hours=47, minutes=59), "in 47 h"),
        (timedelta(days=-12), "12 days ago"),
    ],
)
def test_times_are_told_as_people_say_them(away: timedelta, words: str) -> None:
    assert ago((NOW + away).isoformat(), NOW) == words


def test_a_poll_that_is_overdue_is_due_now() -> None:
    assert shown([row("lwn", next_poll="2026-11-20T02:00:00Z")])[1].split()[-2:] == ["now", "pace"]


def test_on_a_terminal_the_program_says_why_a_source_failed(place: Place, web: ScriptedWeb) -> None:
    place.configure([{"id": "broken", "url": web.script("/broken", Answer(status=500))}])
    place.run("once", check=1)
    ours, theirs = pty.openpty()
    ioctl(theirs, TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {**os.environ, "TERM": "dumb", "NO_COLOR": "1"}
    environment.pop("COLUMNS", None)
    subprocess.run(
        place.command("status"), stdout=theirs, cwd=place.folder, env=environment, check=True, timeout=PATIENCE
    )
    os.close(theirs)
    said = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert "failed once: http-status: 500" in said
    assert all(len(line) <= 80 for line in said.splitlines())
