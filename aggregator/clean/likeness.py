"""How much an entry of a document and one that is kept are alike: where they link, their times, what they say."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

from aggregator.clean.names import address_name, link_number, title_number
from aggregator.model import Entry, Known

# Two dates are one when they differ by no more than a zone was wrong; what comes every day differs by more.
NEAR = timedelta(hours=14)
# Who writes the day only means midnight somewhere, so that the same with its time is up to a day later; and no news is
# older than what had its title before. Both come near to what appears every day, so the texts must be nearly the same.
DAY, SAME_TEXT = timedelta(days=1), 0.9
# Texts are compared on their beginnings, by the runs of five characters in them; fewer runs are no evidence.
COMPARED, RUN, FEWEST_RUNS = 4000, 5, 20
SIMILAR_TEXT, SIMILAR_TITLE = 0.7, 0.5
MOST_COMPARED = 100  # pairs of texts in one poll; a document with more of them is not renumbered but hostile
TAG = re.compile(r"<[^>]*>")


class Judge:
    """Compares an entry with what is kept, and no more texts than a poll may."""

    def __init__(self) -> None:
        self._compared = 0

    def same_title(self, entry: Entry, row: Known) -> bool:
        return title_number(entry.title) == row.title

    def same_place(self, entry: Entry, row: Known) -> bool:
        """Whether both link to one address, on whatever host; the page of the whole feed is nobody's address."""
        if entry.link == entry.origin.html_url:
            return False
        if link_number(entry.link) == row.link:
            return True
        place = address_name("", entry.link)
        return row.entry is not None and place is not None and place == address_name("", row.entry.link)

    def same_path(self, entry: Entry, row: Known) -> bool:
        """Whether their addresses differ by a query only that one of them has, as readers are counted with."""
        if row.entry is None:
            return False
        one, other = urlsplit(entry.link), urlsplit(row.entry.link)
        return not (one.query and other.query) and (one.netloc, one.path) == (other.netloc, other.path)

    def same_date(self, entry: Entry, row: Known) -> bool:
        """Whether the publisher says the same time of both."""
        return entry.claimed == row.published

    def near(self, entry: Entry, row: Known) -> bool:
        """Whether the publisher says nearly the same time of both; one who said none may say one that has passed."""
        said = entry.claimed
        if row.published == row.first_seen and (said is None or (row.entry and row.entry.claimed is None)):
            return said is None or said <= row.first_seen
        return said is not None and abs(said - row.published) <= NEAR

    def no_news(self, entry: Entry, row: Known) -> bool:
        """Whether the entry is said to be older, or has a time on the day of the other."""
        if entry.claimed is None or entry.claimed < row.published:
            return entry.claimed is not None
        return entry.claimed - row.published < DAY and row.published.minute == row.published.second == 0

    def agrees(self, entry: Entry, row: Known) -> bool:
        """Whether time or text speak for one that has link and title; a page of today's weather has both every day."""
        return self.near(entry, row) or self.alike(entry, row, silent=True)

    def alike_titles(self, entry: Entry, row: Known) -> bool:
        if row.entry is None:
            return False
        return _overlap(_runs(entry.title, 3), _runs(row.entry.title, 3)) >= SIMILAR_TITLE

    def alike(self, entry: Entry, row: Known, *, silent: bool = False, at_least: float = SIMILAR_TEXT) -> bool:
        """Whether both say nearly the same; `silent` is the answer for two that say nothing at all."""
        if row.entry is None or self._compared >= MOST_COMPARED:
            return False
        self._compared += 1
        ours, theirs = _runs(_text(row.entry)), _runs(_text(entry))
        if min(len(ours), len(theirs)) < FEWEST_RUNS:
            return silent and (ours == theirs or not ours or not theirs)
        return len(ours & theirs) / min(len(ours), len(theirs)) >= at_least


def likeness(one: Entry, other: Entry) -> tuple[float, float]:
    """How much two entries have in common, from 0 to 1: their titles, and their texts."""
    titles = _overlap(_runs(one.title, 3), _runs(other.title, 3))
    return titles, _overlap(_runs(_text(one)), _runs(_text(other)))


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one or other else 1.0


def _runs(text: str, length: int = RUN) -> frozenset[str]:
    folded = " ".join(text.casefold().split())
    return frozenset(folded[start : start + length] for start in range(max(len(folded) - length + 1, 0)))


def _text(entry: Entry) -> str:
    return TAG.sub(" ", (entry.content or entry.summary)[: 3 * COMPARED])[:COMPARED]
