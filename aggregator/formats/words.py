"""The words of the pages' own interface, in each language the pages speak."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.formats.languages import primary


@dataclass(frozen=True, slots=True)
class Words:
    """What the interface says in one language; `language` is the tag of the words themselves.

    Texts of several paragraphs are tuples. `{}` stands where a number or a name is put in.
    """

    language: str
    about: str
    about_how: tuple[str, ...]
    about_readers: str
    about_subscribing: tuple[str, ...]
    about_publishers: str
    about_opting_out: tuple[str, ...]
    breadcrumbs: str
    contact: str
    copy_address: str
    credited: str
    earlier: str
    empty: str
    everything: str
    feed: str
    files: str
    footnote: str
    gone: str
    gone_text: str
    later: str
    more: str
    newest: str
    one_click: str
    on_this_device: str
    open_feed: str
    original: str
    other_formats: str
    outlines: str
    pages: str
    read_here: str
    search: str
    search_found_nothing: str
    sources: str
    subscribe: str
    subscribe_all: str
    times_in: str
    updated: str
    website: str


_ENGLISH = Words(
    language="en",
    about="About",
    about_how=(
        "This site reads the feeds of other sites, keeps what they publish, and publishes it again by topic. "
        "Nothing is rewritten: each title leads to the original, and each entry says who wrote it, where it "
        "appeared and, where it was said, under which licence.",
        "A program does all of that. It asks each site only as often as that site allows, and shows what its feed "
        "offers, as much of it as the operator of this site chose.",
    ),
    about_readers="For readers",
    about_subscribing=(
        "Every page has feeds: copy an address into any feed reader, or take the whole list of sources with you as "
        "an OPML file. No account, no cookies, no scripts; pictures come from the sites that published them.",
    ),
    about_publishers="For publishers",
    about_opting_out=(
        "What is shown belongs to those who wrote it. If you do not want your feed or one of your entries shown "
        "here, tell whoever runs this site: a source or an entry that is taken out leaves every page and feed.",
        "You can also stop it yourself. A feed that answers 410 (Gone) for a week is never asked again, and pages "
        "behind entries are read only where robots.txt lets “aggregator” in, which is the first word of the "
        "User-Agent.",
    ),
    breadcrumbs="You are here",
    contact="Contact",
    copy_address="Copy an address into your feed reader:",
    credited="Source named in the text:",
    earlier="Earlier entries",
    empty="Nothing here yet. Entries appear as soon as a source publishes one.",
    everything="Everything",
    feed="Feed",
    files="Attached files",
    footnote="Each title leads to the original. Every entry belongs to those who wrote it.",
    gone="Removed",
    gone_text="This entry was taken out and will not come back.",
    later="Later entries",
    more="and {} more",
    newest="Newest entries",
    one_click="Or open it in",
    on_this_device="a reader on this device",
    open_feed="Open the feed",
    original="Read the original",
    other_formats="Other formats",
    outlines="List of sources (OPML)",
    pages="Pages",
    read_here="Read here",
    search="Search",
    search_found_nothing="Nothing found. Every word must occur; parts of words do too.",
    sources="Sources",
    subscribe="Subscribe",
    subscribe_all="All entries in one feed. Copy an address into your feed reader:",
    times_in="Time zone:",
    updated="Updated",
    website="Website",
)

_CHINESE = Words(
    language="zh",
    about="关于本站",
    about_how=(
        "本站读取其他网站的订阅源，保存其中的条目，再按主题重新发布。内容不作改写：标题都链接到原文，"
        "每一条都注明作者、出处，以及来源声明的许可协议。",
        "这一切由程序完成。访问每个网站的频率以对方允许的为限；显示的是订阅源提供的内容，显示多少由本站管理者决定。",
    ),
    about_readers="读者",
    about_subscribing=(
        "每个页面都有订阅源：把地址复制到任意阅读器即可，也可以用 OPML 文件带走全部来源。无需注册，没有 Cookie，"
        "没有脚本；图片来自发布它们的网站。",
    ),
    about_publishers="出版者",
    about_opting_out=(
        "文章归原作者所有。如果不希望您的订阅源或某一篇文章出现在这里，请告知本站管理者："
        "被移除的来源或条目会从所有页面和订阅源中消失。",
        "您也可以自行停止：订阅源连续一周返回 410（Gone）之后，本站不再访问；条目的原文页面只在 robots.txt "
        "允许 “aggregator”（User-Agent 的第一个词）时读取。",
    ),
    breadcrumbs="当前位置",
    contact="联系",
    copy_address="将地址复制到你的阅读器：",
    credited="文中注明的来源：",
    earlier="更早的条目",
    empty="这里还没有内容。来源发布之后，条目会出现在这里。",
    everything="全部",
    feed="订阅源",
    files="附件",
    footnote="标题链接到原文，文章归原作者所有。",
    gone="已移除",
    gone_text="这一条目已被移除，不会恢复。",
    later="更新的条目",
    more="以及其他 {} 个",
    newest="最新条目",
    one_click="或直接打开：",
    on_this_device="本机阅读器",
    open_feed="打开订阅源",
    original="阅读原文",
    other_formats="其他格式",
    outlines="来源列表（OPML）",
    pages="分页",
    read_here="在本站阅读",
    search="搜索",
    search_found_nothing="没有找到。结果须包含每个词，词的一部分也可以。",
    sources="来源",
    subscribe="订阅",
    subscribe_all="全部条目的订阅源。将地址复制到你的阅读器：",
    times_in="时区：",
    updated="更新于",
    website="网站",
)

# A new language is one more value here; everything else asks `words_for`.
_SPOKEN = {words.language: words for words in (_ENGLISH, _CHINESE)}


def words_for(language: str) -> Words:
    """The interface's words for a site in `language` (BCP 47); English where we do not speak it."""
    return _SPOKEN.get(primary(language), _ENGLISH)
