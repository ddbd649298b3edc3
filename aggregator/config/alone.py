"""The settings for one source alone: of a config that is still being written, or of no file at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from aggregator.config.document import read
from aggregator.config.expansion import expand
from aggregator.config.keys import ConfigKeys, SourceKeys
from aggregator.config.load import Settings, resolve
from aggregator.config.mistakes import mistakes
from aggregator.config.tree import Spot, Tree
from aggregator.errors import ConfigError, Problem


def load_alone(path: Path, environ: Mapping[str, str], name: str) -> Settings | None:
    """The config with no source but that of this id, or at this address, for a person who is still writing it.

    Where something in it is wrong besides, at least the address of the source; None where there is not even that.
    """
    tree = read(path, environ)
    expand(tree)
    sources = tree.value.get("sources")
    many = list(enumerate(sources)) if isinstance(sources, list) else []
    number, own = next(
        ((number, one) for number, one in many if isinstance(one, dict) and name in (one.get("id"), one.get("url"))),
        (0, None),
    )
    if own is None:
        return None
    spots = {spot: where for spot, where in tree.spots.items() if spot[:1] != ("sources",) or len(spot) == 1}
    spots |= {("sources", 0, *spot[2:]): where for spot, where in tree.spots.items() if spot[:2] == ("sources", number)}
    bare = {"url": own.get("url"), "id": own.get("id", "preview")}
    for value in ({**tree.value, "sources": [own]}, {"sources": [bare]}):
        alone = Tree(value, spots)
        try:
            keys = ConfigKeys.model_validate(value)
        except ValidationError:
            continue
        if not mistakes(alone, None):
            return resolve(keys, alone, environ)
    return None


def for_address(url: str, environ: Mapping[str, str]) -> Settings:
    """The settings of no file at all, with one source: this address. Raises `ConfigError` when it is none."""
    try:
        keys = ConfigKeys(sources=(SourceKeys(url=url, id="preview"),))
    except ValidationError as error:
        raise ConfigError([Problem("", 1, 1, "url", f"{url} is not a web address")]) from error
    return resolve(keys, Tree(spots={(): Spot("", 1, 1, "")}), environ)
