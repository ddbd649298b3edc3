"""Makes a short plain-text excerpt of sanitised HTML, cut where a reader would stop."""

from __future__ import annotations

import re

from aggregator.clean.cutting import cut
from aggregator.clean.letters import without_open
from aggregator.clean.text import one_line, strip_tags

LENGTH = 280
"""How long an excerpt is at most, in letters; a wide one (Han, kana, hangul) counts as two."""

# An excerpt needs the beginning only; reading all of a book for it would be slow. Mostly the first of these will do.
_BEGINNINGS = (1_500, 20_000)
# A line has blanks alone for spaces, one at a time.
_SPACE_AFTER_WIDE = re.compile(r" (?:(?<=[，。、；：！？）】」』》] )|(?<=[，。！？…][”’] ))")


def excerpt(markup: str, length: int = LENGTH) -> str:
    """The beginning of the text of `markup`: at most `length` letters and an ellipsis, "" if it has none."""
    line = ""
    for most in _BEGINNINGS:
        line = one_line(strip_tags(_beginning(markup, most)), most)
        # With twice the letters, what the beginning broke off has no say in where they are cut.
        if len(markup) <= most or len(line) > 2 * length:
            break
    short = cut(_SPACE_AFTER_WIDE.sub("", line), length)
    # What was cut off may have closed a direction.
    return short if short == line else one_line(without_open(short))


def _beginning(markup: str, most: int) -> str:
    """At most so much of the markup, without half a tag at its end."""
    if len(markup) <= most:
        return markup
    beginning = markup[:most]
    opened = beginning.rfind("<")
    return beginning[:opened] if opened > beginning.rfind(">") else beginning
