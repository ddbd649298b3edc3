"""Documents in many encodings, declared, declared wrongly, or not at all, give the title that was written."""

from __future__ import annotations

import pytest

from aggregator.model import Document
from aggregator.sources.encoding import decode
from aggregator.sources.feed import read

# What it is written in, what a document calls that, its language, and what it says.
TABLE = [
    ("gb2312", "gb2312", "zh-CN", "中国邮政快递报：快递业务量突破千亿件"),
    ("gbk", "gbk", "zh-CN", "东方财富：朱镕基传记再版，市场反应平淡"),
    ("gb18030", "GB18030", "zh-CN", "央行宣布下调存款准备金率，喆学𠀀考"),
    ("gbk", "gb2312", "zh-CN", "陶喆演唱会门票开售，观众热情高涨"),
    ("big5", "big5", "zh-TW", "臺灣半導體產業面臨新挑戰"),
    ("big5hkscs", "big5-hkscs", "zh-HK", "香港嘅天氣好熱，佢哋去咗沙灘"),
    ("big5hkscs", "big5", "zh-HK", "今日嘅新聞：呢個周末會落雨"),
    ("cp932", "windows-31j", "ja", "①東京で桜が満開になりました～髙島屋"),
    ("cp932", "shift_jis", "ja", "新型カメラの発売日が決まりました"),
    ("euc_jp", "euc-jp", "ja", "カメラのレビューを公開しました"),
    ("euc_kr", "euc-kr", "ko", "서울에서 열린 국제 회의가 끝났다"),
    ("cp949", "ks_c_5601-1987", "ko", "애플이 새 아이폰을 공개했다, 펲시 콜라"),
    ("koi8_r", "koi8-r", "ru", "Президент подписал новый закон о бюджете"),
    ("koi8_u", "koi8-u", "uk", "Верховна Рада ухвалила новий закон про їжу"),
    ("cp1251", "windows-1251", "ru", "В Москве прошёл сильный снегопад"),
    ("cp1251", "cp1251", "bg", "Правителството прие бюджета за годината"),
    ("iso8859_5", "iso-8859-5", "ru", "Учёные открыли новый вид бабочек"),
    ("cp1252", "windows-1252", "fr", "L’été à Nîmes – « cœur » brisé… 5 €"),
    ("cp1252", "iso-8859-1", "de", "Über Größe und Maß: schöne Grüße – 10 €"),
    ("cp1252", "iso-8859-1", "es", "El niño comió piñas en la montaña española"),
    ("cp1250", "windows-1250", "cs", "Příliš žluťoučký kůň úpěl ďábelské ódy"),
    ("cp1250", "cp1250", "pl", "Rząd ogłosił nowe środki: zażółć gęślą jaźń"),
    ("iso8859_2", "iso-8859-2", "hu", "Árvíztűrő tükörfúrógép a kormány ülésén"),
    ("cp1253", "windows-1253", "el", "Η κυβέρνηση ανακοίνωσε νέα μέτρα"),
    ("cp1254", "iso-8859-9", "tr", "Hükümet yeni önlemler açıkladı, Şişli"),
    ("cp1255", "windows-1255", "he", "הממשלה אישרה את התקציב החדש"),
    ("cp1256", "windows-1256", "ar", "الحكومة تعلن عن إجراءات جديدة"),
    ("cp1257", "windows-1257", "lt", "Vyriausybė paskelbė naujas priemones šįryt"),
    ("cp874", "tis-620", "th", "รัฐบาลประกาศมาตรการใหม่"),
]
NAMES = [f"{codec} as {label}, {language}" for codec, label, language, _ in TABLE]
MODES = ("declared", "by HTTP alone", "as UTF-8", "by its language alone", "by nobody")
# Letters of Central Europe, of which a title has five: what they are when nobody says so is anybody's guess.
TOO_CLOSE = {("iso8859_2", "by nobody"), ("iso8859_2", "as UTF-8")}


def document(codec: str, title: str, *, label: str = "", language: str = "", http: str = "") -> Document:
    """A feed of one entry with this title, and nothing else that would tell."""
    declaration = f'<?xml version="1.0" encoding="{label}"?>' if label else '<?xml version="1.0"?>'
    said = f"<language>{language}</language>" if language else ""
    text = (
        f"{declaration}<rss version='2.0'><channel><title>{title}</title><link>https://x.example/</link>{said}"
        f"<item><title>{title}</title><link>https://x.example/1</link></item></channel></rss>"
    )
    charset = f"; charset={http}" if http else ""
    return Document("https://x.example/feed", text.encode(codec), "", f"application/rss+xml{charset}")


def title_in(found: Document) -> str:
    """The title of its entry."""
    (draft,) = read(found).drafts
    assert draft.title is not None
    return draft.title.value


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("codec", "label", "language", "title"), TABLE, ids=NAMES)
def test_a_title_is_read_as_it_was_written(codec: str, label: str, language: str, title: str, mode: str) -> None:
    if (codec, mode) in TOO_CLOSE:
        pytest.skip("too close to others to be told by one title")
    made = {
        "declared": document(codec, title, label=label, language=language),
        "by HTTP alone": document(codec, title, http=label),
        "as UTF-8": document(codec, title, label="utf-8"),
        "by its language alone": document(codec, title, language=language),
        "by nobody": document(codec, title),
    }[mode]
    assert title_in(made) == title


BELIED = [row for row in TABLE if row[0] not in ("cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257")]


@pytest.mark.parametrize(("codec", "label", "language", "title"), BELIED, ids=[f"{row[0]} {row[2]}" for row in BELIED])
@pytest.mark.parametrize("how", ["in the document", "by HTTP"])
def test_latin_1_is_not_believed_of_what_is_no_latin(
    codec: str, label: str, language: str, title: str, how: str
) -> None:
    if how == "by HTTP":  # servers have one charset for everything; the document's own word is a better one
        assert title_in(document(codec, title, http="iso-8859-1", label=label)) == title
    else:
        assert title_in(document(codec, title, label="iso-8859-1")) == title


@pytest.mark.parametrize(
    "text",
    [
        "L’été à Nîmes",
        "Über Größe",
        "ÄÖÜ",
        "É",
        "Ça va",
        "naïve café",
        "10 €",
        "«Año»",
    ],
)
def test_latin_1_is_believed_of_latin(text: str) -> None:
    assert title_in(document("cp1252", text, label="iso-8859-1")) == text


UNICODE = "Naïve café – 中文 и русский 🙂"


@pytest.mark.parametrize("label", ["", "utf-8", "iso-8859-1", "gbk", "utf-16", "no-such-thing"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_read_whatever_is_declared(codec: str, label: str) -> None:
    assert title_in(document(codec, UNICODE, label=label)) == UNICODE
    assert title_in(document(codec, UNICODE, http=label)) == UNICODE


@pytest.mark.parametrize("label", ["iso-2022-jp", "", "utf-8"])
def test_japanese_in_seven_bits_is_read_whatever_is_declared(label: str) -> None:
    assert (
        title_in(document("iso2022_jp", "日本語のニュースをお届けします", label=label))
        == "日本語のニュースをお届けします"
    )


def test_stray_bytes_in_utf_8_cost_only_themselves() -> None:
    body = document("utf-8", UNICODE * 4, label="utf-8").body
    cut = body.replace("中文".encode(), "中文".encode()[:-1], 1)
    text, problems = decode(cut, "")
    assert text.count("\ufffd") == 1
    assert text.count("中文") == 7
    assert problems == ["1 damaged characters in UTF-8 text"]


def test_what_was_guessed_is_told() -> None:
    made = document("gbk", "央行宣布下调存款准备金率")
    assert read(made).problems == ("no usable encoding declared; read as gb18030",)
    wrong = document("cp1251", "В Москве прошёл сильный снегопад", label="iso-8859-1")
    assert read(wrong).problems == ("no cp1252; read as cp1251",)


def test_the_table_is_of_a_hundred_documents_and_more() -> None:
    assert len(TABLE) * len(MODES) > 140
    for codec, _, _, title in TABLE:
        assert title.encode(codec).decode(codec) == title
