"""What tells the story of an entry from others: its address, its title and how its text begins, as a few hashes."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from operator import itemgetter
from struct import Struct
from zlib import crc32

from rensa import RMinHash

from aggregator.clean.addresses import canonical
from aggregator.clean.headlines import DENSE, WORD, Headline, folded_name, headline
from aggregator.model import Entry, Signature

TAGS = re.compile(r"<[^>]*>")
# ASCII with what printers use beside it, none of which is part of a word in any form; the underscore would be one.
TYPESET = re.compile("[\x00-\x5e\x60-\x7f\xa0\xa9\xab\xae\xb7\xbb\u2009-\u2026\u20ac]*+")
# One pass makes such text comparable: lower case, and blanks for all that is no letter and no digit.
_COMPARABLE = bytes(ord(chr(code).lower()) if chr(code).isalnum() else 32 for code in range(128)) + bytes(128)
# One pass leaves nothing but numbers, and blanks between them; "1,200.50" is one.
_NUMBERS = bytes(code if chr(code).isdigit() else 32 for code in range(256))
READ = 1200  # characters of markup; a story is known by how it begins
READ_ON = 6 * READ  # where that is nothing but markup
MOST_WORDS, MOST_LETTERS = 100, 240
LETTERS_IN_A_SHINGLE = 4  # where words have no blanks between them; else three words make one
_SHINGLES = itemgetter(*(slice(at, at + LETTERS_IN_A_SHINGLE) for at in range(MOST_LETTERS - LETTERS_IN_A_SHINGLE + 1)))
SLOTS, SEED = 64, 1  # of the MinHash; another number or seed makes all signatures kept so far worthless
# Each band has a salt, so that the marks of one are not those of another.
_SALT = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93)
ENOUGH_TEXT = 24  # shingles, for a text to be evidence by itself


@dataclass(frozen=True, slots=True)
class Traits:
    """What a signature says, hashed; 0 stands for nothing. `slots` are 16 bits of each slot of the MinHash."""

    address: int
    host: int
    title: int
    tail: int
    telling: bool
    shingles: int
    words: frozenset[int]
    numbers: frozenset[int]
    amounts: frozenset[int]
    slots: tuple[int, ...]


def signature(entry: Entry) -> Signature:
    """What tells the story of an entry from others, for the store to find and compare."""
    place = canonical(entry.link)
    origin = entry.origin
    address = "" if place.address and place.address == _home(origin.html_url or "") else place.address
    said = headline(entry.title, _names(origin.title, place.host))
    shingles, amounts = _text(entry.content if len(entry.content) > len(entry.summary) else entry.summary)
    sketch = _sketch(shingles)
    page, title = _hash("a", address), _hash("t", said.key)
    bands = _bands(sketch) if len(shingles) >= ENOUGH_TEXT else ()
    marks = tuple(mark for mark in (page, title, *bands) if mark)
    return Signature(marks, _packed(page, title, place.host, said, len(shingles), amounts, sketch))


@lru_cache(512)
def _home(url: str) -> str:
    return canonical(url).address


@lru_cache(512)
def _names(title: str, host: str) -> tuple[str, ...]:
    """How the site may call itself behind a title."""
    labels = host.split(".")
    short = labels[-2] if len(labels) > 1 else host
    return tuple(filter(None, (folded_name(title), host, short)))


def _text(markup: str) -> tuple[list[str], list[str]]:
    """The shingles of how a text begins, and the numbers in it."""
    text = _plain(markup, READ)
    if len(text) < READ // 8 and len(markup) > READ:
        text = _plain(markup, READ_ON)[:READ]
    if text.isascii() or TYPESET.fullmatch(text):
        words = text.encode("ascii", "replace").translate(_COMPARABLE).decode().split(maxsplit=MOST_WORDS)
    else:
        if len("".join(DENSE.findall(text[:MOST_LETTERS]))) * 4 > len(text[:MOST_LETTERS]):
            return _dense(text[: 3 * MOST_LETTERS // 2])
        words = WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    del words[MOST_WORDS:]
    return list(map(" ".join, zip(words, words[1:], words[2:], strict=False))), _numbers(text)


def _dense(text: str) -> tuple[list[str], list[str]]:
    """As `_text`, in a script without blanks between words: letters in a row are its shingles."""
    run = unicodedata.normalize("NFKC", "".join(WORD.findall(text))).casefold()[:MOST_LETTERS]
    return list(_SHINGLES(run)[: max(len(run) - LETTERS_IN_A_SHINGLE + 1, 0)]), _numbers(run)


def _numbers(text: str) -> list[str]:
    return text.encode("ascii", "replace").translate(_NUMBERS, b".,:").decode().split()


def _plain(markup: str, most: int) -> str:
    """The text of sanitised markup as far as it is read, without half a tag at its end."""
    beginning = markup[:most]
    if len(markup) > most and (opened := beginning.rfind("<")) > beginning.rfind(">"):
        beginning = beginning[:opened]
    return TAGS.sub(" ", beginning).replace("&nbsp;", " ").replace("&amp;", " ")


def _sketch(shingles: list[str]) -> list[int]:
    """The MinHash of the shingles: in how many slots two agree estimates how much the sets have in common."""
    if not shingles:
        return []
    sketch = RMinHash(SLOTS, SEED)
    sketch.update(shingles)
    digest: list[int] = sketch.digest()
    return digest


def _bands(sketch: list[int]) -> list[int]:
    """Marks of which two texts as alike as `NEARLY_ALIKE` mostly share one: each stands for two slots at once."""
    pairs = zip(_SALT, sketch[::2], sketch[1::2], strict=False)
    return [((one << 32 | other) ^ salt) - 2**63 for salt, one, other in pairs]


def _hash(kind: str, text: str) -> int:
    """64 bits, signed, as databases keep integers; 0 for nothing."""
    digest = hashlib.blake2b(f"{kind}:{text}".encode(), digest_size=8).digest() if text else b""
    return int.from_bytes(digest, "little", signed=True)


# ---------------------------------------------------------------- as bytes

_HEAD = Struct("<qqII?HBBB")
_SHORT = {count: Struct(f"<{count}H") for count in range(256)}
MOST_TITLE_WORDS, MOST_NUMBERS = 48, 12


def _packed(
    page: int, title: int, host: str, said: Headline, count: int, amounts: list[str], sketch: list[int]
) -> bytes:
    words = _short(said.words, MOST_TITLE_WORDS)
    numbers, figures = _short(said.numbers, MOST_NUMBERS), _short(amounts, MOST_NUMBERS)
    head = _HEAD.pack(
        page,
        title,
        crc32(host.encode()) if host else 0,
        crc32(said.tail.encode()) if said.tail else 0,
        said.telling,
        min(count, 0xFFFF),
        len(words),
        len(numbers),
        len(figures),
    )
    parts = [*words, *numbers, *figures, *[slot & 0xFFFF for slot in sketch]]
    return head + _SHORT[len(parts)].pack(*parts)


def _short(words: list[str] | tuple[str, ...], most: int) -> list[int]:
    return [crc32(word.encode()) & 0xFFFF for word in islice(dict.fromkeys(words), most)]


def traits(packed: bytes) -> Traits:
    """What a signature says."""
    address, title, host, tail, telling, shingles, *counts = _HEAD.unpack_from(packed)
    size = (len(packed) - _HEAD.size) // 2
    parts = iter(_SHORT[size].unpack_from(packed, _HEAD.size))
    words, numbers, amounts = (frozenset(islice(parts, count)) for count in counts)
    return Traits(address, host, title, tail, telling, shingles, words, numbers, amounts, tuple(parts))
