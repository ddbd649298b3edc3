"""Dates in the words of many languages, said again in figures: "5 mars 2024 à 15h04", "令和6年3月5日 午後3時4分"."""

from __future__ import annotations

import re
import unicodedata

from aggregator.clean.calendar_words import MONTH_OF, WEEKDAY_WORDS

# The first year of an era, less one: the year 元 is the first.
ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867, "民國": 1911, "民国": 1911}
MORNING = "上午|早上|早晨|清晨|凌晨|午前|오전|새벽|아침"
AFTERNOON = "下午|中午|傍晚|晚上|晚间|夜间|午後|夜|오후|저녁|밤|정오"
# Day, day of the week, half of the day, time, and what follows, which is a zone or nothing.
EAST_ASIAN = re.compile(
    rf"""
    (?P<era>{"|".join(ERAS)})?\s*(?P<year>\d{{1,4}}|元)\s*(?:[年년]|(?P<mark>[-/.]))\s*
    (?P<month>\d{{1,2}})\s*[月월/.-]\s*(?P<day>\d{{1,2}})\s*(?:[日号號일.])?\s*
    (?:[(（]?\s*(?:(?:星期|礼拜|禮拜|周|週)[一二三四五六日天]|[月火水木金土日](?:曜日?)?|[월화수목금토일](?:요일)?)\s*[)）]?)?
    [\s,，]*
    (?P<half>{MORNING}|{AFTERNOON})?\s*
    (?:(?P<hour>\d{{1,2}})\s*(?:[:：]|[时時点點시]:?)\s*(?:(?P<minute>\d{{1,2}}|半)\s*[分분]?)?\s*
       (?:[:：]?(?P<second>\d{{1,2}})(?:[.,]\d+)?\s*[秒초]?)?)?
    \s*(?P<zone>.{{0,40}})
    """,
    re.VERBOSE,
)
IDEOGRAPHS = re.compile("[\u3400-\u9fff\uac00-\ud7a3]")
# What stands before a date that was copied from the page.
LABEL = re.compile(
    r"(?:发布|發布|發佈|发表|發表|更新|公開|投稿|掲載|配信|작성|등록|입력|수정)"
    r"[^\d:：]{0,5}[:：]?\s*(?=[\d令平昭民二一])"
)
NUMERALS = re.compile(r"[〇零○一二三四五六七八九十廿]+(?=\s*[年月日号號时時点點分秒])")
FIGURES = {numeral: value for value, numerals in enumerate(["〇零○", *"一二三四五六七八九"]) for numeral in numerals}
# Words around a date that say nothing about which it is.
_FILLERS = """
de del of the do da di le la las los el den der dem des um uhr at à a alle ore ora às as h kl klo klokken o v w dnia
godz в у г р года году год року рік часов час uur om on ob feira klukkan m d ngày năm lúc ve saat em os στις ώρα τις
"""
FILLERS = frozenset(_FILLERS.split())
AM, PM = frozenset({"am", "пп", "πμ", "öö", "ص"}), frozenset({"pm", "μμ", "ös", "م"})
DOTTED_HALF = re.compile(r"(?<![^\W\d_])([ap])\.?\s?m\.?(?![^\W\d_])", re.IGNORECASE)
GREEK_HALF = re.compile(r"([πμ])\.\s?μ\.")
ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|er|re|º|ª|°|e|-?го|-?е)(?![^\W\d_])", re.IGNORECASE)
HOUR_WORD = re.compile(
    r"(?<![\d:.])(\d{1,2})(?:\.(\d{2}))?\s?(?:h|uhr)\s?(\d{2})?(?:\s?(?:min|m)\b)?(?![^\W\d_])", re.IGNORECASE
)
DOTTED_CLOCK = re.compile(r"(?<![\d.])(\d{1,2})\.(\d{2})(?:\.(\d{2}))?(?![\d.])")
VIETNAMESE = re.compile(r"(\d{1,2})\s+tháng\s+(\d{1,2})(?:\s*,)?\s+(?:năm\s+)?(\d{4})", re.IGNORECASE)
THAI = re.compile("[\u0e01-\u0e3a]")
BUDDHIST_YEAR = re.compile(r"(?<!\d)2[45]\d\d(?!\d)")
YEARS_AHEAD = 543  # of the Buddhist era
WORD = re.compile(r"[^\s\d,;:/()|·•–—+.-][^\s\d,;:/()|·•–—+-]*")
ENGLISH = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905  (a list to be read)


def in_figures(text: str) -> str | None:
    """The date with its month as a number or in English, without what says nothing; None where that is no news.

    Meant for what reads such dates; it is not said that the text is one.
    """
    if not text.isascii():
        text = _ascii_digits(text)
        if IDEOGRAPHS.search(text):
            return _east_asian(text)
    return _in_english(text)


def _ascii_digits(text: str) -> str:
    """Digits of any script as ASCII, and wide punctuation narrow."""
    return "".join(_narrow(character) if character > "\x7f" else character for character in text)


def _narrow(character: str) -> str:
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    return chr(ord(character) - 0xFEE0) if "\uff01" <= character <= "\uff5e" else character


def _east_asian(text: str) -> str | None:
    """A date of Chinese, Japanese or Korean form, in the form of ISO 8601; a zone stands behind it as it was."""
    text = NUMERALS.sub(lambda match: _number(match[0]), LABEL.sub("", text, count=1).strip())
    match = EAST_ASIAN.fullmatch(text)
    if match is None:
        return None
    year = 1 if match["year"] == "元" else int(match["year"])
    if match["era"]:
        year += ERAS[match["era"]]
    elif len(match["year"]) < 4:
        return None  # 24年 is 2024 in China, 2012 in Japan, and 2035 in Taiwan
    day = f"{year:04}-{int(match['month']):02}-{int(match['day']):02}"
    zone = _zone(match["zone"])
    if zone is None:
        return None
    if match["hour"] is None:
        return None if match["half"] or zone else day
    hour = int(match["hour"])
    half = match["half"]
    if half and re.fullmatch(AFTERNOON, half) and hour < 12:
        hour += 0 if half in ("夜", "晚上", "夜间", "밤") and hour < 5 else 12
    elif half and re.fullmatch(MORNING, half) and hour == 12:
        hour = 0
    minute = 30 if match["minute"] == "半" else int(match["minute"] or 0)
    return f"{day} {hour:02}:{minute:02}:{int(match['second'] or 0):02}{zone}"


def _zone(text: str) -> str | None:
    """The zone behind a time, as it may stand behind one in figures; None where something else stands there."""
    text = text.strip(" ()（）[]")
    if not text:
        return ""
    named = {
        "北京时间": "+08:00",
        "北京時間": "+08:00",
        "台北時間": "+08:00",
        "日本時間": "+09:00",
        "한국시간": "+09:00",
    }
    if text in named:
        return named[text]
    return f" {text}" if text.isascii() and re.fullmatch(r"[A-Za-z]{0,5}\s?(?:[+-]\d\d?:?(?:\d\d)?)?", text) else None


def _number(numerals: str) -> str:
    """A number in Chinese numerals, as figures: place by place ("二〇二四"), or with tens ("二十一")."""
    numerals = numerals.replace("廿", "二十")
    if "十" not in numerals:
        return "".join(str(FIGURES[numeral]) for numeral in numerals)
    tens, _, ones = numerals.partition("十")
    if not FIGURES.keys() >= {*tens, *ones} or len(tens) > 1 or len(ones) > 1:
        return numerals  # no number
    return str(10 * (FIGURES[tens] if tens else 1) + (FIGURES[ones] if ones else 0))


def _in_english(text: str) -> str | None:
    """A date with a month by name in any language, that name in English and no other word but a zone."""
    folded = VIETNAMESE.sub(r"\3-\2-\1", text.casefold().replace("i̇", "i"))
    folded = GREEK_HALF.sub(lambda match: " am " if match[1] == "π" else " pm ", folded)
    folded = ORDINAL.sub("", DOTTED_HALF.sub(r" \1m ", folded))
    folded = HOUR_WORD.sub(lambda match: f" {match[1]}:{match[2] or match[3] or '00'} ", folded)
    words = [(match, match[0].strip(".'’")) for match in WORD.finditer(folded)]
    months = [match for match, word in words if word in MONTH_OF]
    while len(months) > 1 and months[0][0].strip(".'’") in WEEKDAY_WORDS:
        months.pop(0)  # "mar. 5 mars": a Tuesday
    if len(months) > 1:
        return None
    pieces, end = [], 0
    for match, word in words:
        pieces.append(folded[end : match.start()])
        pieces.append(_english(word, match in months))
        end = match.end()
    said = "".join((*pieces, folded[end:]))
    if months:
        said = DOTTED_CLOCK.sub(lambda match: f"{match[1]}:{match[2]}:{match[3] or '00'}", said)
        if THAI.search(months[0][0]):
            said = BUDDHIST_YEAR.sub(lambda match: str(int(match[0]) - YEARS_AHEAD), said)
    return " ".join(said.replace(",", " ").split())


def _english(word: str, is_month: bool) -> str:
    """What an English reader of dates knows instead of a word."""
    if is_month:
        return f" {ENGLISH[MONTH_OF[word] - 1]} "
    if word in AM or word in PM:
        return " am " if word in AM else " pm "
    if word in FILLERS or word in WEEKDAY_WORDS or not word:
        return " "
    return "MSK" if word == "мск" else word.upper()  # mostly a zone
