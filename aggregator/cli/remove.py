"""The command that takes an entry out for good: remove."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from aggregator import inquiry, jobs
from aggregator.cli.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    LogFormat,
    LogFormatOption,
    LogLevel,
    LogLevelOption,
    log_to_stderr,
    settings_from,
)
from aggregator.errors import StoreBusy


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command(epilog='Example: aggregator remove https://lwn.net/Articles/1/ --reason "asked to"')(remove)


def remove(
    entry: Annotated[str, typer.Argument(help="The id of an entry as its feed says it, its link, or its page here.")],
    reason: Annotated[str | None, typer.Option(help="Why; readers are told.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    log_format: LogFormatOption = LogFormat.TEXT,
    log_level: LogLevelOption = LogLevel.WARNING,
) -> None:
    """Takes an entry out everywhere, for good: it does not come back, whatever its source does.

    Where several sources gave an entry with this link, those of all of them. The service may be running.
    """
    log_to_stderr(log_format, log_level)
    settings = settings_from(config)
    for kept in asyncio.run(inquiry.remove(settings, entry, datetime.now(UTC), reason)):
        print(f"removed: {kept.id}  {kept.entry.title}  (source {kept.source_id})")
    try:
        built = asyncio.run(jobs.rebuild(settings, everything=False))
    except StoreBusy:
        print("the running service publishes without it in a few seconds", file=sys.stderr)
    else:
        print(f"pages={built.pages} written={built.written}")
