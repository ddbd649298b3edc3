"""What the sample sources publish; every story was written for the demo, its time counted back from the start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

LIVE_SECONDS = 5
LIVE_WINDOW = 20  # a feed shows its newest entries only, as most do


@dataclass(frozen=True, slots=True)
class Picture:
    """A file that belongs to a story; `path` is relative to its source."""

    path: str
    media_type: str
    body: bytes
    title: str


@dataclass(frozen=True, slots=True)
class Story:
    """One entry: `html` is its body, `slug` its place below the source, `author` None where the feed names one."""

    slug: str
    title: str
    html: str
    published: datetime
    terms: tuple[str, ...] = ()
    author: str | None = None
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Publisher:
    """One sample source: `name` is its id in the config and its place on the sample server."""

    name: str
    title: str
    about: str
    language: str
    file: str
    encoding: str = "utf-8"
    zone: tzinfo = UTC
    author: str | None = None
    rights: str | None = None


MILLBROOK = Publisher(
    "millbrook", "The Millbrook Messenger", "What happens between the mill and the station.", "en-GB", "feed.rss"
)
HERON = Publisher(
    "hill-and-heron",
    "Hill & Heron",
    "Slow walks, patient birds.",
    "en",
    "feed.atom",
    author="Ada Lindqvist",
    rights="© Ada Lindqvist and friends, CC BY 4.0",
)
HUTONG = Publisher(
    "hutong",
    "胡同茶话",
    "一壶茶，几条胡同，慢慢说。",
    "zh-CN",
    "feed.xml",
    encoding="gb2312",
    zone=ZoneInfo("Asia/Shanghai"),
    author="老周",
)
HARBOUR = Publisher("harbour", "Harbour Office", "Who comes, who goes, and the tide.", "en", "feed.rss")
PUBLISHERS = (MILLBROOK, HERON, HUTONG, HARBOUR)
BROKEN = "weather"

# ---------------------------------------------------------------- written once


def _millbrook(start: datetime) -> tuple[Story, ...]:
    return (
        Story(
            "footbridge",
            "The footbridge is open again",
            "<p>After six weeks of hammering, the footbridge below the mill carries people again. The new planks are "
            "larch from the town's own wood; the old ones become benches for the school yard.</p>"
            "<p>The first across was Mrs Okafor's dog, who did not wait for the mayor.</p>",
            start - timedelta(minutes=35),
            ("town",),
        ),
        Story(
            "seed-library",
            "Library lends seeds as well as books",
            "<p>Take a packet in spring, bring seeds back in autumn. Beans, dill and three old kinds of tomato are "
            "waiting in the drawers where the card catalogue used to be.</p>",
            start - timedelta(hours=5, minutes=10),
            ("library", "gardens"),
        ),
        Story(
            "market",
            "Market moves to Thursday this week",
            "<p>The square is needed for the brass bands on Saturday. Cheese, fish and flowers come on Thursday "
            "instead, from <strong>7 in the morning</strong>.</p>",
            start - timedelta(hours=22),
            ("town",),
        ),
        Story(
            "night-bus",
            "Night bus gets a stop at the station",
            "<p>From next month line N4 waits for the last train, even when the last train is late.</p>",
            start - timedelta(days=2, hours=3),
            ("transport",),
        ),
    )


def _heron(start: datetime, walk: bytes) -> tuple[Story, ...]:
    picture = Picture("walk.svg", "image/svg+xml", walk, "The walk, drawn from memory")
    return (
        Story(
            "mill-pond",
            "A morning round the mill pond, with a map",
            '<p><img src="walk.svg" alt="A hand-drawn map: a path from the mill round the pond and back" width="480" '
            'height="300"></p><p>Two kilometres, one stile, and a heron that stands so still by the sluice that '
            "I have twice said good morning to a post. Go before eight, when the mist is still on the water.</p>",
            start - timedelta(minutes=50),
            ("walks", "herons"),
            picture=picture,
        ),
        Story(
            "boots",
            "Waxing boots: what three winters taught me",
            "<p>Warm the boot, not the wax. Twice thin beats once thick. And let them dry <em>away</em> from the "
            "stove, whatever your grandfather did.</p>",
            start - timedelta(hours=9, minutes=20),
            ("gear",),
            author="Tomás Reed",
        ),
        Story(
            "swifts",
            "Counting swifts from the kitchen window",
            "<p>Fourteen on Monday, nineteen on Tuesday, and on Wednesday so many that the soup burned. "
            "The tally sheet is on the fridge; the error bars are on the soup.</p>",
            start - timedelta(days=3, hours=2),
            ("birds",),
        ),
    )


def _hutong(start: datetime) -> tuple[Story, ...]:
    return (
        Story(
            "yuhou",
            "雨后的胡同，豆浆还是热的",
            "<p>雨下了一夜，早上的青砖还是湿的。街口的豆浆铺照常六点开门，老板说：“下雨天，更要喝热的。”</p>"
            "<p>一碗豆浆，两根油条，看着屋檐滴水，半个小时就过去了。</p>",
            start - timedelta(minutes=25),
            ("生活",),
        ),
        Story(
            "longjing",
            "新茶上市，龙井怎么挑不吃亏",
            "<p>先看颜色：好龙井绿中带黄，不是一味的翠绿。再闻香气，最后才问价钱。水温八十五度左右，"
            "<strong>不要用滚开的水</strong>。</p>",
            start - timedelta(hours=7),
            ("茶",),
        ),
        Story(
            "qixing",
            "周末骑行：沿着护城河走一圈",
            "<p>全程大约十五公里，路平，树荫多。建议早上七点出发，中午以前回来，正好赶上一碗炸酱面。</p>",
            start - timedelta(days=1, hours=4),
            ("骑行", "生活"),
        ),
        Story(
            "tushujiao",
            "社区图书角开放，欢迎带书来换",
            "<p>一本换一本，不用登记。上周换走最快的是菜谱，其次是武侠小说。</p>",
            start - timedelta(days=4),
            ("读书",),
        ),
    )


# ---------------------------------------------------------------- written as time goes by

_SEEN_FROM_THE_PIER = (
    ("Ferry Linnea leaves for Sundby", "Forty-one passengers, nine bicycles and a cello."),
    ("Trawler Aurora lands herring", "Sixty crates; the gulls have been told."),
    ("Pilot boat goes out to the Meridian", "She waits two miles off the west mole for high water."),
    ("Swing bridge opens for two yachts", "Road traffic waits four minutes, and waves."),
    ("Tide gauge passes the red mark", "1.32 m and rising; the lower quay stays dry today."),
    ("Mail boat is in from the islands", "Eleven sacks and one very patient hen."),
    ("Crane 3 starts on the timber", "Spruce for the boatyard, until about noon."),
    ("The seal is on the slipway again", "Please launch from the north side until she has finished her nap."),
)


def _harbour(start: datetime, now: datetime) -> tuple[Story, ...]:
    """One bulletin at the start, and one every few seconds since."""
    so_far = 1 + max(0, int((now - start).total_seconds())) // LIVE_SECONDS
    return tuple(_bulletin(number, start) for number in range(so_far, 0, -1))


def _bulletin(number: int, start: datetime) -> Story:
    moment = start + timedelta(seconds=(number - 1) * LIVE_SECONDS)
    title, text = _SEEN_FROM_THE_PIER[(number - 1) % len(_SEEN_FROM_THE_PIER)]
    # The moment is in the address, and so in the id: a reader subscribed since yesterday's demo must see news.
    return Story(f"{moment:%Y%m%dT%H%M%SZ}", f"{title} (no. {number})", f"<p>{text}</p>", moment, ("harbour",))


def stories(publisher: Publisher, start: datetime, now: datetime, walk: bytes) -> tuple[Story, ...]:
    """All that a publisher has written up to `now`, newest first; `walk` is the picture of a map."""
    if publisher is HARBOUR:
        return _harbour(start, now)
    if publisher is HERON:
        return _heron(start, walk)
    return _hutong(start) if publisher is HUTONG else _millbrook(start)
