"""Commands that look and change nothing: check, schema, status."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import typer
from rich.console import Console

from aggregator import jobs
from aggregator.cli.conditions import print_conditions
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
from aggregator.condition import row_of
from aggregator.config import Settings, json_schema
from aggregator.store import SourceStatus


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(epilog="Example: aggregator check --config my.yaml")(check)
    app.command(epilog="Example: aggregator schema > config/aggregator.schema.json")(schema)
    app.command(epilog="Example: aggregator status --json")(status)


def check(
    config: ConfigOption = DEFAULT_CONFIG,
    log_format: LogFormatOption = LogFormat.TEXT,
    log_level: LogLevelOption = LogLevel.WARNING,
) -> None:
    """Validates the config without network: every mistake with its place, its key and the next step."""
    log_to_stderr(log_format, log_level)
    settings = settings_from(config)
    polled = jobs.enabled(settings.sources)
    print(f"{config}: good; {polled} sources polled, {len(settings.categories) - 1} categories")
    for source in settings.sources:
        if source.blogroll:
            print(
                f"{source.id} is a list: its sources are known once it was polled, and `aggregator status` shows them"
            )


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
    settings = asyncio.run(jobs.whole(settings_from(config)))
    rows = [_row(settings, one) for one in asyncio.run(jobs.status(settings))]
    if as_json:
        print(json.dumps({"sources": rows}, indent=2, ensure_ascii=False))
    elif on_terminal():
        print_conditions(rows, datetime.now(UTC), Console())
    else:
        for row in rows:
            print("\t".join(map(_cell, row.values())))


def _row(settings: Settings, one: SourceStatus) -> dict[str, Any]:
    """What `status` says of a source."""
    source = jobs.source_named(settings, one.source_id)
    assert source is not None
    return row_of(source, one.visit, one.entries, settings.no_push)


def _cell(value: Any) -> str:
    """One value of a row, on its line."""
    if isinstance(value, list):
        return "; ".join(map(_incident, value)) or "-"
    return "-" if value is None else str(value)


def _incident(one: dict[str, str]) -> str:
    return f"{one['cause']} since {one['since']}: {one['what']}"
