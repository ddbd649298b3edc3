"""What a list of feeds names becomes what may be followed: feeds, each once, at addresses that can be asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from aggregator.clean.text import one_line
from aggregator.clean.urls import absolute, same_address, without_feed_scheme
from aggregator.model import Group, Outline

MOST = 5000
MOST_GROUPS, LONGEST_NAME = 10, 100


def followable(outlines: Iterable[Outline]) -> tuple[Outline, ...]:
    """The feeds among them. Recipes and lists of somebody else's are not followed, nor what he says of rules."""
    found: dict[str, Outline] = {}
    for outline in outlines:
        url = absolute(without_feed_scheme(outline.url)) if outline.kind == "feed" else None
        if url is None:
            continue
        groups = tuple(filter(None, map(_group, outline.groups)))
        known = found.setdefault(same_address(url), Outline(url, _name(outline.title), groups=groups[:MOST_GROUPS]))
        if groups != known.groups:
            joined = tuple(dict.fromkeys((*known.groups, *groups)))
            found[same_address(url)] = replace(known, groups=joined[:MOST_GROUPS])
        if len(found) == MOST:
            break
    return tuple(found.values())


def _group(group: Group) -> Group | None:
    name = _name(group.name)
    return Group(name, group.slug) if name else None


def _name(text: str | None) -> str | None:
    """A name in one line that a page can show."""
    return one_line(text or "", LONGEST_NAME) or None
