"""Judges Atom documents for the tests: by RFC 4287, by our own laws, and by what a reader gets out of them.

`violations` says what RFC 4287 forbids, `house_violations` what SURFACE.md §3 forbids on top of it. Both give
one sentence per violation, with the line, the element and the clause. The grammar next to this file says what
stands where; the functions here say what a grammar cannot: what compares two places or reads a value.
"""

import base64
import binascii
import copy
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import cast

import feedparser
from lxml import etree

Element = etree._Element
Rule = Callable[[Element], Iterable[str]]

ATOM = "{http://www.w3.org/2005/Atom}"
XHTML_DIV = "{http://www.w3.org/1999/xhtml}div"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
RELAXNG = "{http://relaxng.org/ns/structure/1.0}"

GRAMMAR_TREE = etree.parse(str(Path(__file__).with_name("atom.rng")))
GRAMMAR = etree.RelaxNG(GRAMMAR_TREE)

CONTAINERS = {"feed", "entry", "source", "author", "contributor"}
TEXT_CONSTRUCTS = {"title", "subtitle", "summary", "rights"}
SECTIONS = {
    "feed": "4.1.1",
    "entry": "4.1.2",
    "content": "4.1.3",
    "author": "4.2.1",
    "category": "4.2.2",
    "contributor": "4.2.3",
    "generator": "4.2.4",
    "icon": "4.2.5",
    "id": "4.2.6",
    "link": "4.2.7",
    "logo": "4.2.8",
    "published": "4.2.9",
    "rights": "4.2.10",
    "source": "4.2.11",
    "subtitle": "4.2.12",
    "summary": "4.2.13",
    "title": "4.2.14",
    "updated": "4.2.15",
    "name": "3.2.1",
    "uri": "3.2.2",
    "email": "3.2.3",
}
NAMES = {ATOM + name: name for name in SECTIONS}
REQUIRED_ATTRIBUTES = {"link": "href", "category": "term"}

# ---- RFC 4287


def violations(document: bytes) -> list[str]:
    """What RFC 4287 forbids and this document does; [] for a good one."""
    root = _root(document)
    if isinstance(root, str):
        return [root]
    told = [
        (element, _at(element, sentence))
        for name, element in _structure(root)
        for rule in RULES.get(name, ())
        for sentence in rule(element)
    ]
    explained = {element for element, _ in told if _name(element) in TEXT_CONSTRUCTS | {"content"}}
    return [
        *(sentence for element, sentence in _grammar(root) if element not in explained),
        *(sentence for _, sentence in told),
        *_common_attributes(root),
    ]


def _root(document: bytes) -> Element | str:
    """The root of an Atom document, or the sentence that says why there is none."""
    try:
        root = etree.fromstring(document, etree.XMLParser(remove_comments=True, remove_pis=True, no_network=True))
    except etree.XMLSyntaxError as error:
        if getattr(error, "code", None) == etree.ErrorTypes.ERR_INVALID_CHAR:
            return f"not well-formed: a character that XML forbids: {error} (XML 1.0 §2.2, RFC 4287 §2)"
        return f"not well-formed: {error} (RFC 4287 §2)"
    if root.tag not in (ATOM + "feed", ATOM + "entry"):
        return f"the root is {root.tag}, neither an Atom feed nor an Atom entry (RFC 4287 §2)"
    return root


def _grammar(root: Element) -> Iterator[tuple[Element, str]]:
    """The innermost elements that the grammar refuses, each with a sentence."""
    if not GRAMMAR.validate(root):
        yield from _refused(root)


def _refused(element: Element) -> list[tuple[Element, str]]:
    # Asked about a document, libxml2 blames the outermost element; asked about each part, the right one.
    name = _name(element)
    part = _part(name)
    if part.validate(element):
        return []
    why = _why(element, part)
    children = [child for child in element if child.tag in NAMES] if name in CONTAINERS else []
    deeper = [found for child in children for found in _refused(child)]
    section = "3.3" if name in ("updated", "published") else SECTIONS[name]
    return deeper or [(element, _at(element, f"the grammar refuses it: {why} (RFC 4287 §{section})"))]


def _why(element: Element, part: etree.RelaxNG) -> str:
    name = _name(element)
    required = REQUIRED_ATTRIBUTES.get(name)
    if required and required not in element.attrib:
        return f"it has no {required}"
    # libxml2 reads no further than a stray child and then misses what comes after it.
    if name in CONTAINERS:
        ours = (_name(child) for child in element if child.tag.startswith(ATOM))
        if stray := dict.fromkeys(child for child in ours if child not in _children(name)):
            return f"it may not have a {' or a '.join(stray)}"
        if "".join([element.text or "", *(child.tail or "" for child in element)]).strip():
            return "it has text between its elements"
    # Vague ones only repeat that something within was refused.
    vague = ("RELAXNG_ERR_CONTENTVALID", "RELAXNG_ERR_INTERSEQ")
    reasons = dict.fromkeys(line.message for line in part.error_log if line.type_name not in vague)
    if element.text and any("datatype" in reason for reason in reasons):
        return f'"{element.text}" does not have the form it must have'
    return "; ".join(reasons) or "its content is not allowed"


@lru_cache
def _part(name: str) -> etree.RelaxNG:
    """The grammar of one element alone."""
    grammar = copy.deepcopy(GRAMMAR_TREE).getroot()
    start = next(grammar.iter(RELAXNG + "start"))
    start[:] = [copy.deepcopy(_pattern("element", name))]
    return etree.RelaxNG(grammar)


@lru_cache
def _children(name: str) -> frozenset[str]:
    """The Atom elements that the grammar lets stand directly in this one."""

    def within(pattern: Element) -> Iterator[str]:
        for part in pattern:
            if part.tag == RELAXNG + "ref":
                yield from within(_pattern("define", part.get("name", "")))
            elif part.tag == RELAXNG + "element":
                yield part.get("name", "")
            elif isinstance(part.tag, str):
                yield from within(part)

    return frozenset(within(_pattern("element", name)))


def _pattern(kind: str, name: str) -> Element:
    return next(found for found in GRAMMAR_TREE.iter(RELAXNG + kind) if found.get("name") == name)


def _structure(element: Element) -> Iterator[tuple[str, Element]]:
    """The Atom elements that speak for the document, with names: none from content or foreign markup."""
    name = NAMES[element.tag]
    yield name, element
    if name in CONTAINERS:
        for child in element:
            if child.tag in NAMES:
                yield from _structure(child)


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _at(element: Element, sentence: str) -> str:
    # Values are quoted as found, and some run over lines.
    return f"line {element.sourceline}: {_name(element)}: {sentence}".replace("\n", "\\n")


# ---- RFC 4287: values


def _common_attributes(root: Element) -> Iterator[str]:
    for element in cast("list[Element]", WITH_COMMON_ATTRIBUTES(root)):
        language, base = element.get(XML_LANG), element.get(XML_BASE)
        # Empty takes the language back (XML 1.0 §2.12).
        if language and not LANGUAGE.fullmatch(language):
            yield _at(element, f'xml:lang "{language}" is no language tag (RFC 4287 §2, RFC 5646 §2.1)')
        if base is not None and (fault := _iri_fault(base)):
            yield _at(element, f'xml:base "{base}" {fault} (RFC 4287 §2, RFC 3987 §2.2)')


WITH_COMMON_ATTRIBUTES = etree.XPath("//*[@xml:lang or @xml:base]")
# fmt: off
LANGUAGE = re.compile(
    r"(?:(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})"               # language, extended
    r"(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?"                       # script, region
    r"(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*"                          # variants
    r"(?:-[a-wyz\d](?:-[a-z\d]{2,8})+)*(?:-x(?:-[a-z\d]{1,8})+)?"   # extensions, private use
    r"|x(?:-[a-z\d]{1,8})+"
    r"|i-[a-z]{3,8}|en-gb-oed|sgn-be-(?:fr|nl)|sgn-ch-de)",         # registered before there was a grammar
    re.IGNORECASE | re.ASCII,
)
# fmt: on
MEDIA_TYPE = re.compile(
    r"[!#$&^_.+\w-]+/[!#$&^_.+\w-]+"
    r"(?:[ \t]*;[ \t]*[!#$%&'*+.^_`|~\w-]+=(?:[!#$%&'*+.^_`|~\w-]+|\"(?:[^\"\\]|\\.)*\"))*",
    re.ASCII,
)
XML_MEDIA_TYPE = re.compile(r".+[+/]xml|(?:text|application)/xml-external-parsed-entity|application/xml-dtd")

IRI = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*):)?(?://(?P<authority>[^/?#]*))?"
    r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
AUTHORITY = re.compile(r"(?:[^@]*@)?(?P<host>\[[0-9a-fv:.]+\]|[^:@\[\]]*)(?::\d*)?", re.IGNORECASE | re.ASCII)
# Beyond ASCII: C1 controls and non-characters (RFC 3987 §2.2), marks that turn the writing direction (§4.1).
NOT_IN_IRI = re.compile(r"[\x00-\x20\x7f-\x9f<>\"{}|\\^`\u200e\u200f\u202a-\u202e\ufdd0-\ufdef\ufff0-\uffff]")


@lru_cache(maxsize=65536)
def _iri_fault(text: str, *, absolute: bool = False) -> str | None:
    """What keeps this text from being an IRI reference, or an absolute IRI."""
    if stray := NOT_IN_IRI.search(text):
        return f"contains U+{ord(stray[0]):04X}, which no IRI may"
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        return "has a percent sign that escapes nothing"
    parts = IRI.fullmatch(text)
    assert parts, "the expression takes any text"
    if re.search(r"[\[\]]", parts["path"] + (parts["query"] or "") + (parts["fragment"] or "")):
        return "has a square bracket outside the host"
    if "#" in (parts["fragment"] or ""):
        return "has two fragments"
    if parts["scheme"]:
        return _host_fault(parts["scheme"].lower(), parts["authority"])
    if absolute:
        return "is not absolute"
    return "starts with a colon that ends no scheme" if ":" in parts["path"].split("/")[0] else None


def _host_fault(scheme: str, authority: str | None) -> str | None:
    parts = AUTHORITY.fullmatch(authority or "")
    if not parts:
        return "has a malformed host"
    return "has no host" if scheme in ("http", "https") and not parts["host"] else None


def _absolute_iri(element: Element) -> Iterator[str]:
    iri = element.text or ""
    if iri and (fault := _iri_fault(iri, absolute=True)):
        yield f'"{iri}" {fault} (RFC 4287 §{SECTIONS[_name(element)]}, RFC 3987 §2.2)'


def _iri_reference(element: Element) -> Iterator[str]:
    iri = element.text or ""
    if fault := _iri_fault(iri):
        yield f'"{iri}" {fault} (RFC 4287 §{SECTIONS[_name(element)]}, RFC 3987 §2.2)'


def _iri_attribute(element: Element, attribute: str, section: str, *, absolute: bool = False) -> Iterator[str]:
    iri = element.get(attribute)
    if iri and (fault := _iri_fault(iri, absolute=absolute)):
        yield f'{attribute} "{iri}" {fault} (RFC 4287 §{section}, RFC 3987 §2.2)'


DATE_SHAPE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
DATE_BOUNDS = re.compile(
    r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:(?P<second>[0-5]\d|60)(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)


def instant(stamp: str) -> datetime | None:
    """The moment a date construct names; None when no calendar or clock shows it (RFC 3339 §5.6, §5.7)."""
    bounds = DATE_BOUNDS.fullmatch(stamp)
    if not bounds:
        return None
    leap = bounds["second"] == "60"
    try:
        moment = datetime.fromisoformat(f"{stamp[:17]}59{stamp[19:]}" if leap else stamp)
        if not leap:
            return moment
        moment += timedelta(seconds=1)
        utc = moment - (moment.utcoffset() or timedelta())
    except (ValueError, OverflowError):
        return None
    # A leap second is the last one of a month, in UTC.
    return moment if (utc.day, utc.hour, utc.minute) == (1, 0, 0) else None


def _date(element: Element) -> Iterator[str]:
    stamp = element.text or ""
    # Another shape is the grammar's to refuse.
    if DATE_SHAPE.fullmatch(stamp) and instant(stamp) is None:
        yield f'"{stamp}" is in no calendar or on no clock (RFC 4287 §3.3, RFC 3339 §5.7)'


def _text_construct(element: Element) -> Iterator[str]:
    kind = element.get("type", "text")
    if kind in ("text", "html", "xhtml"):
        yield from _marked_up(element, kind, {"text": "3.1.1.1", "html": "3.1.1.2", "xhtml": "3.1.1.3"}[kind])
    else:
        yield f'type "{kind}" is none of text, html, xhtml (RFC 4287 §3.1.1)'


def _marked_up(element: Element, kind: str, section: str) -> Iterator[str]:
    if kind != "xhtml":
        if len(element):
            yield f"type {kind} has the child element {_name(element[0])} (RFC 4287 §{section})"
        return
    around = (element.text or "") + "".join(child.tail or "" for child in element)
    if [child.tag for child in element] != [XHTML_DIV] or around.strip():
        yield f"type xhtml holds something else than exactly one XHTML div (RFC 4287 §{section})"


# ---- RFC 4287: elements


def _content(element: Element) -> Iterator[str]:
    kind = element.get("type")
    if element.get("src") is not None:
        yield from _iri_attribute(element, "src", "4.1.3.2")
        if len(element) or (element.text or "").strip():
            yield "has src and content of its own (RFC 4287 §4.1.3.2)"
        if kind in ("text", "html", "xhtml"):
            yield f'type "{kind}" beside src is no media type (RFC 4287 §4.1.3.2)'
            return
    elif kind in (None, "text", "html", "xhtml"):
        yield from _marked_up(element, kind or "text", "4.1.3.3")
        return
    if kind is not None:
        yield from _media_content(element, kind)


def _media_content(element: Element, kind: str) -> Iterator[str]:
    if not MEDIA_TYPE.fullmatch(kind):
        yield f'type "{kind}" is none of text, html, xhtml and no media type (RFC 4287 §4.1.3.1)'
    elif kind.lower().startswith(("multipart/", "message/")):
        yield f'type "{kind}" is a composite type (RFC 4287 §4.1.3.1)'
    elif element.get("src") is not None or _is_xml(kind):
        return
    elif kind.lower().startswith("text/"):
        if len(element):
            yield f"type {kind} has the child element {_name(element[0])} (RFC 4287 §4.1.3.3)"
    elif len(element) or not _is_base64(element.text or ""):
        yield f"type {kind} does not hold Base64 (RFC 4287 §4.1.3.3)"


def _is_xml(kind: str) -> bool:
    return XML_MEDIA_TYPE.fullmatch(kind.partition(";")[0].strip().lower()) is not None


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text.strip().replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _link(element: Element) -> Iterator[str]:
    yield from _iri_attribute(element, "href", "4.2.7.1")
    relation = element.get("rel", "alternate")
    if relation not in RELATIONS and (not relation or _iri_fault(relation, absolute=True)):
        yield f'rel "{relation}" is neither a registered name nor an absolute IRI (RFC 4287 §4.2.7.2)'
    kind = element.get("type")
    if kind is not None and not MEDIA_TYPE.fullmatch(kind):
        yield f'type "{kind}" is no media type (RFC 4287 §4.2.7.3)'
    language = element.get("hreflang")
    if language is not None and not LANGUAGE.fullmatch(language):
        yield f'hreflang "{language}" is no language tag (RFC 4287 §4.2.7.4)'
    length = element.get("length")
    if length is not None and not re.fullmatch("[0-9]+", length):
        yield f'length "{length}" is no number of octets (RFC 4287 §4.2.7.6)'


def _category(element: Element) -> Iterator[str]:
    return _iri_attribute(element, "scheme", "4.2.2.2", absolute=True)


def _generator(element: Element) -> Iterator[str]:
    return _iri_attribute(element, "uri", "4.2.4")


def _one_alternate_of_a_kind(element: Element) -> Iterator[str]:
    kinds = Counter((link.get("type"), link.get("hreflang")) for link in _links(element, "alternate"))
    for (kind, language), count in kinds.items():
        if count > 1:
            yield (
                f"has {count} alternate links with type {kind} and hreflang {language} "
                f"(RFC 4287 §{SECTIONS[_name(element)]})"
            )


def _distinct_ids(element: Element) -> Iterator[str]:
    ids = Counter(entry.findtext(ATOM + "id") for entry in element.findall(ATOM + "entry"))
    for iri, count in ids.items():
        # The RFC lets versions of one entry stand together; we publish only the last, so two are a mistake.
        if iri and count > 1:
            yield f'the id "{iri}" belongs to {count} entries (RFC 4287 §4.1.1)'


def _authored(element: Element) -> Iterator[str]:
    feed = element.getparent()
    if element.find(ATOM + "author") is not None or (feed is not None and feed.find(ATOM + "author") is not None):
        return
    if element.find(f"{ATOM}source/{ATOM}author") is None:
        yield "has no author, and neither its source nor its feed names one (RFC 4287 §4.1.2)"
    elif feed is not None:
        yield "names an author in its source only, so its feed must have one (RFC 4287 §4.1.1)"


def _reachable(element: Element) -> Iterator[str]:
    if element.find(ATOM + "content") is None and not _links(element, "alternate"):
        yield "has neither content nor an alternate link (RFC 4287 §4.1.2)"


def _summarised(element: Element) -> Iterator[str]:
    content = element.find(ATOM + "content")
    if content is None or element.find(ATOM + "summary") is not None:
        return
    if content.get("src") is not None:
        yield "has content elsewhere and no summary (RFC 4287 §4.1.2, §4.1.3.2)"
    elif "/" in (kind := content.get("type", "")) and not kind.lower().startswith("text/") and not _is_xml(kind):
        yield "has content in Base64 and no summary (RFC 4287 §4.1.2, §4.1.3.3)"


def _links(element: Element, relation: str) -> list[Element]:
    return [link for link in element.findall(ATOM + "link") if _relation(link) == relation]


def _relation(link: Element) -> str:
    return link.get("rel", "alternate").removeprefix("http://www.iana.org/assignments/relation/")


RULES: dict[str, tuple[Rule, ...]] = {
    "feed": (_one_alternate_of_a_kind, _distinct_ids),
    "entry": (_one_alternate_of_a_kind, _authored, _reachable, _summarised),
    "id": (_absolute_iri,),
    "title": (_text_construct,),
    "subtitle": (_text_construct,),
    "summary": (_text_construct,),
    "rights": (_text_construct,),
    "content": (_content,),
    "updated": (_date,),
    "published": (_date,),
    "link": (_link,),
    "category": (_category,),
    "generator": (_generator,),
    "icon": (_iri_reference,),
    "logo": (_iri_reference,),
    "uri": (_iri_reference,),
}

# The names in IANA's registry of link relations, which took over Atom's own.
RELATIONS = frozenset(
    """
    about acl alternate amphtml api-catalog appendix apple-touch-icon apple-touch-startup-image archives
    author blocked-by bookmark c2pa-manifest canonical chapter cite-as collection compression-dictionary
    contents convertedfrom copyright create-form current deprecation describedby describes disclosure
    dns-prefetch duplicate edit edit-form edit-media enclosure external first geofeed glossary help hosts
    hub ice-server icon index intervalafter intervalbefore intervalcontains intervaldisjoint
    intervalduring intervalequals intervalfinishedby intervalfinishes intervalin intervalmeets
    intervalmetby intervaloverlappedby intervaloverlaps intervalstartedby intervalstarts item last
    latest-version license linkset lrdd manifest mask-icon me media-feed memento micropub modulepreload
    monitor monitor-group next next-archive nofollow noopener noreferrer opener openid2.local_id
    openid2.provider original p3pv1 payment pingback preconnect predecessor-version prefetch preload
    prerender prev prev-archive preview previous privacy-policy profile publication related replies
    restconf ruleinput search section self service service-desc service-doc service-meta
    sip-trunking-capability sponsored start status stylesheet subsection successor-version sunset tag
    terms-of-service timegate timemap type ugc up version-history via webmention working-copy
    working-copy-of
    """.split()  # noqa: SIM905 - as a list it takes a hundred lines
)

# ---- the laws of our own output

SURFACE = "(SURFACE §3)"
# Neighbours with the same number may change places.
ENTRY_ORDER = {
    "id": 1,
    "title": 2,
    "link alternate": 3,
    "published": 4,
    "updated": 5,
    "author": 6,
    "category": 7,
    "summary": 8,
    "content": 8,
    "link enclosure": 9,
    "link via": 10,
    "link related": 11,
    "link license": 11,
    "rights": 12,
    "source": 13,
}


def house_violations(document: bytes) -> list[str]:
    """What our own laws forbid and this document does; presumes nothing of `violations`."""
    root = _root(document)
    if isinstance(root, str):
        return [root]
    return [
        _at(element, f"{sentence} {SURFACE}")
        for name, element in _structure(root)
        for law in HOUSE_LAWS.get(name, ())
        for sentence in law(element)
    ]


def _feed_laws(feed: Element) -> Iterator[str]:
    if not _links(feed, "self"):
        yield "has no self link"
    updates = [instant(entry.findtext(ATOM + "updated") or "") for entry in feed.findall(ATOM + "entry")]
    newest = max((moment for moment in updates if moment), default=None)
    if newest and instant(feed.findtext(ATOM + "updated") or "") != newest:
        yield f"is not updated when its newest entry is, {newest.isoformat()}"


def _entry_laws(entry: Element) -> Iterator[str]:
    for name in ("published", "updated", "author", "category"):
        if entry.find(ATOM + name) is None:
            yield f"has no {name}"
    if (count := len(_links(entry, "alternate"))) != 1:
        yield f"has {count} alternate links, not one"
    vias = [link.get("href") for link in _links(entry, "via")]
    if not vias:
        yield "has no via link"
    if len(set(vias)) != len(vias):
        yield "has a via link twice"
    first = entry.find(ATOM + "category")
    if first is not None and not (first.get("scheme") and first.get("label")):
        yield "has a first category without scheme or label, so it is not ours"
    yield from _order(entry)


def _order(entry: Element) -> Iterator[str]:
    if not len(entry) or entry[-1].tag != ATOM + "source":
        yield "does not end with its source"
    before, reached = "", 0
    for child in entry:
        if not child.tag.startswith(ATOM):
            continue
        place = f"link {_relation(child)}" if child.tag == ATOM + "link" else _name(child)
        rank = ENTRY_ORDER.get(place)
        if rank is None:
            yield f"has a {place}, which has no place in an entry of ours"
        elif rank < reached:
            yield f"has its {place} after its {before}"
        else:
            before, reached = place, rank


def _source_laws(source: Element) -> Iterator[str]:
    for name in ("id", "title", "updated"):
        if source.find(ATOM + name) is None:
            yield f"has no {name}"
    if not _links(source, "self"):
        yield "has no self link"


def _title_laws(title: Element) -> Iterator[str]:
    if title.get("type", "text") != "text":
        yield f"is {title.get('type')}, not plain text"


def _category_laws(category: Element) -> Iterator[str]:
    for attribute in ("term", "label"):
        if not category.get(attribute, "something").strip():
            yield f"has an empty {attribute}"


def _says_something(element: Element) -> Iterator[str]:
    if "src" in element.attrib:
        return
    # An image alone says something too, so any element below the XHTML div counts.
    if not str(WORDS(element)) and element.find("*/*") is None:
        yield "is empty"


def _reaches_the_web(element: Element) -> Iterator[str]:
    name = _name(element)
    attribute = {"link": "href", "generator": "uri", "content": "src"}.get(name)
    url = element.get(attribute) if attribute else element.text
    schemes = ("http", "https", "mailto") if name == "uri" else ("http", "https")
    if url and (_iri_fault(url, absolute=True) or url.partition(":")[0].lower() not in schemes):
        yield f'"{url}" is no absolute {" or ".join(schemes)} address'


WORDS = etree.XPath("normalize-space()")
HOUSE_LAWS: dict[str, tuple[Rule, ...]] = {
    "feed": (_feed_laws,),
    "entry": (_entry_laws,),
    "source": (_source_laws,),
    "id": (_says_something,),
    "title": (_title_laws, _says_something),
    "subtitle": (_says_something,),
    "summary": (_says_something,),
    "rights": (_says_something,),
    "content": (_says_something, _reaches_the_web),
    "name": (_says_something,),
    "email": (_says_something,),
    "uri": (_says_something, _reaches_the_web),
    "icon": (_says_something, _reaches_the_web),
    "logo": (_says_something, _reaches_the_web),
    "generator": (_says_something, _reaches_the_web),
    "category": (_category_laws,),
    "link": (_reaches_the_web,),
}


# ---- what validators warn of


def warnings(document: bytes, address: str) -> list[str]:
    """What the W3C's validator warns of although RFC 4287 allows it, in a document published at `address`."""
    root = _root(document)
    return [root] if isinstance(root, str) else list(_warnings(root, address))


def _warnings(feed: Element, address: str) -> Iterator[str]:
    selves = [link.get("href") for link in _links(feed, "self")]
    if selves != [address]:
        yield f"the self link is {selves}, and the document is at {address}"
    titles = Counter(
        (entry.findtext(ATOM + "title"), entry.findtext(ATOM + "id")) for entry in feed.iter(ATOM + "entry")
    )
    for title, count in titles.items():
        if count > 1:
            yield f"{count} entries are called {title}"
    for entry in feed.iter(ATOM + "entry"):
        summary, content = entry.findtext(ATOM + "summary"), entry.findtext(ATOM + "content")
        if summary and summary == content:
            yield f"{entry.findtext(ATOM + 'id')} says the same in summary and content"


# ---- what a reader gets


def read_back(document: bytes) -> list[dict[str, object]]:
    """The entries as feedparser hands them to a reader, in the order of the document.

    Keys: id, title, link, enclosures (of href, type, length), source (of id, title, self; None without one),
    authors, published, updated (aware, or None), terms. What is missing is "" or [].
    """
    parsed = feedparser.parse(io.BytesIO(document), sanitize_html=False, resolve_relative_uris=False)
    return [_as_read(entry) for entry in parsed.entries]


def _as_read(entry: feedparser.FeedParserDict) -> dict[str, object]:
    enclosures = [link for link in entry.get("links", []) if link.get("rel") == "enclosure"]
    return {
        "id": entry.get("id", ""),
        "title": entry.get("title", ""),
        "link": entry.get("link", ""),
        "enclosures": [{key: link.get(key, "") for key in ("href", "type", "length")} for link in enclosures],
        "source": _source_as_read(entry.get("source")),
        "authors": [author.get("name", "") for author in entry.get("authors", [])],
        # The text, because the parsed times of feedparser have lost their fractions.
        "published": instant(str(dict.get(entry, "published", ""))),
        "updated": instant(str(dict.get(entry, "updated", ""))),
        "terms": [tag.get("term", "") for tag in entry.get("tags", [])],
    }


def _source_as_read(source: feedparser.FeedParserDict | None) -> dict[str, str] | None:
    if source is None:
        return None
    selves = [link.get("href", "") for link in source.get("links", []) if link.get("rel") == "self"]
    return {"id": source.get("id", ""), "title": source.get("title", ""), "self": next(iter(selves), "")}
