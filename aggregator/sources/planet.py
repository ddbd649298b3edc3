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
    itself = next((said for name, said in sections.items() if name.lower() == ITSELF), {})
    found = tuple(
        _outline(url, said, itself)
        for name, said in sections.items()
        if (url := _address(name, said)) and name.lower() != ITSELF
    )
    if not found:
        raise Unreadable("not the INI file of a planet: no section names a feed")
    title, url = itself.get("name") or itself.get("title"), itself.get("link") or itself.get("url")
    return Planet(title, url, found, tuple(_left(sections)))


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
    )


def _left(sections: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """What only Venus itself can do: the programs through which it sends entries."""
    for name, said in sections.items():
        if programs := said.get("filters"):
            yield f"{name}: filters = {programs}: see docs/rules.md for what filters and rewrite can do"
