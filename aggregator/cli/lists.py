"""Commands that take sources over from elsewhere, and give them: opml import, opml export, import planet."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from aggregator import inquiry
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
from aggregator.config import Plan, as_text, new_file, planned, settings_at, with_sources
from aggregator.errors import AggregatorError, Unreadable, UsageError
from aggregator.sources.encoding import decode
from aggregator.sources.opml import outlines
from aggregator.sources.planet import planet

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The file to read; - for standard input.")]
CategoryOption = Annotated[
    list[str] | None, typer.Option("--category", help="A category to put every source into; may be repeated.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be added, and change nothing.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    opml = typer.Typer(no_args_is_help=True, help="Lists of sources in OPML: import, export.", rich_markup_mode=None)
    opml.command("import", epilog="Example: aggregator opml import feedly.opml --dry-run")(import_opml)
    opml.command("export", epilog="Example: aggregator opml export > sources.opml")(export_opml)
    app.add_typer(opml, name="opml")
    others = typer.Typer(no_args_is_help=True, help="Sources from the config of other programs.", rich_markup_mode=None)
    others.callback()(_others)  # else the only command would be the group
    others.command("planet", epilog="Example: aggregator import planet planet.ini --category blogs")(import_planet)
    app.add_typer(others, name="import")


def _others() -> None:
    """Sources from the config of other programs."""


def import_opml(
    file: FileArgument,
    category: CategoryOption = None,
    dry_run: DryRunOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    log_format: LogFormatOption = LogFormat.TEXT,
    log_level: LogLevelOption = LogLevel.WARNING,
) -> None:
    """Adds the feeds of a list that a feed reader exported to the config, each once; its folders become categories.

    Everything else in the file stays as it is. A config that is not there is made.
    """
    log_to_stderr(log_format, log_level)
    try:
        found = outlines(_content(file))
    except Unreadable as error:
        raise UsageError(f"{file}: {error}") from None
    _add(config, planned(found, settings_at(config, os.environ), category or ()), new_file(None, None), dry_run)


def import_planet(
    file: FileArgument,
    category: CategoryOption = None,
    dry_run: DryRunOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    log_format: LogFormatOption = LogFormat.TEXT,
    log_level: LogLevelOption = LogLevel.WARNING,
) -> None:
    """Adds the feeds in the INI file of Planet Venus, Planet 2.0 or Pluto to the config, each once.

    Everything else in the file stays as it is. A config that is not there is made, with the planet's name and address.
    """
    log_to_stderr(log_format, log_level)
    try:
        found = planet(decode(_content(file), "")[0])
    except Unreadable as error:
        raise UsageError(f"{file}: {error}") from None
    plan = planned(found.outlines, settings_at(config, os.environ), category or ())
    _add(config, plan, new_file(found.title, found.url), dry_run)
    for line in found.left:
        print(f"not taken over: {line}")


def export_opml(
    config: ConfigOption = DEFAULT_CONFIG,
    log_format: LogFormatOption = LogFormat.TEXT,
    log_level: LogLevelOption = LogLevel.WARNING,
) -> None:
    """Prints the sources as OPML 2.0, each category a folder; no address in it holds a secret."""
    log_to_stderr(log_format, log_level)
    written = asyncio.run(inquiry.subscriptions(settings_from(config)))
    sys.stdout.buffer.write(written.body)
    if written.problems:
        raise AggregatorError("left out: " + "; ".join(written.problems))


def _content(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({(error.strerror or 'unknown error').lower()})") from None


def _add(config: Path, plan: Plan, beginning: str, dry_run: bool) -> None:
    """Put what was planned into the config, and say what was done, and what was not."""
    is_new = not config.exists()
    if plan.wanted:
        with_sources(config, os.environ, plan.wanted, plan.titles, write=not dry_run, new_file=beginning)
        if dry_run:
            print(as_text(plan.wanted, plan.titles))
    many = f"{len(plan.wanted)} source{'s' if len(plan.wanted) != 1 else ''}"
    slugs = dict.fromkeys(slug for one in plan.wanted for slug in one.categories)
    where = f" in the categories {', '.join(slugs)}" if slugs else ""
    print(f"{'would add' if dry_run else 'added'} {many} to {config}{where}")
    for line in plan.left:
        print(f"left out: {line}")
    if is_new and plan.wanted and not dry_run:
        print(f"{config} was not there; made it; look at its site.title and site.base_url before you publish")
