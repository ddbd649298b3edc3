"""The address of a licence, from what a rights statement says."""

from __future__ import annotations

import re

from aggregator.clean.urls import absolute

DEED = "https://creativecommons.org"
ADDRESS = re.compile(
    r"https?://(?:www\.)?creativecommons\.org/(?:licenses|publicdomain)/[A-Za-z0-9./+-]+", re.IGNORECASE
)
# The names that SPDX gives, and what people make of them: "CC BY-SA 4.0", "cc-by-nc-nd-3.0".
SHORT = re.compile(r"\bCC[ -](BY(?:[ -]NC)?(?:[ -](?:SA|ND))?)[ -]v?(\d\.\d)\b", re.IGNORECASE)
ZERO = re.compile(r"\bCC0(?:[ -]1\.0)?\b", re.IGNORECASE)
LONG = re.compile(
    r"\bCreative Commons Attribution"
    r"((?:[ -]*(?:Non-?Commercial|Share-?Alike|No-?Deriv(?:ative)?s?(?: Works)?))*)[ ,]*v?(\d\.\d)",
    re.IGNORECASE,
)


def licence_in(rights: str | None) -> str | None:
    """The address of the Creative Commons licence that a text names with its version, or None."""
    text = rights or ""
    if found := ADDRESS.search(text):
        return absolute(found[0].rstrip("."))
    if found := SHORT.search(text):
        return f"{DEED}/licenses/{found[1].lower().replace(' ', '-')}/{found[2]}/"
    if ZERO.search(text):
        return f"{DEED}/publicdomain/zero/1.0/"
    if found := LONG.search(text):
        parts = [part.lower() for part in re.findall(r"non|share|no-?deriv", found[1], re.IGNORECASE)]
        code = "-".join(["by", *("nc" if p == "non" else "sa" if p == "share" else "nd" for p in parts)])
        return f"{DEED}/licenses/{code}/{found[2]}/"
    return None
