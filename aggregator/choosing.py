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

    `copies` are the other tellers of a shown story, by its number; `faces` the shown entries of stories, by the
    number of the story. `hidden` says why a candidate is not shown. `last` is the last candidate that was looked at.
    """

    shown: tuple[Candidate, ...] = ()
    copies: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    faces: Mapping[int, int] = field(default_factory=dict)
    hidden: Mapping[int, str] = field(default_factory=dict)
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
        """The shown entries of stories, by the number of the story."""
        return {**self.fed.faces, **self.newest.faces}


async def choose(store: Store, category: Category, path: str, limit: int) -> Choice:
    """What the page at `path` shows, chosen as in this category."""
    choice = Choice()
    while not choice.full(limit):
        most = choice.looked_at or limit + SPARE  # then as many again, for a page that holds many copies holds more
        choice = continued(choice, await store.stretch(path, choice.last, most), category, limit)
    return choice


def in_front(newest: Choice, waiting: Stretch, category: Category, limit: int) -> Choice:
    """What the document shows that people subscribe to: all that no archive document holds yet, then the newest.

    So whoever reads it and follows the archive documents misses no story, at any moment, however old its date; of
    what is beyond `per_source`, the archive documents tell.
    """
    needed = continued(Choice(), waiting, category, limit)
    others = tuple(replace(one, story=None) for one in newest.shown if one not in needed.shown)
    both = continued(needed, Stretch(others), category, limit)
    order = sorted(both.shown, key=lambda one: (one.published, one.number), reverse=True)
    return replace(newest, shown=tuple(order), copies={**newest.copies, **needed.copies}, faces=both.faces)


def continued(choice: Choice, stretch: Stretch, category: Category, limit: int) -> Choice:
    """The choice with the next stretch of the timeline looked at."""
    shown, counts = list(choice.shown), dict(choice.per_source)
    copies, faces, hidden = dict(choice.copies), dict(choice.faces), dict(choice.hidden)
    for candidate in stretch.candidates:
        if len(shown) == limit:
            break
        number, story = candidate.number, candidate.story
        if category.dedupe and story is not None:
            told = stretch.stories[story]
            if (face := face_of(told, category.prefer)) != number:
                hidden[number] = f"its story is shown as {dict(told.tellers)[face]} tells it"
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
        per_source=counts,
        looked_at=choice.looked_at + len(stretch.candidates),
        latest=choice.latest or stretch.latest,
        last=stretch.candidates[-1] if stretch.candidates else choice.last,
        ended=stretch.ended,
    )


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
