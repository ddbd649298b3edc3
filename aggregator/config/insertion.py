"""More sources and categories in the text of a config: lines put in where the parser says the list ends, all else as
it was."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.events import Event, MappingStartEvent, NodeEvent, ScalarEvent, SequenceStartEvent

from aggregator.config.nodes import WORDS

Value = str | Sequence["Value"] | Mapping[str, "Value"]
Keys = Mapping[str, Value]

# What YAML reads as text, and as the same text, when it stands there without quotes.
PLAIN = re.compile(r"https?://[A-Za-z0-9:/?&=.,_~%+@;()-]*[A-Za-z0-9/=_~-]|[a-z][a-z0-9_-]*")
WORD = re.compile("[a-z][a-z0-9_-]*")
DASH = re.compile(r"( *)-( +)")
STARTS = ("MappingStartEvent", "SequenceStartEvent")
ENDS = ("MappingEndEvent", "SequenceEndEvent")


@dataclass
class _Value:
    """Where the value of a key of the root stands in the text, by offsets: `start` is where the key begins, `key`
    follows it; `node` is the value.

    `end` follows the last character of the last item; that of the whole value when there is no item. Of a mapping,
    keys and values are items alike.
    """

    start: int
    key: int
    node: NodeEvent
    end: int
    items: list[int] = field(default_factory=list)


def with_items(text: str, items: Sequence[Keys]) -> str:
    """The text of a config with these sources more, the last of the file's own.

    A list between brackets gets items between brackets, all others get lines. Raises `ValueError` where there is no
    place for them; whether the outcome means what it should is for the caller to see.
    """
    root, found = _find(text, "sources")
    in_brackets = isinstance(root, MappingStartEvent) and root.flow_style
    if found is None or _is_nothing(text, found):
        if in_brackets:
            raise ValueError("no list to add to")
        lines = "".join(_lines(text, keys) for keys in items)
        if found is None:
            apart = "" if not text.strip() or text.endswith(("\n\n", "\n\r\n")) else _line_end(text)
            return _with_lines(text, len(text), f"{apart}sources:{_line_end(text)}{lines}")
        return _filled(text, found, lines)
    if not isinstance(found.node, SequenceStartEvent):
        raise ValueError("no list")
    if found.node.flow_style:
        return _between_brackets(text, found, [json.dumps(keys, ensure_ascii=False) for keys in items])
    dash = DASH.fullmatch(text, text.rfind("\n", 0, found.items[-1]) + 1, found.items[-1])
    margin, gap = dash.groups() if dash else (" " * found.node.start_mark.column, " ")
    apart = _line_end(text) if len(found.items) > 1 and _stands_apart(text, found.items[-1]) else ""
    lines = "".join(apart + _lines(text, keys, margin, gap) for keys in items)
    return _with_lines(text, _line_after(text, found.end), lines)


def with_categories(text: str, titles: Mapping[str, str]) -> str:
    """The text of a config in which these categories, by slug, have titles; raises `ValueError` as `with_items` does.

    Where the file describes none yet, they stand before its sources.
    """
    if not titles:
        return text
    root, found = _find(text, "categories")
    in_json = [
        f"{json.dumps(slug)}: {json.dumps({'title': title}, ensure_ascii=False)}" for slug, title in titles.items()
    ]
    if found is None and isinstance(root, MappingStartEvent) and root.flow_style:
        start = root.start_mark.index + 1
        return f'{text[:start]}"categories": {{{", ".join(in_json)}}}, {text[start:]}'

    def lines(margin: str) -> str:
        described = ((_written(slug), _written({"title": title})) for slug, title in titles.items())
        return "".join(f"{margin}{slug}: {keys}{_line_end(text)}" for slug, keys in described)

    if found is None:
        _, sources = _find(text, "sources")
        place = _with_comments(text, sources.start) if sources else len(text)
        apart = _line_end(text)
        before = apart if text and not sources else ""
        return _with_lines(text, place, f"{before}categories:{apart}{lines('  ')}{apart if sources else ''}")
    if _is_nothing(text, found):
        return _filled(text, found, lines("  "))
    if not isinstance(found.node, MappingStartEvent):
        raise ValueError("no mapping")
    if found.node.flow_style:
        return _between_brackets(text, found, in_json)
    column = found.items[0] - text.rfind("\n", 0, found.items[0]) - 1
    return _with_lines(text, _line_after(text, found.end), lines(" " * column))


def as_lines(keys: Keys) -> str:
    """The source as one writes it under `sources:`."""
    return _lines("", keys)


def _find(text: str, name: str) -> tuple[Event | None, _Value | None]:
    """The root of the document, and the value of this key in it."""
    root: Event | None = None
    found: _Value | None = None
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
                if isinstance(key, ScalarEvent) and key.value == name:
                    start, after = key.start_mark.index, key.end_mark.index
                    found, inside = _Value(start, after, event, event.end_mark.index), kind in STARTS
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


def _is_nothing(text: str, found: _Value) -> bool:
    """Whether the value is nothing, said or left out, or a pair of brackets with nothing but blanks in it."""
    if isinstance(found.node, ScalarEvent):
        return found.node.style is None and WORDS.get(found.node.value, "something") is None
    return not found.items and not text[found.node.end_mark.index : found.end].strip("]} \r\n")


def _filled(text: str, found: _Value, lines: str) -> str:
    """The text with lines for a value that was nothing."""
    if found.end > found.node.start_mark.index:
        text = text[: found.node.start_mark.index].rstrip(" ") + text[found.end :]
    return _with_lines(text, _line_after(text, found.key), lines)


def _between_brackets(text: str, found: _Value, items: Sequence[str]) -> str:
    """More items between brackets, in JSON, which is YAML and may be what the file is."""
    if not found.items:
        start = found.node.end_mark.index
        return text[:start] + ", ".join(items) + text[start:]
    margin = text[text.rfind("\n", 0, found.items[-1]) + 1 : found.items[-1]]
    before = f",{_line_end(text)}{margin}" if not margin.strip() else ", "
    return text[: found.end] + "".join(before + item for item in items) + text[found.end :]


def _lines(text: str, keys: Keys, margin: str = "  ", gap: str = " ") -> str:
    """The item as lines of a block list."""
    first, *others = (f"{name}: {_written(value)}{_line_end(text)}" for name, value in keys.items())
    return f"{margin}-{gap}{first}" + "".join(f"{margin} {' ' * len(gap)}{line}" for line in others)


def _written(value: Value, plain: re.Pattern[str] = PLAIN) -> str:
    """A value as YAML, in quotes where it needs them: between brackets, whatever is more than a word."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name}: {_written(one, WORD)}' for name, one in value.items())}}}"
    if not isinstance(value, str):
        return f"[{', '.join(_written(one, WORD) for one in value)}]"
    if plain.fullmatch(value) and value not in WORDS:
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


def _with_comments(text: str, place: int) -> int:
    """Where the lines of comment right above this place begin, or else its own line."""
    start = text.rfind("\n", 0, place) + 1
    while start:
        above = text.rfind("\n", 0, start - 1) + 1
        if not text.startswith("#", above):
            break
        start = above
    return start


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
