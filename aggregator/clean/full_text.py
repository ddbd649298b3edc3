"""Whether the text of an entry is to be had in full, from the page behind it."""

from __future__ import annotations

from aggregator.clean.text import strip_tags
from aggregator.model import Source

SHORT = 600  # letters; an excerpt is hardly ever longer, an article hardly ever shorter


def full_text_address(source: Source, link: str | None, text: str) -> str | None:
    """The page behind an entry, where its text is to be had in full."""
    wanted = source.full_text
    if wanted is None or link is None:
        return None
    return link if wanted.when == "always" or len(strip_tags(text)) < SHORT else None
