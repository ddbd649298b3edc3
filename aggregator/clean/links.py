"""Reads Link headers (RFC 8288 §3)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aggregator.clean.urls import absolute

# One link-value, and one of its parameters.
LINK_VALUE = re.compile(r"<([^<>]*)>((?:\s*;\s*[^\s=;,<>\"]+(?:\s*=\s*(?:\"(?:[^\"\\]|\\.)*\"|[^\s\";,<>]*))?)*)")
PARAMETER = re.compile(r";\s*([^\s=;,<>\"]+)(?:\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s\";,<>]*)))?")
LONGEST_HEADER = 16_384


def links_in(header: str, url: str) -> Iterator[dict[str, str]]:
    """The links that are about the document at `url` itself, each with its parameters and, as `href`, its target."""
    for target, written in LINK_VALUE.findall(header[:LONGEST_HEADER]):
        said = {"href": target}
        for name, quoted, token in PARAMETER.findall(written):
            said.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or token)
        about = absolute(said["anchor"], url) if "anchor" in said else url
        if about == url:
            yield said


def related(header: str, url: str) -> dict[str, str]:
    """The absolute address of the first link of each relation."""
    found: dict[str, str] = {}
    for said in links_in(header, url):
        address = absolute(said["href"], url)
        for relation in said.get("rel", "").lower().split():
            if address:
                found.setdefault(relation, address)
    return found
