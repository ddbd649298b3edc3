"""From YAML text to ruamel.yaml's node graph: by a parser in C where the text is plain, else by ruamel.yaml itself.

ruamel.yaml takes half a millisecond for each source, all of it in Python; a list of 100,000 would take a minute. The
parser in C, libyaml, knows YAML 1.1 only, and its messages are poorer; so whatever could mean something else in
YAML 1.2, or is a mistake, is left to ruamel.yaml.
"""

from __future__ import annotations

import re
import warnings

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.tag import Tag

# Directives; line breaks of YAML 1.1 that are none in 1.2; escapes that only one of them knows; merge keys; a comment
# right behind the mark of a block.
UNSURE = re.compile(r"^%|[\x85\u2028\u2029\ufeff]|\\|<<|[|>][-+0-9]*#", re.MULTILINE)
DEEPEST = 50
# The walk over the graph decides what a plain scalar is; all that is said here is that it is no text for certain.
PLAIN, TEXT = Tag(suffix="tag:yaml.org,2002:value"), Tag(suffix="tag:yaml.org,2002:str")
MAPPING, SEQUENCE = Tag(suffix="tag:yaml.org,2002:map"), Tag(suffix="tag:yaml.org,2002:seq")
FILE = Tag(suffix="!file")


class _Unsure(Exception):  # noqa: N818  (an end, not a bug)
    """The text is not plain enough."""


def compose(text: str) -> Node | None:
    """The node graph of the one document in `text`. Raises what ruamel.yaml raises."""
    if not UNSURE.search(text):
        try:
            return _quickly(text)
        except (yaml.YAMLError, _Unsure):
            pass
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an anchor may be given again (YAML 1.2.2 §7.1)
        node: Node | None = YAML(typ="safe", pure=True).compose(text)
        return node


def _quickly(text: str) -> Node:
    """The graph from libyaml's events, without recursion. Raises `_Unsure`, `yaml.YAMLError`."""
    root: list[Node] = []
    within: list[CollectionNode] = []
    keys: list[Node | None] = []  # the key that waits for its value, for each of the collections
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        match event:
            case yaml.ScalarEvent():
                node: Node = _scalar(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                node = _collection(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                within.pop()
                keys.pop()
                continue
            case yaml.AliasEvent():
                raise _Unsure
            case _:
                continue
        if not within:
            root.append(node)
        elif isinstance(within[-1], SequenceNode):
            within[-1].value.append(node)
        elif keys[-1] is None:
            keys[-1] = node
        else:
            within[-1].value.append((keys[-1], node))
            keys[-1] = None
        if isinstance(node, CollectionNode):
            within.append(node)
            keys.append(None)
            if len(within) > DEEPEST:
                raise _Unsure
    if len(root) != 1:
        raise _Unsure
    return root[0]


# Nobody asks where a node ends; to keep that, too, would take 60 MB for 100,000 sources.


def _scalar(event: yaml.ScalarEvent) -> ScalarNode:
    nothing = not event.value and not event.style  # the two say differently where nothing stands
    if event.anchor or event.tag not in (None, "!file") or nothing:
        raise _Unsure
    tag = FILE if event.tag else TEXT if event.style else PLAIN
    return ScalarNode(tag, event.value, event.start_mark, event.start_mark, event.style or None)


def _collection(event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> CollectionNode:
    if event.anchor or event.tag:
        raise _Unsure
    if isinstance(event, yaml.MappingStartEvent):
        return MappingNode(MAPPING, [], event.start_mark, event.start_mark)
    return SequenceNode(SEQUENCE, [], event.start_mark, event.start_mark)
