"""The words of the pages' own interface, in each language the pages speak."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.formats.languages import primary


@dataclass(frozen=True, slots=True)
class Words:
    """What the interface says in one language; `language` is the tag of the words themselves."""

    language: str
    breadcrumbs: str
    contact: str
    copy_address: str
    empty: str
    everything: str
    feed: str
    footnote: str
    more: str
    open_feed: str
    sources: str
    subscribe: str
    subscribe_all: str
    times_in: str
    updated: str
    website: str


_ENGLISH = Words(
    language="en",
    breadcrumbs="You are here",
    contact="Contact",
    copy_address="Copy this address into your feed reader:",
    empty="Nothing here yet. Entries appear as soon as a source publishes one.",
    everything="Everything",
    feed="Feed",
    footnote="Each title leads to the original. Every entry belongs to those who wrote it.",
    more="and {} more",
    open_feed="Open the feed",
    sources="Sources",
    subscribe="Subscribe",
    subscribe_all="All entries in one feed. Copy this address into your feed reader:",
    times_in="Time zone:",
    updated="Updated",
    website="Website",
)

_CHINESE = Words(
    language="zh",
    breadcrumbs="当前位置",
    contact="联系",
    copy_address="将此地址复制到你的阅读器：",
    empty="这里还没有内容。来源发布之后，条目会出现在这里。",
    everything="全部",
    feed="订阅源",
    footnote="标题链接到原文，文章归原作者所有。",
    more="以及其他 {} 个",
    open_feed="打开订阅源",
    sources="来源",
    subscribe="订阅",
    subscribe_all="全部条目的订阅源。将此地址复制到你的阅读器：",
    times_in="时区：",
    updated="更新于",
    website="网站",
)

# A new language is one more value here; everything else asks `words_for`.
_SPOKEN = {words.language: words for words in (_ENGLISH, _CHINESE)}


def words_for(language: str) -> Words:
    """The interface's words for a site in `language` (BCP 47); English where we do not speak it."""
    return _SPOKEN.get(primary(language), _ENGLISH)
