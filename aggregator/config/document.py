"""Reads YAML 1.2 files into plain values that remember where they stood.

ruamel.yaml parses and gives every node its line and column; what it does not do is done here on its node graph:
`${NAME}` from the environment, `!file path`, duplicate keys (all of them, not just the first), and includes.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from aggregator.errors import Problem

KeyPath = tuple[str | int, ...]

SMALLEST = "the smallest useful file has `sources:` with one `- url: https://…` under it"
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


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value stands: `label` is its key as a person writes it; `secret` values are never echoed."""

    file: str
    line: int
    column: int
    label: str
    secret: bool = False

    def problem(self, message: str, key: str | None = None) -> Problem:
        """A mistake at this spot."""
        return Problem(self.file, self.line, self.column, self.label if key is None else key, message)


@dataclass
class Tree:
    """The plain value of one file and of all it includes, the spot of every key path in it, and the mistakes."""

    value: dict[str, Any] = field(default_factory=dict)
    spots: dict[KeyPath, Spot] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def spot(self, path: KeyPath) -> Spot:
        """The spot of `path`, or of the nearest thing around it that was written down."""
        return self.spots[self._written(path)]

    def conceals(self, path: KeyPath) -> bool:
        """Whether a value stands at `path`, or somewhere below it, that is never echoed."""
        return self._written(path) in self._concealed

    def _written(self, path: KeyPath) -> KeyPath:
        while path not in self.spots and path:
            path = path[:-1]
        return path

    @cached_property
    def _concealed(self) -> frozenset[KeyPath]:
        secret = [path for path, spot in self.spots.items() if spot.secret]
        return frozenset(path[:length] for path in secret for length in range(len(path) + 1))


def label(path: KeyPath) -> str:
    """`("sources", 3, "type")` as `sources[3].type`."""
    text = ""
    for step in path:
        if isinstance(step, str):
            text += ("." if text else "") + (step if step and step.isprintable() else json.dumps(step))
        else:
            text += f"[{step}]"
    return text


def read(path: Path, environ: Mapping[str, str]) -> Tree:
    """Read the file at `path` and its includes; mistakes end up in `Tree.problems`, never as an exception."""
    tree = _read_one(path, environ)
    included = tree.value.pop("include", None)
    where = ("include",)
    if isinstance(included, str):
        included = [included]
    if included is None:
        return tree
    if not isinstance(included, list):
        tree.problems.append(tree.spot(where).problem("must be a list of paths, such as [config/blogs.yaml]"))
        return tree
    for number, name in enumerate(included):
        spot = tree.spot((*where, number))
        if not isinstance(name, str):
            tree.problems.append(spot.problem("must be a path, such as config/blogs.yaml"))
            continue
        problem = _unreadable(Path(name))
        if problem:
            shown = "the file put in here" if spot.secret else json.dumps(name, ensure_ascii=not name.isprintable())
            tree.problems.append(spot.problem(f"{shown} {problem}; paths are relative to the working directory"))
            continue
        _merge(tree, _read_one(Path(name), environ))
    return tree


def _merge(tree: Tree, other: Tree) -> None:
    """Put what an included file says beside what is there: lists grow, mappings join, a key said twice is named."""
    tree.problems.extend(other.problems)
    if "include" in other.value:
        tree.problems.append(
            other.spot(("include",)).problem("an included file cannot include; name it in the main file")
        )
    for key, value in other.value.items():
        if key == "include":
            continue
        here = tree.value.get(key)
        shift: int = 0
        if key not in tree.value:
            tree.value[key] = value
        elif isinstance(here, list) and isinstance(value, list):
            shift = len(here)
            tree.value[key] = here + value
        elif isinstance(here, dict) and isinstance(value, dict) and key == "categories":
            for twice in here.keys() & value.keys():
                first = tree.spot((key, twice))
                tree.problems.append(
                    other.spot((key, twice)).problem(f"stands already in {first.file}:{first.line}; remove one")
                )
            tree.value[key] = {**value, **here}
        else:
            first = tree.spot((key,))
            tree.problems.append(other.spot((key,)).problem(f"stands already in {first.file}:{first.line}; remove one"))
            continue
        for path, spot in other.spots.items():
            if path[:1] == (key,):
                shifted = (key, path[1] + shift, *path[2:]) if len(path) > 1 and isinstance(path[1], int) else path
                tree.spots.setdefault(shifted, spot)


def _unreadable(path: Path) -> str | None:
    """Why this path cannot be read as a file, or None."""
    try:
        with path.open("rb"):
            return None
    except (OSError, ValueError) as error:
        return f"cannot be read ({_why(error)})"


def _why(error: OSError | ValueError) -> str:
    """Why a file cannot be had. A path with a NUL or a lone surrogate in it is a `ValueError`."""
    return (error.strerror or "unknown error").lower() if isinstance(error, OSError) else "not a path"


def _read_one(path: Path, environ: Mapping[str, str]) -> Tree:
    """Read one file without its includes."""
    name = str(path)
    tree = Tree(spots={(): Spot(name, 1, 1, "")})
    try:
        raw = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = _why(error)
        tree.problems.append(
            tree.spots[()].problem(f"cannot be read ({reason}); name another file with --config or AGGREGATOR_CONFIG")
        )
        return tree
    text = _decode(raw, tree)
    if text is None:
        return tree
    node = _compose(text, tree)
    if tree.problems:
        return tree
    if node is None:
        tree.problems.append(tree.spots[()].problem(f"the file is empty; {SMALLEST}"))
        return tree
    if not isinstance(node, MappingNode):
        tree.problems.append(tree.spots[()].problem(f"must be a mapping of keys; {SMALLEST}"))
        return tree
    tree.value = _Walk(name, tree, environ).value(node, ()) or {}
    return tree


def _decode(raw: bytes, tree: Tree) -> str | None:
    """The text of a file; None, and a problem, when it is not UTF-8 without a byte order mark."""
    start = tree.spots[()]
    if raw.startswith(b"\xef\xbb\xbf"):
        tree.problems.append(
            start.problem("the file begins with a byte order mark (BOM); save it as UTF-8 without BOM")
        )
        return None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        tree.problems.append(start.problem("the file is UTF-16; save it as UTF-8 without BOM"))
        return None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode("utf-8")) + 1
        spot = Spot(start.file, line, column, "")
        tree.problems.append(spot.problem(f"byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8"))
        return None


def _compose(text: str, tree: Tree) -> Node | None:
    """The node graph of the file; None, and a problem, when it is not YAML."""
    start = tree.spots[()]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an anchor may be given again (YAML 1.2.2 §7.1)
            node: Node | None = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        spot = Spot(start.file, line, column, "")
        tree.problems.append(spot.problem(_explain(error, text.splitlines(), line, column)))
        return None
    except ReaderError as error:
        before = text[: error.position]
        spot = Spot(start.file, before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1, "")
        tree.problems.append(spot.problem("a control character stands here; remove it"))
        return None
    except Exception as error:  # what the library stumbles over (depth, "\\UFFFFFFFF") is no YAML to us
        tree.problems.append(start.problem(f"is not YAML ({type(error).__name__}); check it with an editor"))
        return None
    return node


def _explain(error: MarkedYAMLError, lines: list[str], line: int, column: int) -> str:
    """What is wrong with the YAML, in words that say what to do."""
    written = lines[line - 1] if line <= len(lines) else ""
    if written[column - 1 : column] == "\t" or "\t" in written[: len(written) - len(written.lstrip())]:
        return "a tab stands here; YAML indents with spaces only"
    if "${" in written[: column + 1]:
        return "is not YAML: between { } and between [ ], put what holds ${…} in quotes"
    said = " ".join(part for part in (error.context, error.problem) if part)
    return f"is not YAML: {said or 'syntax error'}; check quotes, colons and indentation here and just above"


class _Walk:
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
            reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else _why(error)
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
