"""Gives the categories that entries and lists name an address, which stays theirs. Runs inside a transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from aggregator.clean.naming import folded, unused
from aggregator.model import Changes, amended, category_page
from aggregator.placing import Named, named
from aggregator.store.tables import FACT

# The facts that say which name has which slug: of entries, and of the folders of lists.
PREFIX, FOLDER = "category/", "folder/"
# A source could name a new category in every entry, a list at every poll; so many are a site, and more are a flood.
MOST_NAMED = 1000


def titles(connection: Connection) -> dict[str, str]:
    """By slug, the categories that entries named, each with its name as it was first written."""
    return _titles(connection, PREFIX)


def folders(connection: Connection) -> dict[str, str]:
    """By slug, the categories that folders of lists were, each with its name as it was first written."""
    return _titles(connection, FOLDER)


def name_folders(connection: Connection, named: Mapping[str, str]) -> None:
    """Let folders of lists keep these slugs; `named` are their names by slug. Beyond a flood none is remembered."""
    room = MOST_NAMED - len(folders(connection))
    for slug, title in sorted(named.items()):
        fact = f"{FOLDER}{folded(title)}"
        is_known = connection.execute(select(FACT.c.name).where(FACT.c.name == fact)).first()
        if not is_known and room > 0:
            _name(connection, fact, slug, title)
            room -= 1


def _titles(connection: Connection, prefix: str) -> dict[str, str]:
    rows = connection.execute(select(FACT.c.value).where(FACT.c.name.startswith(prefix, autoescape=True)))
    known = [json.loads(value) for value in rows.scalars()]
    return {one["slug"]: one["title"] for one in sorted(known, key=lambda one: one["slug"])}


def _name(connection: Connection, fact: str, slug: str, title: str) -> None:
    value = json.dumps({"slug": slug, "title": title}, ensure_ascii=False)
    connection.execute(insert(FACT).values(name=fact, value=value))


def with_addresses(connection: Connection, changes: Changes) -> Changes:
    """The changes with an address for every page that a new or revised entry stands on."""
    pages = [page for one in changes.new for page in one.pages]
    pages += [page for one in changes.revised for page in one.pages]
    if not any(map(named, pages)):
        return changes
    return amended(
        changes,
        new=tuple(amended(one, pages=addresses(connection, one.pages)) for one in changes.new),
        revised=tuple(amended(one, pages=addresses(connection, one.pages)) for one in changes.revised),
    )


def addresses(connection: Connection, pages: tuple[str, ...]) -> tuple[str, ...]:
    """The pages, in place of each name its address: the one it has, or else a new one that is nobody's."""
    found = []
    for page in pages:
        category = named(page)
        slug = _slug_of(connection, category) if category else None
        if category is None:
            found.append(page)
        elif slug:
            found.append(category_page(slug))
    return tuple(dict.fromkeys(found))


def _slug_of(connection: Connection, category: Named) -> str | None:
    """The slug of a category by its name; None for a new one when there are too many already."""
    name = f"{PREFIX}{folded(category.name)}"
    known = connection.execute(select(FACT.c.value).where(FACT.c.name == name)).scalar()
    if known is not None:
        slug: str = json.loads(known)["slug"]
        return slug
    taken = titles(connection)
    if len(taken) >= MOST_NAMED:
        return None
    others = (slug for slug, title in folders(connection).items() if folded(title) != folded(category.name))
    slug = unused(category.slug, category.name, {*taken, *others})
    _name(connection, name, slug, category.name)
    return slug
