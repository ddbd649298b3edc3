"""The command line: one file per group of commands."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from aggregator import __version__
from aggregator.cli import explain, export, find, lists, look, remove, serve
from aggregator.errors import AggregatorError, ConfigError

app = typer.Typer(
    name="aggregator",
    help="Polls feeds, keeps every entry once, and publishes per-category feeds that say where each entry came from.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"aggregator {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """What may stand before a command."""


serve.register(app)
look.register(app)
find.register(app)
lists.register(app)
explain.register(app)
remove.register(app)
export.register(app)


def main() -> None:
    """The `aggregator` command. Exit status: see `aggregator.errors`."""
    try:
        app()
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        sys.exit(error.exit_status)
    except AggregatorError as error:
        print(f"aggregator: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
    except BrokenPipeError:
        # Whoever read our output has enough; there is nobody left to tell.
        sys.stderr.close()
        sys.exit(1)
