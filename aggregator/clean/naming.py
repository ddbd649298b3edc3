"""Which categories an entry stands in by its own words, and how a name in any script is spelt in an address."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection

from anyascii import anyascii

from aggregator.clean.rules import FIELDS
from aggregator.clean.slugs import SLUG, slugify
from aggregator.model import EVERYTHING, Entry, Source, Spelling

LONGEST = 60
HAN = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]+")
UNMAPPED = "*"


def homes(source: Source, entry: Entry) -> tuple[str, ...]:
    """The slugs under which the config puts an entry: those of its source, then those its terms are mapped to.

    What `category_map` gives for "*" is for entries of which it maps no term.
    """
    if not source.category_map:
        return source.categories
    wanted = dict(source.category_map)
    mapped = [slug for name in FIELDS["categories"](entry) for slug in wanted.get(folded(name), ())]
    return tuple(dict.fromkeys((*source.categories, *(mapped or wanted.get(UNMAPPED, ())))))


def names(source: Source, entry: Entry) -> dict[str, Spelling]:
    """The categories that an entry names itself, where its source lets it, and how each is spelt; none is mapped."""
    mapped = {name for name, _ in source.category_map}
    found: dict[str, tuple[str, Spelling]] = {}
    for rule in source.naming:
        said = dict.fromkeys(text for text in FIELDS[rule.field](entry) if text and folded(text) not in mapped)
        for name in list(said)[: rule.most]:
            found.setdefault(folded(name), (name, rule.spelling))
    return dict(found.values())


def folded(name: str) -> str:
    """What the spellings of one name have in common: "Big Data", "big-data" and "ＢＩＧ　ＤＡＴＡ"."""
    return re.sub(r"[\s_-]+", "-", unicodedata.normalize("NFKC", name).casefold().strip())


def spelt(name: str, spelling: Spelling) -> str:
    """The name in a-z, 0-9 and hyphens, never empty: Chinese in pinyin without gaps, other scripts transliterated.

    `ascii` transliterates Chinese too, letter by letter.
    """
    text = unicodedata.normalize("NFKC", name)
    if spelling == "pinyin":
        text = HAN.sub(lambda match: _pinyin(match[0]), text)
    slug = slugify(anyascii(text))
    if len(slug) > LONGEST:
        slug = f"{slug[: LONGEST - 7].strip('-')}-{_mark(name)}"
    return slug or f"category-{_mark(name)}"


def unused(slug: str, name: str, taken: Collection[str]) -> str:
    """The slug, or where another name has it already, the slug with a mark that comes of the name alone."""
    if slug not in taken and slug != EVERYTHING:
        return slug
    marked = f"{slug[: LONGEST - 7].strip('-')}-{_mark(name)}"
    assert SLUG.fullmatch(marked)
    return marked


def _mark(name: str) -> str:
    return hashlib.blake2b(folded(name).encode(), digest_size=3).hexdigest()


def _pinyin(text: str) -> str:
    """Chinese in pinyin, polyphones by the words they stand in: 重庆 is chongqing."""
    from pypinyin import lazy_pinyin  # its dictionaries take 0.15 s and 30 MB, which most sites never need

    return "".join(lazy_pinyin(text))
