"""One more source in the text of a config: lines put in where the parser says the list ends, all else as it was."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.events import Event, MappingStartEvent, NodeEvent, ScalarEvent, SequenceStartEvent

from aggregator.config.nodes import WORDS

Keys = Mapping[str, str | Sequence[str]]

# What YAML reads as text, and as the same text, when it stands there without quotes.
PLAIN = re.compile(r"https?://[A-Za-z0-9:/?&=.,_~%+@;()-]*[A-Za-z0-9/=_~-]|[a-z][a-z0-9_-]*")
DASH = re.compile(r"( *)-( +)")
STARTS = ("MappingStartEvent", "SequenceStartEvent")
ENDS = ("MappingEndEvent", "SequenceEndEvent")


@dataclass
class _List:
    """Where `sources` stands in the text, by offsets: `key` follows the key; `node` is the value.

    `end` follows the last character of the last item; that of the whole value when there is no item.
    """

    key: int
    node: NodeEvent
    end: int
    items: list[int] = field(default_factory=list)


def with_item(text: str, keys: Keys) -> str:
    """The text of a config with one more source, the last of the file's own.

    A list between brackets gets an item between brackets, all others get lines. Raises `ValueError` where there is no
    place for it; whether the outcome means what it should is for the caller to see.
    """
    root, found = _find(text)
    in_brackets = isinstance(root, MappingStartEvent) and root.flow_style
    if found is None or _is_nothing(text, found):
        if in_brackets:
            raise ValueError("no list to add to")
        if found is None:
            apart = "" if not text.strip() or text.endswith(("\n\n", "\n\r\n")) else _line_end(text)
            return _with_lines(text, len(text), f"{apart}sources:{_line_end(text)}{_lines(text, keys)}")
        if found.end > found.node.start_mark.index:
            text = text[: found.node.start_mark.index].rstrip(" ") + text[found.end :]
        return _with_lines(text, _line_after(text, found.key), _lines(text, keys))
    if not isinstance(found.node, SequenceStartEvent):
        raise ValueError("no list")
    if found.node.flow_style:
        return _between_brackets(text, found, keys)
    dash = DASH.fullmatch(text, text.rfind("\n", 0, found.items[-1]) + 1, found.items[-1])
    margin, gap = dash.groups() if dash else (" " * found.node.start_mark.column, " ")
    apart = _line_end(text) if len(found.items) > 1 and _stands_apart(text, found.items[-1]) else ""
    return _with_lines(text, _line_after(text, found.end), apart + _lines(text, keys, margin, gap))


def as_lines(keys: Keys) -> str:
    """The source as one writes it under `sources:`."""
    return _lines("", keys)


def _find(text: str) -> tuple[Event | None, _List | None]:
    """The root of the document, and the list of sources in it."""
    root: Event | None = None
    found: _List | None = None
    key: NodeEvent | None = None
    depth, inside = 0, False
    for event in YAML(typ="safe", pure=True).parse(text):
        kind = type(event).__name__
        if isinstance(event, NodeEvent):
            if depth == 0:
                root = event
            elif depth == 1 and key is None:
                key = event
            elif depth == 1:
                if isinstance(key, ScalarEvent) and key.value == "sources":
                    found, inside = _List(key.end_mark.index, event, event.end_mark.index), kind in STARTS
                key = None
            elif depth == 2 and inside and found:
                found.items.append(event.start_mark.index)
        depth += (kind in STARTS) - (kind in ENDS)
        # Ends of block collections, and values that were left out, are marked at the next thing, beyond any comments.
        is_there = event.end_mark.index > event.start_mark.index
        if found and inside and is_there and (depth > 1 or not found.items):
            found.end = event.end_mark.index
        inside = inside and depth > 1
    return root, found


def _is_nothing(text: str, found: _List) -> bool:
    """Whether the value is nothing, said or left out, or a list in brackets with nothing but blanks in it."""
    if isinstance(found.node, ScalarEvent):
        return found.node.style is None and WORDS.get(found.node.value, "something") is None
    return not found.items and not text[found.node.end_mark.index : found.end].strip("] \r\n")


def _between_brackets(text: str, found: _List, keys: Keys) -> str:
    """One more item of a list in brackets, in JSON, which is YAML and may be what the file is."""
    item = json.dumps(keys, ensure_ascii=False)
    if not found.items:
        start = found.node.end_mark.index
        return text[:start] + item + text[start:]
    margin = text[text.rfind("\n", 0, found.items[-1]) + 1 : found.items[-1]]
    before = f",{_line_end(text)}{margin}" if not margin.strip() else ", "
    return text[: found.end] + before + item + text[found.end :]


def _lines(text: str, keys: Keys, margin: str = "  ", gap: str = " ") -> str:
    """The item as lines of a block list."""
    first, *others = (f"{name}: {_written(value)}{_line_end(text)}" for name, value in keys.items())
    return f"{margin}-{gap}{first}" + "".join(f"{margin} {' ' * len(gap)}{line}" for line in others)


def _written(value: str | Sequence[str]) -> str:
    """A value as YAML, in quotes where it needs them."""
    if not isinstance(value, str):
        return f"[{', '.join(map(_written, value))}]"
    if PLAIN.fullmatch(value) and value not in WORDS:
        return value
    return json.dumps(value, ensure_ascii=not value.isprintable())


def _stands_apart(text: str, item: int) -> bool:
    """Whether a blank line parts this item from the one above it, comments aside."""
    for line in reversed(text[: text.rfind("\n", 0, item) + 1].splitlines()):
        if not line.strip():
            return True
        if not line.lstrip().startswith("#"):
            return False
    return False


def _with_lines(text: str, place: int, lines: str) -> str:
    """The text with lines put in at the beginning of a line, or at its end, which may lack its line end."""
    before = text[:place]
    return before + (_line_end(text) if before and not before.endswith("\n") else "") + lines + text[place:]


def _line_after(text: str, place: int) -> int:
    """Where the line after the one that ends at or after `place` begins."""
    if place and text[place - 1] == "\n":
        return place
    end = text.find("\n", place)
    return len(text) if end < 0 else end + 1


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
