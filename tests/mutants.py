"""Spoils documents in the ways that the web does, and in some that only an enemy would; the same way every time."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

LONGEST = 1_000_000  # bytes of a mutant; more is no new kind of trouble

Spoil = Callable[[random.Random, bytes, bytes], bytes]

TAG = re.compile(rb"</?[A-Za-z_][\w:.-]*[^<>]*>")
NAME = re.compile(rb"(?<=[</])[A-Za-z_][\w:.-]*")
VALUE = re.compile(rb"=\s*(\"[^\"<>]*\"|'[^'<>]*')")
WORDS = re.compile(rb">([^<>]+)<")
DIGITS = re.compile(rb"[0-9]+")
CODECS = ("utf-16", "utf-16-be", "utf-32", "gb18030", "big5", "shift_jis", "latin-1", "cp1251", "utf-7", "hz", "cp037")
NAMES = (
    b"item entry channel feed rss rdf:RDF title link guid id author name email uri pubDate updated published category "
    b"enclosure source content summary description image url item:item a:entry content:encoded dc:creator dc:date "
    b"media:content media:group itunes:author xhtml:div div svg math script textarea CHANNEL ITEM HREF _ x:y:z"
).split()
NAMESPACES = (
    b"http://www.w3.org/2005/Atom",
    b"http://purl.org/atom/ns#",
    b"http://purl.org/rss/1.0/",
    b"http://www.w3.org/1999/xhtml",
    b"http://www.w3.org/2000/svg",
    b"http://www.w3.org/XML/1998/namespace",
    b"http://search.yahoo.com/mrss/",
    b"urn:nobody",
    b"",
)
NUMBERS = (b"0", b"-1", b"9" * 400, b"9" * 5000, b"1e999", b"0x7fffffff", b"2147483648", b"99999", b"NaN", b"\xd9\xa3")
ENTITIES = (
    b"&nbsp;",
    b"&bogus;",
    b"&#0;",
    b"&#xFFFE;",
    b"&#xD800;",
    b"&#x110000;",
    b"&#99999999999999999999;",
    b"&",
    b"&amp;amp;lt;",
    b"&lt;![CDATA[",
    b"]]>",
    b"<![CDATA[",
    b"<!--",
    b"-->",
    b"<?x",
    b"%x;",
)
DECLARED = (
    b'<!DOCTYPE x [<!ENTITY a "b"><!ENTITY nbsp "&#60;script>">]>',
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY nbsp "&b;&b;&b;&b;&b;">]>',
    b'<!DOCTYPE x [<!ENTITY nbsp SYSTEM "file:///etc/passwd">]>',
    b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    b'<!DOCTYPE x [<!ENTITY nbsp "&nbsp;">]>',
    b'<?xml-stylesheet href="x"?>',
    b"<!DOCTYPE html>",
)
HOSTILE = (
    b"javascript:alert(1)",
    b"&#106;ava\tscript:alert(1)",
    b"data:text/html,&lt;script&gt;x&lt;/script&gt;",
    b"//evil.example\\@x",
    b"http://[::1",
    b"http://u:p@x.example/",
    b"https://x.example:99999/",
    b"file:///etc/passwd",
    b"../../..",
    b"",
    b" ",
    b"\xe2\x80\xae\xe2\x81\xa6txt.exe",
    b"\xed\xa0\x80\xef\xbf\xbe",
    b"&lt;img src=x onerror=alert(1)&gt;",
    b"&lt;svg&gt;&lt;style&gt;&lt;!--&lt;/style&gt;&lt;img src=x onerror=x&gt;--&gt;",
    b"&lt;math&gt;&lt;mtext&gt;&lt;table&gt;&lt;mglyph&gt;&lt;style&gt;&lt;!--&lt;/style&gt;&lt;img title='--&amp;gt;"
    b"&amp;lt;img src=1 onerror=alert(1)&amp;gt;'&gt;",
    b"a@b.example (" + b"(" * 300,
    b"x" * 20_000,
    b"Mon, 99 Foo 0000 99:99:99 +9999",
    b"9999-12-31T23:59:59-23:59",
    b"0001-01-01T00:00:00+23:59",
    b"2024-02-30T24:61:61Z",
    b"text/html; charset=hex",
    b"zh_Hans-CN-x-private-",
)


def mutant(name: str, number: int, body: bytes, other: bytes) -> bytes:
    """The spoilt document number so many of `body`, which is called so; pieces of `other` may be in it."""
    dice = random.Random(f"{name} {number}")
    for _ in range(dice.randint(1, 4)):
        body = dice.choice(SPOILS)(dice, body, other)[:LONGEST]
    return body


def _piece(dice: random.Random, body: bytes, longest: int = 20_000) -> tuple[int, int]:
    """Where a piece of the body begins and ends; often at tags, because that is where parsers turn."""
    edges = [match.start() for match in TAG.finditer(body)] if dice.random() < 0.7 else []
    start = dice.choice(edges) if edges else dice.randint(0, len(body))
    near = [edge for edge in edges if start < edge <= start + longest]
    return start, dice.choice(near) if near else min(len(body), start + dice.randint(0, longest))


def _one_of(dice: random.Random, pattern: re.Pattern[bytes], body: bytes, group: int = 0) -> tuple[int, int]:
    """Where one match of the pattern stands; nowhere when there is none."""
    found = [match.span(group) for match in pattern.finditer(body)]
    return dice.choice(found) if found else (len(body), len(body))


def _cut_off(dice: random.Random, body: bytes, _other: bytes) -> bytes:
    return body[: _piece(dice, body)[0]]


def _cut_out(dice: random.Random, body: bytes, _other: bytes) -> bytes:
    start, end = _piece(dice, body)
    return body[:start] + body[end:]


def _splice(dice: random.Random, body: bytes, other: bytes) -> bytes:
    start, (here, there) = _piece(dice, body)[0], _piece(dice, other)
    return body[:start] + (other[here:] if dice.random() < 0.5 else other[here:there] + body[start:])


def _duplicate(dice: random.Random, body: bytes, _other: bytes) -> bytes:
    start, end = _piece(dice, body, 3000)
    return body[:start] + body[start:end] * dice.choice((2, 3, 50, 200)) + body[end:]


def _flip_bits(dice: random.Random, body: bytes, _other: bytes) -> bytes:
    flipped = bytearray(body)
    for _ in range(dice.randint(1, 30) if flipped else 0):
        flipped[dice.randrange(len(flipped))] ^= 1 << dice.randrange(8)
    return bytes(flipped)


def _swap_tags(dice: random.Random, body: bytes, _other: bytes) -> bytes:
    (a, b), (c, d) = sorted(_one_of(dice, TAG, body) for _ in range(2))
    return body if b > c else body[:a] + body[c:d] + body[b:c] + body[a:b] + body[d:]


def _rename(dice: random.Random, body: bytes, _other: bytes) -> bytes:
    start, end = _one_of(dice, NAME, body)
    old, new = body[start:end], dice.choice(NAMES)
    if dice.random() < 0.5 and old:
        return re.sub(rb"(?<=[</])" + re.escape(old) + rb"\b", new, body)
    return body[:start] + new + body[end:]


def _recode(dice: random.Random, body: bytes, _other: bytes) -> bytes:
    codec = dice.choice(CODECS)
    if dice.random() < 0.4:  # a lie
        return re.sub(rb"encoding\s*=\s*(['\"])[^'\"]*\1", b'encoding="%s"' % codec.encode(), body, count=1)
    start = dice.choice((0, 0, _piece(dice, body)[0]))  # or a change in mid-stream
    return body[:start] + body[start:].decode("utf-8", "replace").encode(codec, "ignore")


def _entities(dice: random.Random, body: bytes, _other: bytes) -> bytes:
    for _ in range(dice.randint(1, 5)):
        start, end = _one_of(dice, WORDS, body, 1)
        place = dice.randint(start, end)
        body = body[:place] + dice.choice(ENTITIES) + body[place:]
    if dice.random() < 0.5:
        end = body.find(b"?>") + 2 if b"?>" in body[:200] else 0
        body = body[:end] + dice.choice(DECLARED) + body[end:]
    return body


def _namespaces(dice: random.Random, body: bytes, _other: bytes) -> bytes:
    start, end = _one_of(dice, re.compile(rb"xmlns(:\w+)?\s*=\s*(\"[^\"]*\"|'[^']*')"), body)
    said = dice.choice((b"xmlns", b"xmlns:a", b"xmlns:dc", b"xml:base", b"xml:lang", b"xmlns:xml"))
    value = dice.choice(NAMESPACES + HOSTILE[:10])
    return body[:start] + dice.choice((b"", b"%s='%s'" % (said, value))) + body[end:]


def _numbers(dice: random.Random, body: bytes, _other: bytes) -> bytes:
    for _ in range(dice.randint(1, 5)):
        start, end = _one_of(dice, DIGITS, body)
        body = body[:start] + dice.choice(NUMBERS) + body[end:]
    return body


def _poison(dice: random.Random, body: bytes, _other: bytes) -> bytes:
    for _ in range(dice.randint(1, 5)):
        pattern = dice.choice((WORDS, VALUE))
        start, end = _one_of(dice, pattern, body, 1)
        said = dice.choice(HOSTILE)
        body = body[:start] + (b'"%s"' % said.replace(b'"', b"") if pattern is VALUE else said) + body[end:]
    return body


def _nest(dice: random.Random, body: bytes, _other: bytes) -> bytes:
    tag = b"<%s>" % dice.choice(NAMES)
    if dice.random() < 0.5:
        tag = tag.replace(b"<", b"&lt;").replace(b">", b"&gt;")
    start, _ = _piece(dice, body)
    return body[:start] + tag * dice.choice((3, 300, 5000)) + body[start:]


def _shout(dice: random.Random, body: bytes, _other: bytes) -> bytes:
    return NAME.sub(lambda match: match[0].upper() if dice.random() < 0.5 else match[0], body)


SPOILS: tuple[Spoil, ...] = (
    _cut_off,
    _cut_out,
    _splice,
    _duplicate,
    _flip_bits,
    _swap_tags,
    _rename,
    _recode,
    _entities,
    _namespaces,
    _numbers,
    _poison,
    _nest,
    _shout,
)
