"""Commands that do the work: run, once, build, demo."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from aggregator import demo as demonstration
from aggregator import jobs
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
from aggregator.model import Changes, Outcome
from aggregator.service import Service

STOPPED = 130  # what shells know as "ended by Ctrl-C"


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(epilog="Example: aggregator run --config config/aggregator.yaml")(run)
    app.command(epilog="Example: aggregator once --all --json")(once)
    app.command(epilog="Example: aggregator build")(build)
    app.command(epilog="Example: aggregator demo --port 9000")(demo)


def run(
    config: ConfigOption = DEFAULT_CONFIG,
    log_format: LogFormatOption = LogFormat.TEXT,
    log_level: LogLevelOption = LogLevel.INFO,
) -> None:
    """The service: polls when due, publishes what changed, serves the site, until SIGTERM or Ctrl-C.

    SIGHUP reloads the config.
    """
    log_to_stderr(log_format, log_level)
    settings = settings_from(config)

    def ready(port: int) -> None:
        host = settings.server.host
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
        print(
            f"serving {address} from {settings.output.dir}, polling {jobs.enabled(settings.sources)} sources",
            flush=True,
        )

    # libuv's loop: it answers requests and drives polls at less than asyncio's own costs.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(Service(settings, lambda: settings_from(config), ready).run())


def once(
    sources: Annotated[list[str] | None, typer.Argument(help="Ids of sources to poll now; without: those due.")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="Poll every source now.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    log_format: LogFormatOption = LogFormat.TEXT,
    log_level: LogLevelOption = LogLevel.ERROR,
) -> None:
    """Polls what is due (named sources: now), publishes what changed, and exits.

    Exit status 1 when a source failed; which and why is on standard error.
    """
    log_to_stderr(log_format, log_level)
    settings = settings_from(config)
    with _Watcher.watching(quiet=as_json) as watcher:
        job = jobs.once(settings, sources or [], everyone=everyone, begin=watcher.begin, done=watcher.done)
        summary = asyncio.run(job)
    counts = {key: getattr(summary, key) for key in ("polled", "not_modified", "failed", "new", "revised", "published")}
    if as_json:
        print(json.dumps(counts))
    else:
        print(" ".join(f"{key}={value}" for key, value in counts.items()))
    for name, failure in sorted(summary.failures.items()):
        print(f"failed: {name}: {failure}", file=sys.stderr)
    for problem in summary.left_out:
        print(f"left out: {problem}", file=sys.stderr)
    if summary.unpolled:
        why = "stopped before they were polled" if summary.stopped else "their hosts ask to be left alone for a while"
        print(f"{summary.unpolled} sources left: {why}; `aggregator once` polls them when due", file=sys.stderr)
    if summary.stopped or summary.failed or summary.left_out:
        raise typer.Exit(STOPPED if summary.stopped else 1)


def build(
    config: ConfigOption = DEFAULT_CONFIG,
    log_format: LogFormatOption = LogFormat.TEXT,
    log_level: LogLevelOption = LogLevel.WARNING,
) -> None:
    """Writes the whole published folder again from the store; what has the right bytes already is left alone."""
    log_to_stderr(log_format, log_level)
    built = asyncio.run(jobs.rebuild(settings_from(config)))
    print(f"pages={built.pages} written={built.written} left_out={len(built.problems)}")
    if built.problems:
        raise typer.Exit(1)


def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to serve on; 0: 8080, or any free one.")] = 0,
    log_format: LogFormatOption = LogFormat.TEXT,
    log_level: LogLevelOption = LogLevel.ERROR,
) -> None:
    """The main job at once and offline: sample sources on loopback, polled, published and served, until Ctrl-C.

    Needs no config and no network; works in a temporary folder, which is removed at the end.
    """
    log_to_stderr(log_format, log_level)
    # Flushed line by line, because in a pipe they would come only when there are 8 KiB of them.
    asyncio.run(demonstration.run(port, partial(print, flush=True)))


class _Watcher:
    """Shows polls as they end: a bar on a terminal, a line each in a pipe, nothing when quiet."""

    def __init__(self, progress: Progress | None, *, quiet: bool) -> None:
        self._progress = progress
        self._quiet = quiet
        self._task: TaskID | None = None

    @classmethod
    @contextmanager
    def watching(cls, *, quiet: bool) -> Iterator[_Watcher]:
        """A watcher, its bar gone again at the end."""
        if quiet or not on_terminal():
            yield cls(None, quiet=quiet)
            return
        columns = (
            TextColumn("polling"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[last]}"),
        )
        with Progress(*columns, console=Console(), transient=True) as progress:
            yield cls(progress, quiet=quiet)

    def begin(self, total: int) -> None:
        """So many polls are to come."""
        if self._progress:
            self._task = self._progress.add_task("polling", total=total, last="")

    def done(self, changes: Changes) -> None:
        """One poll ended."""
        line = poll_line(changes)
        if self._progress and self._task is not None:
            self._progress.update(self._task, advance=1, last=changes.source.id)
            if changes.new or changes.revised:
                self._progress.console.print(line, markup=False, highlight=False)
        elif not self._quiet:
            print(line, flush=True)


def poll_line(changes: Changes) -> str:
    """One poll in one line."""
    visit = changes.visit
    if visit.outcome is Outcome.FAILED:
        return f"{changes.source.id}: failed, {visit.reason}: {visit.detail}"
    return f"{changes.source.id}: {visit.outcome}, {len(changes.new)} new, {len(changes.revised)} revised"
