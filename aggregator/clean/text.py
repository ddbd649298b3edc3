"""Plain text: legal in XML 1.0, on one line, without markup."""

from __future__ import annotations

import html
import re

import nh3

from aggregator.clean.cutting import cut
from aggregator.clean.escaping import meant, topics_escaped
from aggregator.clean.letters import ILLEGAL, closed, says_nothing, tidy, without_open
from aggregator.model import Markup

LONGEST_LINE = 1000
LONGEST_TITLE = 400  # letters; a wide one counts as two
LONGEST_TEXT_AS_TITLE = 2000
HTML_TYPES = ("text/html", "application/xhtml+xml")
# Elements that part words where they stand; without a blank in their place "<p>a</p><p>b</p>" would read "ab".
BREAKS = re.compile(
    r"<(?=/?(?:p|div|li|ul|ol|h[1-6]|tr|td|th|blockquote|section|article|figure|pre|dd|dt)\b|br\b|hr\b)",
    re.IGNORECASE,
)


def legal(text: str) -> str:
    """The text without characters that XML 1.0 does not allow."""
    return text if text.isprintable() else ILLEGAL.sub("", text)  # all of them are none that can be printed


def one_line(text: str, longest: int = LONGEST_LINE) -> str:
    """The text on one line of what can be seen: blanks collapsed, in Normalization Form C, its directions closed, cut
    at `longest` characters with an ellipsis; "" when there is nothing to be seen."""
    line = " ".join(tidy(legal(text)).split())
    if line.isascii() and len(line) <= longest:
        return line
    whole = "" if says_nothing(line) else closed(line)
    return whole if len(whole) <= longest else one_line(without_open(line[: longest - 1].rstrip()) + "…", longest)


def strip_tags(markup: str) -> str:
    """The text of an HTML fragment, references resolved; scripts and styles are no text."""
    if "<" not in markup and "&" not in markup:
        return markup
    bare = nh3.clean(BREAKS.sub(" <", legal(markup)), tags=set(), attributes={})
    return html.unescape(bare)


def plain(markup: Markup | None, longest: int = LONGEST_LINE) -> str:
    """The markup as one line of plain text, without what was escaped once too often; "" when there is none."""
    if markup is None:
        return ""
    # A megabyte of title is an attack, not a title: what is cut here could not have been shown anyway.
    value = markup.value[: longest * 20]
    return one_line(meant(strip_tags(topics_escaped(value)) if markup.type in HTML_TYPES else value), longest)


def title_and_text(markup: Markup | None) -> tuple[str, str]:
    """A title, and "" or the whole of it, where it was cut at the end of a sentence or a word: it is a text then, as
    short notes are put into titles."""
    whole = plain(markup, LONGEST_TEXT_AS_TITLE)
    if len(whole) <= LONGEST_TITLE // 2:
        return whole, ""
    title = cut(whole, LONGEST_TITLE)
    return (whole, "") if title == whole else (one_line(without_open(title)), whole)
