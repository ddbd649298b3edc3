"""Makes a short plain-text excerpt of sanitised HTML, cut where a reader would stop."""

from __future__ import annotations

import re

from aggregator.clean.cutting import cut
from aggregator.clean.letters import without_open
from aggregator.clean.text import one_line, strip_tags

LENGTH = 280
"""How long an excerpt is at most, in letters; a wide one (Han, kana, hangul) counts as two."""

# An excerpt needs the beginning only; reading all of a book for it would be slow.
_READ_AT_MOST = 20_000
_SPACE_AFTER_WIDE = re.compile(r"(?<=[，。、；：！？）】」』》])\s+|(?<=[，。！？…][”’])\s+")


def excerpt(markup: str, length: int = LENGTH) -> str:
    """The beginning of the text of `markup`: at most `length` letters and an ellipsis, "" if it has none."""
    line = one_line(strip_tags(_beginning(markup)), _READ_AT_MOST)
    short = cut(_SPACE_AFTER_WIDE.sub("", line), length)
    # What was cut off may have closed a direction.
    return short if short == line else one_line(without_open(short))


def _beginning(markup: str) -> str:
    """As much of the markup as is worth reading, without half a tag at its end."""
    if len(markup) <= _READ_AT_MOST:
        return markup
    beginning = markup[:_READ_AT_MOST]
    opened = beginning.rfind("<")
    return beginning[:opened] if opened > beginning.rfind(">") else beginning
