"""Cuts a line of text where a reader would stop."""

from __future__ import annotations

import re
import unicodedata

_SENTENCE_END = re.compile(
    r"[。！？]+[”’」』）】》]*"
    r"|…+[”’」』）】》]*(?=\s|$)"
    r"|(?<=[^\s.]{3})[.!?؟۔।]+[\"'”’»)\]]*(?=\s+[^\sa-z]|\s*$)"  # three letters before: not "Mr." nor "e.g."
)
_LOOSE_END = " \t\"'“‘«(（[【「『《,，、;；:：.-–—·|/"
_ELLIPSIS = "…"
_WIDE = frozenset("WF")


def cut(text: str, length: int) -> str:
    """The text as far as a sentence's end, else a word's end, before `length` letters; a wide one counts as two."""
    limit = _fitting(text, length)
    if limit == len(text):
        return text
    sentences = [match.end() for match in _SENTENCE_END.finditer(text, 0, limit + 8) if match.end() <= limit]
    if sentences and sentences[-1] >= limit * 0.6:
        return text[: sentences[-1]]
    place = next((i for i in range(limit, limit // 2, -1) if _is_gap(text, i)), limit)
    return text[:place].rstrip(_LOOSE_END) + _ELLIPSIS


def _fitting(text: str, length: int) -> int:
    """How many characters of the text fit into `length`."""
    beginning = text[: length + 1]
    if beginning.isascii():
        return min(len(beginning), length)
    room = length
    for place, width in enumerate(map(unicodedata.east_asian_width, beginning)):
        room -= 2 if width in _WIDE else 1
        if room < 0:
            return place
    return len(text)


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in _WIDE


def _is_gap(text: str, place: int) -> bool:
    """Whether the text may be cut before `place`: not inside a word, nor before a mark on a letter."""
    before, after = text[place - 1], text[place]
    if unicodedata.category(after) in ("Mn", "Mc", "Me", "Sk", "Cf") or before == "\u200d":
        return False
    return not (_in_word(before) and _in_word(after))


def _in_word(letter: str) -> bool:
    """Whether the letter is of a script that puts spaces between words (or of an address, or a number)."""
    return not _is_wide(letter) and (letter.isalnum() or letter in "'’-_./:%@&=#?+~")
