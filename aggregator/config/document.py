"""Reads a config file and what it includes into one tree; every mistake is noted, none is raised."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node
from ruamel.yaml.reader import ReaderError

from aggregator.config.compose import compose
from aggregator.config.nodes import Walk, why_unreadable
from aggregator.config.tree import Spot, Tree

SMALLEST = "the smallest useful file has `sources:` with one `- url: https://…` under it"


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
        return f"cannot be read ({why_unreadable(error)})"


def _read_one(path: Path, environ: Mapping[str, str]) -> Tree:
    """Read one file without its includes."""
    name = str(path)
    tree = Tree(spots={(): Spot(name, 1, 1, "")})
    try:
        raw = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = why_unreadable(error)
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
    tree.value = Walk(name, tree, environ).value(node, ()) or {}
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
        node = compose(text)
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
    except Exception:  # what the library stumbles over (depth, "\\UFFFFFFFF") is no YAML to us
        tree.problems.append(start.problem("is not YAML; check it with an editor"))
        return None
    return node


def _explain(error: MarkedYAMLError, lines: list[str], line: int, column: int) -> str:
    """What is wrong with the YAML, in words that say what to do."""
    written = lines[line - 1] if line <= len(lines) else ""
    if written[column - 1 : column] == "\t" or "\t" in written[: len(written) - len(written.lstrip())]:
        return "a tab stands here; YAML indents with spaces only"
    if "${" in written[: column + 1]:
        return "is not YAML: ${…} stands between { } or [ ] without quotes; put it in quotes"
    said = " ".join(part for part in (error.context, error.problem) if part)
    return f"is not YAML: {said or 'syntax error'}; check quotes, colons and indentation here and just above"
