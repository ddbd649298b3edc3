"""Commands that look for a feed: preview, add."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from aggregator import inquiry, jobs
from aggregator.clean.rules import refusal_at_first
from aggregator.clean.urls import is_web_url
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
from aggregator.cli.trying import as_data, print_second, print_trial, second_as_data
from aggregator.condition import stamp
from aggregator.config import Settings, Wanted, for_address, load_alone, with_source
from aggregator.errors import AggregatorError, ConfigError, UsageError
from aggregator.expectations import breach
from aggregator.finding import Found
from aggregator.model import Category, Entry, Failed, Source, Visit, as_fields, category_page
from aggregator.placing import named, pages_of, refusals

SHOWN_OF_A_NEW_SOURCE = 5


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(epilog="Example: aggregator preview https://lwn.net/")(preview)
    app.command(epilog="Example: aggregator add https://lwn.net/ --category linux")(add)


def preview(
    source: Annotated[str, typer.Argument(help="The id of a source, or any address.")],
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    log_format: LogFormatOption = LogFormat.TEXT,
    log_level: LogLevelOption = LogLevel.WARNING,
) -> None:
    """Fetches a source and shows its entries as they would be kept; stores nothing.

    Where the address is that of a web page, shows the feed behind it.
    """
    log_to_stderr(log_format, log_level)
    settings, wanted = _wanted(config, source)
    with _telling_of_it() as asking:
        tried = asyncio.run(inquiry.try_out(settings, wanted, datetime.now(UTC), asking))
    found, trial = tried.found, tried.trial
    if isinstance(found, Failed):
        if as_json:
            recipe = as_data(trial) if trial else None
            print(json.dumps({"url": wanted.public_url, "error": found.detail, "recipe": recipe}, ensure_ascii=False))
        elif trial:
            print_trial(trial, wanted.recipe)
        raise _no_feed(wanted, found)
    rules = _Rules(settings.categories, datetime.now(UTC))
    if as_json:
        recipe = as_data(trial) if trial else None
        second = second_as_data(tried.second) if tried.second else None
        shown = _previewed(found, rules) | {"recipe": recipe, "second": second, "unexpected": _unexpected(found)}
        print(json.dumps(shown, indent=2, ensure_ascii=False, default=stamp))
    else:
        _print_way(found)
        if trial:
            print_trial(trial, wanted.recipe)
        if tried.second:
            print_second(tried.second)
        _print_feed(found, found.intake.entries, rules)
        if unexpected := _unexpected(found):
            Console(highlight=False, markup=False, soft_wrap=True).print(f"not expected: {unexpected}", style="red")
        for problem in found.intake.problems:
            Console(highlight=False, markup=False, soft_wrap=True).print(f"survived: {problem}", style="yellow")


def add(
    url: Annotated[str, typer.Argument(help="The address of a feed, or of a page.")],
    category: Annotated[list[str] | None, typer.Option(help="A category to publish it in; may be repeated.")] = None,
    name: Annotated[str | None, typer.Option("--id", help="Its stable name; without: from its address.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    log_format: LogFormatOption = LogFormat.TEXT,
    log_level: LogLevelOption = LogLevel.WARNING,
) -> None:
    """Finds the feed at an address or behind the page there, shows it, and adds it to the config.

    Everything else in the file stays as it is. A config that is not there is made.
    """
    log_to_stderr(log_format, log_level)
    if not is_web_url(url):
        raise UsageError(f'"{url}" is not an address; write {_address_like(url)}')
    is_new = not config.exists()
    wanted = Wanted(url, name, tuple(category or ()))
    # A try first: what cannot be added, or written, is said before anybody is asked.
    found = _found(*with_source(config, os.environ, wanted, write=False))
    _print_way(found)
    newest = sorted(found.intake.entries, key=_moment, reverse=True)
    _print_feed(found, tuple(newest[:SHOWN_OF_A_NEW_SOURCE]))
    _, source = with_source(config, os.environ, replace(wanted, url=found.source.url), write=True)
    print(
        f'\n{found.source.public_url}\nadded to {config} as "{source.id}"; `aggregator once {source.id}` polls it now'
    )
    if is_new:
        print(f"{config} was not there; made it; set its site.title and site.base_url before you publish")


def _moment(entry: Entry) -> datetime:
    return entry.published or entry.updated or datetime.min.replace(tzinfo=UTC)


def _address_like(name: str) -> str:
    """What somebody may have meant who wrote an address without its beginning."""
    return f"https://{name}" if "." in name and is_web_url(f"https://{name}") else "one such as https://lwn.net/"


def _found(settings: Settings, source: Source) -> Found:
    """The feed at the source's address or behind it. Raises `AggregatorError` that says why there is none."""
    with _telling_of_it() as asking:
        found = asyncio.run(inquiry.find_feed(settings, source, datetime.now(UTC), asking))
    if isinstance(found, Failed):
        raise _no_feed(source, found)
    return found


def _no_feed(source: Source, failed: Failed) -> AggregatorError:
    return AggregatorError(f"{source.public_url}: {failed.reason}: {failed.detail}")


def _unexpected(found: Found) -> str | None:
    """What breaks the expectations of the source."""
    said = breach(found.source, Visit(found.source.id, None), found.intake)
    return said or found.intake.incomplete or None


@contextmanager
def _telling_of_it() -> Iterator[Callable[[str], None]]:
    """Tells a person at a terminal who is being asked: the search behind a page asks several, with pauses between."""
    console = Console(stderr=True, highlight=False)
    if not (on_terminal() and console.is_terminal):
        yield lambda _url: None
        return
    with console.status("") as line:
        yield lambda url: line.update(f"asking {url}".replace("[", "\\["))


def _wanted(config: Path, name: str) -> tuple[Settings, Source]:
    """The source of this id, or one for this address; for an address, there need not be a config."""
    if is_web_url(name):
        bare = for_address(name, os.environ)
        try:
            settings = settings_from(config) if config.exists() else bare
        except ConfigError as error:
            return _while_being_written(config, name, error)
        return settings, next((source for source in settings.sources if source.url == name), bare.sources[0])
    if not config.exists():
        raise UsageError(f'"{name}" is not an address, and there is no {config}; write {_address_like(name)}')
    try:
        settings = asyncio.run(jobs.whole(settings_from(config)))
    except ConfigError as error:
        return _while_being_written(config, name, error)
    source = jobs.source_named(settings, name)
    if source is None:
        hint = f"write {_address_like(name)}" if "." in name else "`aggregator status` lists the sources"
        raise UsageError(f'"{name}" is neither a configured source nor an address; {hint}')
    return settings, source


def _while_being_written(config: Path, name: str, error: ConfigError) -> tuple[Settings, Source]:
    """The source as far as it is written, with a word on what is wrong in its config.

    Raises the mistakes where there is no such source.
    """
    settings = load_alone(config, os.environ, name)
    if settings is None and is_web_url(name):
        settings = for_address(name, os.environ)
    if settings is None:
        raise error
    for problem in error.problems:
        print(problem, file=sys.stderr)
    return settings, settings.sources[0]


@dataclass(frozen=True, slots=True)
class _Rules:
    """What the rules make of an entry that is first seen `now`."""

    categories: Mapping[str, Category]
    now: datetime

    def dropped(self, source: Source, entry: Entry) -> str | None:
        """Why the entry would not be kept at all."""
        return refusal_at_first(source, entry, self._age(entry))

    def pages(self, source: Source, entry: Entry) -> list[str]:
        """The pages on which it would stand."""
        pages = pages_of(entry, source, self.categories, self._age(entry))
        by_name = ((page, named(page)) for page in pages)
        return [category_page(category.slug) if category else page for page, category in by_name]

    def refused(self, source: Source, entry: Entry) -> Mapping[str, str]:
        """The pages on which a filter lets it not stand, and which."""
        return refusals(entry, source, self.categories, self._age(entry))

    def _age(self, entry: Entry) -> timedelta:
        return self.now - min(entry.published or entry.updated or self.now, self.now)


def _previewed(found: Found, rules: _Rules) -> dict[str, Any]:
    """What `preview --json` prints: the feed, and its entries with exactly the fields that would be kept.

    `dropped` says by which filter an entry would not be kept at all, `refused` on which pages one keeps it out.
    """
    entries = []
    for entry in found.intake.entries:
        fields = as_fields(entry)
        del fields["origin"], fields["key"]
        fields["id"] = fields.pop("claim")
        fields["dropped"] = rules.dropped(found.source, entry)
        fields["pages"] = rules.pages(found.source, entry)
        fields["refused"] = {} if fields["dropped"] else dict(rules.refused(found.source, entry))
        entries.append(fields)
    return {
        "url": found.source.public_url,
        "page": found.page,
        "found": [asdict(link) for link in found.links],
        "feed": as_fields(found.intake.origin),
        "entries": entries,
        "outlines": [{"url": one.url, "title": one.title} for one in found.intake.outlines],
        "problems": found.intake.problems,
    }


def _print_way(found: Found) -> None:
    """Say which feeds a page has, when the address was that of a page; the one shown is marked."""
    if found.page is None:
        return
    console = Console(highlight=False, markup=False, soft_wrap=True)
    many = f"{len(found.links)} feeds" if len(found.links) > 1 else "a feed"
    console.print(f"{found.page} is a web page; found {many} behind it:")
    for link in found.links:
        chosen = link.url == found.source.public_url
        line = f"  {'*' if chosen else ' '} {link.url}  {link.title or f'({link.by})'}"
        console.print(line.rstrip(), style="bold" if chosen else None)
    console.print()


def _print_feed(found: Found, entries: tuple[Entry, ...], rules: _Rules | None = None) -> None:
    """The feed as it would be kept, with these of its entries, and what the rules make of each."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    origin = found.intake.origin
    console.print(f"{origin.title}  {origin.html_url or ''}".rstrip(), style="bold")
    for entry in entries:
        moment = entry.published or entry.updated
        console.print(f"\n{moment:%Y-%m-%d %H:%M}" if moment else "\n(no date)", entry.title)
        by = ", ".join(author.name for author in entry.authors)
        console.print(f"    {entry.link}" + (f"  by {by}" if by else ""))
        for enclosure in entry.enclosures:
            console.print(f"    + {enclosure.type or 'file'} {enclosure.href}")
        for note in entry.notes:
            console.print(f"    {note}", style="dim")
        for line in _effects(found.source, entry, rules) if rules else ():
            console.print(f"    {line}", style="yellow")
    for outline in found.intake.outlines:
        groups = ", ".join(group.name for group in outline.groups)
        console.print(f"\n{outline.title or outline.url}" + (f"  ({groups})" if groups else ""))
        console.print(f"    {outline.url}")
    many = f"{len(found.intake.outlines)} feeds" if found.source.blogroll else f"{len(found.intake.entries)} entries"
    console.print(f"\n{many}")


def _effects(source: Source, entry: Entry, rules: _Rules) -> Iterator[str]:
    """What is not done with an entry, a line for each rule that has this effect."""
    if dropped := rules.dropped(source, entry):
        yield f"dropped: {dropped}"
    else:
        yield from (f"not on {page}: {why}" for page, why in rules.refused(source, entry).items())
