"""Writes the sample sources' stories as publishers do: RSS 2.0, Atom 1.0, and pages for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from html import escape
from textwrap import dedent

from aggregator.demo.stories import Picture, Publisher, Story

TAG = "tag:samples.example,2026:"
STYLE = "body{font:1.05rem/1.6 Georgia,serif;max-width:38rem;margin:3rem auto;padding:0 1rem}img{max-width:100%}"
MEDIA_TYPES = {"rss": "application/rss+xml", "xml": "application/xml", "atom": "application/atom+xml"}


def media_type(publisher: Publisher) -> str:
    """What the feed is served as; of the encoding only the document itself speaks, as is common."""
    return MEDIA_TYPES[publisher.file.rpartition(".")[2]]


def feed(publisher: Publisher, stories: Sequence[Story], home: str) -> bytes:
    """The publisher's feed with these stories, in its own encoding; `home` is its address, with a slash at the end."""
    write = _atom if publisher.file.endswith(".atom") else _rss
    text = f'<?xml version="1.0" encoding="{publisher.encoding}"?>\n{write(publisher, stories, home)}\n'
    return text.encode(publisher.encoding)


def _rss(publisher: Publisher, stories: Sequence[Story], home: str) -> str:
    items = "\n".join(_rss_item(publisher, story, home) for story in stories)
    return dedent("""\
        <rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>
        <title>{title}</title>
        <link>{home}</link>
        <description>{about}</description>
        <language>{language}</language>
        {items}
        </channel></rss>""").format(
        title=escape(publisher.title),
        home=home,
        about=escape(publisher.about),
        language=publisher.language,
        items=items,
    )


def _rss_item(publisher: Publisher, story: Story, home: str) -> str:
    author = story.author or publisher.author
    lines = [
        f"<title>{escape(story.title)}</title>",
        f"<link>{home}{story.slug}</link>",
        f'<guid isPermaLink="false">{TAG}{publisher.name}/{story.slug}</guid>',
        f"<pubDate>{format_datetime(story.published.astimezone(publisher.zone))}</pubDate>",
        *([f"<dc:creator>{escape(author)}</dc:creator>"] if author else []),
        *(f"<category>{escape(term)}</category>" for term in story.terms),
        f"<description>{escape(story.html)}</description>",
    ]
    return "\n".join(["<item>", *lines, "</item>"])


def _atom(publisher: Publisher, stories: Sequence[Story], home: str) -> str:
    entries = "\n".join(_atom_entry(publisher, story, home) for story in stories)
    return dedent("""\
        <feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{language}" xml:base="{home}">
        <id>{tag}{name}</id>
        <title>{title}</title>
        <subtitle>{about}</subtitle>
        <updated>{updated}</updated>
        <link rel="self" type="application/atom+xml" href="{home}{file}"/>
        <link rel="alternate" type="text/html" href="{home}"/>
        <author><name>{author}</name><uri>{home}</uri></author>
        <rights>{rights}</rights>
        {entries}
        </feed>""").format(
        language=publisher.language,
        home=home,
        tag=TAG,
        name=publisher.name,
        title=escape(publisher.title),
        about=escape(publisher.about),
        updated=_rfc3339(publisher, max(story.published for story in stories)),
        file=publisher.file,
        author=escape(publisher.author or publisher.title),
        rights=escape(publisher.rights or ""),
        entries=entries,
    )


def _atom_entry(publisher: Publisher, story: Story, home: str) -> str:
    moment = _rfc3339(publisher, story.published)
    lines = [
        f"<id>{TAG}{publisher.name}/{story.slug}</id>",
        f"<title>{escape(story.title)}</title>",
        f'<link rel="alternate" type="text/html" href="{home}{story.slug}"/>',
        *([_enclosure(story.picture, home)] if story.picture else []),
        f"<published>{moment}</published>",
        f"<updated>{moment}</updated>",
        *([f"<author><name>{escape(story.author)}</name></author>"] if story.author else []),
        *(f'<category term="{escape(term)}"/>' for term in story.terms),
        f'<content type="html">{escape(story.html)}</content>',
    ]
    return "\n".join(["<entry>", *lines, "</entry>"])


def _enclosure(picture: Picture, home: str) -> str:
    return (
        f'<link rel="enclosure" type="{picture.media_type}" length="{len(picture.body)}" '
        f'title="{escape(picture.title)}" href="{home}{picture.path}"/>'
    )


def _rfc3339(publisher: Publisher, moment: datetime) -> str:
    return moment.astimezone(publisher.zone).isoformat(timespec="seconds")


# ---------------------------------------------------------------- pages


def story_page(publisher: Publisher, story: Story) -> str:
    """What a person sees who follows the link of an entry."""
    when = story.published.astimezone(publisher.zone)
    by = story.author or publisher.author
    byline = " · ".join([*([escape(by)] if by else []), f"{when:%Y-%m-%d %H:%M}", _home_link(publisher)])
    return page(story.title, f"<p>{byline}</p>\n{story.html}", publisher.language)


def publisher_page(publisher: Publisher, stories: Sequence[Story]) -> str:
    """A publisher's own front page."""
    rows = "\n".join(f'<li><a href="{story.slug}">{escape(story.title)}</a></li>' for story in stories)
    body = f'<p>{escape(publisher.about)} <a href="{publisher.file}">{publisher.file}</a></p>\n<ul>\n{rows}\n</ul>'
    return page(publisher.title, body, publisher.language)


def page(title: str, body: str, language: str = "en") -> str:
    """A page; `body` is HTML."""
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head>\n<body><h1>{escape(title)}</h1>\n{body}\n"
        f'<hr><p lang="en"><small>A page of the samples that <code>aggregator demo</code> plays with.</small></p>'
        "</body></html>\n"
    )


def _home_link(publisher: Publisher) -> str:
    return f'<a href="./">{escape(publisher.title)}</a>'
