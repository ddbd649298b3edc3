"""Writes the pages that people read: home, categories, sources, entries, about this site; and their stylesheet."""

from __future__ import annotations

from dataclasses import replace

from aggregator.formats.rows import frame_of, list_of, root_of
from aggregator.formats.screening import without_broken
from aggregator.formats.theme import fill_in, source_of
from aggregator.formats.words import words_for
from aggregator.model import Home, Page, Rendered, Site, entry_page

HOME_TITLES = 5
"""How many of its newest titles the home page shows of each category."""

ABOUT = "about/"
"""The folder of the page about this site."""

SEARCH = "search"
"""The address of the search, which is no file: only a program can answer it."""


def render(page: Page) -> Rendered:
    """A category or a source as a page, or a part of its history. Titles lead to the originals."""
    path = page.archived(page.chain.name, "html") if page.chain.name else f"{page.path}index.html"
    root = root_of(path)
    page, problems = without_broken(page)
    rendered = fill_in(
        path,
        "page.html",
        theme=page.site.theme,
        words=words_for(page.site.language),
        frame=frame_of(page.site, root, page.rights),
        page=list_of(page, root, len(page.shown)),
        name=page.chain.name,
        address=f"{page.site.base_url}/{path.removesuffix('index.html')}",
    )
    return replace(rendered, problems=(*problems, *rendered.problems))


def render_entry(page: Page) -> Rendered | None:
    """The page of the one entry that `page`, the category it is at home in, shows; None when it cannot be shown."""
    page, _ = without_broken(page)
    if not page.shown:
        return None
    path = entry_page(page.shown[0].id)
    root = root_of(path)
    home = list_of(page, root, 1, title_level=1)
    return fill_in(
        f"{path}index.html",
        "entry.html",
        theme=page.site.theme,
        words=words_for(page.site.language),
        frame=frame_of(page.site, root, None),
        page=home,
        row=home.rows[0],
    )


def render_gone(published_id: str, site: Site) -> Rendered:
    """What stands in the place of a removed entry's page."""
    path = entry_page(published_id)
    return fill_in(
        f"{path}index.html",
        "gone.html",
        theme=site.theme,
        words=words_for(site.language),
        frame=frame_of(site, root_of(path), None),
    )


def render_home(home: Home) -> Rendered:
    """The home page: everything, each category with its newest titles, and the sources behind them."""
    root, words = root_of(""), words_for(home.site.language)
    home = _without_broken(home)
    return fill_in(
        "index.html",
        "home.html",
        theme=home.site.theme,
        words=words,
        frame=frame_of(home.site, root, None),
        everything=list_of(home.everything, root, HOME_TITLES),
        categories=tuple(list_of(page, root, HOME_TITLES) for page in home.categories),
        sources=tuple(list_of(page, root, 0) for page in home.sources),
        more=words.more.format(home.more) if home.more else "",
        address=f"{home.site.base_url}/",
    )


def render_search(page: Page, query: str, feed: str) -> Rendered:
    """What was found for a query, which the address `feed` gives as a feed too."""
    page, _ = without_broken(page)
    root = root_of(SEARCH)
    return fill_in(
        SEARCH,
        "search.html",
        theme=page.site.theme,
        words=words_for(page.site.language),
        frame=frame_of(page.site, root, None),
        page=list_of(replace(page, path=SEARCH), root, len(page.shown)),
        query=query,
        feed=feed,
    )


def render_about(home: Home) -> Rendered:
    """The page that says how this site works, and how a publisher is left out."""
    root = root_of(ABOUT)
    return fill_in(
        f"{ABOUT}index.html",
        "about.html",
        theme=home.site.theme,
        words=words_for(home.site.language),
        frame=frame_of(home.site, root, None),
        everything=list_of(home.everything, root, 0),
        address=f"{home.site.base_url}/{ABOUT}",
    )


def stylesheet(name: str = "style.css", theme: str | None = None) -> Rendered:
    """The one stylesheet of all pages; or `feed.css`, that of feeds in a browser, or `icon.svg`."""
    return Rendered(path=name, body=source_of(name, theme))


def _without_broken(home: Home) -> Home:
    """What is broken is named where its own page is written."""
    return replace(
        home,
        everything=without_broken(home.everything)[0],
        categories=tuple(without_broken(page)[0] for page in home.categories),
        sources=tuple(without_broken(page)[0] for page in home.sources),
    )
