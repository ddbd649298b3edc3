"""Writes entries as posts with front matter, for Jekyll and whatever else reads that, and the pages that list them.

Jekyll runs what it is given through Liquid and Markdown, and a word of somebody else's must be neither: what would be a
tag of Liquid's is written as references of HTML, and the text stands in one block of HTML without empty lines.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from aggregator.clean.text import plain
from aggregator.model import Category, Entry, Markup, Rendered, Shown, Site, entry_page

FRONT_MATTER = """\
layout: post
title: {{ title|yaml }}
date: {{ published }}
categories: {{ categories|yaml }}
tags: {{ tags|yaml }}
author: {{ author|yaml }}
original: {{ link|yaml }}"""
BODY = """\
<div markdown="0">
{{ content }}
</div>"""
FOOTER = """\
{% if attribution %}
{{ attribution|markdown }}

{% endif %}
<{{ link }}>

{% if category %}
[{{ category_title|markdown }}](/category/{{ category }}.html) ·
{% endif %}
[{{ site_title|markdown }}](/)
"""
LIST = """\
---
layout: page
title: {{ title|yaml }}
permalink: /category/{{ category }}.html
lists: {{ category|yaml }}
---
{% raw %}
<ul>
{% for post in site.categories[page.lists] %}<li>{{ post.date | date: "%Y-%m-%d" }}
<a href="{{ post.url | relative_url }}">{{ post.title | escape }}</a></li>
{% endfor %}</ul>
{% endraw %}
"""
LONGEST_SUMMARY = 100_000
OWN_NAME = re.compile(r"id:([A-Za-z0-9][A-Za-z0-9._-]{0,79})")
LIQUID = re.compile(r"\{(?=[{%])")
EMPTY_LINE = re.compile(r"\r?\n(?=[ \t]*\r?\n)")
MARKDOWN = re.compile(r"([\\`*_\[\]|$]|(?<!&)#)")  # as kramdown and CommonMark both escape it


@dataclass(frozen=True, slots=True)
class Looks:
    """The templates of a post; with `raw`, they are given texts as their publisher wrote them."""

    front_matter: str = FRONT_MATTER
    body: str = BODY
    footer: str = FOOTER
    raw: bool = False


def name_of(entry: Entry, published_id: str) -> str:
    """What a post is called behind its date: the source's own id where that can be a name, else that of our page."""
    own = OWN_NAME.fullmatch(entry.key)
    return own[1] if own and not own[1].endswith(".") else entry_page(published_id).split("/")[1]


def day_of(moment: datetime, site: Site) -> str:
    """The date in a post's file name, in the zone of the site."""
    return f"{moment.astimezone(ZoneInfo(site.timezone)):%Y-%m-%d}"


def render_post(path: str, shown: Shown, entry: Entry, name: str, site: Site, looks: Looks) -> Rendered:
    """A post, or nothing and the reason why where a template cannot be filled in."""
    words = _words(shown, name, site)
    texts = _texts(shown, entry, raw=looks.raw)
    try:
        front = _template(looks.front_matter).render(words | texts)
        told = {key: _harmless(value) for key, value in words.items()} | _tame(texts, raw=looks.raw)
        body = _template(looks.body).render(told)
        footer = _template(looks.footer).render(told)
    # A template is a program of the operator's: it can fail in any way.
    except Exception as error:
        where = f"output.jekyll: {str(error) or type(error).__name__}"[:300]
        return Rendered(path, b"", (f"{shown.id}: {where}",))
    front = front and f"{front}\n"
    return Rendered(path, f"---\n{front}---\n{body}\n\n{footer}".encode())


def render_list(path: str, category: Category) -> Rendered:
    """The page that lists the posts of a category."""
    return Rendered(path, _template(LIST).render(title=category.title, category=category.slug).encode())


def _words(shown: Shown, name: str, site: Site) -> dict[str, Any]:
    """What templates may say of an entry, but for its texts."""
    zone, ours = ZoneInfo(site.timezone), f"{site.base_url}/category/"
    homes = {term.term: term.label or term.term for term in shown.terms if term.scheme == ours and term.term != "all"}
    published = shown.published.astimezone(zone)
    return {
        "id": name,
        "link": _address(shown.link),
        "date": f"{published:%Y-%m-%d %H:%M:%S %z}",
        "published": published,
        "updated": shown.updated.astimezone(zone),
        "category": next(iter(homes), ""),
        "category_title": next(iter(homes.values()), ""),
        "categories": list(homes),
        "tags": [term.label or term.term for term in shown.terms if term.scheme != ours],
        "author": shown.authors[0].name,
        "authors": [author.name for author in shown.authors],
        "attribution": shown.attribution or "",
        "credit": shown.credit.name if shown.credit else "",
        "source": shown.source_title,
        "rights": shown.rights or "",
        "language": shown.language or site.language,
        "site_title": site.title,
        "site_url": site.base_url,
    }


def _texts(shown: Shown, entry: Entry, *, raw: bool) -> dict[str, str]:
    """Title and summary, each as one line without markup, and the text; with `raw`, as their publisher wrote them."""
    content = shown.content or shown.summary
    texts = {
        "title": shown.title,
        "summary": plain(Markup(shown.summary, "text/html"), LONGEST_SUMMARY),
        "content": content,
    }
    found = entry.written if raw and shown.content == entry.content else None
    if found is None:
        return texts
    found_texts = {"title": found.title, "summary": found.summary, "content": found.content or found.summary}
    return {name: found_texts[name] or text for name, text in texts.items()}


def _tame(texts: Mapping[str, str], *, raw: bool) -> dict[str, str]:
    """The texts as they may stand in what Jekyll reads: no Liquid in them, and no Markdown in the HTML."""
    if raw:
        return {name: _without_liquid(text) for name, text in texts.items()}
    content = EMPTY_LINE.sub("&#10;", texts["content"])
    return {name: _harmless(text) for name, text in texts.items()} | {"content": _without_liquid(content)}


def _harmless(value: Any) -> Any:
    """A word, or a list of them, as it may stand in HTML and in Markdown's paragraphs."""
    if isinstance(value, str):
        return _without_liquid(html.escape(value, quote=False))
    return [_harmless(one) for one in value] if isinstance(value, list) else value


def _without_liquid(text: str) -> str:
    return LIQUID.sub("&#123;", text)


def _address(link: str) -> str:
    """An address in which nothing is Liquid's, and nothing ends Markdown's angle brackets."""
    return link.replace("{", "%7B").replace("}", "%7D").replace("<", "%3C").replace(">", "%3E")


# ---------------------------------------------------------------- templates


def yaml(value: Any) -> str:
    """A text or a list as YAML 1.2 has it on one line: JSON is that, but for three characters that end a line there."""
    text = json.dumps(value, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028\u2029\ufeff]", lambda match: f"\\u{ord(match[0]):04x}", text)


def markdown(value: str) -> str:
    """A text in which nothing means anything to Markdown."""
    return MARKDOWN.sub(r"\\\1", value)


@lru_cache(64)
def _template(text: str) -> Any:
    return _ENVIRONMENT.from_string(text)


_FILTERS: dict[str, Callable[..., str]] = {"yaml": yaml, "markdown": markdown}
# Not autoescaped: front matter is no HTML. Everything in a body is escaped before.
_ENVIRONMENT = ImmutableSandboxedEnvironment(
    autoescape=False,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_ENVIRONMENT.filters.update(_FILTERS)
