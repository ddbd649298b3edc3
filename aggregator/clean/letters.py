"""Unicode as it may leave us: composed, with nothing invisible that means nothing, and no direction left open.

Marks that writing needs stay: of direction, and the joiners of Persian, Indic scripts and emoji.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable
from functools import cache

# XML 1.0 §2.2, plus the C1 controls (they mean nothing in a feed and break terminals) and the non-characters.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# Unicode Standard Annex #9, §2: what opens a direction is closed by PDF, or by PDI where it isolates.
PDF, PDI = "\u202c", "\u2069"
CLOSED_BY = {**dict.fromkeys("\u202a\u202b\u202d\u202e", PDF), **dict.fromkeys("\u2066\u2067\u2068", PDI)}
DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
# A text in which there is none of these, no byte order mark and no number that stands for one. To see that takes half
# as long as to look for them.
FIT = re.compile(
    "(?:[\t\n\r\x20-\x25\x27-\x7e\x85\xa0-\u2029\u202f-\u2065\u206a-\ud7ff\ue000-\ufdcf\ufdf0-\ufefe\uff00-\ufffd"
    "\U00010000-\U0010ffff]++|&(?!#))*+"
)
# The same, and the byte order mark, as HTML may write them; who reads the HTML sees no difference.
REFERENCE = re.compile(r"&#(?:0*(?:823[4-8]|829[4-7]|65279)|[xX]0*(?:202[a-eA-E]|206[6-9]|[fF][eE][fF][fF]));?")
# In a line these mean nothing: hyphens for breaking, invisible operators, deprecated controls, byte order marks, notes
# between lines, and what stands for a picture that was copied along. Tags are part of flags, and of nothing else.
NOTHING = re.compile(
    "[\u00ad\u2061-\u2064\u206a-\u206f\ufeff\ufff9-\ufffc]"
    "|(?<![\U0001f3f4\U000e0000-\U000e007f])[\U000e0000-\U000e007f]+"
)
# A place to break is told only to scripts that have no blanks between words.
_NO_BLANKS = "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf]"
BREAK = re.compile(f"(?<!{_NO_BLANKS})\u200b|\u200b(?!{_NO_BLANKS})")
# Joiners join something; letters of ASCII they do not, there they only mark whose copy a text is.
JOINERS = re.compile("(?<![^\x00-\x7f\\s\u200b-\u200f\u2060])[\u200c\u200d]+")
NO_BREAK = re.compile("(?<!\\S)\u2060+|\u2060+(?!\\S)")
INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffc\U000e0000-\U000e007f]")
# More accents than any writing has are there to climb over the lines above.
ACCENTS = "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
PILE = re.compile(f"({ACCENTS}{{4}}){ACCENTS}+")
# Letters without a shape: the fillers of hangul and the empty cell of braille.
SHAPELESS = "\u115f\u1160\u3164\uffa0\u2800"
TAG_OR_TEXT = re.compile(r"(<[A-Za-z/!?][^<>]*>?)|[^<>]+")
# Unicode Standard Annex #15, §13: no writing has more marks on a letter, and to sort them takes the square of them.
MOST_MARKS = 30


def tidy(text: str) -> str:
    """The text of a line without what nobody can see, as Unicode Normalization Form C."""
    if text.isascii():
        return text
    if DIRECTION.search(text):
        stray, _ = _unpaired(text)
        text = _without(text, stray)
    if INVISIBLE.search(text):
        for useless in (NOTHING, BREAK, JOINERS, NO_BREAK):
            text = useless.sub("", text)
    return PILE.sub(r"\1", composed(text))


def tidy_markup(value: str) -> str:
    """HTML, not yet sanitised, of characters that XML allows, in Normalization Form C outside of its tags, without byte
    order marks and directions that are opened and not closed."""
    if not FIT.fullmatch(value):
        value = REFERENCE.sub(lambda match: _referred(match[0]), ILLEGAL.sub("", value)).replace("\ufeff", "")
        if DIRECTION.search(value):
            value = without_open(value)
    return composed_markup(value)


def composed_markup(value: str) -> str:
    """HTML in Normalization Form C outside of its tags."""
    if unicodedata.is_normalized("NFC", value):
        return value
    # Not over their borders: with a mark behind it, "<" or ">" would become another character.
    return TAG_OR_TEXT.sub(lambda match: match[1] or composed(match[0]), value)


def composed(text: str) -> str:
    """Normalization Form C: the same letters, each in the one way that all programs compare. (Form KC would make
    other letters of some: ½ of a half, and full-width ones narrow.)"""
    if unicodedata.is_normalized("NFC", text):
        return text
    return unicodedata.normalize("NFC", _marks_beyond()(r"\1", text))


def closed(line: str) -> str:
    """The line with the directions closed that it leaves open, so that they do not turn what stands behind it."""
    if not DIRECTION.search(line):
        return line
    _, left = _unpaired(line)
    return line + "".join(closer for _, closer in reversed(left))


def without_open(text: str) -> str:
    """The text without directions that are opened and not closed, or closed and not opened."""
    stray, left = _unpaired(text)
    return _without(text, {*stray, *(place for place, _ in left)})


def says_nothing(text: str) -> bool:
    """Whether there is nothing to be seen in the text."""
    return not any(unicodedata.category(letter)[0] not in "ZCM" and letter not in SHAPELESS for letter in text)


def _unpaired(text: str) -> tuple[set[int], list[tuple[int, str]]]:
    """Where something is closed that is not open, and what stays open: where it is opened, and what would close it."""
    stray, left, isolates = set[int](), list[tuple[int, str]](), 0
    for match in DIRECTION.finditer(text):
        if closer := CLOSED_BY.get(match[0]):
            left.append((match.start(), closer))
            isolates += closer == PDI
        elif match[0] == PDF and left and left[-1][1] == PDF:
            left.pop()
        elif match[0] == PDI and isolates:
            while left.pop()[1] != PDI:  # an isolate closes what was opened within it
                pass
            isolates -= 1
        else:
            stray.add(match.start())
    return stray, left


def _without(text: str, places: set[int]) -> str:
    """The text without the characters at these places."""
    return "".join(letter for place, letter in enumerate(text) if place not in places) if places else text


def _referred(reference: str) -> str:
    """The character that a numeric reference names."""
    digits = reference[2:].rstrip(";")
    return chr(int(digits[1:], 16) if digits[0] in "xX" else int(digits))


@cache
def _marks_beyond() -> Callable[[str, str], str]:
    """Substitutes what stands behind the most marks that a letter may have."""
    marks = "".join(chr(code) for code in range(sys.maxunicode + 1) if unicodedata.combining(chr(code)))
    return re.compile(f"([{marks}]{{{MOST_MARKS}}})[{marks}]+").sub
