"""Which entries a feed shows that has archive documents behind it, and what those are called (RFC 5005 §4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aggregator.model import Kept

MOST_IN_AN_ARCHIVE = 100


def archive_of(path: str) -> tuple[str, str]:
    """The category's folder and the name of an archive document by its path; two empty strings for anything else."""
    page, archive, name = path.partition("/archive/")
    return (f"{page}/", name) if archive and page.startswith("category/") else ("", "")


def part_size(limit: int) -> int:
    """How many entries an archive document holds, for a feed that shows `limit`.

    What is not archived yet is always in the feed: half of it at most, for the other half belongs to the newest.
    """
    return max(1, min(limit // 2, MOST_IN_AN_ARCHIVE))


def front(newest: Sequence[Kept], unarchived: Iterable[Kept], limit: int) -> list[Kept]:
    """What the document shows that people subscribe to: all that no archive document holds yet, then the newest.

    So whoever reads it and follows the archive documents misses nothing, at any moment, however old its date.
    """
    needed = list(unarchived)[:limit]
    numbers = {one.number for one in needed}
    rest = [one for one in newest if one.number not in numbers][: limit - len(needed)]
    return sorted((*needed, *rest), key=lambda one: (one.published, one.number), reverse=True)
