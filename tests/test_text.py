"""Titles, names and texts as people write them and programs break them: escaped twice, turned round, run together."""

from __future__ import annotations

import sys
import time
import unicodedata
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from promises import broken_promises

from aggregator.clean.entry import clean
from aggregator.clean.escaping import is_html, meant, unescaped_html
from aggregator.clean.excerpt import excerpt
from aggregator.clean.letters import DIRECTION, FIT, ILLEGAL, tidy, tidy_markup, without_open
from aggregator.clean.markup import as_meant, sanitise
from aggregator.clean.text import LONGEST_TITLE, one_line, plain
from aggregator.model import Draft, Enclosure, Entry, FeedFound, Markup, Reading, Source

HOUR = timedelta(hours=1)
URL = "https://site.example/feed.xml"
SOURCE = Source("one", "feed", URL, URL, ("news",), interval=HOUR, min_interval=HOUR, max_interval=HOUR)
TEXT, HTML = "text/plain", "text/html"


def entry(**drafted: object) -> Entry:
    """The entry that a draft becomes."""
    (made,) = clean(Reading(FeedFound(title=Markup("Ada’s notes")), (Draft(**drafted),)), SOURCE, URL).entries  # type: ignore[arg-type]
    assert broken_promises(made) == []
    return made


# ---------------------------------------------------------------- escaped once too often


@pytest.mark.parametrize(
    ("written", "kind", "title"),
    [
        ("AT&amp;T", TEXT, "AT&T"),
        ("AT&amp;amp;T", TEXT, "AT&T"),
        ("AT&amp;amp;T", HTML, "AT&T"),
        ("AT&amp;amp;amp;T", HTML, "AT&T"),
        ("Ben &amp; Jerry&#8217;s", TEXT, "Ben & Jerry’s"),
        ("Ben & Jerry&#8217;s", TEXT, "Ben & Jerry’s"),
        ("Jerry&#x2019;s caf&eacute;", TEXT, "Jerry’s café"),
        ("&quot;Yes&quot;, she said", TEXT, '"Yes", she said'),
        ("“&#8216;Jokes&#8217;” about the FCC", TEXT, "“‘Jokes’” about the FCC"),
        ("2&nbsp;000&nbsp;€", TEXT, "2 000 €"),
        ("北京&amp;上海&#12288;双城记", TEXT, "北京&上海 双城记"),
        ("<b>Big</b> news", TEXT, "Big news"),
        ("&lt;b&gt;Big&lt;/b&gt; news", TEXT, "Big news"),
        ("&lt;b&gt;Big&lt;/b&gt; news", HTML, "Big news"),
        ("&amp;lt;em&amp;gt;Big&amp;lt;/em&amp;gt; news", TEXT, "Big news"),
        ("<b><i>Very</i> big</b> news", TEXT, "Very big news"),
        ("<span class='x y'>Breaking</span>: rain", TEXT, "Breaking: rain"),
        ("H<sub>2</sub>O and CO<sub>2</sub>", TEXT, "H2O and CO2"),
        ("One<br/>two", TEXT, "One two"),
        ("<A HREF='/x'>Linked</A>", TEXT, "Linked"),
    ],
)
def test_what_was_escaped_once_too_often_is_read_as_it_was_meant(written: str, kind: str, title: str) -> None:
    assert plain(Markup(written, kind)) == title


@pytest.mark.parametrize(
    ("written", "kind", "title"),
    [
        ("How to write &amp; in HTML", TEXT, "How to write &amp; in HTML"),
        ("Why `&nbsp;` is not a blank", TEXT, "Why `&nbsp;` is not a blank"),
        ("The “&lt;” in XML", TEXT, "The “&lt;” in XML"),
        ("Escaping &lt;script&gt; for beginners", TEXT, "Escaping &lt;script&gt; for beginners"),
        ("The <b> and <strong> elements", TEXT, "The <b> and <strong> elements"),
        ("When to use <b>, when <strong>", TEXT, "When to use <b>, when <strong>"),
        ("The <a>…</a> tag", TEXT, "The <a>…</a> tag"),
        ("How to centre a <div>", TEXT, "How to centre a <div>"),
        ("How to centre a <div>", HTML, "How to centre a <div>"),
        ("How to centre a &lt;div&gt;", HTML, "How to centre a <div>"),
        ("Use <code>&lt;b&gt;</code>, not <code>&lt;i&gt;</code>", HTML, "Use <b>, not <i>"),
        ("什么是 <div> 标签", TEXT, "什么是 <div> 标签"),
        ("<dialog>タグの使い方", TEXT, "<dialog>タグの使い方"),
        ("Vec<T> and Option<T> in Rust", TEXT, "Vec<T> and Option<T> in Rust"),
        ("std::vector<int> is not std::list<int>", TEXT, "std::vector<int> is not std::list<int>"),
        ("if a < b && c > d", TEXT, "if a < b && c > d"),
        ("R&D: the &lt; that broke us", TEXT, "R&D: the &lt; that broke us"),
        ("I <3 &c; and Q&A;", TEXT, "I <3 &c; and Q&A;"),
        ("a &unknown; entity", TEXT, "a &unknown; entity"),
        ("AT&T", TEXT, "AT&T"),
    ],
)
def test_what_speaks_of_markup_is_left_as_it_was_written(written: str, kind: str, title: str) -> None:
    assert plain(Markup(written, kind)) == title


@pytest.mark.parametrize(
    ("written", "kind", "published"),
    [
        ("&lt;p&gt;One&lt;/p&gt;&lt;p&gt;AT&amp;amp;T&lt;/p&gt;", HTML, "<p>One</p><p>AT&amp;T</p>"),
        ("In reply to &lt;a href=&quot;/c/1&quot;&gt;Ira&lt;/a&gt;.", HTML, "In reply to <a href=…>Ira</a>."),
        ("One&lt;br /&gt;two", HTML, "One<br>two"),
        ("<p>In HTML already</p>", TEXT, "<p>In HTML already</p>"),
        ("See <a href='/c/1'>Ira</a>.", TEXT, "See <a href=…>Ira</a>."),
        ("<p>Real, and it says &lt;p&gt;x&lt;/p&gt;</p>", HTML, "<p>Real, and it says &lt;p&gt;x&lt;/p&gt;</p>"),
        ("The &lt;br&gt; element breaks a line", HTML, "The &lt;br&gt; element breaks a line"),
        ("a &lt; b and b &gt; c", HTML, "a &lt; b and b &gt; c"),
        ("Vec&lt;T&gt; is a list", HTML, "Vec&lt;T&gt; is a list"),
        ("Vec<T> is a list", TEXT, "<p>Vec&lt;T&gt; is a list</p>"),
        ("&lt;p onclick=x()&gt;One&lt;script&gt;x()&lt;/script&gt;&lt;/p&gt;", HTML, "<p>One</p>"),
        ("&lt;a href='vbscript:x'&gt;1&lt;/a&gt;&lt;br&gt;2", HTML, '<a rel="noopener noreferrer">1</a><br>2'),
    ],
)  # fmt: skip
def test_a_text_that_is_html_escaped_is_that_html(written: str, kind: str, published: str) -> None:
    link = '<a href="https://site.example/c/1" rel="noopener noreferrer">'
    assert sanitise(as_meant(Markup(written, kind)), URL, URL) == published.replace("<a href=…>", link)


def test_names_of_feeds_and_their_rights_are_read_as_they_were_meant() -> None:
    feed = FeedFound(title=Markup("Food &amp; Drink"), rights=Markup("&amp;copy; 2026 Ada"))
    (made,) = clean(Reading(feed, (Draft(title=Markup("x")),)), SOURCE, URL).entries
    assert (made.origin.title, made.origin.rights) == ("Food & Drink", "© 2026 Ada")


# ---------------------------------------------------------------- Unicode

SCOTLAND = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("cafe\u0301", "café"),  # composed
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", "한글"),  # jamo are syllables
        ("か\u3099くせい", "がくせい"),
        ("Phơ\u0309 bo\u0300", "Phở bò"),
        ("क\u094dष और क\u094d\u200dष", "क\u094dष और क\u094d\u200dष"),  # half a letter, by its joiner
        ("ന\u0d4d\u200d", "ന\u0d4d\u200d"),  # an old chillu ends with one
        ("می\u200cخواهم", "می\u200cخواهم"),  # Persian: no blank, no joint
        ("½ ﬁne ① Ｆｕｌｌ", "½ ﬁne ① Ｆｕｌｌ"),  # not Form KC
        ("👩\u200d💻 and 👨\u200d👩\u200d👧", "👩\u200d💻 and 👨\u200d👩\u200d👧"),
        ("❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥"),
        (SCOTLAND, SCOTLAND),
        ("a\U000e0041\U000e0042b", "ab"),  # tags elsewhere are hidden text
        ("ภาษา\u200bไทย", "ภาษา\u200bไทย"),  # where words end, in a script without blanks
        ("zero\u200bwidth", "zerowidth"),
        ("中文\u200b标题", "中文标题"),
        ("\u200b\ufeffTitle\u200b", "Title"),
        ("wa\u200cter\u200dmark", "watermark"),
        ("Arbeits\u00admarkt", "Arbeitsmarkt"),
        ("Column: \ufeffWat een wedstrijd", "Column: Wat een wedstrijd"),
        ("Biden-\u2060Harris", "Biden-\u2060Harris"),
        ("end \u2060", "end"),
        ("a picture \ufffc here", "a picture here"),
        ("bell\x07 and\x85line", "bell and line"),
        ("Z\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307a", "Z\u0300\u0301\u0302\u0303a"),
        ("שָׁלוֹם", "ש\u05b8\u05c1לו\u05b9ם"),  # points keep, in canonical order
    ],
)  # fmt: skip
def test_letters_stay_and_what_nobody_sees_goes(written: str, line: str) -> None:
    assert one_line(written) == line


RLE, LRE, RLO, PDF, RLI, FSI, PDI, RLM, LRM = "\u202b\u202a\u202e\u202c\u2067\u2068\u2069\u200f\u200e"


@pytest.mark.parametrize(
    ("written", "line"),
    [
        (f"{RLE}سلام{PDF}", f"{RLE}سلام{PDF}"),
        (f"{RLE}سلام", f"{RLE}سلام{PDF}"),
        (f"{RLI}سلام", f"{RLI}سلام{PDI}"),
        (f"photo{RLO}gnp.exe", f"photo{RLO}gnp.exe{PDF}"),
        (f"{RLI}a{LRE}b", f"{RLI}a{LRE}b{PDF}{PDI}"),
        (f"{RLI}a{LRE}b{PDI} c", f"{RLI}a{LRE}b{PDI} c"),  # an isolate closes what is in it
        (f"a{PDF} b{PDI}", "a b"),
        (f"{FSI}a{PDF}{PDI}", f"{FSI}a{PDI}"),
        (f"{RLM}שלום (C++){LRM}!", f"{RLM}שלום (C++){LRM}!"),
    ],
)
def test_no_line_turns_what_stands_behind_it(written: str, line: str) -> None:
    assert one_line(written) == line


def test_a_line_that_is_cut_is_closed_too() -> None:
    assert one_line(f"{RLE}{'ab ' * 20}{PDF}", 10) == "ab ab ab…"
    assert excerpt(f"<p>{RLI}{'word ' * 100}{PDI}</p>", 20) == "word word word word…"


@pytest.mark.parametrize(
    ("written", "published"),
    [
        (f"<p>{RLE}سلام{PDF}</p>", f"<p>{RLE}سلام{PDF}</p>"),
        (f"<p>photo{RLO}gnp.exe</p>", "<p>photognp.exe</p>"),
        ("<p>photo&#x202e;gnp&#8238;.exe</p>", "<p>photognp.exe</p>"),
        ("<p>\ufeffcafe\u0301&#xFEFF;</p>", "<p>café</p>"),
        ("<p>cafe&#769; a&#x300;&#x316;</p>", "<p>café à\u0316</p>"),
        ("<b>a</b>\u0338 x", "<b>a</b>\u0338 x"),  # not "≯": the tag stays one
        ("<a href='/cafe\u0301'>x</a>", '<a href="https://site.example/cafe\u0301" rel="noopener noreferrer">x</a>'),
        ("<p>ภาษา\u200bไทย very\u00adlong</p>", "<p>ภาษา\u200bไทย very\u00adlong</p>"),
        ("<a href='java\u202escript:x()'>x</a>", '<a rel="noopener noreferrer">x</a>'),
        ("<a href='java&#x202e;script:x()'>x</a>", '<a rel="noopener noreferrer">x</a>'),
    ],
)  # fmt: skip
def test_html_has_its_letters_composed_and_its_directions_closed(written: str, published: str) -> None:
    assert sanitise(Markup(written, HTML), URL, URL) == published


INVISIBLE = [chr(code) for code in (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A))]
VISIBLE = [*"aé中ש ก💻क\u0301\u0338\u0344\u094d\u00ad\ufeff\u3164🏴\U000e0067\u115f&;<>b/"]
odd = st.text(st.sampled_from(INVISIBLE + VISIBLE), max_size=30)


@settings(max_examples=600)
@given(odd, st.integers(2, 40))
@example("e\u202e\u0301", 40)
@example("ก\u200b ก", 3)
def test_a_line_stays_as_it_is_and_shows_something_or_is_none(text: str, longest: int) -> None:
    line = one_line(text, longest)
    assert one_line(line, longest) == line
    assert unicodedata.is_normalized("NFC", line)
    assert without_open(line) == line
    assert len(line) <= longest
    assert not line or any(unicodedata.category(letter)[0] in "LNPS" for letter in line)


def test_every_character_is_fit_or_something_is_done_about_it() -> None:
    for letter in map(chr, range(sys.maxunicode + 1)):
        unfit = letter == "\ufeff" or ILLEGAL.match(letter) or DIRECTION.match(letter)
        assert bool(FIT.fullmatch(letter)) != bool(unfit), hex(ord(letter))


@settings(max_examples=300)
@given(odd)
def test_markup_that_was_tidied_needs_it_no_more(text: str) -> None:
    once = tidy_markup(text)
    assert tidy_markup(once) == once
    assert without_open(once) == once


def test_piles_of_marks_take_no_time() -> None:
    pile = "a" + "\u0301\u0323" * 100_000  # canonical order is sorted for, in the square of the marks
    begun = time.process_time()
    assert len(tidy_markup(pile)) <= 31
    assert len(tidy(pile)) <= 6
    tidy_markup("\u2067" * 100_000 + "\u2069\u202c" * 100_000)
    meant("<b>" * 20_000)
    unescaped_html("&lt;p" * 100_000)
    is_html("<a href=" * 100_000)
    is_html("<p>" * 100_000)
    assert time.process_time() - begun < 5


# ---------------------------------------------------------------- titles that are too long, or missing


def test_a_title_that_is_a_text_is_cut_where_a_sentence_ends_and_stands_whole_below() -> None:
    sentence = "This note was written where a title should be, as small notes often are. "
    made = entry(title=Markup(sentence * 8))
    assert made.title == (sentence * 5).strip()
    assert made.summary == f"<p>{(sentence * 8).strip()}</p>"
    assert entry(title=Markup(sentence * 8), content=Markup("Other", HTML)).summary == ""


@pytest.mark.parametrize(
    "text", ["长标题，没有尽头。" * 60, "слово " * 200, "x" * 5000, "한국어 제목 " * 100, "ก" * 900]
)
def test_a_title_is_of_bounded_length_in_any_script(text: str) -> None:
    title = entry(title=Markup(text)).title
    assert 150 <= len(title) <= LONGEST_TITLE + 1
    assert title[-1] in "。…"
    assert title.rstrip("…") in text


def test_a_long_title_that_is_one_is_left_whole() -> None:
    title = "Concorso pubblico per esami per la copertura di un posto di funzionario amministrativo a tempo pieno " * 3
    assert entry(title=Markup(title)).title == title.strip()


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("<p>Short and good.</p>", "Short and good."),
        ("<p>First we take Manhattan, and then, a little later, we take Berlin as well. Then we rest for long.</p>",
         "First we take Manhattan, and then, a little later, we take Berlin as well."),
        ("<p>" + "A line without an end that goes on and on " * 4 + "</p>",
         "A line without an end that goes on and on A line without an end that goes on and…"),
        ("<p>今天北京下了一场大雪，许多市民一早就到故宫拍照留念。随后天气转晴，气温下降到零下十度，风也很大。</p>",
         "今天北京下了一场大雪，许多市民一早就到故宫拍照留念。"),
        ("<p>今日は東京で桜が満開になりましたので多くの人が上野公園に集まり花見を楽しみ夜まで宴会を続けていたそうです</p>",
         "今日は東京で桜が満開になりましたので多くの人が上野公園に集まり花見を楽しみ夜まで…"),
        ("<p>В Москве прошёл сильный снегопад, который продолжался всю ночь и закончился только под самое утро</p>",
         "В Москве прошёл сильный снегопад, который продолжался всю ночь и закончился…"),
        ("<p>سجلت الحكومة اليوم إجراءات جديدة؟ نعم.</p>", "سجلت الحكومة اليوم إجراءات جديدة؟ نعم."),
        ("<img src='/a.png' alt='A cat on a roof'>", "A cat on a roof"),
        ("<img src='/a.png' alt=''><img src='/b.png' alt='Two cats &amp; a dog'>", "Two cats & a dog"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "missing", [None, "", " \n", "&nbsp;", "\u200b", "\u3164", "<b></b>", "\u2800\u200d", "<img src=x>"]
)
def test_a_title_that_says_nothing_is_made_from_the_text(missing: str | None, text: str, title: str) -> None:
    kind = HTML if missing and missing[0] in "<&" else TEXT
    made = entry(title=None if missing is None else Markup(missing, kind), content=Markup(text, HTML), link="/1")
    assert made.title == title


@pytest.mark.parametrize(
    ("link", "title"),
    [
        ("/2026/11/how-we-built-it.html", "how we built it"),
        ("/how_we_built_it/", "how we built it"),
        ("/%E5%8C%97%E4%BA%AC-%E5%A4%A7%E9%9B%AA.htm", "北京 大雪"),
        ("/posts/12345", "Ada’s notes"),
        ("/p/9f86d081884c7d65", "Ada’s notes"),
        ("/index.php", "Ada’s notes"),
        ("/", "Ada’s notes"),
    ],
)
def test_without_any_text_an_entry_is_called_by_its_address_or_its_source(link: str, title: str) -> None:
    assert entry(link=link).title == title


def test_without_any_text_an_entry_is_called_as_its_file_is() -> None:
    file = Enclosure("https://site.example/e1.mp3", "audio/mpeg", title="Episode one: the beginning")
    assert entry(enclosures=(file,)).title == "Episode one: the beginning"
