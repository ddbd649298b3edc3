"""Reads the INI file of a planet: of Planet 2.0 and Planet Venus, whose sections are addresses, or of Pluto."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from configparser import ConfigParser, Error
from dataclasses import dataclass

from aggregator.errors import Unreadable
from aggregator.model import Outline

ADDRESS = re.compile(r"(feed:|https?://|//)", re.IGNORECASE)
ITSELF = "planet"
HEAD = re.compile(r"\s*(?:[#;][^\n]*\n\s*)*\[")
# Pluto's keys are indented; to Python, an indented line continues the value above it.
INDENTED_KEY = re.compile(r"^[ \t]+(?=[A-Za-z_][\w-]*[ \t]*=[ \t])", re.MULTILINE)
LISTS = frozenset({"opml", "foaf", "csv", "config", "ini"})
# The program of Venus that cuts entries down.
EXCERPT = "excerpt.py"
# What is read of the planet itself and, where a name stands, the keys that do here what is not.
READ = frozenset({"name", "title", "link", "url", "filter", "exclude", "filters"})
COUNTERPARTS = {
    "items_per_page": "output.limit",
    "new_feed_items": "backfill.max_items",
    "activity_threshold": "backfill.max_age",
    "cache_directory": "store",
    "output_dir": "output.dir",
    "output_theme": "site.theme",
    "template_files": "site.theme",
    "owner_name": "site.author",
    "owner_email": "site.author",
}


@dataclass(frozen=True, slots=True)
class Planet:
    """A planet's config: its name and address, its feeds, and, a line each, what of it has no counterpart here."""

    title: str | None
    url: str | None
    outlines: tuple[Outline, ...]
    left: tuple[str, ...]


def planet(text: str) -> Planet:
    """The planet that an INI file describes. Raises `Unreadable` when it is none."""
    if not HEAD.match(text):  # Pluto's own keys stand before any section
        text = f"[{ITSELF}]\n{text}"
    parser = ConfigParser(interpolation=None, strict=False, allow_no_value=True, inline_comment_prefixes=(";",))
    try:
        parser.read_string(INDENTED_KEY.sub("", text))
    except Error as error:
        raise Unreadable(f"not the INI file of a planet: {' '.join(str(error).split())}") from None
    sections = {name: _said(parser[name]) for name in parser.sections()}
    usual = _said(parser.defaults())
    itself = next((said for name, said in sections.items() if name.lower() == ITSELF), {})
    found = tuple(
        _outline(url, said, itself)
        for name, said in sections.items()
        if (url := _address(name, said)) and name.lower() != ITSELF
    )
    if not found:
        raise Unreadable("not the INI file of a planet: no section names a feed")
    title, url = itself.get("name") or itself.get("title"), itself.get("link") or itself.get("url")
    return Planet(title, url, found, tuple(_left(sections, usual)))


def _said(section: Mapping[str, str | None]) -> dict[str, str]:
    return {name: " ".join(value.split()) for name, value in section.items() if value and value.strip()}


def _address(name: str, said: Mapping[str, str]) -> str | None:
    """The address of a section's feed: its name in Venus, its `feed` in Pluto."""
    return name if ADDRESS.match(name) else said.get("feed")


def _outline(url: str, said: Mapping[str, str], itself: Mapping[str, str]) -> Outline:
    kind = said.get("content_type", "").lower()
    return Outline(
        url=f"http:{url}" if url.startswith("//") else url,
        title=said.get("name") or said.get("title"),
        kind=kind if kind in LISTS else "feed",
        keep=said.get("filter") or itself.get("filter"),
        drop=said.get("exclude") or itself.get("exclude"),
        excerpt=EXCERPT in (*_programs(itself), *_programs(said)),
    )


def _programs(said: Mapping[str, str]) -> list[str]:
    return said.get("filters", "").split()


def _left(sections: Mapping[str, Mapping[str, str]], usual: Mapping[str, str]) -> Iterator[str]:
    """What is not taken over: the programs through which Venus sends entries, keys, and sections that name no feed.

    `usual` is what the file says for all sections. What else the section of a feed says is for Venus's templates.
    """
    for name, said in sections.items():
        is_itself = name.lower() == ITSELF
        if not is_itself and _address(name, said) is None:
            yield f"{name}: a section that names no feed"
            continue
        if programs := [one for one in _programs(said) if one != EXCERPT]:
            yield f"{name}: filters = {' '.join(programs)}: see docs/rules.md for what filters and rewrite can do"
        for key, value in said.items():
            ours = COUNTERPARTS.get(key)
            if key in READ or (usual.get(key) == value and not is_itself) or not (ours or is_itself):
                continue
            yield f"{name}: {key} = {value}: " + (
                f"see {ours} in docs/config.md" if ours else "nothing here is like it"
            )
