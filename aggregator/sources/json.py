"""Reads the answer of an API that is no feed: items out of a JSON document (RFC 8259) by JMESPath expressions."""

from __future__ import annotations

import hashlib
import json
import re
from functools import partial
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from aggregator.errors import Unreadable
from aggregator.model import Document, Draft, FeedFound, Paging, Pick, Reading, Recipe
from aggregator.sources.encoding import decode
from aggregator.sources.picking import Missing, draft_of, none_whole

MOST_ITEMS = 5000
# What wraps JSON where it is meant for a script element: a call of a function, or a variable.
WRAPPED = re.compile(r"\s*(?:/\*.*?\*/\s*)?(?:[\w$.\[\]]+\s*\(|(?:var\s+)?[\w$.]+\s*=(?!=))\s*(?=[\[{])", re.DOTALL)
TRAILER = re.compile(r"[)\s;]*")


def read(document: Document, seen: frozenset[bytes], recipe: Recipe | None) -> Reading:
    """The items of the document as drafts, without those whose hash is in `seen`.

    An item without a title, or without the time that the recipe names, is left for another time: it is not seen, and
    is looked at again. Raises `Unreadable` when there is no list of items.
    """
    assert recipe is not None  # the config demands one
    text, problems = decode(document.body, document.content_type)
    answer = parsed(text)
    items = _items(answer, recipe.items)
    if len(items) > MOST_ITEMS:
        problems.append(f"{len(items)} items, of which the first {MOST_ITEMS} are taken")
    drafts: list[Draft] = []
    hashes: list[bytes] = []
    lacking: list[str] = []
    for number, item in enumerate(items[:MOST_ITEMS], 1):
        mark = hash_of(item)
        if mark in seen:
            hashes.append(mark)
            continue
        try:
            drafts.append(draft_of(recipe, partial(values, item)))
        except Missing as error:
            problems.append(f"item {number} has no {error} yet")
            lacking.append(str(error))
        else:
            hashes.append(mark)
    if len(lacking) > 1 and not hashes:
        raise none_whole(lacking, dict(recipe.fields))
    more = _more(recipe.paging, answer, items)
    return Reading(FeedFound(), tuple(drafts), tuple(problems), frozenset(hashes), more=more)


def parsed(text: str) -> Any:
    """The value of a JSON text, out of what a script wraps around it."""
    wrapped = WRAPPED.match(text)
    start = wrapped.end() if wrapped else len(text) - len(text.lstrip("\ufeff \t\r\n"))
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(text, start)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON: {_one_line(error)}") from None
    if not TRAILER.fullmatch(text, end):
        raise Unreadable(f"not JSON: something follows its end at character {end}")
    return value


def _items(answer: Any, path: str) -> list[Any]:
    """The list of items. An API that fails says so in a document of another shape, mostly with status 200."""
    found = found_at(path, answer)
    if isinstance(found, list):
        return found
    raise Unreadable(f'no list at "{path}"; the answer is {_described(answer)}')


def _more(paging: Paging | None, answer: Any, items: list[Any]) -> str | None:
    """What the next page is asked for with: it stands in the last item, or beside the items."""
    if paging is None or paging.path is None or not items:
        return None
    return next(iter(_text(found_at(paging.path, items[-1] if paging.by == "last_id" else answer))), None)


def _described(answer: Any) -> str:
    """What an answer looks like, in a few words: its keys, and the short ones of its values."""
    if not isinstance(answer, dict):
        return f"a {type(answer).__name__}"
    words = (f"{key}: {value}" if _is_short(value) else key for key, value in list(answer.items())[:8])
    return f"{{{', '.join(words)}}}" if answer else "an empty object"


def _is_short(value: Any) -> bool:
    return isinstance(value, str | int | float) and len(str(value)) <= 80


def hash_of(item: Any) -> bytes:
    """What tells one version of an item from another, 8 bytes."""
    text = json.dumps(item, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def values(item: Any, pick: Pick) -> list[str]:
    """The values of a path in an item, as texts."""
    return _text(found_at(pick.path or "@", item))


def found_at(path: str, value: Any) -> Any:
    """What a JMESPath expression finds in a value; None where it does not fit."""
    try:
        return jmespath.search(path, value)
    except (JMESPathError, RecursionError, TypeError, ValueError):
        return None


def _text(value: Any) -> list[str]:
    """A value as texts: none, one, or as many as a list has."""
    match value:
        case str():
            return [value]
        case bool():
            return [str(value).lower()]
        case int() | float():
            return [str(value)]
        case list():
            return [text for one in value if not isinstance(one, list) for text in _text(one)]
        case _:
            return []


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
