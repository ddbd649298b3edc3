"""The walk out into posts: every entry a file of its own for Jekyll, and none rewritten that did not change."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aggregator.config import Settings
from aggregator.errors import PublishError
from aggregator.formats.jekyll import Looks, day_of, name_of, render_list, render_post
from aggregator.model import EVERYTHING, Kept, Receipt, Rendered, category_page, entry_page
from aggregator.ports import Archive
from aggregator.publish import Folder
from aggregator.publish.names import fault_of_post
from aggregator.selection import Catalogue, make_page

log = logging.getLogger(__name__)

POSTS = "_posts"
INDEX = ".posts.json"  # beside the manifest; Jekyll leaves out what begins with a dot
AT_A_TIME = 200


def posts_of(settings: Settings, root: Path | None = None) -> Posts:
    """The posts that a config describes, in their folder or in this one."""
    keys = settings.output.jekyll
    given = {"front_matter": keys.front_matter, "body": keys.body, "footer": keys.footer}
    looks = Looks(**{name: text for name, text in given.items() if text is not None}, raw=keys.raw)
    return Posts(root or keys.dir, looks)


@dataclass(frozen=True, slots=True)
class Posted:
    """What a walk did: posts there are, files written and removed, and what was left out and why."""

    posts: int = 0
    written: int = 0
    removed: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the post of an entry is, for good, and what tells two lists' copies of one article from two entries."""

    path: str
    name: str
    link: str


@dataclass
class Posts:
    """The posts of a folder. Its index says where each entry's post is: a post never moves, and it stays when its
    entry is too old to be kept any more; it goes when the entry was removed, or stands nowhere by the config."""

    root: Path
    looks: Looks
    _places: dict[str, _Place] = field(default_factory=dict)  # by published id
    _taken: dict[str, str] = field(default_factory=dict)  # by path in lower case, the id of whose post it is
    _written: dict[int, object] = field(default_factory=dict)  # by number, the state that a post was written with
    _folder: Folder | None = None

    async def write(self, store: Archive, catalogue: Catalogue) -> Posted:
        """Bring the folder up to date. Raises `PublishError`."""
        folder = await asyncio.to_thread(self._opened)
        catalogue = catalogue.with_named(await store.named())
        everything = category_page(EVERYTHING)
        marks = await store.marks(everything)
        changed = [number for number, mark in marks.items() if self._written.get(number) != mark]
        written, problems = 0, list[str]()
        for start in range(0, len(changed), AT_A_TIME):
            kept = await store.entries(changed[start : start + AT_A_TIME])
            in_order = [kept[number] for number in sorted(kept)]  # who was there first has the plain name
            files, told = await asyncio.to_thread(self._rendered, folder, catalogue, in_order)
            written += await asyncio.to_thread(self._put, folder, files)
            problems += told
            self._written.update((number, marks[number]) for number in kept)
        self._written = {number: mark for number, mark in self._written.items() if number in marks}
        gone = {one.id for one in await store.removed(everything)} | await store.unplaced(everything)
        lists = list(self._lists(folder, catalogue, await store.populated(), problems))
        written += await asyncio.to_thread(self._put, folder, lists)
        removed = await asyncio.to_thread(self._tidied, folder, gone, {one.path for one in lists})
        for problem in dict.fromkeys(problems):
            log.warning("left out", extra={"fields": {"post": problem}})
        return Posted(len(self._places), written, removed, tuple(dict.fromkeys(problems)))

    def _rendered(self, folder: Folder, catalogue: Catalogue, many: Iterable[Kept]) -> tuple[list[Rendered], list[str]]:
        """The posts of these entries, and what of them cannot be one."""
        files, problems = [], []
        for kept in many:
            if kept.source_id not in catalogue.sources:
                continue
            place = self._placed(kept, catalogue)
            if place is None:
                continue  # the same article out of another list of its publisher
            if folder.is_others(place.path):
                problems.append(f"{place.path} is there already, and is none of ours; move it away to have it written")
                continue
            (shown,) = make_page(catalogue, catalogue.home_of(kept), [kept]).shown
            post = render_post(place.path, shown, kept.entry, place.name, catalogue.site, self.looks)
            problems += post.problems
            files += [] if post.problems else [post]
        return files, problems

    def _placed(self, kept: Kept, catalogue: Catalogue) -> _Place | None:
        """Where the post of an entry is; None where another entry's post says the same."""
        known = self._places.get(kept.id)
        if known:
            return known
        name = name_of(kept.entry, kept.id)
        stem = f"{POSTS}/{day_of(kept.published, catalogue.site)}"
        for path in (f"{stem}-{name}.md", f"{stem}-{name}-{entry_page(kept.id).split('/')[1][:8]}.md"):
            owner = self._taken.get(path.lower())
            if owner is None:
                place = self._places[kept.id] = _Place(path, name, kept.entry.link)
                self._taken[path.lower()] = kept.id
                return place
            if (self._places[owner].name, self._places[owner].link) == (name, kept.entry.link):
                return None
        return None

    def _lists(
        self, folder: Folder, catalogue: Catalogue, populated: frozenset[str], problems: list[str]
    ) -> Iterator[Rendered]:
        """The pages that list the posts of each category; of those that entries named, where one still does."""
        for slug, category in catalogue.categories.items():
            path = f"category/{slug}.html"
            if slug == EVERYTHING or (slug in catalogue.named and category_page(slug) not in populated):
                continue
            if folder.is_others(path):
                problems.append(f"{path} is there already, and is none of ours")
            else:
                yield render_list(path, category)

    # ---------------------------------------------------------------- the folder

    def _put(self, folder: Folder, files: list[Rendered]) -> int:
        """Write files, after the index that says whose they are; how many of them changed."""
        self._keep_index()
        return folder.put_all(files).count(Receipt.WRITTEN) if files else 0

    def _tidied(self, folder: Folder, gone: Iterable[str], lists: set[str]) -> int:
        """Take out the posts of these entries, and what else is not wanted any more."""
        for published_id in gone:
            place = self._places.pop(published_id, None)
            if place:
                del self._taken[place.path.lower()]
        wanted = {place.path for place in self._places.values()} | lists
        removed = folder.tidy(lambda path: path in wanted)
        self._keep_index()
        return removed

    def _opened(self) -> Folder:
        """The folder, and its index read."""
        if self._folder is None:
            self._folder = Folder(self.root, fault=fault_of_post)
            try:
                told: Mapping[str, list[str]] = json.loads((self.root / INDEX).read_text("utf-8"))
                self._places = {published_id: _Place(*place) for published_id, place in told.items()}
            except FileNotFoundError:
                pass
            except (OSError, ValueError, TypeError, AttributeError) as error:
                raise PublishError(f"{self.root / INDEX} cannot be read: {error}; remove it to begin anew") from error
            self._taken = {place.path.lower(): published_id for published_id, place in self._places.items()}
        return self._folder

    def _keep_index(self) -> None:
        """Write the index, whole, where it changed."""
        told = {published_id: [one.path, one.name, one.link] for published_id, one in sorted(self._places.items())}
        text, file = json.dumps(told, ensure_ascii=False, indent=0) + "\n", self.root / INDEX
        try:
            if file.exists() and file.read_text("utf-8") == text:
                return
            self.root.mkdir(parents=True, exist_ok=True)
            beside = file.with_name(f"{INDEX}.new")
            with beside.open("w", encoding="utf-8") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            beside.replace(file)
        except OSError as error:
            raise PublishError(
                f"{file} cannot be written: {error.strerror}; look at the folder and its owner"
            ) from error
