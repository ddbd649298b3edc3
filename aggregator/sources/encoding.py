"""From the bytes of an XML document to its text, whatever it or its server says about the encoding.

The order is that of the strength of the evidence: a byte order mark, text that is valid UTF-8, what is declared by
HTTP and by the document (as long as the bytes agree), and last a guess. RFC 7303 §3 lets HTTP win, but servers set
one charset for everything, and hardly any text in another encoding is valid UTF-8 by chance.
"""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from aggregator.sources.guessing import belied, likeliest

# Labels that stand, in the wild, for a superset of what they name (WHATWG Encoding Standard §4.2).
SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "gb_2312-80": "gb18030",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "cp950": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "euc-kr": "cp949",
    "euckr": "cp949",
    "ks_c_5601-1987": "cp949",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-9": "cp1254",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "iso-8859-11": "cp874",
    "hz-gb-2312": "hz",
    "iso-2022-jp": "iso2022_jp_ext",
    "x-mac-cyrillic": "mac_cyrillic",
    "utf8": "utf-8",
    "unicode": "utf-8",
}
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# The first character of a document without a mark (XML 1.0, appendix F): "<", in an encoding of wide units.
WIDE_STARTS = (
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00<", "utf-16-be"),
    (b"<\x00", "utf-16-le"),
)
SEVEN_BIT = (
    (b"\x1b$)C", "iso2022_kr"),
    (b"\x1b$", "iso2022_jp_ext"),
    (b"\x1b(", "iso2022_jp_ext"),
    (b"~{", "hz"),
)
HTTP_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]+)", re.IGNORECASE)
XML_ENCODING = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._:-]+)[\"']")
LANGUAGE = re.compile(rb"(?:\bxml:lang\s*=\s*[\"']|<(?:dc:)?language>\s*(?:<!\[CDATA\[)?\s*)([a-zA-Z]{2})(?![a-zA-Z])")
HIGH_RUN = re.compile(rb"[^\n<>]*[\x80-\xff][^\n<>]*")
ENOUGH_TO_GUESS = 3_000
# A damaged character or two among many good ones does not make a document less UTF-8.
TOLERATED = 0.02


def decode(body: bytes, content_type: str) -> tuple[str, list[str]]:
    """The text of `body`, and what had to be survived to get it; never raises."""
    for mark, codec in MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace"), []
    for start, codec in WIDE_STARTS:
        if body.startswith(start):
            return body.decode(codec, "replace"), []
    declared = _declared(body, content_type)
    seven_bit = _seven_bit(body)
    if seven_bit is not None:
        return seven_bit, []
    text = _strict(body, "utf-8")
    if text is not None:
        return text, []
    # Any bytes are text in an encoding of single bytes: one that could have been refuted by them is asked first.
    for codec in sorted(declared, key=_takes_anything):
        text = _strict(body, codec)
        if text is not None:
            better = belied(_high(body), codec) if _takes_anything(codec) else None
            return (body.decode(better, "replace"), [f"no {codec}; read as {better}"]) if better else (text, [])
    lenient = body.decode("utf-8", "replace")
    damaged = lenient.count("\ufffd")
    if damaged <= TOLERATED * sum(character > "\x7f" for character in lenient):
        return lenient, [f"{damaged} damaged characters in UTF-8 text"]
    return _guess(body, declared)


def _declared(body: bytes, content_type: str) -> list[str]:
    """The codecs that HTTP and the document name, each once, the ones Python does not know left out."""
    http, xml = HTTP_CHARSET.search(content_type), XML_ENCODING.search(body[:1024])
    labels = [match[1] for match in (http,) if match] + [match[1].decode("ascii") for match in (xml,) if match]
    codecs_found = []
    for label in dict.fromkeys(label.lower() for label in labels):
        codec = SUPERSETS.get(label, label)
        try:
            "<".encode(codec)  # known, and of text: Python has one called "hex"
            codecs_found.append(codecs.lookup(codec).name)
        except (LookupError, UnicodeError):
            continue
    return codecs_found


def _seven_bit(body: bytes) -> str | None:
    """Text that shifts between character sets with ASCII bytes alone, and so looks like valid UTF-8."""
    if not body.isascii():
        return None
    for escape, codec in SEVEN_BIT:
        if escape in body:
            text = _strict(body, codec)
            if text is not None and not text.isascii():
                return text
    return None


def _strict(body: bytes, codec: str) -> str | None:
    try:
        return body.decode(codec)
    except (UnicodeError, LookupError):  # LookupError: a codec that makes no text, such as hex
        return None


def _takes_anything(codec: str) -> bool:
    """Whether each byte is a character in this encoding, so that nearly any document fits it."""
    return len(b"\xe9\xe9".decode(codec, "replace")) == 2


def _guess(body: bytes, declared: list[str]) -> tuple[str, list[str]]:
    """By the language the document names, and by how the passages that are not ASCII read in each encoding.

    The markup around these would only dilute them.
    """
    sample = _high(body)
    language = LANGUAGE.search(body)
    codec = likeliest(sample, language[1].decode("ascii").lower() if language else "") or _statistical(sample)
    codec = codec or next((name for name in declared if name != "utf-8"), "cp1252")
    return body.decode(codec, "replace"), [f"no usable encoding declared; read as {codec}"]


def _high(body: bytes) -> bytes:
    """The passages that are not ASCII, as far as is enough to guess by."""
    return b"\n".join(HIGH_RUN.findall(body))[:ENOUGH_TO_GUESS]


def _statistical(sample: bytes) -> str | None:
    """The encoding in which the sample looks most like text to charset_normalizer, which knows of many more."""
    best = from_bytes(sample).best()
    if best is None:
        return None
    return SUPERSETS.get(best.encoding.replace("_", "-"), SUPERSETS.get(best.encoding, best.encoding))
