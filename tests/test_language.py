"""The language of an entry is the declared one, unless it cannot be; else what letters and a model tell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.clean.language import TAG, language_of, tag

ENGLISH = "The government announced new measures today, and hardly anybody in the country liked any of them at all. "
GERMAN = "Die Bundesregierung beschließt ein neues Gesetz, das für alle Bürger gilt, und niemand weiß bisher, wie. "
CHINESE = "央行宣布下调存款准备金率，市场普遍认为 iPhone 价格会下降。"
RUSSIAN = "Президент подписал новый закон о бюджете на следующий год, сообщает пресс-служба."


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("央行宣布下调存款准备金率", "zh"),
        ("iPhone 16 正式发布，价格 5999 元起", "zh"),
        ("臺灣半導體產業面臨新挑戰", "zh"),
        ("東京で桜が満開になりました", "ja"),
        ("新型iPhoneの発売日が決定", "ja"),
        ("カメラのレビュー", "ja"),
        ("서울에서 열린 국제 회의", "ko"),
        ("애플 새 아이폰 공개", "ko"),
        ("Президент подписал новый закон о бюджете", "ru"),
        ("Українські військові звільнили село на півдні", "uk"),
        ("Правителството прие бюджета за следващата година", "bg"),
        ("Влада Србије усвојила је нови закон о раду", "sr"),
        ("Η κυβέρνηση ανακοίνωσε νέα μέτρα", "el"),
        ("הממשלה אישרה את התקציב החדש", "he"),
        ("الحكومة تعلن عن إجراءات جديدة في البلاد", "ar"),
        ("دولت برنامه جدیدی برای اقتصاد کشور اعلام کرد", "fa"),
        ("حکومت نے نئے بجٹ کا اعلان کر دیا ہے", "ur"),
        ("รัฐบาลประกาศมาตรการใหม่", "th"),
        ("அரசு புதிய திட்டத்தை அறிவித்தது", "ta"),
        ("সরকার নতুন বাজেট ঘোষণা করেছে দেশে", "bn"),
        ("საქართველოს მთავრობამ ახალი კანონი მიიღო", "ka"),
        ("The government announced new measures today", "en"),
        ("Die Bundesregierung beschließt neues Gesetz", "de"),
        ("Le gouvernement annonce de nouvelles mesures", "fr"),
        ("El gobierno anuncia nuevas medidas económicas para todos", "es"),
        ("O governo anunciou novas medidas econômicas", "pt"),
        ("Il governo annuncia nuove misure", "it"),
        ("De regering kondigt nieuwe maatregelen aan voor de economie", "nl"),
        ("Rząd ogłosił nowe środki", "pl"),
        ("Vláda oznámila nová opatření proti inflaci", "cs"),
        ("Regeringen presenterar nya åtgärder mot inflationen", "sv"),
        ("Hallitus ilmoitti uusista toimista", "fi"),
        ("A kormány új intézkedéseket jelentett be", "hu"),
        ("Hükümet yeni önlemler açıkladı", "tr"),
        ("Chính phủ công bố các biện pháp mới", "vi"),
        ("Guvernul a anunțat măsuri noi", "ro"),
        ("", None),
        ("12:30 — 7%", None),
        ("AI", None),
        ("Hej", None),
        ("Python", None),
        ("Привет", None),
    ],
)
def test_a_title_alone_tells_its_language_or_none(text: str, language: str | None) -> None:
    assert language_of(None, text, "") == language


@pytest.mark.parametrize(
    ("declared", "title", "text", "language"),
    [
        ("en", "Hello", ENGLISH, "en"),
        ("en-US", "新闻", CHINESE, "zh"),
        ("en-us", "央行宣布下调存款准备金率", "", "zh"),
        ("en-US", "東京", "東京で桜が満開になりました", "ja"),
        ("en-US", "Новости", RUSSIAN, "ru"),
        ("de", "Новости", RUSSIAN, "ru"),
        ("zh-CN", "Hello", ENGLISH, "en"),
        ("ja", "東京都知事選", "", "ja"),  # Han alone may be Japanese
        ("zh-TW", "臺灣半導體產業", "", "zh-TW"),
        ("zh-Hant-HK", "香港經濟", "", "zh-Hant-HK"),
        ("ko", "新聞", "", "ko"),  # too short to belie anything
        ("ru", "Новости", RUSSIAN, "ru"),
        ("uk", "Новости", RUSSIAN, "uk"),  # the same letters: the publisher knows better
        ("en-US", "Gesetz", GERMAN * 2, "de"),
        ("en", "Gesetz", GERMAN[:80], "en"),  # not enough to be certain
        ("fr", "Gesetz", GERMAN * 2, "fr"),
        ("en", "Café naïve", ENGLISH + "Über-fans of Beyoncé’s café liked it very much, though. " * 2, "en"),
        ("sr-Latn", "Vlada", RUSSIAN, "sr-Latn"),
        ("sr", "Vlada je najavila nove mere", "", "sr"),
        ("x-klingon", "tlhIngan", ENGLISH, "x-klingon"),
        ("en", "iPhone 16 Pro Max review: 很好", "", "en"),
    ],
)
def test_what_is_declared_holds_unless_it_cannot_be(declared: str, title: str, text: str, language: str) -> None:
    assert language_of(declared, title, f"<p>{text}</p>") == language


def test_a_quotation_in_english_does_not_make_a_long_text_english() -> None:
    dutch = "De raad van de stad heeft gisteren besloten dat het oude station niet wordt gesloopt. "
    english = "We will keep this station for those who come after us, and we will pay for it as well. "
    assert language_of(None, "", 3 * english + dutch) == "en"
    assert language_of(None, "", 2 * dutch + english + 2 * dutch) == "nl"
    assert language_of(None, "", english + 4 * dutch) == "nl"


def test_markup_and_addresses_are_no_language() -> None:
    links = "<p><a href='https://example.com/the-quick-brown-fox' title='The quick brown fox'>央行</a> https://x.example/a</p>"
    assert language_of("en", "存款准备金率", links * 3) == "zh"
    assert (
        language_of(None, "存款准备金率", "<img alt='The quick brown fox jumps over the lazy dog' src='x'>" * 50)
        == "zh"
    )


@given(st.text(max_size=60), st.sampled_from([None, "en", "zh-CN", "ru"]))
def test_any_text_has_a_language_tag_or_none(text: str, declared: str | None) -> None:
    found = language_of(declared, text, text)
    assert found is None or TAG.fullmatch(found)
    assert found or not declared


@pytest.mark.parametrize(
    ("found", "kept"),
    [("zh_CN", "zh-CN"), (" de ", "de"), ("english", None), ("", None), (None, None), ("en-US", "en-US"), ("a", None)],
)
def test_a_tag_is_one_of_rfc_5646_or_none(found: str | None, kept: str | None) -> None:
    assert tag(found) == kept
