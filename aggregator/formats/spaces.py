"""Writes an element alone as it stands within its document, where the namespaces are declared once, at the root."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree


def written_within(root: str, spaces: Mapping[str, str], element: etree._Element) -> bytes:
    """The bytes of the element without declarations of these namespaces (prefix → URI), which `root` has."""
    etree.Element(root, nsmap=dict(spaces)).append(element)  # strips what it declared itself
    whole: bytes = etree.tostring(element, encoding="utf-8")
    start, end, rest = whole.partition(b">")
    for prefix, uri in spaces.items():
        start = start.replace(f' xmlns:{prefix}="{uri}"'.encode(), b"")
    return start + end + rest
