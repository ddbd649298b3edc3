"""Whether two entries of different sources tell the same story: the verdict on their signatures.

Precision comes first: an entry that a feed hides is missed, one that it shows twice is a nuisance. So every likeness
has something that speaks against it: other numbers, another page of the same publisher, too little to compare.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from aggregator.clean.signatures import ENOUGH_TEXT, Traits

WINDOW = timedelta(days=7)  # how far apart two tellings of a story may be published
TITLE_WINDOW = timedelta(days=3)
TITLE_ALONE_WINDOW = timedelta(days=2)
SOME_TEXT = 10
ALIKE, NEARLY_ALIKE, TWIN = 0.8, 0.55, 0.9  # resemblance (Jaccard) of two texts
CONTAINED = 0.35  # how much of the shorter text the longer one must hold where the titles agree
SHARED_WORDS = 0.34  # of the shorter title, where the texts are only nearly alike
SHARED_NUMBERS = 0.7  # of the text with fewer


class By(StrEnum):
    """What two entries are one story by; the words are what `explain` shows and the store keeps."""

    ADDRESS = "same address"
    TITLE = "same title"
    TEXT = "near-duplicate text"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two entries are one story: `by` what, or None and `why` not. `distance` of their texts is 0 to 1."""

    by: By | None
    why: str
    distance: float | None = None


def judge(one: Traits, other: Traits, apart: timedelta) -> Verdict:
    """Whether two entries, published so far apart, tell one story."""
    if abs(apart) > WINDOW:
        return Verdict(None, f"published more than {WINDOW.days} days apart")
    likeness = _resemblance(one, other)
    distance = None if likeness is None else round(1 - likeness, 3)
    by, why = _judged(one, other, abs(apart), likeness)
    return Verdict(by, why, distance)


def _judged(one: Traits, other: Traits, apart: timedelta, likeness: float | None) -> tuple[By | None, str]:
    if one.address and one.address == other.address:
        if _same_form(one, other) and _differ(one.numbers, other.numbers):
            return None, "the same address, but titles that differ in their numbers: a page that is written anew"
        return By.ADDRESS, "both link to the same page"
    if one.host and one.host == other.host and one.address and other.address:
        return _on_one_site(one, other, likeness)
    if _differ(one.numbers, other.numbers):
        return None, "the numbers in their titles differ"
    if one.title and one.title == other.title:
        return _under_one_title(one, other, apart, likeness)
    return _by_text(one, other, likeness)


def _on_one_site(one: Traits, other: Traits, likeness: float | None) -> tuple[By | None, str]:
    """A publisher gives each article one address; two with all in common are the exception."""
    same_title = one.title and one.title == other.title
    if same_title and likeness is not None and likeness >= TWIN and _same_numbers(one, other):
        return By.TEXT, "the same title and text at two addresses of one site"
    return None, "two addresses of one site"


def _under_one_title(one: Traits, other: Traits, apart: timedelta, likeness: float | None) -> tuple[By | None, str]:
    if apart > TITLE_WINDOW:
        return None, f"the same title, but published more than {TITLE_WINDOW.days} days apart"
    if likeness is not None and min(one.shingles, other.shingles) >= SOME_TEXT:
        held = _containment(likeness, one.shingles, other.shingles)
        if held >= (ALIKE if _differ_in_tail(one, other) else CONTAINED):
            if likeness < TWIN and not _same_numbers(one, other):
                return None, "the same title and a similar text, but other numbers in it"
            return By.TITLE, f"the same title within {TITLE_WINDOW.days} days, and texts that agree"
    if not (one.telling and other.telling):
        return None, "the same title, but one that may come again, and no text that agrees"
    if _differ_in_tail(one, other):
        return None, "the same title but for its end, and no text that agrees"
    if apart > TITLE_ALONE_WINDOW:
        return None, f"nothing but the same title, and published more than {TITLE_ALONE_WINDOW.days} days apart"
    return By.TITLE, f"the same title within {TITLE_ALONE_WINDOW.days} days"


def _by_text(one: Traits, other: Traits, likeness: float | None) -> tuple[By | None, str]:
    if likeness is None or min(one.shingles, other.shingles) < ENOUGH_TEXT:
        return None, "other titles, and too little text to compare"
    if likeness < NEARLY_ALIKE:
        return None, "other titles and other texts"
    if not _same_numbers(one, other):
        return None, "similar texts, but other numbers in them"
    shared = _shared(one.words, other.words)
    if shared >= SHARED_WORDS and _differ(one.words, other.words):
        return None, "similar texts, but titles of one form that differ in some words"
    if likeness < ALIKE and shared < SHARED_WORDS:
        return None, "similar texts, but titles that have little in common"
    return By.TEXT, "texts that are nearly the same"


def _resemblance(one: Traits, other: Traits) -> float | None:
    """An estimate of the Jaccard index of the two texts; None where one has none."""
    if not one.slots or len(one.slots) != len(other.slots):
        return None
    return sum(map(int.__eq__, one.slots, other.slots)) / len(one.slots)


def _containment(likeness: float, one: int, other: int) -> float:
    """How much of the smaller set the larger one holds, by the resemblance and the sizes of two sets."""
    return likeness * (one + other) / ((1 + likeness) * max(min(one, other), 1))


def _differ(one: frozenset[int], other: frozenset[int]) -> bool:
    """Whether each has a number that the other has not."""
    return not (one <= other or other <= one)


def _differ_in_tail(one: Traits, other: Traits) -> bool:
    return bool(one.tail and other.tail and one.tail != other.tail)


def _same_form(one: Traits, other: Traits) -> bool:
    return _shared(one.words, other.words) >= SHARED_WORDS


def _same_numbers(one: Traits, other: Traits) -> bool:
    fewer = min(len(one.amounts), len(other.amounts))
    return not fewer or len(one.amounts & other.amounts) >= SHARED_NUMBERS * fewer


def _shared(one: frozenset[int], other: frozenset[int]) -> float:
    return len(one & other) / max(min(len(one), len(other)), 1)
