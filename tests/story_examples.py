"""Pairs written by hand: what people publish as one story, and what only looks like one."""

from __future__ import annotations

from datetime import timedelta

from story_pairs import Pair, an_entry

HOURS, DAYS = timedelta(hours=5), timedelta(days=1)

RIVER = """The river rose by four metres overnight and reached the market square of the old town before dawn. About 1,200
people left their houses, most of them on foot, and spent the night in two schools on the hill. The mayor said that the
pumps had held, and that nobody had been hurt. Engineers expect the water to fall from Thursday on, unless it rains
again in the mountains. The bridge on the southern road stays closed until its pillars have been looked at by divers."""
COURT = """The court of appeal ruled on Tuesday that the city may not sell the data of its parking meters. Three residents
had sued after their movements turned up in an advertisement. The judges found that a number plate names a person as
surely as an address does, and that consent given by standing still is none at all. The city has thirty days to appeal,
and must delete what it has gathered since the spring of last year."""
COMPILER = """Version 4.2 of the compiler is out. It checks exhaustiveness of nested patterns, links twice as fast on large
projects, and drops support for 32-bit hosts. The maintainers thank 74 contributors, nine of whom sent their first patch.
Packages for the usual distributions follow within the week; whoever builds from source needs at least 8 GB of memory."""
ZH_RIVER = """新华社北京11月2日电 昨夜今晨，受强降雨影响，老城区河水上涨四米，凌晨漫入集市广场。约一千二百名居民连夜转移到山上的两所学校，
没有人员伤亡。市长表示，排水泵站运行正常，预计周四起水位将逐步回落。南面公路上的大桥继续封闭，等待潜水员检查桥墩之后再决定是否恢复通行。"""
ZH_CHIP = """据多位知情人士透露，该公司计划于明年第二季度推出新一代自研芯片，采用三纳米工艺，性能较上一代提升约四成，功耗下降两成。
首批产品将用于旗舰手机和平板电脑，随后扩展到汽车领域。公司方面对此不予置评。分析师认为，此举将进一步降低其对外部供应商的依赖。"""
JA_RAIL = """鉄道会社は二日、来年春のダイヤ改正を発表した。朝の通勤時間帯に急行を六本増やし、終電を十五分繰り上げる。
夜間の保守作業の時間を確保するためで、利用者には早めの帰宅を呼びかけている。沿線の自治体からは、地域の足が弱くなるとの懸念の声も出ている。"""
KO_PARK = """서울시는 2일 한강 공원에 나무 삼천 그루를 새로 심는다고 밝혔다. 여름철 그늘을 늘리고 미세먼지를 줄이기 위한 사업으로,
내년 봄까지 다섯 개 공원에서 차례로 진행된다. 시민들은 나무에 이름표를 달 수 있으며, 신청은 다음 달부터 누리집에서 받는다."""
DE_BAHN = """Die Bahn sperrt die Strecke am Rhein für sechs Monate. Von Februar an fahren statt der Züge Busse, und der
Güterverkehr wird über die andere Seite des Flusses geleitet. Der Vorstand verspricht dafür neue Gleise, neue Signale und
Lärmschutz auf vierzig Kilometern. Der Fahrgastverband nennt den Ersatzfahrplan eine Zumutung und verlangt Entschädigung."""
RU_BRIDGE = """Мост через реку закрыли на ремонт до конца весны. Движение транспорта перенаправлено на объездную дорогу, а
пешеходов перевозит бесплатный паром. По словам инженеров, опоры осмотрели водолазы и нашли трещины, которые нельзя
оставить до лета. Подрядчик обещает закончить работы раньше срока, если позволит погода и не поднимется вода."""
STOCKS = """沪深两市今日{a}开，上证指数收盘报{b}点，{c}{d}%，深证成指收盘报{e}点，两市成交额合计{f}亿元，较上一交易日有所变化。
盘面上，半导体、消费、医药板块走势分化，北向资金全天净流入{g}亿元，市场人士认为短期内仍将以震荡为主，投资者宜控制仓位。"""
WEATHER = """Today will be mostly {sky} with a high of {high} degrees and a low of {low}. Winds from the {wind} at {speed}
km/h. Chance of rain {rain} percent. Sunrise is at {rise}, sunset at {sets}. The pollen count is {pollen}. Tomorrow looks
much the same, and at the weekend it may turn cooler along the coast and in the hills above the lake district."""

_long = "A Long Title About the Flood in the Old Town by the River"


def _one(one: tuple[str, ...], other: tuple[str, ...], kind: str, apart: timedelta = HOURS) -> Pair:
    return Pair(an_entry(*one), an_entry(*other), True, kind, apart)


def _two(one: tuple[str, ...], other: tuple[str, ...], kind: str, apart: timedelta = HOURS) -> Pair:
    return Pair(an_entry(*one), an_entry(*other), False, kind, apart)


LINK = "https://www.daily.example/2026/11/02/river-reaches-old-town"

ONES = [
    # one page, many spellings
    _one(("River reaches town", "", LINK), ("A flood, seen by us", "", f"{LINK}?utm_source=rss&utm_medium=feed", "B"), "utm"),
    _one(("River reaches town", "", LINK), ("Flood!", "", "http://daily.example/2026/11/02/river-reaches-old-town/", "B"), "twin"),
    _one(("River reaches town", "", LINK), ("Flood!", "", LINK.replace("www.", "m.") + "#comments", "B"), "mobile"),
    _one(("River reaches town", "", LINK), ("Flood!", "", LINK.replace("www.", "amp."), "B"), "AMP host"),
    _one(("River reaches town", "", LINK), ("Flood!", "", f"{LINK}/amp/?outputType=amp", "B"), "AMP path"),
    _one(
        ("River reaches town", "", LINK),
        ("Flood!", "", "https://www-daily-example.cdn.ampproject.org/c/s/www.daily.example/2026/11/02/river-reaches-old-town", "B"),
        "AMP cache",
    ),
    _one(
        ("River reaches town", "", LINK),
        ("Flood!", "", "https://www.google.com/url?rct=j&url=https%3A%2F%2Fwww.daily.example%2F2026%2F11%2F02%2Friver-reaches-old-town&ct=ga", "B"),
        "redirector",
    ),
    _one(
        ("硬件资讯", "", "https://www.zhiku.example/p/884412"),
        ("转载", "", "https://link.zhihu.com/?target=https%3A//www.zhiku.example/p/884412%3Fspm%3Da2c4e", "乙"),
        "redirector, Chinese",
    ),
    _one(("Show: a thing", "", "https://paper.example/essay.html"), ("An essay", "", "https://paper.example/essay.html", "B"), "one page, other titles", timedelta(days=5)),
    # one title
    _one((_long, RIVER), (f"{_long} - The Daily News", RIVER[:260] + "…", "", "B"), "site behind, excerpt"),
    _one((_long, RIVER), (f"{_long} | Reuters", "", "", "B"), "site behind, nothing else"),
    _one((_long.upper(), ""), (_long, RIVER, "", "B"), "case"),
    _one(("“Nothing at all” – why the court said no to the city", COURT), ('"Nothing at all" - Why the Court said No to the City', COURT[:240], "", "B"), "quotes and dashes"),
    _one((f"BREAKING: {_long}", ""), (_long, "", "", "B"), "label"),
    _one(("老城区河水上涨四米，一千二百人连夜转移", ZH_RIVER), ("老城区河水上涨四米，一千二百人连夜转移_新浪财经", ZH_RIVER[:60], "", "新浪"), "Chinese site behind"),
    _one(("老城区河水上涨四米,一千二百人连夜转移", ""), ("【快讯】老城区河水上涨四米，一千二百人连夜转移", ZH_RIVER, "", "乙"), "Chinese label and width"),
    _one(("新一代芯片性能提升４０％功耗下降２０％", ZH_CHIP), ("新一代芯片性能提升40%功耗下降20%-36氪", ZH_CHIP[:70], "", "36氪"), "Chinese, wide digits"),
    _one(("鉄道会社が来年春のダイヤ改正を発表", JA_RAIL), ("【速報】鉄道会社が来年春のダイヤ改正を発表 | 夕刊", JA_RAIL[:80], "", "夕刊"), "Japanese"),
    _one(("서울시, 한강 공원에 나무 삼천 그루 심는다", KO_PARK), ("[속보] 서울시, 한강 공원에 나무 삼천 그루 심는다 - 일보", KO_PARK[:80], "", "일보"), "Korean"),
    _one(("Bahn sperrt Strecke am Rhein für sechs Monate", DE_BAHN), ("Bahn sperrt Strecke am Rhein für sechs Monate – Zeitung", DE_BAHN[:200], "", "Zeitung"), "German"),
    _one(("Мост через реку закрыли на ремонт до весны", RU_BRIDGE), ("Мост через реку закрыли на ремонт до весны | Вести", RU_BRIDGE[:200], "", "Вести"), "Russian"),
    # one text
    _one(("Old town under water", RIVER), ("Flood drives 1,200 from their homes", RIVER, "", "B"), "retitled"),
    _one(("Old town under water", RIVER), ("Flood drives 1,200 from their homes", f"OLD TOWN (Agency) - By our own staff.\n{RIVER}\nCopyright Agency, all rights reserved.", "", "B"), "with lead and trailer"),
    _one(("No sale of parking data", COURT), ("Judges stop a city", COURT.replace("judges", "justices").replace("Tuesday", "Tuesday morning"), "", "B"), "lightly edited"),
    _one(("Compiler 4.2", COMPILER), ("The new compiler is here", COMPILER.replace("\n", " "), "", "B"), "release, retitled"),
    _one(("老城被淹", ZH_RIVER), ("暴雨致河水漫入集市广场", ZH_RIVER.replace("，", ","), "", "乙"), "Chinese, retitled and repunctuated"),
    _one(("新芯片要来了", ZH_CHIP), ("三纳米：知情人士谈下一代产品", f"编者按：本文转载自合作媒体。\n{ZH_CHIP}", "", "乙"), "Chinese, with lead"),
    _one(("終電が早くなる", JA_RAIL), ("来年春から急行を六本増便", JA_RAIL, "", "夕刊"), "Japanese, retitled"),
    _one(("한강에 나무를", KO_PARK), ("내년 봄까지 공원 다섯 곳에 그늘", KO_PARK, "", "일보"), "Korean, retitled"),
    _one(("Rheinstrecke dicht", DE_BAHN), ("Sechs Monate Busse statt Züge", DE_BAHN, "", "Zeitung"), "German, retitled"),
    _one(("Мост закрыт", RU_BRIDGE), ("Вместо моста паром", RU_BRIDGE, "", "Вести"), "Russian, retitled"),
]  # fmt: skip


def _stocks(*figures: str) -> str:
    return STOCKS.format(**dict(zip("abcdefg", figures, strict=True)))


TWOS = [
    # titles that come again
    _two(("Weekly links", "Ten things about rivers that I have read."), ("Weekly links", "Nine things about bread.", "", "B"), "weekly links"),
    _two(("Open thread", ""), ("Open thread", "", "", "B"), "open thread"),
    _two(("每日一图", ""), ("每日一图", "", "", "乙"), "picture of the day"),
    _two(("This week in the world of open source software", ""), ("This week in the world of open source software", "", "", "B"), "a weekly column, long title"),
    _two(("Weather forecast for the lake district and the coast", ""), ("Weather forecast for the lake district and the coast", "", "", "B"), "forecast"),
    _two(("财经早餐：隔夜全球市场要闻一览", ""), ("财经早餐：隔夜全球市场要闻一览", "", "", "乙"), "morning digest", DAYS),
    _two(("Hello world", ""), ("Hello world", "", "", "B"), "too short to tell"),
    _two(("Release notes", COMPILER), ("Release notes", RIVER, "", "B"), "short title, other text"),
    _two((_long, RIVER), (_long, "", "", "B"), "a title of last month", timedelta(days=30)),
    # forms filled in with other figures
    _two(("上证指数收盘涨0.5%", _stocks("高", "3012.45", "涨", "0.5", "9021.3", "8123", "31")), ("上证指数收盘涨0.7%", _stocks("高", "3034.11", "涨", "0.7", "9102.8", "8345", "42"), "", "乙"), "stock report", DAYS),
    _two(("沪指震荡走高", _stocks("高", "3012.45", "涨", "0.5", "9021.3", "8123", "31")), ("A股三大指数集体收涨", _stocks("高", "3034.11", "涨", "0.7", "9102.8", "8345", "42"), "", "乙"), "stock report, other titles", DAYS),
    _two(
        ("Weather for Monday", WEATHER.format(sky="cloudy", high=12, low=3, wind="west", speed=20, rain=40, rise="7:02", sets="16:31", pollen="low")),
        ("Weather for Tuesday", WEATHER.format(sky="cloudy", high=14, low=5, wind="west", speed=25, rain=10, rise="7:04", sets="16:29", pollen="low"), "", "B"),
        "weather", DAYS,
    ),
    _two(("Lottery numbers of 2 November drawn in the capital", ""), ("Lottery numbers of 3 November drawn in the capital", "", "", "B"), "date in the title", DAYS),
    _two(("Compiler 4.2 released", COMPILER), ("Compiler 4.3 released", COMPILER.replace("4.2", "4.3").replace("74", "81"), "", "B"), "next release", DAYS),
    _two(("Daily figures", "", "https://figures.example/today/all-regions"), ("Daily figures: 214 cases", "", "https://figures.example/today/all-regions", "B"), "one page, more than a week later", timedelta(days=8)),
    _two(("Cases on 2 November: 214 in all regions", "", "https://figures.example/today/all-regions"), ("Cases on 3 November: 198 in all regions", "", "https://figures.example/today/all-regions", "B"), "a page written anew each day", DAYS),
    # series
    _two(("The history of bridges, part 1: wood", COURT), ("The history of bridges, part 2: stone", RIVER, "", "B"), "parts"),
    _two(("Amazing Lectures - \"The Sickle\" - J. Doe", f"This is the second of a seven part series held in the hall. {COURT}"), ("Amazing Lectures - \"The Gospel\" - A. Roe", f"This is the third of a seven part series held in the hall. {COURT}", "", "B"), "lectures with one description"),
    _two(("ボールステムのデザートボウル（ブルー）", JA_RAIL), ("ボールステムのデザートボウル（グリーン）", JA_RAIL, "", "店"), "one description, other colour"),
    _two(("Changelog 1.9", "", "https://tool.example/changelog#1.9"), ("Changelog 1.8", "", "https://tool.example/changelog#1.8", "B"), "places on one page"),
    # addresses that name no entry
    _two(("First", "", "https://blog.example/"), ("Second", "", "http://www.blog.example/", "B"), "front page"),
    _two(("First", "", "https://blog.example/news/"), ("Second", "", "https://blog.example/news", "B"), "section"),
    _two(("Old town under water", RIVER, "https://paper.example/a-1"), ("Flood in the old town", RIVER[:330], "https://paper.example/a-2"), "one publisher, two articles"),
    # other stories with something in common
    _two(("River reaches old town", RIVER), ("River falls in old town", COURT, "", "B"), "same topic"),
    _two(("Court stops sale of parking data", COURT), ("Court allows sale of parking data", RIVER, "", "B"), "opposites"),
    _two((_long, RIVER), ("Flut in der Altstadt: Der Fluss steigt um vier Meter", DE_BAHN, "", "B"), "translation"),
    _two((_long, RIVER), ("News of the day in five minutes", f"{RIVER[:150]} {COURT} {COMPILER}", "", "B"), "digest"),
    _two(("Short", "Read more on our site."), ("Other", "Read more on our site.", "", "B"), "short texts"),
    _two(("A walk", "<img> Photo by the author, all rights reserved, click to see it large."), ("A run", "<img> Photo by the author, all rights reserved, click to see it large.", "", "B"), "captions"),
    _two(("城市规划公示", ZH_RIVER), ("城市规划公示", ZH_CHIP, "", "乙"), "official notices under one title"),
    _two(("公司公告：关于召开股东大会的通知", ""), ("公司公告：关于召开股东大会的通知", "", "", "乙"), "notices of companies"),
    _two(("鉄道会社が来年春のダイヤ改正を発表", JA_RAIL), ("バス会社が来年春のダイヤ改正を発表", KO_PARK, "", "夕刊"), "Japanese, other company"),
    _two((_long, RIVER), (f"{_long}, One Year On", RIVER, "", "B"), "a year later", timedelta(days=365)),
    _two(("Q&A: the mayor answers", RIVER), ("Q&A: the judge answers", COURT, "", "B"), "interviews"),
]  # fmt: skip
