"""Finds tags in HTML as a browser's tokenizer does, in a time that grows with the length of the text and no faster."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from html.entities import html5
from typing import NamedTuple

# The attributes of a tag (HTML §13.2.5.32 to 40). Nothing in it is tried in two ways, so that no text is read twice: it
# ends at the ">" of the tag, or where the text ends.
_VALUE = r"""\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'>][^\s>]*+|(?=>))"""
_ATTRIBUTES = rf"(?>[\s/=]++|[^\s/>=]++(?:{_VALUE})?+)*+"
ATTRIBUTE = re.compile(r"""([^\s/>=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>][^\s>]*+)|(?=>)))?+""")
# A reference in an attribute (HTML §13.2.5.72 and on): a name without a semicolon is none before "=", for "&copy=2" is
# a parameter.
REFERENCE = re.compile(
    r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|([A-Za-z][A-Za-z0-9]*;|[A-Za-z][A-Za-z0-9]*(?![A-Za-z0-9=])))"
)


class Tag(NamedTuple):
    """A tag from `start` to `end` in its text. Names are in lower case, values as written, references and all."""

    start: int
    end: int
    name: str
    closes: bool
    attributes: dict[str, str]

    def value(self, name: str) -> str:
        """What an attribute says, references resolved; "" without it."""
        return resolved(self.attributes.get(name, ""))


class TagFinder:
    """Finds the tags of some elements, wherever they are no part of another tag."""

    def __init__(self, *names: str) -> None:
        # Most tags are others: their first letter tells, and without quotes in it a tag ends at the first ">". Both
        # cases are written out, for to ignore the case takes longer.
        either = "|".join("".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in name) for name in names)
        named = rf"(/?)(?=[{''.join(sorted({name[0] + name[0].upper() for name in names}))}])({either})(?=[\s/>])"
        other = rf"""<(?!{named})(?:/?[A-Za-z](?:[^<>"']*+>|[^\s/>]*+{_ATTRIBUTES}>?+))?+"""
        self._before = re.compile(rf"[^<]*+(?:{other}[^<]*+)*+")
        self._tag = re.compile(rf"<{named}({_ATTRIBUTES})(>?)")

    def tags(self, markup: str) -> Iterator[Tag]:
        """The tags in their order; one that does not end is none, nor is anything behind it."""
        place = 0
        while tag := self._tag.search(markup, place):
            if not _is_in_text(markup, place, tag.start()):
                before = self._before.match(markup, place)
                tag = self._tag.match(markup, before.end()) if before else None
            if tag is None or not tag[4]:
                return
            place = tag.end()
            yield Tag(tag.start(), place, tag[2].lower(), bool(tag[1]), _attributes(tag[3]))


def _is_in_text(markup: str, place: int, at: int) -> bool:
    """Whether what stands `at` is certainly no part of a tag that begins behind `place`, which is part of none.

    If one were around it, either a value would be open in it: then nothing behind the quote that opened it is such a
    quote, and before that stands "=". Or none is open: then every ">" in the tag is in a value, which is closed
    behind it.
    """
    opened = markup.rfind("<", place, at)
    if opened < 0:
        return True
    closed = markup.rfind(">", opened, at)
    if closed < 0:
        return False
    for quote in "\"'":
        last = markup.rfind(quote, place, at)
        if last > 0 and (last > closed or markup[last - 1] == "=" or markup[last - 1].isspace()):
            return False
    return True


def _attributes(written: str) -> dict[str, str]:
    """Attributes by name; of two with one name the first holds."""
    said = ATTRIBUTE.findall(written)
    found = {name.lower(): double or single or bare for name, double, single, bare in said}
    if len(found) < len(said):
        for name, double, single, bare in reversed(said):
            found[name.lower()] = double or single or bare
    return found


def resolved(value: str) -> str:
    """The value of an attribute with its references resolved."""
    return REFERENCE.sub(_character, value) if "&" in value else value


def _character(match: re.Match[str]) -> str:
    return html5.get(match[1], match[0]) if match[1] else html.unescape(match[0])


def written(name: str, attributes: Mapping[str, str]) -> str:
    """A start tag with these attributes, whose values are as they are written in HTML."""
    return f"<{name}{''.join(f' {key}={_quoted(value)}' for key, value in attributes.items())}>"


def _quoted(value: str) -> str:
    """A value that is still the same between double quotes."""
    return '"' + value.replace('"', "&quot;") + '"'
