"""What many spellings of one address have in common: shares, redirectors, twins for phones and AMP."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote

from aggregator.clean.tracking import FAMILIES, FROM_A_FEED, PARAMETERS
from aggregator.clean.urls import split

# What says who sent the reader here and nothing of what is there, beyond what can be taken out of a link that is shown:
# two entries that differ in nothing else are one, even if a site somewhere gives such a name a meaning of its own.
TRACKING = PARAMETERS.union(
    *(
        names.split()
        for names in (
            "_kx s_cid icid __s dclid at_campaign_type ocid ito smid smtyp sr_share traffic_source ref_src ref_url",
            "referrer via_feed feedtype feedname ftag ftcamp echobox soc_src soc_trk sh share shared",
            # Bilibili, Weibo, WeChat, Toutiao, Zhihu
            "spm_id_from vd_source share_source share_medium share_plat share_from share_tag share_session_id unique_k",
            "from_source is_all_hot_search chksm sharer_shareid wfr isappinstalled nsukey",
        )
    )
)
TRACKING_BEGINS = (*FAMILIES, "pk_", "ga_", "oly_", "at_custom", "spm_")
# These mean something on some sites, and are tracking with these values.
TRACKING_VALUES = {"from": "rss feed timeline groupmessage singlemessage", "source": "rss feed", "ref": "rss feed"}
AMP_PARAMETERS = {"amp": None, "outputtype": "amp", "output": "amp"}
# Fragments that lead nowhere else than to the page: a place that every page has, or tracking. Others tell entries of
# one page apart: releases in a changelog, notes of a live blog.
IDLE_FRAGMENT = re.compile(
    r"(comments?|comment-form|respond|disqus_thread|top|main|content|rss|feed|atom|more(-\d+)?|ref=.*|:~:.*"
    r"|(utm_|mtm_|pk_)\w+=.*|xtor=.*|echobox=.*|ftag=.*|s?cid=.*|intcid=.*|tk\.rss_.*|cxrecs_s|ixzz\w*)?",
    re.IGNORECASE,
)
TWIN_LABELS = frozenset({"www", "m", "mobile", "amp", "touch", "wap"})
INDEX_PAGE = re.compile(r"/(index|default)\.(html?|php|aspx?|jsp|shtml)$", re.IGNORECASE)
AMP_PATH = re.compile(r"/amp/?$|[./]amp(?=\.html?$)|^/amp(?=/.)", re.IGNORECASE)
# Hosts that only pass the reader on, and the parameters in which they carry where to.
REDIRECTORS = {
    "google.com/url": "q url",
    "youtube.com/redirect": "q",
    "facebook.com/l.php": "u",
    "l.facebook.com/l.php": "u",
    "l.instagram.com": "u",
    "out.reddit.com": "url",
    "t.umblr.com/redirect": "z",
    "linkedin.com/redir/redirect": "url",
    "vk.com/away.php": "to",
    "steamcommunity.com/linkfilter": "url u",
    "slack-redir.net/link": "url",
    "getpocket.com/redirect": "url",
    "duckduckgo.com/l": "uddg",
    "medium.com/r": "url",
    "disq.us/url": "url",
    "exit.sc": "url",
    "redirect.viglink.com": "u",
    "go.skimresources.com": "url",
    "go.redirectingat.com": "url",
    "link.zhihu.com": "target",
    "link.juejin.cn": "target",
    "link.csdn.net": "target",
    "link.jianshu.com": "t",
    "gitee.com/link": "target",
    "sspai.com/link": "target",
    "oschina.net/action/gotolink": "url",
    "weibo.cn/sinaurl": "u toasturl",
    "douban.com/link2": "url",
}
# Those that carry it in the path; after "s/" it is https.
CARRIERS = re.compile(
    r"https?://(?:(?:www\.)?google\.[a-z.]+/amp/(?P<amp>s/)?"
    r"|[a-z0-9-]+\.cdn\.ampproject\.org/[acv]/(?P<cdn>s/)?"
    r"|web\.archive\.org/web/\d{4,14}[a-z_]*/(?P<archive>)"
    r"|[a-z.]*\.?news\.yahoo\.com/[^*]*\*(?P<yahoo>))"
    r"(?P<rest>.+)",
    re.IGNORECASE,
)
MOST_HOPS = 3
# Whose addresses say nothing of who published: they only lead on, and not to where could be seen.
OPAQUE = frozenset().union(
    *(
        names.split()
        for names in (
            "feedproxy.google.com feeds.feedburner.com feedburner.com news.google.com rss.app",
            "t.co bit.ly ow.ly tinyurl.com dlvr.it ift.tt buff.ly t.cn url.cn dwz.cn lnkd.in fb.me goo.gl is.gd",
        )
    )
)
# What the last part of an address is called where many entries stand: it identifies none of them.
SHARED_PAGE = re.compile(
    r"(?:/(?:[a-z]{2}(-[a-z]{2})?|blog|blogs|news|home|feeds?|rss|atom|articles?|posts?|archives?|index|latest|updates?"
    r"|press|releases?|changelog|events?|podcasts?|episodes?|jobs|about|start|main)(?:\.[a-z]{2,5})?)+",
    re.IGNORECASE,
)
# An address with which nothing has to be done but to cut off what stands in front and behind.
_PLAIN = re.compile(
    r"https?://(?:www\.)?(?P<host>(?!(?:www|m|mobile|amp|touch|wap)\.)[a-z0-9.-]*[a-z0-9-])"
    r"(?P<path>/[^?#%:*]*[^/?#%:*])/*"
)


class Canonical(NamedTuple):
    """What all spellings of an address share; `address` is "" where it names a page that many entries share.

    `host` is that of the publisher, "" where it cannot be seen.
    """

    address: str
    host: str


def canonical(url: str) -> Canonical:
    """The canonical form of an absolute http(s) address; no address that could be asked for."""
    plain = _PLAIN.fullmatch(url) if url.isascii() else None
    if plain and not _TWIN.search(url):
        host, path = plain["host"], plain["path"]
        if host not in _CARRYING and not INDEX_PAGE.search(path) and host not in OPAQUE:
            return Canonical("" if SHARED_PAGE.fullmatch(path) else host + path, host)
    return _canonical(_unwrapped(url))


def _canonical(url: str) -> Canonical:
    parts = split(url)
    if parts is None:
        return Canonical("", "")
    host = _host(parts.hostname or "", parts.port)
    path = parts.path
    if "%" in path or not path.isascii():
        path = quote(unquote(path), safe="/:@!$&'()*+,;=~-._")
    path = INDEX_PAGE.sub("", AMP_PATH.sub("", path)).rstrip("/")
    query = "&".join(sorted(pair for pair in parts.query.split("&") if pair and not _tracks(pair)))
    fragment = "" if IDLE_FRAGMENT.fullmatch(parts.fragment) else parts.fragment
    if not (path or query) or (SHARED_PAGE.fullmatch(path) and not query and not fragment):
        return Canonical("", "" if host in OPAQUE else host)
    address = f"{host}{path}{'?' if query else ''}{query}{'#' if fragment else ''}{fragment}"
    return Canonical(address, "" if host in OPAQUE else host)


def _host(name: str, port: int | None) -> str:
    """The host without what marks twins of one site: "www.", "m.", "amp." in front, "m" behind the first label."""
    labels = name.rstrip(".").split(".")
    while len(labels) > 2 and labels[0] in TWIN_LABELS:
        labels = labels[1:]
    if len(labels) > 3 and labels[1] == "m":
        del labels[1]
    return ".".join(labels) + ("" if port in (None, 80, 443) else f":{port}")


def _tracks(pair: str) -> bool:
    """Whether a parameter only says where the reader came from, or which twin of the page he gets."""
    name, _, value = pair.lower().partition("=")
    if name in TRACKING or name.startswith(TRACKING_BEGINS) or FROM_A_FEED.fullmatch(pair):
        return True
    if name in AMP_PARAMETERS:
        return AMP_PARAMETERS[name] in (None, value)
    return value in TRACKING_VALUES.get(name, "").split()


def _unwrapped(url: str) -> str:
    """Where a redirector leads, as far as its address says so and names a place."""
    for _ in range(MOST_HOPS):
        if (carried := CARRIERS.match(url)) and split(target := _carried(carried)):
            url = target
            continue
        parts = split(url)
        if parts is None:
            return url
        host = _host((parts.hostname or "").lower(), None)
        names = REDIRECTORS.get(host) or REDIRECTORS.get(f"{host}{parts.path.rstrip('/').lower()}")
        if not names:
            return url
        asked = dict(parse_qsl(parts.query))
        led_to = next((asked[name] for name in names.split() if split(asked.get(name, ""))), None)
        if led_to is None:
            return url
        url = led_to
    return url


def _carried(carrier: re.Match[str]) -> str:
    """The address in the path of one of `CARRIERS`, which has its scheme only where it has one there."""
    rest = carrier["rest"]
    if rest.startswith(("http:", "https:")):
        return rest
    return f"http{'s' if carrier['amp'] or carrier['cdn'] else ''}://{rest}"


_TWIN = re.compile(r"[/.]amp\b|\.m\.|\.ampproject\.org/", re.IGNORECASE)
_CARRYING = frozenset(("web.archive.org", *(name.partition("/")[0] for name in REDIRECTORS)))
