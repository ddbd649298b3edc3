"""The walk out into posts: every entry a file of its own for Jekyll, and none rewritten that did not change."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from aggregator import __version__
from aggregator.config import Settings
from aggregator.formats.jekyll import Looks, day_of, name_of, render_list, render_post
from aggregator.model import EVERYTHING, Kept, Receipt, Rendered, category_page, entry_page
from aggregator.ports import Archive
from aggregator.publish import Folder
from aggregator.publish.names import fault_of_post
from aggregator.publish.places import Place, Places
from aggregator.selection import Catalogue, make_page

log = logging.getLogger(__name__)

POSTS = "_posts"
AT_A_TIME = 200
PARTS = 10  # while posts wait, the index is written anew when so great a part of it changed


def posts_of(settings: Settings, root: Path | None = None) -> Posts:
    """The posts that a config describes, in their folder or in this one."""
    keys = settings.output.jekyll
    given = {"front_matter": keys.front_matter, "body": keys.body, "footer": keys.footer}
    looks = Looks(**{name: text for name, text in given.items() if text is not None}, raw=keys.raw)
    return Posts(root or keys.dir, looks, f"{settings.fingerprint} {__version__} {looks}")


@dataclass(frozen=True, slots=True)
class Posted:
    """What a walk did: posts there are, files written and removed, entries left for the next walk, and what was left
    out and why."""

    posts: int = 0
    written: int = 0
    removed: int = 0
    left: int = 0
    problems: tuple[str, ...] = ()


@dataclass
class Posts:
    """The posts of a folder, which look like this; `mark` changes with whatever else is in all of them.

    A post never moves, and stays when its entry is too old to be kept any more. It goes when the entry was removed, or
    stands nowhere by the config.
    """

    root: Path
    looks: Looks
    mark: str
    _told: set[str] = field(default_factory=set)  # the problems that were logged
    _failed: dict[str, str] = field(default_factory=dict)  # the states, by published id, of what could not be a post
    _waiting: list[tuple[int, str]] = field(default_factory=list)  # for a later walk: numbers, and states to come
    _lists: frozenset[str] = frozenset()
    _opened: tuple[Folder, Places] | None = None

    async def write(self, store: Archive, catalogue: Catalogue, most: int | None = None) -> Posted:
        """Bring the folder up to date, or `most` of its posts. Raises `PublishError`."""
        if self._opened is None:
            self._opened = await asyncio.to_thread(self._open)
        folder, places = self._opened
        catalogue = catalogue.with_named(await store.named())
        walked = not self._waiting
        if walked:
            self._waiting = await self._changed(store, places)
        written, problems = await self._write(store, catalogue, places, most)
        if not self._waiting and not walked:
            self._waiting = await self._changed(store, places)  # what changed while those of before waited
        removed, left = 0, len(self._waiting)
        if not left:
            everything = category_page(EVERYTHING)
            gone = {one.id for one in await store.removed(everything)} | await store.unplaced(everything)
            lists, told = self._all_lists(folder, catalogue, await store.populated())
            written += await asyncio.to_thread(self._put, lists)
            removed = await asyncio.to_thread(self._tidied, gone, frozenset(one.path for one in lists))
            problems += told
        if not left or places.changed > places.count() / PARTS:
            await asyncio.to_thread(places.keep)
        self._log(problems)
        return Posted(places.count(), written, removed, left, tuple(dict.fromkeys(problems)))

    async def _changed(self, store: Archive, places: Places) -> list[tuple[int, str]]:
        """The numbers of the entries whose post is not what it would be now, each with the state that it will have."""
        marks = await store.marks(category_page(EVERYTHING))

        def changed() -> Iterator[tuple[int, str]]:
            for number, (name, *mark) in marks.items():
                state = self._state(mark)
                if state not in (places.state(name), self._failed.get(name)):
                    yield number, state

        return await asyncio.to_thread(list, changed())  # as long as there are entries: the loop is for others

    async def _write(
        self, store: Archive, catalogue: Catalogue, places: Places, most: int | None
    ) -> tuple[int, list[str]]:
        """Write the posts that wait, or the first of them; how many files changed, and what could not be a post."""
        written, problems, left = 0, list[str](), len(self._waiting) if most is None else most
        while self._waiting and left > 0:
            now = dict(self._waiting[: min(left, AT_A_TIME)])
            kept = await store.entries(list(now))
            in_order = [(kept[number], now[number]) for number in sorted(kept)]  # the first has the plain name
            posts, told = await asyncio.to_thread(self._rendered, catalogue, in_order)
            written += await asyncio.to_thread(self._put, [post for post, _, _ in posts])
            for _, name, state in posts:
                places.settle(name, state)
            for one, state in in_order:
                self._failed.pop(one.id, None)
                if places.state(one.id) != state:
                    self._failed[one.id] = state
            self._waiting = self._waiting[len(now) :]
            problems += told
            left -= len(now)
        return written, problems

    def _state(self, mark: Iterable[object]) -> str:
        """What a post was written with, in short."""
        return hashlib.blake2b(repr((self.mark, *mark)).encode(), digest_size=8).hexdigest()

    def _rendered(
        self, catalogue: Catalogue, many: Iterable[tuple[Kept, str]]
    ) -> tuple[list[tuple[Rendered, str, str]], list[str]]:
        """The posts of these entries, each with whose it is and its state; and what of them cannot be one."""
        assert self._opened
        folder, places = self._opened
        posts, problems = list[tuple[Rendered, str, str]](), list[str]()
        for kept, state in many:
            if kept.source_id not in catalogue.sources:
                continue
            place = places.of(kept.id) or places.take(kept.id, *self._wanted(kept, catalogue))
            if not place.path:
                places.settle(kept.id, state)  # the same article out of another list of its publisher
            elif folder.is_others(place.path):
                problems.append(f"{place.path} is there already, and is none of ours; move it away to have it written")
            else:
                (shown,) = make_page(catalogue, catalogue.home_of(kept), [kept]).shown
                post = render_post(place.path, shown, kept.entry, place.name, catalogue.site, self.looks)
                problems += post.problems
                posts += [] if post.problems else [(post, kept.id, state)]
        return posts, problems

    def _wanted(self, kept: Kept, catalogue: Catalogue) -> tuple[Place, str]:
        """Where the post of an entry would like to be, and where it goes if another one is there."""
        name = name_of(kept.entry, kept.id)
        stem = f"{POSTS}/{day_of(kept.published, catalogue.site)}-{name}"
        return Place(f"{stem}.md", name, kept.entry.link), f"{stem}-{entry_page(kept.id).split('/')[1][:8]}.md"

    def _all_lists(
        self, folder: Folder, catalogue: Catalogue, populated: frozenset[str]
    ) -> tuple[list[Rendered], list[str]]:
        """The pages that list the posts of each category, and those that cannot be there."""
        lists = list(_lists(catalogue, populated))
        others = {one.path for one in lists if folder.is_others(one.path)}
        problems = [f"{path} is there already, and is none of ours" for path in sorted(others)]
        return [one for one in lists if one.path not in others], problems

    # ---------------------------------------------------------------- the folder

    def _open(self) -> tuple[Folder, Places]:
        folder = Folder(self.root, fault=fault_of_post)
        return folder, Places(self.root, (path for path in folder.paths() if path.startswith(f"{POSTS}/")))

    def _put(self, files: list[Rendered]) -> int:
        """Write files; how many of them changed."""
        assert self._opened
        return self._opened[0].put_all(files).count(Receipt.WRITTEN) if files else 0

    def _tidied(self, gone: Iterable[str], lists: frozenset[str]) -> int:
        """Take out the posts of these entries, and what else is not wanted any more."""
        assert self._opened
        folder, places = self._opened
        if not places.drop(gone) and lists == self._lists:
            return 0
        self._lists = lists
        wanted = places.paths() | lists
        return folder.tidy(lambda path: path in wanted)

    def _log(self, problems: Iterable[str]) -> None:
        for problem in dict.fromkeys(problems):
            if problem not in self._told:
                log.warning("left out", extra={"fields": {"post": problem}})
        self._told = set(problems)


def _lists(catalogue: Catalogue, populated: frozenset[str]) -> Iterator[Rendered]:
    """Of the categories that entries named, those that an entry still names have a page."""
    for slug, category in catalogue.categories.items():
        if slug != EVERYTHING and (slug not in catalogue.named or category_page(slug) in populated):
            yield render_list(f"category/{slug}.html", replace(category, slug=slug))
