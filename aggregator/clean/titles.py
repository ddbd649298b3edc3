"""Names an entry whose source gave it no title: by its text, its pictures and files, or its address."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from aggregator.clean.cutting import cut
from aggregator.clean.excerpt import excerpt
from aggregator.clean.letters import without_open
from aggregator.clean.text import one_line
from aggregator.model import Enclosure

LENGTH = 80  # letters; a wide one counts as two
ALT = re.compile(r'<img(?: [a-z-]+="[^"]*")*? alt="([^"]*)"')
PAGE = re.compile(r"\.(?:[xs]?html?|php\d?|aspx?|jsp|cgi)$", re.IGNORECASE)
# A number, or a hash: it names the entry to machines only.
NO_NAME = re.compile(r"[\W\d_]*|[0-9a-f-]{8,}|index", re.IGNORECASE)


def title_from_text(markup: str) -> str:
    """The beginning of the text, or what stands in place of its first picture that has a description; or ""."""
    return excerpt(markup, LENGTH) or next((name for alt in ALT.findall(markup) if (name := _line(alt))), "")


def title_from_names(files: Iterable[Enclosure], link: str) -> str:
    """What a file is called, else the last part of the address in words; or ""."""
    for file in files:
        if name := file.title or file.description:
            return _line(name)
    last = PAGE.sub("", unquote(urlsplit(link).path.rstrip("/").rpartition("/")[2]))
    # An address has no blanks; what stands in their place is a matter of taste.
    words = last if " " in last else re.sub(r"[-_+]+", " ", last)
    return "" if NO_NAME.fullmatch(last) else _line(words)


def _line(text: str) -> str:
    return one_line(without_open(cut(one_line(html.unescape(text)), LENGTH)))
