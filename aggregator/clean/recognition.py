"""Which entry of a document is which of those that are kept: by its key, and where that has changed by all the rest.

A key alone is not enough. Sites move, renumber their guids or give them to other articles, and entries begin and end
to share one. An old article that looks new is shown twice to everybody; two articles taken for one lose one of them.
So another name is believed only when what both say agrees, and when the entry it belongs to has left the document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from aggregator.clean.identity import finer_keys
from aggregator.clean.likeness import NEAR, SAME_TEXT, Judge
from aggregator.clean.names import key_name, link_number, other_names, title_number
from aggregator.model import Acquaintance, Alias, Buried, Entry, Intake, Known, amended

# An entry that was revised so often is frozen: from then on it changes only when the change is a real one.
FROZEN_AFTER = 24


@dataclass(frozen=True, slots=True)
class Asked:
    """What to ask the store about the entries of a document that their keys do not tell for certain."""

    keys: tuple[str, ...] = ()
    names: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Recognised:
    """The entries of a document: those that are kept, each with its row; those that are gone; and strangers."""

    kept: tuple[tuple[Entry, Known], ...]
    gone: tuple[tuple[Entry, Buried], ...]
    strangers: tuple[Entry, ...]


def keys_of(intake: Intake) -> tuple[str, ...]:
    """The keys to ask the store for first: those of the entries, and those that several of them share."""
    return tuple(dict.fromkeys((*(entry.key for entry in intake.entries), *intake.shared.values())))


def questions(source_id: str, intake: Intake, by_key: Mapping[str, Known]) -> Asked:
    """What must be asked beside the keys: nothing, where every entry is kept under its key and called as it was."""
    unsure = [entry for entry in intake.entries if not _is_settled(entry, by_key.get(entry.key))]
    theirs = (key for entry in unsure for key in (entry.key, intake.shared.get(entry.key)) if key in by_key)
    return Asked(
        tuple(dict.fromkeys(key for key in (*chain.from_iterable(map(finer_keys, unsure)), *theirs) if key)),
        tuple(name for entry in unsure for name in _names(source_id, entry)),
    )


def links_of(intake: Intake, by_key: Mapping[str, Known]) -> frozenset[int]:
    """Where the entries lead that are not kept under their key: one that was taken out by hand is known by that alone,
    whatever source it comes from."""
    return frozenset(link_number(entry.link) for entry in intake.entries if entry.key not in by_key)


def is_doubtful(source_id: str, intake: Intake, known: Acquaintance) -> bool:
    """Whether an entry may be a kept one under another name, so that the whole document must be seen to decide."""
    if not (known.by_key or known.by_name):
        return False
    for entry in intake.entries:
        own = known.by_key.get(entry.key)
        if not _is_called(entry, own) and any(
            isinstance(other, Known) and (own is None or other.number != own.number)
            for other, _ in _candidates(source_id, entry, intake, known)
        ):
            return True
    return False


def recognise(source_id: str, intake: Intake, known: Acquaintance) -> Recognised:
    """Find the row of every entry, the surest pairs first; no row is given to two entries.

    First those that are called as they were under their own key; then those whose link and title lead to one row, then
    a key that they had and one of both; then those under their own key that changed; last those that moved or were
    renamed.
    """
    if not (known.by_key or known.by_name or known.removed):  # as at a first poll, and where nothing else is read
        return Recognised((), (), intake.entries)
    rows: dict[int, Known] = {}  # by the place of the entry in the document
    taken: set[int] = set()
    judge = Judge()
    places = range(len(intake.entries))

    def give(place: int, row: Known) -> bool:
        if row.number in taken:
            return False
        rows[place] = row
        taken.add(row.number)
        return True

    for place in places:
        entry = intake.entries[place]
        own = known.by_key.get(entry.key)
        if own and _is_called(entry, own):
            give(place, own)
    left = [place for place in places if place not in rows]
    others = {place: tuple(_candidates(source_id, intake.entries[place], intake, known)) for place in left}
    for trial in (_surely, _named_before, _still, _moved):
        for place in left:
            entry = intake.entries[place]
            own = known.by_key.get(entry.key)
            if place not in rows:
                found = (row for row in trial(judge, entry, own, others[place]) if row.number not in taken)
                if row := next(found, None):
                    give(place, row)
    gone, strangers = [], []
    for place in left:
        if place not in rows:
            entry = intake.entries[place]
            grave = _grave(entry, others[place], known.removed)
            if grave:
                gone.append((entry, grave))
            else:
                strangers.append(entry)
    kept = tuple((intake.entries[place], rows[place]) for place in places if place in rows)
    return Recognised(kept, tuple(gone), tuple(strangers))


# ---------------------------------------------------------------- the trials, the surest first

Candidates = tuple[tuple[Known | Buried, bool], ...]


def _surely(judge: Judge, entry: Entry, own: Known | None, others: Candidates) -> Iterator[Known]:
    """Rows that link and title lead to."""
    del own
    for other, by_key in _kept(others):
        named = judge.same_place(entry, other) and judge.same_title(entry, other)
        if named and (by_key or judge.agrees(entry, other)):
            yield other


def _named_before(judge: Judge, entry: Entry, own: Known | None, others: Candidates) -> Iterator[Known]:
    """Rows that had this key and have the link or the title."""
    del own
    for other, by_key in _kept(others):
        if by_key and (judge.same_place(entry, other) or judge.same_title(entry, other)):
            yield other


def _still(judge: Judge, entry: Entry, own: Known | None, others: Candidates) -> Iterator[Known]:
    """The row under the entry's own key, unless the key was used again for another article."""
    del others
    if own and (
        judge.same_place(entry, own)
        or judge.same_path(entry, own)
        or judge.same_date(entry, own)
        or judge.alike_titles(entry, own)
        or judge.alike(entry, own)
    ):
        yield own


def _moved(judge: Judge, entry: Entry, own: Known | None, others: Candidates) -> Iterator[Known]:
    """Rows that share a name with the entry, and a date and the text."""
    for other, _ in _kept(others):
        if own and other.number == own.number:
            continue
        same_title = judge.same_title(entry, other)
        if (judge.near(entry, other) and judge.alike(entry, other, silent=same_title)) or (
            same_title and judge.no_news(entry, other) and judge.alike(entry, other, at_least=SAME_TEXT)
        ):
            yield other


def _kept(others: Candidates) -> Iterator[tuple[Known, bool]]:
    return ((other, by_key) for other, by_key in others if isinstance(other, Known))


def _grave(entry: Entry, others: Candidates, removed: tuple[Buried, ...]) -> Buried | None:
    """The grave that an entry came out of."""
    link, title = link_number(entry.link), title_number(entry.title)
    for grave in removed:
        if (grave.link, grave.title) == (link, title):
            return grave
    for other, by_key in others:
        if isinstance(other, Buried):
            same_link = other.link == link and entry.link != entry.origin.html_url
            same_title = other.title == title
            near = abs(entry.claimed - other.published) <= NEAR if entry.claimed else same_title
            if same_link + same_title + by_key + near >= 2:
                return other
    return None


def with_own_keys(strangers: Iterable[Entry], known: Acquaintance) -> tuple[Entry, ...]:
    """The strangers, each under a key that no other entry has: a guid that was used again stays with its first."""
    taken = set(known.by_key)
    named = []
    for entry in strangers:
        key, number = entry.key, 2
        if key in taken:
            finest, finer = finer_keys(entry)
            key = finer if finer not in taken else finest
        while key in taken:
            key, number = f"{entry.key} #{number}", number + 1
        taken.add(key)
        named.append(entry if key == entry.key else amended(entry, key=key))
    return tuple(named)


def new_names(source_id: str, found: Recognised, known: Acquaintance) -> tuple[Alias, ...]:
    """The keys under which kept entries came for the first time. A key that is another's is none of them."""
    aliases = []
    for entry, row in found.kept:
        named = known.by_name.get(key_name(source_id, entry.key))
        if entry.key not in known.by_key and (named is None or named.number != row.number):
            aliases.append(Alias(row.number, entry.key))
    return tuple(aliases)


def _is_settled(entry: Entry, row: Known | None) -> bool:
    """Whether its row is certain, and needs no look at what is in it."""
    return row is not None and row.revision < FROZEN_AFTER and _is_called(entry, row)


def _is_called(entry: Entry, row: Known | None) -> bool:
    """Whether this row is the entry's, and has its title still."""
    return row is not None and row.title == title_number(entry.title)


def _names(source_id: str, entry: Entry) -> Iterable[int]:
    """The names of an entry: its key, which another may have had, address and title."""
    return (key_name(source_id, entry.key), *other_names(source_id, entry))


def _candidates(
    source_id: str, entry: Entry, intake: Intake, known: Acquaintance
) -> Iterator[tuple[Known | Buried, bool]]:
    """The rows and graves that names of an entry lead to, the finest name first, and whether it was a key."""
    found: dict[int, tuple[Known | Buried, bool]] = {}
    shared = intake.shared.get(entry.key)
    for key in (*finer_keys(entry), *((shared,) if shared else ())):
        if row := known.by_key.get(key):
            found.setdefault(row.number, (row, True))
    for place, name in enumerate(_names(source_id, entry)):
        if other := known.by_name.get(name):
            found.setdefault(other.number, (other, place == 0))
    return iter(found.values())
