"""From ruamel.yaml's node graph to plain values that remember where they stood.

What ruamel.yaml does not do is done here: `${NAME}` from the environment, `!file path`, and duplicate keys, all of
them and not just the first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from aggregator.config.tree import KeyPath, Spot, Tree, label

VARIABLE = re.compile(r"\$(\$?)\{([A-Za-z_][A-Za-z0-9_]*)\}")
# The core schema of YAML 1.2 (§10.3.2); `yes`, `on` and dates are plain text there.
INTEGER = re.compile(r"[-+]?[0-9]{1,4000}")  # Python's int() takes 4,300 digits
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# What ruamel.yaml gives to nodes without a tag; `_plain` decides what a plain scalar is.
CORE_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("null", "bool", "int", "float", "str", "seq", "map", "merge", "timestamp", "value")
)
DEEPEST = 20  # no key of the config stands half as deep
# Nodes reached once more by an alias: a few lines of aliases of aliases would otherwise mean billions.
MOST_REPEATED = 100_000


def why_unreadable(error: OSError | ValueError) -> str:
    """Why a file cannot be had. A path with a NUL or a lone surrogate in it is a `ValueError`."""
    return (error.strerror or "unknown error").lower() if isinstance(error, OSError) else "not a path"


class Walk:
    """Walks the node graph of one file and fills a tree."""

    def __init__(self, file: str, tree: Tree, environ: Mapping[str, str]) -> None:
        self.file = file
        self.tree = tree
        self.environ = environ
        self.open: set[int] = set()
        self.seen: set[int] = set()
        self.repeated = 0
        self.weary = False

    def mark(self, node: Node, path: KeyPath, *, secret: bool = False) -> Spot:
        """Remember where `path` stands; a key of a mapping stands where the key does, not where its value does."""
        spot = Spot(self.file, node.start_mark.line + 1, node.start_mark.column + 1, label(path), secret)
        return self.tree.spots.setdefault(path, spot)

    def value(self, node: Node, path: KeyPath) -> Any:
        """The plain value of a node."""
        self.repeated += id(node) in self.seen
        self.seen.add(id(node))
        if id(node) in self.open:
            self.refuse(path, "refers to itself; remove the alias")
            return None
        if self.repeated > MOST_REPEATED:
            if not self.weary:
                self.refuse(path, f"aliases repeat more than {MOST_REPEATED:,} values; write them out")
            self.weary = True
            return None
        if len(path) > DEEPEST:
            self.refuse(path, f"stands more than {DEEPEST} levels deep; remove it")
            return None
        if isinstance(node, ScalarNode):
            return self.scalar(node, path)
        if node.tag and node.tag not in CORE_TAGS:
            self.refuse(path, f"unknown tag {node.tag}; the only one is !file, before a path")
            return None
        self.open.add(id(node))
        try:
            if isinstance(node, MappingNode):
                return self.mapping(node, path)
            assert isinstance(node, SequenceNode)
            return self.sequence(node, path)
        finally:
            self.open.discard(id(node))

    def refuse(self, path: KeyPath, message: str) -> None:
        """Name a mistake at `path`; the value is nothing then."""
        self.tree.problems.append(self.tree.spot(path).problem(message))

    def mapping(self, node: MappingNode, path: KeyPath) -> dict[str, Any]:
        """A mapping; a key that stands twice is named, and the first one kept."""
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = _joined(key_node.value) if isinstance(key_node, ScalarNode) else None
            here = Spot(
                self.file,
                key_node.start_mark.line + 1,
                key_node.start_mark.column + 1,
                label((*path, str(key))),
            )
            if key is None:
                self.tree.problems.append(here.problem("a key must be plain text", key=label(path)))
            elif key in found:
                first = self.tree.spots[(*path, key)]
                self.tree.problems.append(here.problem(f"duplicate key, first on line {first.line}; remove one"))
            elif key_node.tag == "tag:yaml.org,2002:merge":
                message = "YAML 1.2 has no merge key; write the keys here, or for all sources under `defaults:`"
                self.tree.problems.append(here.problem(message))
            else:
                self.tree.spots[(*path, key)] = here
                found[key] = self.value(value_node, (*path, key))
        return found

    def sequence(self, node: SequenceNode, path: KeyPath) -> list[Any]:
        """A list."""
        found = []
        for number, item in enumerate(node.value):
            self.mark(item, (*path, number))
            found.append(self.value(item, (*path, number)))
        return found

    def scalar(self, node: ScalarNode, path: KeyPath) -> Any:
        """A scalar, with `${NAME}` and `!file` put in; such a value counts as secret from then on."""
        if node.tag == "!file":
            return self.file_content(node.value, path)
        if node.tag and node.tag not in CORE_TAGS:
            self.refuse(path, f"unknown tag {node.tag}; the only one is !file, before a path")
            return None
        mistakes = len(self.tree.problems)
        text = VARIABLE.sub(lambda match: self.variable(match, path), _joined(node.value))
        if len(self.tree.problems) > mistakes:
            return ""  # something stands here, only not what was meant
        tagged = node.tag == "tag:yaml.org,2002:str" and not isinstance(_plain(node.value), str)  # !!str 5
        return text if node.style is not None or tagged else _plain(text)

    def variable(self, match: re.Match[str], path: KeyPath) -> str:
        """What stands for one `${NAME}`; `$${NAME}` is a literal `${NAME}`."""
        escaped, name = match.groups()
        if escaped:
            return match[0][1:]
        self.conceal(path)
        if name not in self.environ:
            spot = self.tree.spot(path)
            self.tree.problems.append(
                spot.problem(f"environment variable {name} is not set; export it before starting")
            )
            return ""
        return self.environ[name]

    def file_content(self, name: str, path: KeyPath) -> str:
        """What stands for `!file name`: the content of the file without the line ends at its end."""
        self.conceal(path)
        try:
            return Path(name).read_text("utf-8").rstrip("\r\n")
        except (OSError, ValueError) as error:
            reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else why_unreadable(error)
            shown = json.dumps(name, ensure_ascii=not name.isprintable())
            hint = "write a path relative to the working directory"
            self.refuse(path, f"the file {shown} cannot be read ({reason}); {hint}")
            return ""

    def conceal(self, path: KeyPath) -> None:
        """Never echo the value at `path`."""
        spot = self.tree.spot(path)
        self.tree.spots[path] = Spot(spot.file, spot.line, spot.column, label(path), secret=True)


def _joined(text: str) -> str:
    """The text with surrogates that stand as pairs, as in JSON, for the characters they mean."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _plain(text: str) -> str | int | float | bool | None:
    """A plain (unquoted) scalar by the core schema of YAML 1.2."""
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text):
        return int(text)
    if FLOAT.fullmatch(text):
        return float(text)
    return text
