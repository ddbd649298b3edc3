"""Chinese sources on a Chinese site: whatever the encoding, declared or not or wrongly, the words come through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import lxml.html
import pytest
from atom_rules import house_violations, read_back, violations
from conftest import Place
from lxml import etree
from scripted_web import ScriptedWeb

from aggregator.sources.encoding import decode

ATOM = "{http://www.w3.org/2005/Atom}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
SIMPLIFIED = [
    "人民币汇率中间价上调五十个基点",
    "央行开展逆回购操作，维护银行体系流动性合理充裕",
    "沪深两市成交额突破万亿元",
]
TRADITIONAL = ["行政院會通過個人資料保護法修正草案", "颱風逼近，各縣市停班停課情形一覽", "國立故宮博物院推出書畫特展"]
# Beyond GB2312, in GBK; and beyond GBK, in GB18030 with four bytes each.
GBK_ONLY = "朱镕基與囍字"
GB18030_ONLY = "𠮷野家㐂㬎"


@dataclass(frozen=True)
class Said:
    """A document as one server sends it: its text, how it is encoded, what it and its server say of that."""

    titles: tuple[str, ...]
    codec: str
    xml: str | None = None
    http: str | None = None
    language: str = "zh-CN"

    def body(self) -> bytes:
        """The bytes."""
        declared = f' encoding="{self.xml}"' if self.xml else ""
        language = f"<language>{self.language}</language>" if self.language else ""
        items = "".join(
            f"<item><title>{title}</title><link>https://news.example/{number}</link><category>宏观</category>"
            f"<author>张三</author><description>&lt;p&gt;{title}。&lt;/p&gt;</description>"
            f"<pubDate>Tue, 05 Mar 2024 1{number}:30:00 +0800</pubDate></item>"
            for number, title in enumerate(self.titles)
        )
        text = (
            f'<?xml version="1.0"{declared}?><rss version="2.0"><channel><title>财经新闻</title>{language}'
            f"<link>https://news.example/</link><description>每日要闻</description>{items}</channel></rss>"
        )
        # What an encoding of the other half of China lacks stands as a reference, as publishers do it.
        return text.encode(self.codec, "xmlcharrefreplace")


DOCUMENTS = {
    "GB2312, declared": Said((*SIMPLIFIED,), "gb2312", xml="GB2312"),
    "GBK under the name of GB2312": Said((*SIMPLIFIED, GBK_ONLY), "gbk", xml="gb2312"),
    "GB18030 under the name of GBK": Said((*SIMPLIFIED, GB18030_ONLY), "gb18030", xml="GBK"),
    "GB18030, declared": Said((*SIMPLIFIED, GB18030_ONLY), "gb18030", xml="gb18030"),
    "GBK, declared by HTTP only": Said((*SIMPLIFIED,), "gbk", http="gb2312"),
    "GBK, declared by nobody": Said((*SIMPLIFIED,), "gbk", language=""),
    "GBK, declared by nobody, and short": Said((SIMPLIFIED[0],), "gbk"),
    "GBK that says it is UTF-8": Said((*SIMPLIFIED,), "gbk", xml="utf-8"),
    "GBK whose server says it is UTF-8": Said((*SIMPLIFIED,), "gbk", xml="gbk", http="utf-8"),
    "GBK whose server says it is Latin": Said((*SIMPLIFIED,), "gbk", xml="gb2312", http="ISO-8859-1"),
    "GBK that says it is Latin, and its server the truth": Said((*SIMPLIFIED,), "gbk", xml="iso-8859-1", http="gbk"),
    "UTF-8 that says it is GB2312": Said((*SIMPLIFIED, GBK_ONLY), "utf-8", xml="gb2312"),
    "UTF-8 whose server says it is GBK": Said((*SIMPLIFIED,), "utf-8", xml="utf-8", http="gbk"),
    "UTF-8 in the name of an encoding that is none": Said((*SIMPLIFIED,), "utf-8", xml="chinese"),
    "Big5, declared": Said((*TRADITIONAL,), "big5", xml="Big5", language="zh-TW"),
    "Big5 with the signs of Hong Kong": Said((*TRADITIONAL, "佢哋喺邊度嘅"), "big5hkscs", xml="big5", language="zh-HK"),
    "Big5, declared by HTTP only": Said((*TRADITIONAL,), "big5", http="big5", language="zh-TW"),
    "Big5, declared by nobody": Said((*TRADITIONAL,), "big5", language=""),
    "Big5, declared by nobody, and short": Said((TRADITIONAL[0],), "big5", language="zh-TW"),
    "Big5 that says it is UTF-8": Said((*TRADITIONAL,), "big5", xml="utf-8", language="zh-TW"),
    "HZ, of seven bits": Said((*SIMPLIFIED,), "hz", xml="hz-gb-2312"),
    "UTF-16 with a mark": Said((*SIMPLIFIED, GB18030_ONLY), "utf-16", xml="utf-16"),
    "UTF-8 with a mark": Said((*SIMPLIFIED,), "utf-8-sig", xml="gbk"),
}

# What a source writes for a time, whether the operator gave its zone, and what was meant.
TIMES = [
    ("Tue, 05 Mar 2024 10:30:00 +0800", None, "2024-03-05T02:30:00+00:00"),
    ("2024-03-05T10:30:00+08:00", None, "2024-03-05T02:30:00+00:00"),
    ("2024-03-05T10:30:00+0800", "Asia/Shanghai", "2024-03-05T02:30:00+00:00"),
    ("2024-03-05 10:30:00", "Asia/Shanghai", "2024-03-05T02:30:00+00:00"),
    ("2024-03-05 10:30:00", None, "2024-03-05T10:30:00+00:00"),
    ("2024/03/05 10:30", "Asia/Shanghai", "2024-03-05T02:30:00+00:00"),
    ("2024年3月5日 10:30", "Asia/Shanghai", "2024-03-05T02:30:00+00:00"),
    ("2024-03-05", "Asia/Shanghai", "2024-03-04T16:00:00+00:00"),
    ("Tue, 05 Mar 2024 10:30:00", "Asia/Shanghai", "2024-03-05T02:30:00+00:00"),
    ("Tue, 05 Mar 2024 10:30:00 GMT", "Asia/Shanghai", "2024-03-05T10:30:00+00:00"),
    # CST is Chicago's time to RFC 822, but not in a source of which the operator says that it is in China.
    ("Tue Mar 05 10:30:00 CST 2024", "Asia/Shanghai", "2024-03-05T02:30:00+00:00"),
    ("Tue, 05 Mar 2024 10:30:00 CST", None, "2024-03-05T16:30:00+00:00"),
    # China had summer time until 1991.
    ("1990-07-01 10:00:00", "Asia/Shanghai", "1990-07-01T01:00:00+00:00"),
]
SITE = {
    "title": "金融消息",
    "base_url": "https://news.example.org",
    "language": "zh-CN",
    "timezone": "Asia/Shanghai",
    "rights": "各文章版权归原作者所有",
}


@dataclass
class Site:
    """The published site."""

    place: Place

    def feed(self, folder: str) -> bytes:
        """A published feed."""
        return (self.place.public / folder / "feed.atom").read_bytes()

    def page(self, folder: str) -> Any:
        """A published page, parsed."""
        return lxml.html.fromstring((self.place.public / folder / "index.html").read_bytes().decode())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """All documents and all times, polled and published in one run."""
    web, place = ScriptedWeb(), Place(tmp_path_factory.mktemp("chinese"))
    sources: list[dict[str, Any]] = []
    for number, said in enumerate(DOCUMENTS.values()):
        kind = f"application/xml; charset={said.http}" if said.http else "application/xml"
        url = web.feed(f"/{number}.xml", said.body(), Content_Type=kind)
        sources.append({"id": f"document-{number}", "url": url, "category": "emnews"})
    for number, (written, zone, _) in enumerate(TIMES):
        document = (
            f"<rss version='2.0'><channel><title>时间</title><link>https://time.example/</link><item><title>{written}"
            f"</title><link>https://time.example/{number}</link><pubDate>{written}</pubDate></item></channel></rss>"
        )
        source = {"id": f"time-{number}", "url": web.feed(f"/time/{number}.xml", document), "category": "times"}
        sources.append({**source, "timezone": zone} if zone else source)
    place.configure(
        sources,
        site=SITE,
        output={"dir": str(place.public), "limit": 1000, "dedupe": False},
        categories={"emnews": {"title": "东财滚动新闻"}, "times": {"attribution": "出处：{source.title}"}},
    )
    place.run("once", "--json")
    yield Site(place)
    web.close()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_words_survive_their_encoding(site: Site, name: str) -> None:
    said = DOCUMENTS[name]
    document = site.feed(f"source/document-{list(DOCUMENTS).index(name)}")
    entries = read_back(document)
    assert [one["title"] for one in entries] == list(reversed(said.titles))
    for one in entries:
        source = one["source"]
        assert isinstance(source, dict)
        assert source["title"] == "财经新闻"
        assert one["authors"] == ["张三"]
        assert one["terms"] == ["emnews", "宏观"]
    assert f"&lt;p&gt;{said.titles[0]}。&lt;/p&gt;&lt;p&gt;来源：".encode() in document
    root = etree.fromstring(document)
    languages = {one.get(LANG) or root.get(LANG) for one in root.iterfind(f"{ATOM}entry")}
    assert languages == {said.language or "zh"}
    assert violations(document) + house_violations(document) == []


@pytest.mark.parametrize(
    ("language", "codec", "title"),
    [
        ("zh-CN", "gbk", "今日要闻"),
        ("zh_CN", "gbk", "股市早报"),
        ("zh-tw", "big5", "颱風動態"),
        ("ja", "euc_jp", "本日のニュース"),
        ("ja", "cp932", "本日のニュース"),
        ("ko-KR", "cp949", "오늘의 뉴스"),
        ("ru", "koi8_r", "Новости"),
        ("ru", "cp1251", "Новости"),
    ],
)
def test_four_signs_are_enough_where_the_document_names_its_language(language: str, codec: str, title: str) -> None:
    # By its letters alone, each of the Chinese ones looks more like another language.
    for element in (f"<language>{language}</language>", f"<dc:language>\n{language}</dc:language>"):
        text = f"<rss version='2.0'><channel>{element}<item><title>{title}</title></item></channel></rss>"
        assert decode(text.encode(codec), "text/xml")[0] == text
    atom = f"<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='{language}'><title>{title}</title></feed>"
    assert decode(atom.encode(codec), "")[0] == atom


def test_the_bytes_are_utf_8_and_no_references(site: Site) -> None:
    document = site.feed("category/emnews")
    assert document.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    text = document.decode("utf-8")
    assert "&#" not in text
    for title in (*SIMPLIFIED, *TRADITIONAL, GBK_ONLY, GB18030_ONLY):
        assert title in text
    assert "�" not in text


def test_title_label_rights_and_language_of_the_site_are_in_the_feed(site: Site) -> None:
    root = etree.fromstring(site.feed("category/emnews"))
    assert root.get(LANG) == "zh-CN"
    assert root.findtext(f"{ATOM}title") == "东财滚动新闻 – 金融消息"
    assert root.findtext(f"{ATOM}rights") == "各文章版权归原作者所有"
    assert root.findtext(f"{ATOM}author/{ATOM}name") == "金融消息"
    ours = root.find(f"{ATOM}entry/{ATOM}category")
    assert ours is not None
    assert {str(name): str(value) for name, value in ours.attrib.items()} == {
        "term": "emnews",
        "scheme": "https://news.example.org/category/",
        "label": "东财滚动新闻",
    }


@pytest.mark.parametrize(("written", "zone", "meant"), TIMES)
def test_a_time_means_what_it_meant_in_its_zone(site: Site, written: str, zone: str | None, meant: str) -> None:
    number = TIMES.index((written, zone, meant))
    (entry,) = read_back(site.feed(f"source/time-{number}"))
    assert entry["published"] == entry["updated"] == datetime.fromisoformat(meant)


def test_the_line_is_chinese_unless_the_category_says_otherwise(site: Site) -> None:
    assert '来源：&lt;a href="https://news.example/"' in site.feed("category/emnews").decode()
    assert '出处：&lt;a href="https://time.example/"' in site.feed("category/times").decode()
    assert "Source:" not in site.feed("category/all").decode()


def test_the_pages_speak_chinese_and_tell_the_time_of_shanghai(site: Site) -> None:
    page = site.page("category/emnews")
    assert page.get("lang") == "zh-CN"
    text = page.text_content()
    for word in ("东财滚动新闻", "金融消息", "订阅", "时区", "来源：财经新闻", SIMPLIFIED[0], TRADITIONAL[0]):
        assert word in text, word
    for word in ("Source:", "Subscribe", "Updated"):
        assert word not in text, word
    assert {time.get("datetime") for time in page.iter("time")} >= {"2024-03-05T02:30:00Z"}
    assert "2024-03-05 10:30" in text or "10:30" in text
    home = site.page("")
    assert "东财滚动新闻" in home.text_content()
    assert home.findtext(".//title") == "金融消息"


def test_an_english_site_says_so_in_english(web: ScriptedWeb, place: Place) -> None:
    document = next(iter(DOCUMENTS.values())).body()
    place.configure([{"id": "one", "url": web.feed("/one.xml", document), "category": "news"}])
    place.run("once", "--json")
    feed = (place.public / "category/news/feed.atom").read_bytes()
    assert 'Source: &lt;a href="https://news.example/" rel="noopener noreferrer"&gt;财经新闻'.encode() in feed
    root = etree.fromstring(feed)
    assert root.get(LANG) == "en"
    # The site is English, its entries are not.
    assert {one.get(LANG) for one in root.iterfind(f"{ATOM}entry")} == {"zh-CN"}
