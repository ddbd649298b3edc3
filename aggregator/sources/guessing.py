"""Which encoding text is in that says nothing of it, or something that cannot be: the one in which it reads best.

In two bytes a character, the one in which nearly all characters are common ones; in one byte, the one in which all are
letters of one script, written as people write, in a language that a model knows again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from aggregator.clean.language import probability

# Of two bytes a character, and where in a table of each language the common characters stand: sorted by how common they
# are, which is how these tables are made. By first byte.
# Korean first: all of its common letters are common in Chinese too, but hardly the other way round.
WIDE = {
    "cp949": ("euc_kr", 0xB0, 0xC8),
    "gb18030": ("gb2312", 0xB0, 0xD7),
    "big5hkscs": ("big5", 0xA4, 0xC6),
    "euc_jp": ("euc_jp", 0xB0, 0xCF),
    "cp932": ("euc_jp", 0xB0, 0xCF),
}
_CYRILLIC = ("cp1251", "koi8_r", "koi8_u", "iso8859_5", "cp866")
_CENTRAL = ("cp1250", "iso8859_2")
NARROW = (
    *(*_CYRILLIC, "cp1252", *_CENTRAL, "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
    "cp874",
)
# What a language is written in, where it is not UTF-8; a title or two are too short to tell by their letters alone.
WRITTEN_IN = {
    "zh": ("gb18030", "big5hkscs"),
    "ja": ("euc_jp", "cp932"),
    "ko": ("cp949",),
    **dict.fromkeys(("ru", "uk", "be", "bg", "sr", "mk"), _CYRILLIC),
    **dict.fromkeys(("pl", "cs", "sk", "hu", "sl", "hr", "ro", "sq"), _CENTRAL),
    **dict.fromkeys(("fr", "de", "es", "it", "pt", "nl", "sv", "da", "no", "nb", "fi", "is", "ca"), ("cp1252",)),
    **dict.fromkeys(("lt", "lv", "et"), ("cp1257",)),
    "el": ("cp1253",),
    "tr": ("cp1254",),
    "he": ("cp1255",),
    **dict.fromkeys(("ar", "fa", "ur"), ("cp1256",)),
    "vi": ("cp1258",),
    "th": ("cp874",),
}
KANA = re.compile("[\u3041-\u30fa\u30fc]")
MARK = re.compile("[，。、；：？！（）《》「」『』“”‘’—…·～　①-⑩]")
PUNCTUATION = frozenset("«»“”„‘’‚–—…€°§©®·№\xa0\xad¿¡")
SCRIPTS = tuple(
    re.compile(f"[{letters}]")
    for letters in (
        *(
            "\u00c0-\u024f\u1ea0-\u1ef9\u0300-\u036f",
            "\u0400-\u04ff",
            "\u0370-\u03ff",
            "\u0590-\u05ff",
            "\u0600-\u06ff",
        ),
        "\u0e00-\u0e7f",
    )
)
# "пРЕЗИДЕНТ": a capital behind a small letter, as one encoding of Cyrillic looks when it is read as the other.
# So looks a Thai vowel that stands on nothing, or a Thai figure in a word.
MISPLACED = re.compile(
    r"[a-zа-яё\u00df-\u00ff\u03ac-\u03ce][A-ZА-ЯЁ\u00c0-\u00de\u0386-\u03ab]"
    r"|(?<![\u0e01-\u0e2e\u0e31\u0e34-\u0e3a\u0e47-\u0e4e])[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]"
    r"|[\u0e01-\u0e4e][\u0e4f-\u0e5b]"
    r"|[A-Za-z][\u0370-\u0e7f]|[\u0370-\u0e7f][A-Za-z]"  # two scripts in one word
)
# Letters with accents stand among plain ones; a word of nothing else is of another script.
ALL_ACCENTS = re.compile("[\u00c0-\u024f]{4,}")
# A letter of these amid Latin ones is rare even where it is used: mostly it is another letter, read wrongly.
RARE = re.compile(
    "[\u0110\u0111\u00d0\u00f0\u00de\u00fe\u0162\u0163\u0122\u0123\u013b\u013c\u0145\u0146\u0156\u0157\u00d7\u00f7]"
)
# What is rarer has to read better by so much: of Latin letters most are those of Western Europe.
LESS_COMMON = dict.fromkeys(("cp1250", "iso8859_2", "cp1254", "cp1257", "cp1258"), 0.9)
LESS_COMMON |= {"iso8859_5": 0.85, "cp866": 0.85}
CONVINCING, HOPELESS = 0.8, 0.5
LEAST = 4  # characters that are not ASCII, to belie what is declared


def likeliest(sample: bytes, language: str) -> str | None:
    """The encoding in which the sample reads best, of those its language (two letters, or "") is written in when there
    are any; None when it does in none."""
    candidates = WRITTEN_IN.get(language, (*WIDE, *NARROW))
    scores = {codec: score(sample, codec) for codec in candidates}
    best = max(scores, key=lambda codec: scores[codec])
    return best if scores[best] > 0 else None


def belied(sample: bytes, declared: str) -> str | None:
    """The encoding in which the sample reads far better than in the declared one, or None."""
    if sum(byte > 0x7F for byte in sample) < LEAST or score(sample, declared) >= HOPELESS:
        return None
    best = likeliest(sample, "")
    return best if best and best != declared and score(sample, best) >= CONVINCING else None


def score(sample: bytes, codec: str) -> float:
    """How well the sample reads in an encoding, from 0 (not at all) to 1."""
    try:
        text = sample.decode(codec)
    except UnicodeError:
        # The end may be cut within a character, no more.
        text = sample.decode(codec, "replace")
        if text.count("\ufffd") > 1 + len(text) // 200:
            return 0.0
    high = [character for character in text if character > "\x7f"]
    if not high:
        return 0.0
    if codec not in WIDE:
        return _narrow_score(text, high) * LESS_COMMON.get(codec, 1.0)
    # Korean has blanks between its words.
    return _wide_score(high, codec) * (0.95 if codec == "cp949" and " " not in text else 1.0)


def _wide_score(high: Iterable[str], codec: str) -> float:
    """The share of common characters; Japanese is not without kana."""
    table, first, last = WIDE[codec]
    common = kana = total = 0
    for character in high:
        total += 1
        if KANA.match(character):
            kana += 1
        elif MARK.match(character):
            common += 1
        else:
            lead = character.encode(table, "ignore")[:1]
            common += bool(lead) and first <= lead[0] <= last
    if table == "euc_jp":
        return (common + kana) / total * (1.0 if kana * 10 >= total else 0.5)
    return common / total


def _narrow_score(text: str, high: list[str]) -> float:
    """The share of letters of one script, lessened by those that nobody writes so, times what the model thinks."""
    joined = "".join(high)
    letters = max(len(script.findall(joined)) for script in SCRIPTS)
    marks = sum(character in PUNCTUATION for character in high)
    if not letters and not marks:
        return 0.0
    odd = len(MISPLACED.findall(text)) + len(RARE.findall(joined)) + sum(map(len, ALL_ACCENTS.findall(text)))
    share = max((letters + marks - odd) / len(high), 0.0)
    return share**2 * (0.5 + 0.5 * probability(text))
