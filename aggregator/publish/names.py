"""Which names may stand in the published folder: those that mean one file on every file system and in every address."""

from __future__ import annotations

import re

from aggregator.clean.slugs import DEVICES

LONGEST_SEGMENT = 200  # bytes; with ".new" or ".gz" it still fits into the 255 that file systems give
LONGEST_PATH = 1000
# Lower case alone, or two names would be one file on a Mac or on Windows; no dot first, for that hides a file.
SEGMENT = re.compile(r"[a-z0-9_][a-z0-9._-]*")


# Posts are called by the ids of their sources; that none differs from another by case alone is seen to where they are.
POST_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


def fault_of_post(path: str) -> str | None:
    """As `fault`, of the files of posts, which keep the case of an id."""
    return fault(path, POST_SEGMENT)


def fault(path: str, allowed: re.Pattern[str] = SEGMENT) -> str | None:
    """Why this relative path may not be published; None when it may."""
    if len(path) > LONGEST_PATH:
        return "it is too long"
    for segment in path.split("/"):
        if len(segment) > LONGEST_SEGMENT:
            return "a part of it is too long"
        if not allowed.fullmatch(segment) or segment.endswith("."):
            return f"{segment[:40]!r} is no name of small letters, digits, dots, hyphens and underscores"
        if segment.partition(".")[0].lower() in DEVICES:  # they mean it whatever follows the dot
            return f"{segment[:40]!r} is the name of a device on Windows"
    return None
