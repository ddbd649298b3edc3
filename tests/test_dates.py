"""What people write for a date, and the moment that they meant, or none: nothing is invented."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from feedparser import datetimes
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.clean.calendar_words import MONTH_OF, MONTHS, WEEKDAY_WORDS
from aggregator.clean.dates import settle
from aggregator.model import DateFound

# As written, the zone of the source, and the moment in UTC, to the second.
TABLE: list[tuple[str, str | None, str | None]] = [
    ("Tue, 05 Mar 2024 15:04:05 GMT", None, "2024-03-05 15:04:05"),
    ("Tue, 05 Mar 2024 15:04:05 +0800", None, "2024-03-05 07:04:05"),
    ("Tue, 5 Mar 2024 15:04 EST", None, "2024-03-05 20:04:00"),
    ("Mon, 05 Mar 2024 15:04:05 +0000", None, "2024-03-05 15:04:05"),
    ("Tue, 05 Mar 24 15:04:05 GMT", None, "2024-03-05 15:04:05"),
    ("05 Mar 99 15:04:05 GMT", None, "1999-03-05 15:04:05"),
    ("Tue, 05 March 2024 15:04:05 PST", None, "2024-03-05 23:04:05"),
    ("Tuesday, 05-Mar-24 15:04:05 GMT", None, "2024-03-05 15:04:05"),
    ("Tue Mar  5 15:04:05 2024", None, "2024-03-05 15:04:05"),
    ("Tue Mar 5 15:04:05 EST 2024", None, "2024-03-05 20:04:05"),
    ("Tue, 05 Mar 2024 15:04:05 Z", None, "2024-03-05 15:04:05"),
    ("Tue, 05 Mar 2024 15:04:05 UT", None, "2024-03-05 15:04:05"),
    ("Tue, 05 Mar 2024 15:04:05 CEST", None, "2024-03-05 13:04:05"),
    ("Tue, 05 Mar 2024 15:04:05 JST", None, "2024-03-05 06:04:05"),
    ("Tue, 05 Mar 2024 15:04:05 CST", "Asia/Shanghai", "2024-03-05 07:04:05"),
    ("Tue, 05 Mar 2024 15:04:05 CST", None, "2024-03-05 21:04:05"),
    ("Tue, 05 Mar 2024 15:04:05 IST", "Asia/Kolkata", "2024-03-05 09:34:05"),
    ("Tue, 05 Mar 2024 15:04:05 ET", None, "2024-03-05 20:04:05"),
    ("Fri, 05 Jul 2024 15:04:05 ET", None, "2024-07-05 19:04:05"),
    ("Fri, 05 Jul 2024 15:04:05 PT", None, "2024-07-05 22:04:05"),
    ("Tue, 05 Mar 2024 15:04:05 GMT+0800", None, "2024-03-05 07:04:05"),
    ("Tue, 05 Mar 2024 15:04:05 GMT+8", None, "2024-03-05 07:04:05"),
    ("Tue, 05 Mar 2024 15:04:05 UTC+8", None, "2024-03-05 07:04:05"),
    ("Tue Mar 05 2024 15:04:05 GMT+0800 (中国标准时间)", None, "2024-03-05 07:04:05"),
    ("Tue Mar 05 2024 15:04:05 GMT+0800 (China Standard Time)", None, "2024-03-05 07:04:05"),
    ("Tue Mar 05 2024 15:04:05 GMT+0100 (Mitteleuropäische Normalzeit)", None, "2024-03-05 14:04:05"),
    ("Tue, 05 Mar 2024 15:04:05 +0800 (CST)", None, "2024-03-05 07:04:05"),
    ("Tue, 05 Mar 2024 15:04:05 +0800 +0800", None, "2024-03-05 07:04:05"),
    ("Tue, 05 Mar 2024 15:04:05 +0800 GMT", None, "2024-03-05 07:04:05"),
    ("2024-03-05 15:04:05 +0800 CST", None, "2024-03-05 07:04:05"),
    ("2024-03-05 15:04:05.999 +0000 UTC m=+0.1", None, "2024-03-05 15:04:05"),
    ("2024-03-05T15:04:05+08:00 GMT", None, "2024-03-05 07:04:05"),
    ("2024-03-05 15:04 Europe/Berlin", None, "2024-03-05 14:04:00"),
    ("2024-07-05 15:04 Europe/Berlin", None, "2024-07-05 13:04:00"),
    ("2024-03-05T15:04:05+01:00[Europe/Berlin]", None, "2024-03-05 14:04:05"),
    ("2024-03-05T15:04:05Z", None, "2024-03-05 15:04:05"),
    ("2024-03-05T15:04:05.123456789Z", None, "2024-03-05 15:04:05"),
    ("2024-03-05T15:04:05", None, "2024-03-05 15:04:05"),
    ("2024-03-05T15:04:05", "America/New_York", "2024-03-05 20:04:05"),
    ("2024-07-05T15:04:05", "America/New_York", "2024-07-05 19:04:05"),
    ("2024-03-10T02:30:00", "America/New_York", "2024-03-10 07:30:00"),
    ("2024-11-03T01:30:00", "America/New_York", "2024-11-03 05:30:00"),
    ("2024-03-31 02:30", "Europe/Berlin", "2024-03-31 01:30:00"),
    ("2024-03-05", None, "2024-03-05 00:00:00"),
    ("2024-03-05", "Asia/Tokyo", "2024-03-04 15:00:00"),
    ("20240305", None, "2024-03-05 00:00:00"),
    ("20240305T150405Z", None, "2024-03-05 15:04:05"),
    ("202403051504", None, "2024-03-05 15:04:00"),
    ("2024-03", None, "2024-03-01 00:00:00"),
    ("2024", None, "2024-01-01 00:00:00"),
    ("1709651045", None, "2024-03-05 15:04:05"),
    ("1709651045000", None, "2024-03-05 15:04:05"),
    ("1709651045.5", None, "2024-03-05 15:04:05"),
    ("17096510", None, None),
    ("2024/03/05 15:04", None, "2024-03-05 15:04:00"),
    ("2024/3/5 3:04 PM", None, "2024-03-05 15:04:00"),
    ("3/5/2024 3:04 PM", None, None),
    ("03/25/2024", None, "2024-03-25 00:00:00"),
    ("25/03/2024 15:04", None, "2024-03-25 15:04:00"),
    ("5.3.2024 15:04", None, "2024-03-05 15:04:00"),
    ("05.03.2024, 15:04 Uhr", None, "2024-03-05 15:04:00"),
    ("March 5, 2024", None, "2024-03-05 00:00:00"),
    ("March 5, 2024 at 3:04 PM", None, "2024-03-05 15:04:00"),
    ("March 5th, 2024 3:04 pm EST", None, "2024-03-05 20:04:00"),
    ("5th March 2024", None, "2024-03-05 00:00:00"),
    ("Mar 5, 2024, 3:04:05 PM", None, "2024-03-05 15:04:05"),
    ("Mar. 5, 2024", None, "2024-03-05 00:00:00"),
    ("Sept. 5, 2024", None, "2024-09-05 00:00:00"),
    ("Tue, 05 Mar 2024 3:04 PM", None, "2024-03-05 15:04:00"),
    ("12:00 AM, 5 March 2024", None, "2024-03-05 00:00:00"),
    ("5 March 2024 12:30 AM", None, "2024-03-05 00:30:00"),
    ("2024年3月5日", None, "2024-03-05 00:00:00"),
    ("2024年3月5日 15:04", None, "2024-03-05 15:04:00"),
    ("2024年3月5日 下午3:04", None, "2024-03-05 15:04:00"),
    ("2024年3月5日 上午12:30", None, "2024-03-05 00:30:00"),
    ("2024年03月05日15时04分05秒", None, "2024-03-05 15:04:05"),
    ("2024年3月5日星期二 15:04", "Asia/Shanghai", "2024-03-05 07:04:00"),
    ("2024年3月5日（星期二）下午3点", None, "2024-03-05 15:00:00"),
    ("2024年3月5日 周二 晚上8点半", None, "2024-03-05 20:30:00"),
    ("2024-03-05 下午 3:04", None, "2024-03-05 15:04:00"),
    ("2024-03-05 星期二 15:04", None, "2024-03-05 15:04:00"),
    ("2024/3/5（星期二） 15:04", None, "2024-03-05 15:04:00"),
    ("二〇二四年三月五日", None, "2024-03-05 00:00:00"),
    ("二零二四年十二月二十一日 十五时", None, "2024-12-21 15:00:00"),
    ("发布时间：2024-03-05 10:00", None, "2024-03-05 10:00:00"),
    ("发布于 2024年3月5日", None, "2024-03-05 00:00:00"),
    ("2024年3月5日 15:04 北京时间", None, "2024-03-05 07:04:00"),
    ("2024年3月5日 15:04 GMT+8", None, "2024-03-05 07:04:00"),
    ("刚刚", None, None),
    ("3小时前", None, None),
    ("昨天 10:00", None, None),
    ("今天", None, None),
    ("3月5日 10:00", None, None),
    ("113年3月5日", None, None),
    ("民國113年3月5日", None, "2024-03-05 00:00:00"),
    ("24年3月5日", None, None),
    ("令和6年3月5日", None, "2024-03-05 00:00:00"),
    ("令和6年3月5日(火) 午後3時4分", None, "2024-03-05 15:04:00"),
    ("令和元年5月1日", None, "2019-05-01 00:00:00"),
    ("平成31年4月30日 23時59分", None, "2019-04-30 23:59:00"),
    ("2024年3月5日(火) 15:04", None, "2024-03-05 15:04:00"),
    ("2024年3月5日 午後3時", None, "2024-03-05 15:00:00"),
    ("2024年３月５日\u3000１５：０４", None, "2024-03-05 15:04:00"),
    ("2024. 3. 5. 오후 3:04", None, "2024-03-05 15:04:00"),
    ("2024년 3월 5일 오후 3:04", None, "2024-03-05 15:04:00"),
    ("2024년 3월 5일 (화) 오전 12:10", None, "2024-03-05 00:10:00"),
    ("2024년 3월 5일 15시 4분", None, "2024-03-05 15:04:00"),
    ("2024.03.05 15:04", None, "2024-03-05 15:04:00"),
    ("2024-03-05 (화) 15:04", None, "2024-03-05 15:04:00"),
    ("입력 2024.03.05 15:04", None, "2024-03-05 15:04:00"),
    ("5 марта 2024 г., 15:04", None, "2024-03-05 15:04:00"),
    ("5 марта 2024, 15:04", None, "2024-03-05 15:04:00"),
    ("05 мар 2024 15:04:05 +0300", None, "2024-03-05 12:04:05"),
    ("Вт, 05 мар 2024 15:04:05 +0300", None, "2024-03-05 12:04:05"),
    ("вторник, 5 марта 2024 г. в 15:04 МСК", None, "2024-03-05 12:04:00"),
    ("5 березня 2024 р. 15:04", None, "2024-03-05 15:04:00"),
    ("05.03.2024 15:04", None, "2024-03-05 15:04:00"),
    ("5 март 2024 г.", None, "2024-03-05 00:00:00"),
    ("5. März 2024", None, "2024-03-05 00:00:00"),
    ("Dienstag, 5. März 2024, 15:04 Uhr", None, "2024-03-05 15:04:00"),
    ("Di, 05 Mär 2024 15:04:05 +0100", None, "2024-03-05 14:04:05"),
    ("5. Mai 2024 15.04 Uhr", None, "2024-05-05 15:04:00"),
    ("Mi, 04 Dez 2024 10:00:00 +0100", None, "2024-12-04 09:00:00"),
    ("5. Jänner 2024", None, "2024-01-05 00:00:00"),
    ("mardi 5 mars 2024 à 15h04", None, "2024-03-05 15:04:00"),
    ("mar. 5 mars 2024 15:04", None, "2024-03-05 15:04:00"),
    ("le 1er août 2024", None, "2024-08-01 00:00:00"),
    ("7 déc. 2024 10:00", None, "2024-12-07 10:00:00"),
    ("15 fevrier 2024", None, "2024-02-15 00:00:00"),
    ("jeu., 01 févr. 2024 10:00:00 +0100", None, "2024-02-01 09:00:00"),
    ("martes, 5 de marzo de 2024, 15:04", None, "2024-03-05 15:04:00"),
    ("5 de agosto de 2024 a las 3:04 p. m.", None, "2024-08-05 15:04:00"),
    ("mié, 06 mar 2024 10:00:00 +0100", None, "2024-03-06 09:00:00"),
    ("mar, 05 mar 2024 15:04:05 +0100", None, "2024-03-05 14:04:05"),
    ("martedì 5 marzo 2024 ore 15:04", None, "2024-03-05 15:04:00"),
    ("5 gennaio 2024", None, "2024-01-05 00:00:00"),
    ("dom, 03 dic 2023 10:00:00 +0100", None, "2023-12-03 09:00:00"),
    ("terça-feira, 5 de março de 2024 às 15h04", None, "2024-03-05 15:04:00"),
    ("5 de fevereiro de 2024", None, "2024-02-05 00:00:00"),
    ("dinsdag 5 maart 2024 15:04", None, "2024-03-05 15:04:00"),
    ("5 mei 2024 om 15:04 uur", None, "2024-05-05 15:04:00"),
    ("wtorek, 5 marca 2024, 15:04", None, "2024-03-05 15:04:00"),
    ("5 kwietnia 2024", None, "2024-04-05 00:00:00"),
    ("1 listopada 2024", None, None),
    ("5 Mart 2024 Salı 15:04", None, "2024-03-05 15:04:00"),
    ("5 Şubat 2024", None, "2024-02-05 00:00:00"),
    ("5 Ağustos 2024 15:04", None, "2024-08-05 15:04:00"),
    ("5. března 2024 15:04", None, "2024-03-05 15:04:00"),
    ("5. srpna 2024", None, "2024-08-05 00:00:00"),
    ("5. marraskuuta 2024", None, "2024-11-05 00:00:00"),
    ("5 marraskuuta 2024", None, "2024-11-05 00:00:00"),
    ("tiistai 5. maaliskuuta 2024 klo 15.04", None, "2024-03-05 15:04:00"),
    ("den 5 mars 2024 kl. 15:04", None, "2024-03-05 15:04:00"),
    ("5. juni 2024 kl. 15.04", None, "2024-06-05 15:04:00"),
    ("2024. március 5. 15:04", None, "2024-03-05 15:04:00"),
    ("5 martie 2024", None, "2024-03-05 00:00:00"),
    ("5 Μαρτίου 2024 3:04 μ.μ.", None, "2024-03-05 15:04:00"),
    ("5 مارس 2024", None, "2024-03-05 00:00:00"),
    ("٥ مارس ٢٠٢٤", None, "2024-03-05 00:00:00"),
    ("5 มีนาคม 2567 15:04", None, "2024-03-05 15:04:00"),
    ("5 मार्च 2024", None, "2024-03-05 00:00:00"),
    ("Ngày 5 tháng 3 năm 2024", None, "2024-03-05 00:00:00"),
    ("5 Maret 2024", None, "2024-03-05 00:00:00"),
    ("5 ožujka 2024", None, "2024-03-05 00:00:00"),
    ("yesterday", None, None),
    ("3 days ago", None, None),
    ("now", None, None),
    ("12:00", None, None),
    ("Tue, 32 Mar 2024 15:04:05 GMT", None, None),
    ("2024-02-30", None, None),
    ("2024-13-05", None, None),
    ("0000-00-00 00:00:00", None, None),
    ("Thu, 01 Jan 1970 00:00:00 +0000", None, "1970-01-01 00:00:00"),
    ("Mon, 01 Jan 0001 00:00:00 +0000", None, None),
    ("Tue, 05 Mar 2024 25:04:05 GMT", None, None),
    ("2024-03-05T24:00:00Z", None, None),
    ("2024-03-05T15:04:60Z", None, None),
    ("March 2024", None, None),
    ("05/03/2024", None, None),
    ("Friday, 05-Mar-99 15:04:05 GMT", None, "1999-03-05 15:04:05"),
    ("5 mars 2024 15:04 CET", None, "2024-03-05 14:04:00"),
    ("Publicado el 5 de marzo de 2024", None, None),
    ("5 mars", None, None),
    ("mars 2024", None, None),
    ("2024-03-05 10:00 - 2024-03-06 10:00", None, None),
    ("12 марта", None, None),
    ("2024年3月5日 - 2024年3月6日", None, None),
    ("2024年13月5日", None, None),
    ("2024年3月5日 25:00", None, None),
]


def found(text: str) -> DateFound:
    """A date as a document's reader hands it on."""
    try:
        parsed = datetimes._parse_date(text)
        return DateFound(text, datetime(*parsed[:6]) if parsed else None)  # noqa: DTZ001  (naive, as it hands it on)
    except (ValueError, TypeError, ArithmeticError):
        return DateFound(text)


@pytest.mark.parametrize(("text", "zone", "moment"), TABLE)
def test_a_date_is_the_moment_that_was_meant_or_none(text: str, zone: str | None, moment: str | None) -> None:
    expected = datetime.fromisoformat(moment).replace(tzinfo=UTC) if moment else None
    assert settle(found(text), zone) == expected
    assert settle(DateFound(text), zone) == expected or text in ONLY_WITH_FEEDPARSER


@pytest.mark.parametrize("zone", [None, "Europe/London", "Asia/Tokyo", "Asia/Kolkata", "America/New_York"])
@pytest.mark.parametrize("offset", ["GMT", "+0000", "-0000", "+0800", "-0500", "+0530", "-0330"])
@pytest.mark.parametrize("day", ["Sun, 05 Jul 2026", "Sun, 4 Jan 2026"])
def test_the_usual_form_is_read_as_one_that_is_not_quite_usual(day: str, offset: str, zone: str | None) -> None:
    usual = f"{day} 12:30:00 {offset}"
    unusual = found(usual.lower())
    moment = settle(found(usual), zone)
    assert moment is not None
    assert moment == settle(unusual, zone)


# Years alone, whose beginning feedparser takes to be meant (W3C-DTF).
ONLY_WITH_FEEDPARSER = {"2024", "2024-03"}


def test_the_table_is_long_enough_and_says_nothing_twice() -> None:
    assert len({(text, zone) for text, zone, _ in TABLE}) == len(TABLE) >= 170


@pytest.mark.parametrize("number", range(1, 13))
def test_every_name_of_a_month_is_that_month(number: int) -> None:
    names = MONTHS[number - 1].split()
    assert len(names) > 60
    for name in names:
        moment = settle(DateFound(f"5 {name} 2024 15:04"), None)
        assert moment == datetime(2024, number, 5, 15, 4, tzinfo=UTC), name


def test_a_word_is_one_month() -> None:
    assert len(MONTH_OF) == sum(len(names.split()) for names in MONTHS)
    # October in Croatian, November in Polish.
    assert "listopada" not in MONTH_OF


def test_no_word_for_a_day_is_a_zone() -> None:
    for word in WEEKDAY_WORDS:
        moment = settle(DateFound(f"{word} 5 mars 2024 15:04:05 +0100"), None)
        assert moment == datetime(2024, 3, 5, 14, 4, 5, tzinfo=UTC), word
    assert settle(DateFound("5 mars 2024 15:04 CET"), None) == datetime(2024, 3, 5, 14, 4, tzinfo=UTC)


EAST = st.builds(
    "".join,
    st.lists(
        st.sampled_from([*"0123456789年月日时点分秒:/-. 上下午半元令和平成二三十〇年월일오후()（火）GMT+8"]),
        max_size=24,
    ),
)
WORDS = st.builds(
    " ".join,
    st.lists(
        st.sampled_from(
            [
                *"12,.:+-h",
                "5",
                "31",
                "24",
                "99",
                "2024",
                "15:04",
                "15.04",
                "3h",
                "à",
                "mar",
                "mars",
                "lun.",
                "5.",
                "p.m.",
                "CET",
            ]
        ),
        max_size=8,
    ),
)


@given(EAST | WORDS | st.text(max_size=60), st.sampled_from([None, "Asia/Shanghai", "America/New_York"]))
@example("2024年3月5日 下午13:04", None)
@example("元年元月", None)
@example("二十十年三月五日", None)
@example("1" * 99, None)
def test_no_text_breaks_the_reading_or_leaves_the_calendar(text: str, zone: str | None) -> None:
    moment = settle(DateFound(text), zone)
    assert moment is None or (1799 <= moment.year <= 9999 and moment.microsecond == 0)
