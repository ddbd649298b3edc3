"""Commands that look and change nothing: check, schema, status, preview."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from aggregator import service
from aggregator.clean.urls import host_of, is_web_url
from aggregator.cli.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    LogFormat,
    LogFormatOption,
    LogLevel,
    LogLevelOption,
    log_to_stderr,
    on_terminal,
    settings_from,
)
from aggregator.config import Settings, for_address, json_schema
from aggregator.errors import AggregatorError, UsageError
from aggregator.model import Failed, Intake, Source
from aggregator.store import SourceStatus

NOTES = {"moved_to": "moved to", "moving_to": "redirects for good to"}


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(epilog="Example: aggregator check --config my.yaml")(check)
    app.command(epilog="Example: aggregator schema > config/aggregator.schema.json")(schema)
    app.command(epilog="Example: aggregator status --json")(status)
    app.command(epilog="Example: aggregator preview https://lwn.net/headlines/rss")(preview)


def check(
    config: ConfigOption = DEFAULT_CONFIG,
    log_format: LogFormatOption = LogFormat.TEXT,
    log_level: LogLevelOption = LogLevel.WARNING,
) -> None:
    """Validates the config without network: every mistake with its place, its key and the next step."""
    log_to_stderr(log_format, log_level)
    settings = settings_from(config)
    polled = service.enabled(settings.sources)
    print(f"{config}: good; {polled} sources polled, {len(settings.categories) - 1} categories")


def schema(
    config: ConfigOption = DEFAULT_CONFIG,
    log_format: LogFormatOption = LogFormat.TEXT,
    log_level: LogLevelOption = LogLevel.WARNING,
) -> None:
    """Prints the JSON Schema of the config file, for editors."""
    log_to_stderr(log_format, log_level)
    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))


def status(
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    log_format: LogFormatOption = LogFormat.TEXT,
    log_level: LogLevelOption = LogLevel.WARNING,
) -> None:
    """One row per source: state, last poll, outcome, entries, failures in a row, next poll and why then."""
    log_to_stderr(log_format, log_level)
    settings = settings_from(config)
    rows = [_row(settings, one) for one in asyncio.run(service.status(settings))]
    if as_json:
        print(json.dumps({"sources": rows}, indent=2, ensure_ascii=False))
    elif on_terminal():
        _print_table(rows)
    else:
        for row in rows:
            print("\t".join("-" if value is None else str(value) for value in row.values()))


def _row(settings: Settings, one: SourceStatus) -> dict[str, Any]:
    """What `status` says of a source."""
    source, visit = service.source_named(settings, one.source_id), one.visit
    assert source is not None
    if not source.enabled:
        state = "disabled"
    elif visit is None or visit.outcome is None:
        state = "new"
    elif visit.due is None:
        state = "gone"
    else:
        state = "failing" if visit.failures else "ok"
    return {
        "source": one.source_id,
        "state": state,
        "last_poll": _stamp(visit.finished if visit else None),
        "outcome": visit.outcome if visit else None,
        "reason": visit.reason if visit else None,
        "detail": (visit.detail or None) if visit else None,
        "entries": one.entries,
        "failures": visit.failures if visit else 0,
        "next_poll": _stamp(visit.due if visit and source.enabled else None),
        "why": visit.why if visit and source.enabled else None,
        "url": source.public_url,
        "moved_to": _shown(source, visit.address if visit else None),
        "moving_to": _shown(source, visit.moving.to if visit and visit.moving else None),
    }


def _shown(source: Source, address: str | None) -> str | None:
    """An address that its server gave: where the source's own holds a secret, only its host, for it may too."""
    if address is None or source.url == source.public_url:
        return address
    return f"{host_of(address)} (the rest may be secret)"


def _print_table(rows: list[dict[str, Any]]) -> None:
    console = Console()
    table = Table(
        "source",
        "state",
        "last poll",
        "outcome",
        "entries",
        "failures",
        "next poll",
        "why",
        "notes",
        box=None,
        pad_edge=False,
    )
    colours = {"ok": "green", "failing": "red", "gone": "red", "new": "cyan", "disabled": "dim"}
    for row in rows:
        outcome = " ".join(str(row[name]) for name in ("outcome", "reason") if row[name])
        notes = [f"{words} {row[key]}" for key, words in NOTES.items() if row[key]]
        cells = (row["last_poll"], outcome, row["entries"], row["failures"], row["next_poll"], row["why"])
        state = f"[{colours[row['state']]}]{row['state']}[/]"
        table.add_row(row["source"], state, *("" if cell is None else str(cell) for cell in cells), ", ".join(notes))
    console.print(table)


def preview(
    source: Annotated[str, typer.Argument(help="The id of a source, or any address.")],
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    log_format: LogFormatOption = LogFormat.TEXT,
    log_level: LogLevelOption = LogLevel.WARNING,
) -> None:
    """Fetches a source and shows its entries as they would be kept; stores nothing."""
    log_to_stderr(log_format, log_level)
    settings, wanted = _wanted(config, source)
    found = asyncio.run(service.preview(settings, wanted))
    if isinstance(found, Failed):
        raise AggregatorError(f"{wanted.public_url}: {found.reason}: {found.detail}")
    if as_json:
        print(json.dumps(_previewed(wanted, found), indent=2, ensure_ascii=False, default=_stamp))
    else:
        _print_preview(found)


def _wanted(config: Path, name: str) -> tuple[Settings, Source]:
    """The source of this id, or one for this address; for an address, there need not be a config."""
    if is_web_url(name):
        bare = for_address(name)
        settings = settings_from(config) if config.exists() else bare
        return settings, next((source for source in settings.sources if source.url == name), bare.sources[0])
    settings = settings_from(config)
    source = service.source_named(settings, name)
    if source is None:
        hint = "`aggregator status` lists the sources"
        raise UsageError(f'"{name}" is neither a configured source nor an address; {hint}')
    return settings, source


def _previewed(source: Source, found: Intake) -> dict[str, Any]:
    """What `preview --json` prints: the feed, and its entries with exactly the fields that would be kept."""
    entries = []
    for entry in found.entries:
        fields = asdict(entry)
        del fields["origin"], fields["key"]
        fields["id"] = fields.pop("claim")
        entries.append(fields)
    return {
        "url": source.public_url,
        "feed": asdict(found.origin),
        "entries": entries,
        "problems": found.problems,
    }


def _print_preview(found: Intake) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(f"{found.origin.title}  {found.origin.html_url or ''}", style="bold")
    for entry in found.entries:
        moment = entry.published or entry.updated
        console.print(f"\n{moment:%Y-%m-%d %H:%M}" if moment else "\n(no date)", entry.title)
        by = ", ".join(author.name for author in entry.authors)
        console.print(f"    {entry.link}" + (f"  by {by}" if by else ""))
        for enclosure in entry.enclosures:
            console.print(f"    + {enclosure.type or 'file'} {enclosure.href}")
    console.print(f"\n{len(found.entries)} entries")
    for problem in found.problems:
        console.print(f"survived: {problem}", style="yellow")


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
