"""The commands that write what is kept in other shapes: export jekyll."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from aggregator import jobs
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


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    exports = typer.Typer(help="Writes what is kept in another shape: jekyll.", no_args_is_help=True)
    exports.command("jekyll", epilog="Example: aggregator export jekyll ~/my-site")(jekyll)
    app.add_typer(exports, name="export")


def jekyll(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a Jekyll site, or an empty one.")],
    config: ConfigOption = DEFAULT_CONFIG,
    log_format: LogFormatOption = LogFormat.TEXT,
    log_level: LogLevelOption = LogLevel.WARNING,
) -> None:
    """Writes every entry as a post into DIR/_posts, and a page for each category into DIR/category.

    What did not change is not rewritten, and files of others are left alone. `output.jekyll` has the templates. The
    service may be running.
    """
    log_to_stderr(log_format, log_level)
    posted = asyncio.run(jobs.export_posts(settings_from(config), folder))
    print(f"posts={posted.posts} written={posted.written} removed={posted.removed}")
    for problem in posted.problems:
        print(problem, file=sys.stderr)
    if posted.problems:
        raise typer.Exit(1)
