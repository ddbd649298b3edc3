"""Patterns that the operator writes: RE2, which takes a time linear in the text whatever the text is."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

_QUIET = re2.Options()
_QUIET.log_errors = False  # what is wrong with a pattern is said by us, with its place in the config


class BadPattern(ValueError):  # noqa: N818  (an end, not a bug)
    """This is no pattern; the words say why."""


@lru_cache(maxsize=4096)
def pattern(text: str) -> Any:
    """The compiled pattern. Raises `BadPattern`."""
    try:
        return re2.compile(text, _QUIET)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        raise BadPattern(reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)) from error


@lru_cache(maxsize=64)  # they take some 60 KB for each pattern; most sources have the same ones
def _all_of(texts: tuple[str, ...]) -> Any:
    """The patterns as one, which goes through a text once for all of them."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem *= len(texts)  # as much as each may take alone
    together = re2.Set.SearchSet(options)
    for text in texts:
        together.Add(text)
    together.Compile()
    return together


def check_replacement(text: str, by: str) -> None:
    """Raise `BadPattern` unless `by` can take the place of what the pattern finds: its groups must be there."""
    found = pattern(text)
    try:
        re2.compile(f"(?:{text})|", _QUIET).sub(by, "")
    except (IndexError, ValueError, re2.error) as error:
        raise BadPattern(f"{by!r} names a group that the pattern has not; it has {found.groups}") from error


def is_found(text: str, where: str) -> bool:
    """Whether the pattern matches somewhere."""
    return pattern(text).search(where) is not None


def which_are_found(texts: tuple[str, ...], where: str) -> list[int]:
    """The places of those patterns that match somewhere."""
    return sorted(_all_of(texts).Match(where) or ())


def replaced(text: str, by: str, where: str) -> str:
    """The text with every match replaced."""
    changed: str = pattern(text).sub(by, where)
    return changed
