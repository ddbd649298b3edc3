"""What archive documents are called, and how much stands in one (RFC 5005 §4)."""

from __future__ import annotations

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
