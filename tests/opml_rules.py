"""Judges OPML documents for the tests: by OPML 2.0 (opml.org/spec2.opml), as far as subscription lists go."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from atom_rules import _iri_fault
from lxml import etree

HEAD = {
    *("title", "dateCreated", "dateModified", "ownerName", "ownerEmail", "ownerId", "docs", "expansionState"),
    *("vertScrollState", "windowTop", "windowLeft", "windowBottom", "windowRight"),
}


def violations(document: bytes) -> list[str]:
    """What OPML 2.0 forbids and this document does."""
    try:
        root = etree.fromstring(document, etree.XMLParser(no_network=True, remove_pis=True))
    except etree.XMLSyntaxError as error:
        return [f"not well-formed: {error}"]
    if root.tag != "opml" or root.get("version") != "2.0" or [child.tag for child in root] != ["head", "body"]:
        return ["the root is no opml 2.0 with head and body"]
    head, body = root
    told = [f"{child.tag} is no element of the head" for child in head if child.tag not in HEAD]
    told += [f"{child.tag} is empty" for child in head if not (child.text or "").strip()]
    told += list(_dates(head))
    if not body.findall("outline"):
        told.append("the body has no outline")
    return told + [sentence for outline in body.iter("outline") for sentence in _outline(outline)]


def _dates(head: etree._Element) -> Iterator[str]:
    for name in ("dateCreated", "dateModified"):
        if (text := head.findtext(name)) is not None:
            try:
                parsedate_to_datetime(text)
            except ValueError:
                yield f"{name} {text!r} is no date of RFC 822"


def _outline(outline: etree._Element) -> Iterator[str]:
    if not (outline.get("text") or "").strip():
        yield "an outline has no text"
    if outline.get("type") == "rss":
        if len(outline):
            yield "a subscription has outlines below it"
        for name in ("xmlUrl", "htmlUrl"):
            address = outline.get(name)
            if (address is None and name == "xmlUrl") or (address is not None and _iri_fault(address, absolute=True)):
                yield f"{name} is {address!r}"
    elif any(name in outline.attrib for name in ("xmlUrl", "htmlUrl")):
        yield "an outline with an address has no type"


def read_back(document: bytes) -> list[tuple[str, str]]:
    """The title and address of each subscription, in the order of the document."""
    root = etree.fromstring(document)
    return [(one.get("text", ""), one.get("xmlUrl", "")) for one in root.iter("outline") if one.get("type") == "rss"]
