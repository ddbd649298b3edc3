"""Which of the entries that stand on a page it shows: one of each story, and no more of one source than is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from aggregator.model import Candidate, Category, Copies, Stretch
from aggregator.ports import Store

# How many of a page's entries are looked at to fill it; where copies and one talkative source stand before everything
# else, a page shows less than it could.
LEAST_LOOKED_AT, TIMES_LOOKED_AT = 2000, 20
SPARE = 10  # looked at in one go beyond the limit, for a page mostly holds a few copies


@dataclass(frozen=True, slots=True)
class Choice:
    """What a page shows, newest first, as far as its timeline has been looked at.

    `copies` are the other tellers of a shown story, by its number; `faces` the entries by which stories are told, by
    the number of the story: shown here, or before. `hidden` says why a candidate is not shown, and `behind` by which
    entry the story of one that is hidden for it is told. The stories in `open` are told by the newest that has a place.
    `last` is the last candidate that was looked at.
    """

    shown: tuple[Candidate, ...] = ()
    copies: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    faces: Mapping[int, int] = field(default_factory=dict)
    hidden: Mapping[int, str] = field(default_factory=dict)
    behind: Mapping[int, int] = field(default_factory=dict)
    open: frozenset[int] = frozenset()
    per_source: Mapping[str, int] = field(default_factory=dict)
    looked_at: int = 0
    latest: int = 0
    last: Candidate | None = None
    ended: bool = False

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the entries."""
        return tuple(one.number for one in self.shown)

    def related(self, number: int, most: int) -> tuple[int, ...]:
        """The numbers of at most so many other tellings of a shown entry's story."""
        return self.copies.get(number, ())[:most]

    def full(self, limit: int) -> bool:
        """Whether there is no use in looking further."""
        most = max(LEAST_LOOKED_AT, TIMES_LOOKED_AT * limit)
        return self.ended or len(self.shown) >= limit or self.looked_at >= most


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a page shows: the `newest`, and what is `fed` to whoever follows its documents back through the history.

    `archive` is the name of the latest archive document, if there is one.
    """

    newest: Choice = Choice()
    fed: Choice = Choice()
    archive: str | None = None

    @property
    def faces(self) -> Mapping[int, int]:
        """The entries by which stories are told, by the number of the story."""
        return {**self.fed.faces, **self.newest.faces}


async def choose(store: Store, category: Category, path: str, limit: int) -> Choice:
    """What the page at `path` shows, chosen as in this category.

    No story is hidden behind a telling that has no place on the page and never had one: it is told by another then.
    """
    choice, stretches = await _looked_through(store, category, path, limit)
    stories = {story: told for stretch in stretches for story, told in stretch.stories.items()}
    known = dict[int, int]()
    while lost := {story: choice.behind[story] for story in choice.behind.keys() - choice.faces.keys() - known.keys()}:
        known |= {
            story: face
            for story, face in lost.items()
            if await _was_shown(store, category, path, limit, stories[story], face)
        }
        choice = Choice(open=choice.open | (lost.keys() - known.keys()))
        for stretch in stretches:
            choice = continued(choice, stretch, category, limit)
    was = {
        one.number: f"its story was shown as {_teller(stories[one.story], known[one.story])} tells it"
        for stretch in stretches
        for one in stretch.candidates
        if one.story in known and one.story not in choice.faces and one.number != known[one.story]
    }
    hidden = {number: was.get(number, why) for number, why in choice.hidden.items()}
    return replace(choice, faces={**known, **choice.faces}, hidden=hidden)


async def foremost(store: Store, category: Category, path: str, limit: int) -> Choice:
    """The first of what the page at `path` shows, which itself shows more: what it tells further down is not here."""
    choice, _ = await _looked_through(store, category, path, limit)
    return choice


async def _looked_through(store: Store, category: Category, path: str, limit: int) -> tuple[Choice, list[Stretch]]:
    """The choice among as much of the page's timeline as it takes, and that."""
    choice, stretches = Choice(), list[Stretch]()
    while not choice.full(limit):
        most = choice.looked_at or limit + SPARE  # then as many again, for a page that holds many copies holds more
        stretches.append(await store.stretch(path, choice.last, most))
        choice = continued(choice, stretches[-1], category, limit)
    return choice, stretches


async def _was_shown(store: Store, category: Category, path: str, limit: int, told: Copies, face: int) -> bool:
    """Whether readers of the page can know the story as `face` tells it, which has no place on it now.

    An entry that nobody else told yet was shown if it had a place when it was kept; later it only goes down.
    """
    if told.face == face or face > told.built:
        return told.face == face
    before = await store.before(path, face, limit)
    fits = category.per_source is None or before.count(_teller(told, face)) < category.per_source
    return fits and len(before) < limit


def in_front(newest: Choice, waiting: Stretch, category: Category, limit: int) -> Choice:
    """What the document shows that people subscribe to: all that no archive document holds yet, then the newest.

    So whoever reads it and follows the archive documents misses no story, at any moment, however old its date; of
    what is beyond `per_source`, the archive documents tell.
    """
    stories = {story: replace(told, face=newest.faces.get(story, told.face)) for story, told in waiting.stories.items()}
    needed = continued(Choice(), replace(waiting, stories=stories), category, limit)
    others = tuple(replace(one, story=None) for one in newest.shown if one not in needed.shown)
    both = continued(needed, Stretch(others), category, limit)
    order = sorted(both.shown, key=lambda one: (one.published, one.number), reverse=True)
    return replace(newest, shown=tuple(order), copies={**newest.copies, **needed.copies}, faces=both.faces)


def continued(choice: Choice, stretch: Stretch, category: Category, limit: int) -> Choice:
    """The choice with the next stretch of the timeline looked at."""
    shown, counts = list(choice.shown), dict(choice.per_source)
    copies, faces = dict(choice.copies), dict(choice.faces)
    hidden, behind = dict(choice.hidden), dict(choice.behind)
    for candidate in stretch.candidates:
        if len(shown) == limit:
            break
        number, story = candidate.number, candidate.story
        if category.dedupe and story is not None:
            told = stretch.stories[story]
            face = faces.get(story, number) if story in choice.open else face_of(told, category.prefer)
            if face != number:
                behind[story] = face
                hidden[number] = f"its story is shown as {_teller(told, face)} tells it"
                continue
        count = counts.get(candidate.source_id, 0)
        if category.per_source is not None and count >= category.per_source:
            hidden[number] = f"per_source reached: {category.per_source} newer ones of its source are shown"
            continue
        counts[candidate.source_id] = count + 1
        shown.append(candidate)
        if category.dedupe and story is not None:
            faces[story] = number
            copies[number] = tuple(teller for teller, _ in stretch.stories[story].tellers if teller != number)
    return Choice(
        shown=tuple(shown),
        copies=copies,
        faces=faces,
        hidden=hidden,
        behind=behind,
        open=choice.open,
        per_source=counts,
        looked_at=choice.looked_at + len(stretch.candidates),
        latest=choice.latest or stretch.latest,
        last=stretch.candidates[-1] if stretch.candidates else choice.last,
        ended=stretch.ended,
    )


def _teller(told: Copies, number: int) -> str:
    """The source of a telling; "" when it was taken out a moment ago, between two looks at the timeline."""
    return dict(told.tellers).get(number, "")


def face_of(told: Copies, prefer: tuple[str, ...]) -> int:
    """The number of the entry by which a page tells a story: what its readers know stays.

    Where they know none yet, that of the source which is preferred most, else the first that was kept.
    """
    numbers = [number for number, _ in told.tellers]
    if told.face is not None and told.face in numbers:
        return told.face
    if seen := [number for number in numbers if number <= told.built]:
        return min(seen)
    rank = {source_id: place for place, source_id in enumerate(prefer)}
    return min(told.tellers, key=lambda teller: (rank.get(teller[1], len(rank)), teller[0]))[0]
