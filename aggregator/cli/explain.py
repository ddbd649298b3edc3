"""The command that tells one entry's whole story: explain."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any

import typer
from rich.console import Console

from aggregator import inquiry, jobs
from aggregator.choosing import Choice
from aggregator.clean.naming import folded
from aggregator.clean.recognition import FROZEN_AFTER
from aggregator.cli.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    LogFormat,
    LogFormatOption,
    LogLevel,
    LogLevelOption,
    log_to_stderr,
    settings_from,
)
from aggregator.comparing import compare
from aggregator.condition import stamp, state_of
from aggregator.config import Settings
from aggregator.inquiry import Explained
from aggregator.model import Burial, Entry, Kept, category_page
from aggregator.placing import named, pages_of, refusals
from aggregator.selection import Catalogue, placing
from aggregator.store import Grave, Story

GONE = {
    Burial.REMOVED: "removed by hand",
    Burial.PURGED: "purged: older or more than its source's `retention` keeps",
    Burial.PASSED_OVER: "never taken: more or older than its source's `backfill` allows",
}
# Where an entry came from and when are no part of what it says.
NOT_SAID = ("key", "origin", "claim", "notes", "detail", "waits", "filled")


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command(epilog="Example: aggregator explain https://lwn.net/Articles/1/")(explain)


def explain(
    entry: Annotated[str, typer.Argument(help="The id of an entry as its feed says it, its link, or its page here.")],
    other: Annotated[
        str | None,
        typer.Option("--with", metavar="ENTRY", help="Another entry: are both one story, and why or why not?"),
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    log_format: LogFormatOption = LogFormat.TEXT,
    log_level: LogLevelOption = LogLevel.WARNING,
) -> None:
    """One entry's whole story: its source, its dates, the feeds that show it and why, who else tells it, its revisions.

    Where several sources gave an entry with this link, the story of each.
    """
    log_to_stderr(log_format, log_level)
    settings = asyncio.run(jobs.whole(settings_from(config)))
    stories, graves = asyncio.run(inquiry.explain(settings, entry))
    others = asyncio.run(inquiry.explain(settings, other))[0] if other else []
    told, gone = [_told(settings, one, others) for one in stories], [_gone(grave) for grave in graves]
    if as_json:
        print(json.dumps({"entries": told, "gone": gone}, indent=2, ensure_ascii=False))
        return
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for number, one in enumerate(told):
        if number:
            console.print()
        _print(console, one)
    for one in gone:
        reason = f": {one['reason']}" if one["reason"] else ""
        console.print(f"{one['id'] or 'an entry that never was published'}  (source {one['source']})")
        console.print(f"  {GONE[one['why']]}{reason}  {one['when']}; it was published {one['published']}")


# ---------------------------------------------------------------- the story, chapter by chapter


def _told(settings: Settings, explained: Explained, others: list[Explained]) -> dict[str, Any]:
    """The story as `--json` tells it; what people read is made of the same."""
    story = explained.story
    kept = story.kept
    return {
        "id": kept.id,
        "title": kept.entry.title,
        "link": kept.entry.link,
        "source": _source(settings, story),
        "dates": {
            "first_seen": stamp(kept.first_seen),
            "published": stamp(kept.published),
            "updated": stamp(kept.updated),
            "claimed_published": stamp(kept.entry.published),
            "claimed_updated": stamp(kept.entry.updated),
        },
        "notes": list(kept.entry.notes),
        "keys": list(story.keys),
        "frozen": story.kept.revision >= FROZEN_AFTER,
        "pages": list(_pages(settings, explained)),
        "tellings": list(_tellings(story)),
        "compared": [_compared(story, other.story.kept) for other in others],
        "revisions": list(_revisions(story)),
    }


def _gone(grave: Grave) -> dict[str, Any]:
    """What is left of an entry that is not kept any more, as `--json` tells it."""
    return {
        "id": grave.id,
        "source": grave.source_id,
        "why": grave.why,
        "when": stamp(grave.buried),
        "published": stamp(grave.published),
        "reason": grave.reason,
    }


def _source(settings: Settings, story: Story) -> dict[str, Any]:
    """Where it came from, how that source does, and when it is asked again and why then."""
    source, visit = jobs.source_named(settings, story.kept.source_id), story.visit
    polled = source is not None and source.enabled
    return {
        "id": story.kept.source_id,
        "title": (source and source.title) or story.kept.entry.origin.title,
        "url": source.public_url if source else None,
        "state": state_of(source, visit) if source else "removed",
        "last_poll": stamp(visit.finished if visit else None),
        "outcome": visit.outcome if visit else None,
        "reason": visit.reason if visit else None,
        "next_poll": stamp(visit.due if visit and polled else None),
        "why": visit.why if visit and polled else None,
    }


def _pages(settings: Settings, explained: Explained) -> Iterator[dict[str, Any]]:
    """Every page that shows it or could, and why or why not."""
    story, choices = explained.story, explained.choices
    number = story.kept.number
    sources = {source.id: source for source in settings.sources}
    catalogue = Catalogue(settings.site, settings.categories, sources).with_named(story.named)
    source, kept = sources.get(story.kept.source_id), story.kept
    standings = {standing.page: standing for standing in story.standings}
    pages, refused = tuple[str, ...](), dict[str, str]()
    if source:
        rules = kept.entry, source, settings.categories, kept.first_seen - kept.published
        pages = tuple(_address(page, story) for page in pages_of(*rules))
        refused = {_address(page, story): why for page, why in refusals(*rules).items()}
    for page in dict.fromkeys((*pages, *refused, *standings)):
        standing = standings.get(page)
        position, choice = standing.position if standing else None, choices.get(page, Choice())
        if number in choice.numbers:
            position = choice.numbers.index(number) + 1
        place = placing(catalogue, kept.source_id, page, position, pages, refused, choice.hidden.get(number))
        yield {
            "page": page,
            "feed": f"{settings.site.base_url}/{page}feed.atom",
            "shown": place.shown,
            "why": place.why,
            "waits_for_build": bool(standing and standing.stale),
        }


def _address(page: str, story: Story) -> str:
    """The page under the address that the store has given it, if it is one by name."""
    category = named(page)
    if category is None:
        return page
    slugs = {folded(title): slug for slug, title in story.named.items()}
    return category_page(slugs.get(folded(category.name), category.slug))


def _tellings(story: Story) -> Iterator[dict[str, Any]]:
    """Who tells the same story, and by what each was taken for one of its tellers."""
    ids = {one.kept.number: one.kept.id for one in story.tellings}
    for one in story.tellings:
        yield {
            "id": one.kept.id,
            "source": one.kept.source_id,
            "title": one.kept.entry.title,
            "link": one.kept.entry.link,
            "like": ids.get(one.like) if one.like else None,
            "by": one.by,
            "distance": one.distance,
        }


def _compared(story: Story, other: Kept) -> dict[str, Any]:
    """Whether it is one story with another entry, and why or why not."""
    joined, verdict = compare(story, other)
    with_ = {"id": other.id, "source": other.source_id, "title": other.entry.title, "link": other.entry.link}
    return {"with": with_, "one_story": joined, "why": verdict.why, "distance": verdict.distance}


def _revisions(story: Story) -> Iterator[dict[str, Any]]:
    """What it said before, since when, and what each revision changed."""
    first = story.versions[0]
    yield {"revision": 0, "since": stamp(first.since), "updated": stamp(first.updated), "changed": []}
    for number, (before, after) in enumerate(pairwise(story.versions), start=1):
        changed = _changed(before.entry, after.entry)
        yield {"revision": number, "since": stamp(after.since), "updated": stamp(after.updated), "changed": changed}


def _changed(before: Entry, after: Entry) -> list[str]:
    names = (name for name in Entry.__struct_fields__ if name not in NOT_SAID)
    return [name for name in names if getattr(before, name) != getattr(after, name)]


# ---------------------------------------------------------------- for people


def _print(console: Console, told: dict[str, Any]) -> None:
    """One story, a chapter after the other."""
    console.print(told["title"], style="bold")
    console.print(f"  {told['link']}\n  {told['id']}")
    for chapter, lines in _chapters(told):
        console.print(f"\n{chapter}", style="bold")
        for line in lines:
            console.print(f"  {line}")


def _chapters(told: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """The chapters in the order of the entry's life."""
    source, dates = told["source"], told["dates"]
    last = " ".join(filter(None, (source["outcome"], source["reason"])))
    yield (
        "source",
        [
            f"{source['id']} ({source['state']})  {source['title']}  {source['url'] or 'no longer in the config'}",
            f"last poll  {source['last_poll'] or 'never'}  {last}".rstrip(),
            f"next poll  {source['next_poll']}, because of {source['why']}"
            if source["next_poll"]
            else "next poll  none",
        ],
    )
    yield (
        "dates",
        [
            f"first seen           {dates['first_seen']}",
            f"published            {dates['published']}",
            f"updated              {dates['updated']}",
            f"the publisher says   published {_or_nothing(dates['claimed_published'])}, "
            f"updated {_or_nothing(dates['claimed_updated'])}",
        ],
    )
    if told["notes"]:
        yield "on the way in", told["notes"]
    yield (
        "pages",
        [
            f"{'shown    ' if page['shown'] else 'not shown'}  {page['feed']}  {page['why']}"
            + ("; waits to be built" if page["waits_for_build"] else "")
            for page in told["pages"]
        ]
        or ["on none: its source is no longer in the config"],
    )
    if told["tellings"]:
        yield "also told by", [_telling(one) for one in told["tellings"] if one["id"] != told["id"]]
    for one in told["compared"]:
        other, apart = one["with"], one["distance"]
        texts = "" if apart is None else f"; distance of their texts {apart:.2f}"
        verdict = "one story" if one["one_story"] else "two stories"
        yield f"with {other['source']}: {other['title']}", [f"{verdict}: {one['why']}{texts}"]
    yield (
        "keys",
        [key.replace("\n", "  ") for key in told["keys"]],
    )
    yield (
        "revisions",
        [
            f"{one['revision']}  {one['since']}  {', '.join(one['changed']) or 'as first seen'}"
            for one in told["revisions"]
        ]
        + (
            ["frozen: revised so often that only a change of its title, text or page counts now"]
            if told["frozen"]
            else []
        ),
    )


def _telling(one: dict[str, Any]) -> str:
    by = f"{one['by']} as {one['like'] or 'one that is gone'}" if one["by"] else "the first that was kept"
    texts = "" if one["distance"] is None else f", distance of their texts {one['distance']:.2f}"
    return f"{one['source']}  {one['title']}  {one['link']}  {by}{texts}"


def _or_nothing(moment: str | None) -> str:
    return moment or "nothing"
