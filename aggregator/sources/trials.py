"""Tries a recipe on a document for the person who writes it: what each path finds, and what there is to be found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

from aggregator.errors import Unreadable
from aggregator.model import Detail, Document, Pick, Recipe, Trial, Tried
from aggregator.sources import html, json
from aggregator.sources.details import found_in
from aggregator.sources.encoding import decode
from aggregator.sources.pages import decode_page
from aggregator.sources.picking import Find, picked

SHOWN_ITEMS, SHOWN_VALUES, SHOWN_PLACES = 3, 3, 12
LONGEST_VALUE = 80
LEAST_ALIKE = 3  # elements that look like a list
DEEPEST = 6
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
CLASS = re.compile(r"-?[A-Za-z_][A-Za-z0-9_-]*")
UNSEEN = frozenset({"script", "style", "noscript", "template", "head", "meta", "link", "br", "svg", "path"})


def try_recipe(document: Document, kind: str, recipe: Recipe | None) -> Trial:
    """What the recipe finds in the document. Where it finds no item, or there is none, what the document is made of."""
    try:
        if kind == "json" or (recipe is None and document.body.lstrip()[:1] in (b"{", b"[")):
            return _of_json(json.parsed(decode(document.body, document.content_type)[0]), recipe)
        page = html.parsed(decode_page(document.body, document.content_type)[0])
        return _of_page(page, html.base_of(page, document.url), recipe)
    except Unreadable as error:
        return Trial(outline=(str(error),))


def try_detail(document: Document, detail: Detail) -> Trial:
    """What each field finds in a second document; where one finds nothing, what there is in it."""
    try:
        fields = _tried(detail.fields, found_in(document, detail))
        if all(one.values for one in fields):
            return Trial(1, (fields,))
        if all(pick.language == "jmespath" for _, pick in detail.fields):
            there = _keys_of(json.parsed(decode(document.body, document.content_type)[0]), "")
        else:
            there = _with_most_text(html.parsed(decode_page(document.body, document.content_type)[0]))
        return Trial(1, (fields,), tuple(there)[:SHOWN_PLACES])
    except Unreadable as error:
        return Trial(outline=(str(error),))


def _tried(fields: tuple[tuple[str, Pick], ...], find: Find) -> tuple[Tried, ...]:
    """What each of the fields finds in one item."""
    return tuple(
        Tried(name, _path(pick), tuple(_short(value) for value in picked(pick, find)[:SHOWN_VALUES]))
        for name, pick in fields
    )


def _path(pick: Pick) -> str:
    """Where a field is taken from, as the config says it."""
    if pick.language == "article":
        return "what the page is about"
    if pick.template is not None:
        return pick.template
    taken = f" @{pick.attribute}" if pick.attribute and pick.attribute != html.TEXT else ""
    return f"{pick.path or 'the item itself'}{taken}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_VALUE else f"{line[: LONGEST_VALUE - 1]}…"


def _has_empty(items: tuple[tuple[Tried, ...], ...]) -> bool:
    """Whether some field finds nothing in any of the items."""
    found = {one.field for item in items for one in item if one.values}
    return any(one.field not in found for item in items for one in item)


# ---------------------------------------------------------------- JSON


def _of_json(answer: Any, recipe: Recipe | None) -> Trial:
    found = json.found_at(recipe.items, answer) if recipe else None
    if recipe is None or not isinstance(found, list) or not found:
        return Trial(outline=tuple(_outline(answer)))
    items = tuple(_tried(recipe.fields, partial(json.values, item)) for item in found[:SHOWN_ITEMS])
    nearby = tuple(_keys_of(found[0], "")) if _has_empty(items) else ()
    return Trial(len(found), items, nearby[:SHOWN_PLACES])


def _outline(answer: Any) -> Iterator[str]:
    """The keys at the top, and every list of objects with the keys of its first."""
    if isinstance(answer, dict):
        yield f"the top has the keys {', '.join(map(_step, answer)) or '(none)'}"
    lists = list(_lists(answer, "", 0))
    for path, found in sorted(lists, key=lambda one: -len(one[1]))[:SHOWN_PLACES]:
        yield f"items: {path or '@'}  has {len(found)} items; the first:"
        yield from (f"    {line}" for line in list(_keys_of(found[0], ""))[:SHOWN_PLACES])
    if not lists:
        yield "there is no list of objects in it"


def _lists(value: Any, path: str, depth: int) -> Iterator[tuple[str, list[Any]]]:
    """Every list of objects, with the JMESPath expression that leads to it."""
    if depth > DEEPEST:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _lists(inner, f"{path}.{_step(key)}" if path else _step(key), depth + 1)
    elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
        yield path, [one for one in value if isinstance(one, dict)]


def _keys_of(item: Any, path: str, depth: int = 0) -> Iterator[str]:
    """The paths in an item, each with what stands there."""
    if isinstance(item, dict) and depth < 3:
        for key, inner in item.items():
            yield from _keys_of(inner, f"{path}.{_step(key)}" if path else _step(key), depth + 1)
    elif isinstance(item, list):
        yield f"{path}  a list of {len(item)}"
    elif path:
        yield f"{path}  {_short(str(item)) if item not in (None, '') else '(nothing)'}"


def _step(key: str) -> str:
    """A key as JMESPath writes it."""
    return key if NAME.fullmatch(key) else '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


# ---------------------------------------------------------------- pages


def _of_page(page: Any, base: str, recipe: Recipe | None) -> Trial:
    found = html.found_by(recipe.language, recipe.items)(page) if recipe else []
    elements: list[Any] = [one for one in found if hasattr(one, "iterchildren")]
    if recipe is None or not elements:
        return Trial(outline=tuple(_repeated(page)))
    fields = dict(recipe.fields)
    items = tuple(
        _tried(recipe.fields, partial(html.values, element, base, fields)) for element in elements[:SHOWN_ITEMS]
    )
    nearby = tuple(_elements_in(elements[0])) if _has_empty(items) else ()
    return Trial(len(elements), items, nearby[:SHOWN_PLACES])


def _repeated(page: Any) -> Iterator[str]:
    """The selectors that look like a list's: several elements of one kind in one place, with links in them."""
    first: dict[str, Any] = {}
    alike: Counter[str] = Counter()
    linked: Counter[str] = Counter()
    for element in page.iter():
        parent = element.getparent()
        if not _is_seen(element) or parent is None or element.tag in ("html", "body"):
            continue
        selector = f"{_selector(parent)} > {_selector(element)}"
        first.setdefault(selector, element)
        alike[selector] += 1
        linked[selector] += element.find(".//a[@href]") is not None
    likely = [one for one in alike if alike[one] >= LEAST_ALIKE and linked[one] >= alike[one] / 2]
    for selector in sorted(likely, key=lambda one: -alike[one])[:SHOWN_PLACES]:
        yield f"items: {selector}  finds {alike[selector]}; the first: {_words(first[selector])}"
    if not likely:
        yield "nothing in it looks like a list: no three elements alike with links in them"


def _elements_in(item: Any) -> Iterator[str]:
    """The elements of an item by which a field could be had, with what they say."""
    told = set()
    for element in item.iterdescendants():
        if not _is_seen(element):
            continue
        selector = _selector(element)
        held = " ".join(f"@{name}" for name in ("href", "src", "datetime", "title") if element.get(name))
        line = f"{selector}{' ' + held if held else ''}  {_words(element) or '(no text)'}"
        if selector not in told:
            told.add(selector)
            yield line


def _with_most_text(page: Any) -> Iterator[str]:
    """The elements with the most text in paragraphs of their own, the most first: an article is in such a one."""
    letters: Counter[Any] = Counter()
    for paragraph in page.iter("p"):
        parent = paragraph.getparent()
        if parent is not None and _is_seen(parent):
            letters[parent] += len(" ".join("".join(map(str, paragraph.itertext())).split()))
    for element, count in letters.most_common():
        if count:
            yield f"{_selector(element)}  {count} letters: {_words(element)}"


def _selector(element: Any) -> str:
    """A short CSS selector of an element: its name, and the first of its classes that can stand in one."""
    named = next((one for one in (element.get("class") or "").split() if CLASS.fullmatch(one)), None)
    return f"{element.tag}.{named}" if named else str(element.tag)


def _is_seen(element: Any) -> bool:
    return isinstance(element.tag, str) and element.tag not in UNSEEN


def _words(element: Any) -> str:
    return _short("".join(map(str, element.itertext())))
