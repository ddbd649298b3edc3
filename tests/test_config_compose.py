"""The quick way from YAML to nodes says just what ruamel.yaml says, or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import Node, ScalarNode

from aggregator.config.compose import UNSURE, _quickly, _Unsure, compose
from aggregator.config.nodes import Walk
from aggregator.config.tree import Spot, Tree

HERE = Path(__file__).parents[1]


def shape(node: Node | None) -> Any:
    """What the walk looks at."""
    if node is None:
        return None
    mark = (type(node).__name__, node.start_mark.line, node.start_mark.column)
    if isinstance(node, ScalarNode):
        return (*mark, node.value, node.style, node.tag == "!file")
    return (*mark, [tuple(map(shape, one)) if isinstance(one, tuple) else shape(one) for one in node.value])


def walked(node: Node | None) -> Any:
    tree = Tree(spots={(): Spot("f", 1, 1, "")})
    return (Walk("f", tree, {}).value(node, ()) if node else None, tree.problems, tree.spots)


def quickly(text: str) -> Node | None:
    """The quick way, where it is sure."""
    if UNSURE.search(text):
        return None
    try:
        return _quickly(text)
    except (yaml.YAMLError, _Unsure):
        return None


def same_as_ruamel(text: str) -> bool:
    """Whether the quick way was sure; fails where it was, and differs."""
    quick = quickly(text)
    if quick is None:
        return False
    slow = YAML(typ="safe", pure=True).compose(text)
    assert shape(quick) == shape(slow)
    assert walked(quick) == walked(slow)
    return True


@pytest.mark.parametrize("path", sorted(HERE.glob("config/**/*.yaml")), ids=lambda path: path.name)
def test_every_config_that_is_shipped_is_read_the_quick_way(path: Path) -> None:
    assert same_as_ruamel(path.read_text("utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb: [x, 'y', \"z\"]\nc: {d: e, f: g}\n",
        "- a\n-  b: c\n   d: |\n     text\n     more\n   e: >-\n     folded\n     text\n",
        "key: no\nother: 12:30\nthird: 0o17\nfourth: ~\nfifth: 1_000\n",
        "secret: !file path/to/secret\n",
        "名: 值\nemoji: \U0001f600 # comment\n",
        "a: b # c\n\n# d\ne:\n- f\n- g\n",
        "a:\r\n  b: c\r\n",
        "? a\n: b\n",
        "{a: b, c: [d, {e: f}]}",
        "text",
        "[]",
    ],
)
def test_plain_yaml_is_read_the_quick_way(text: str) -> None:
    assert same_as_ruamel(text)


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1\nb: *x\n",
        "a:\nb: 1\n",
        "a: !!str 5\n",
        "a: {<<: {b: c}}\n",
        "%YAML 1.1\n---\na: 1\n",
        'a: "\\/"\n',
        "a: x\u2028y\n",
        "---\na: 1\n---\nb: 2\n",
        "a: [1\n",
        "\ta: 1\n",
        "[" * 60 + "]" * 60,
        "- " * 60,
    ],
)
def test_what_is_not_sure_is_left_to_ruamel(text: str) -> None:
    assert quickly(text) is None


def test_nesting_without_end_breaks_nothing() -> None:
    with pytest.raises((YAMLError, RecursionError)):
        compose("[" * 20_000)


lines = st.lists(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["", "  ", "    ", "- ", "  - ", "    - "]),
        st.sampled_from(["a: ", "b:", "'c': ", '"d": ', "e : ", "? f", ": ", "", "url: "]),
        st.sampled_from(
            ["", "1", "no", "x y", "'q'", '"r"', "[s, t]", "{u: v}", "|", ">", "#w", "http://x/#y", "é", "~"]
        ),
    ),
    max_size=8,
)


@settings(max_examples=600)
@example(":: >#")
@given(lines.map("\n".join) | st.text(alphabet="ab:-?[]{},#&*!|>'\" \n", max_size=40))
def test_whatever_is_written_both_ways_agree(text: str) -> None:
    try:
        same_as_ruamel(text)
    except YAMLError:
        pytest.fail(f"the quick way took what ruamel.yaml does not: {text!r}")
