"""What a language tag says (RFC 5646), and in which direction a text runs."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Direction = Literal["ltr", "rtl"]

_TAG = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_RTL_LANGUAGES = "ar arc ckb dv fa he iw ji nqo ps sd syr ug ur yi"
_RTL_SCRIPTS = "adlm arab hebr mand mend nkoo rohg samr syrc thaa"


def known_tag(*candidates: str | None) -> str:
    """The first candidate that has the form of a language tag, else "" (HTML's "unknown")."""
    return next((tag for tag in candidates if tag and _TAG.fullmatch(tag)), "")


def primary(tag: str) -> str:
    """The primary language subtag, in lower case: "zh" of "zh-CN"."""
    return tag.split("-", 1)[0].lower()


def tag_direction(tag: str) -> Direction:
    """The direction of the script that a language tag names or implies."""
    language, *rest = tag.lower().split("-")
    script = next((part for part in rest[:2] if len(part) == 4 and part.isalpha()), None)
    if script is not None:
        return "rtl" if script in _RTL_SCRIPTS.split() else "ltr"
    return "rtl" if language in _RTL_LANGUAGES.split() else "ltr"


def text_direction(text: str, tag: str) -> Direction:
    """The direction most letters of `text` run in; the tag decides where that is a draw.

    The letters come first because tags lie: an Arabic blog whose software says "en-US" is common.
    `dir=auto` would not do, it goes by the first letter alone and so turns "Python صدر الإصدار" round.
    """
    balance = 0
    for letter in text:
        bidi = unicodedata.bidirectional(letter)
        balance += 1 if bidi in ("R", "AL") else -1 if bidi == "L" else 0
    if balance == 0:
        return tag_direction(tag)
    return "rtl" if balance > 0 else "ltr"
