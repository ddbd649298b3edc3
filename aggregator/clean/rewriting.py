"""Takes out of a draft what the operator does not want in it; the sanitiser comes after."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import lxml.html
from cssselect import HTMLTranslator
from lxml import etree

from aggregator.clean.markup import LONGEST, MOST_TAGS
from aggregator.clean.patterns import replaced
from aggregator.clean.text import HTML_TYPES, legal
from aggregator.model import Draft, Markup, Rewrite, amended


def rewritten(draft: Draft, rules: tuple[Rewrite, ...]) -> tuple[Draft, tuple[str, ...]]:
    """The draft after all rules, in their order, and in words what each of them did."""
    notes = []
    for number, rule in enumerate(rules):
        changed: dict[str, Any] = {}
        for field in rule.fields:
            markup: Markup | None = getattr(draft, field)
            value = _changed(markup, rule) if markup else ""
            if markup and value != markup.value:
                changed[field] = amended(markup, value=value)
        if changed:
            draft = amended(draft, **changed)
            notes.append(f"rewrite[{number}] changed {' and '.join(changed)}")
    return draft, tuple(notes)


def _changed(markup: Markup, rule: Rewrite) -> str:
    """The text of one field after one rule."""
    value = markup.value
    if rule.remove and markup.type in HTML_TYPES and "<" in value:
        value = _without(value, rule.remove)
    for one in rule.replace:
        value = value[:LONGEST]
        value = value.replace(one.pattern, one.text) if one.literal else replaced(one.pattern, one.text, value)
    return value


def _without(html: str, selectors: tuple[str, ...]) -> str:
    """The HTML without the elements that a selector finds; as it was, letter by letter, where none does."""
    # No more of it than the sanitiser takes.
    bounded = "<".join(legal(html[:LONGEST]).split("<", MOST_TAGS)[:MOST_TAGS])
    try:
        tree = lxml.html.fragment_fromstring(bounded, create_parent="div")
    except (etree.ParserError, ValueError):
        return html
    found = [element for selector in selectors for element in _search(selector)(tree) if element is not tree]
    if not found:
        return html
    for element in found:
        if element.getparent() is not None:
            element.drop_tree()
    inside = (lxml.html.tostring(child, encoding="unicode") for child in tree)
    return "".join((_escaped(tree.text), *inside))


def _escaped(text: str | None) -> str:
    return (text or "").replace("&", "&amp;").replace("<", "&lt;")


@lru_cache(maxsize=1024)
def _search(selector: str) -> Callable[[lxml.html.HtmlElement], list[lxml.html.HtmlElement]]:
    return etree.XPath(HTMLTranslator().css_to_xpath(selector))  # type: ignore[return-value]  # it finds elements only
