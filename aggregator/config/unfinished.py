"""Finds a source in a config that has mistakes still, for a person who is writing it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aggregator.clean.urls import is_web_url
from aggregator.config.document import read


def address_of_unfinished(path: Path, environ: Mapping[str, str], name: str) -> str | None:
    """The address of the source of this id, or at this address, whatever else is wrong; None where there is none."""
    sources = read(path, environ).value.get("sources")
    for one in sources if isinstance(sources, list) else ():
        if isinstance(one, dict) and name in (one.get("id"), one.get("url")):
            url = one.get("url")
            return url if isinstance(url, str) and is_web_url(url) else None
    return None
