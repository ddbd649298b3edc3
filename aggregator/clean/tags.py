"""Finds tags in HTML as a browser's tokenizer does, in a time that grows with the length of the text and no faster."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.entities import html5

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


@dataclass(frozen=True, slots=True)
class Tag:
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
        named = rf"/?(?=[{''.join(sorted({name[0] + name[0].upper() for name in names}))}])(?:{either})[\s/>]"
        other = rf"""<(?!{named})(?:/?[A-Za-z](?:[^<>"']*+>|[^\s/>]*+{_ATTRIBUTES}>?+))?+"""
        self._before = re.compile(rf"[^<]*+(?:{other}[^<]*+)*+")
        self._tag = re.compile(rf"<(/?)({either})({_ATTRIBUTES})(>?)")

    def tags(self, markup: str) -> Iterator[Tag]:
        """The tags in their order; one that does not end is none, nor is anything behind it."""
        place = 0
        while (before := self._before.match(markup, place)) and (tag := self._tag.match(markup, before.end())):
            if not tag[4]:
                return
            place = tag.end()
            yield Tag(tag.start(), place, tag[2].lower(), bool(tag[1]), _attributes(tag[3]))


def _attributes(written: str) -> dict[str, str]:
    """Attributes by name; of two with one name the first holds."""
    found: dict[str, str] = {}
    for name, double, single, bare in ATTRIBUTE.findall(written):
        found.setdefault(name.lower(), double or single or bare)
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
