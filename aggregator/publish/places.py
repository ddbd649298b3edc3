"""Remembers where the post of each entry is, for good, and what it was written with; in a file beside the posts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from aggregator.errors import PublishError

AT_A_TIME = 1000
INDEX = ".posts.json"  # Jekyll passes over what begins with a dot
NOBODY = ""  # the name of a post that was there before the index, whoever's it is


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post is, "" when another one says the same; `name` and `link` tell copies of one article from two that
    happen to be called alike. `state` tells what it was written with, if it was."""

    path: str
    name: str
    link: str
    state: str = ""


class Places:
    """The places of a folder, by the published ids of their entries."""

    def __init__(self, root: Path, before: Iterable[str] = ()) -> None:
        """Read the index that is there. Where none is, the posts of `before` are nobody's: they stay, and who comes for
        the place of one gets it. Raises `PublishError` for an index that is none.
        """
        self._file = root / INDEX
        self.changed = 0  # how often something did, since the index was written
        try:
            told = json.loads(self._file.read_text("utf-8"))
            self._places = {str(name): Place(*map(str, place)) for name, place in told.items()}
        except FileNotFoundError:
            self._places = {path: Place(path, NOBODY, "") for path in before}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise PublishError(
                f"{self._file} cannot be read ({error}); remove it to begin anew (posts of what is gone then stay)"
            ) from error
        for name, place in self._places.items():
            if place.path and not (root / place.path).exists():
                self._places[name] = replace(place, state="")  # somebody took it away, and it is written again
        # Lower case: two names that differ by case alone are one file on a Mac or on Windows.
        self._taken = {place.path.lower(): name for name, place in self._places.items() if place.path}

    def count(self) -> int:
        """How many posts there are."""
        return len(self._taken)

    def paths(self) -> frozenset[str]:
        """Where they are."""
        return frozenset(place.path for place in self._places.values() if place.path)

    def of(self, name: str) -> Place | None:
        """The place of an entry."""
        return self._places.get(name)

    def state(self, name: str) -> str | None:
        """What the post of an entry was written with."""
        place = self._places.get(name)
        return place.state if place else None

    def settle(self, name: str, state: str) -> None:
        """Remember what the post of an entry was written with."""
        self._places[name] = replace(self._places[name], state=state)
        self.changed += 1

    def take(self, name: str, wanted: Place, otherwise: str) -> Place:
        """Give an entry a place, for good: the one it wants, the other if that is taken, or none of its own where the
        post there says the same."""
        owner = self._taken.get(wanted.path.lower())
        if owner is not None and self._places[owner] == Place(wanted.path, NOBODY, ""):
            del self._places[owner]
            owner = None
        if owner is None:
            place = wanted
        elif (self._places[owner].name, self._places[owner].link) == (wanted.name, wanted.link):
            place = replace(wanted, path="")
        else:
            place = replace(wanted, path=otherwise)
        self._places[name] = place
        if place.path:
            self._taken[place.path.lower()] = name
        self.changed += 1
        return place

    def drop(self, names: Iterable[str]) -> bool:
        """Forget these entries; whether one of them had a post. Then one that said the same gets its own."""
        gone = [place for name in names if (place := self._places.pop(name, None))]
        had = [place for place in gone if place.path]
        for place in had:
            del self._taken[place.path.lower()]
        if had:
            self._places = {name: place for name, place in self._places.items() if place.path}
        self.changed += len(gone)
        return bool(had)

    def keep(self) -> None:
        """Write the index, whole, if it changed. Raises `PublishError`."""
        if not self.changed and self._file.exists():
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            beside = self._file.with_name(f"{INDEX}.new")
            with beside.open("w", encoding="utf-8") as out:
                out.writelines(_told(self._places))
                out.flush()
                os.fsync(out.fileno())
            beside.replace(self._file)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise PublishError(f"{self._file} cannot be written: {reason}; look at its folder and owner") from error
        self.changed = 0


def _told(places: Mapping[str, Place]) -> Iterator[str]:
    """The index, piece by piece: what is made at once lets nobody else run."""
    told, rest = "{", iter(places.items())
    while some := dict(islice(rest, AT_A_TIME)):
        pieces = {name: (one.path, one.name, one.link, one.state) for name, one in some.items()}
        yield told + json.dumps(pieces, ensure_ascii=False)[1:-1]
        told = ",\n"
    yield "}\n" if places else "{}\n"
