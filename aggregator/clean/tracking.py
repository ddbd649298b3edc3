"""What follows readers around and says nothing to them: parameters of addresses, and pictures that only count."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

# Parameters that no site needs to find its page, by who adds them. A name is here only when it is used for nothing
# else. What chooses the page on some sites stays, such as "ref", "source" and "from".
PARAMETERS = frozenset(
    name
    for names in (
        "gclid gclsrc dclid gbraid wbraid gad_source gad_campaignid srsltid _ga _gl",  # Google Ads, Merchant, Analytics
        "fbclid fb_action_ids fb_action_types igshid igsh",  # Facebook, Instagram
        "msclkid twclid ttclid li_fat_id yclid ysclid _openstat epik rdt_cid",  # clicks on other networks
        "mc_cid mc_eid ml_subscriber ml_subscriber_hash mkt_tok",  # Mailchimp, MailerLite, Marketo
        "_hsenc _hsmi __hssc __hstc __hsfp hsctatracking",  # HubSpot
        "vero_id vero_conv oly_anon_id oly_enc_id wickedid rb_clickid",  # Vero, Omeda, Wicked Reports
        "ns_mchannel ns_source ns_campaign ns_linkname ns_fee xtor wt_mc wt.mc_id wt_zmc",  # Comscore, AT, Webtrekk
        "spm guccounter guce_referrer guce_referrer_sig __twitter_impression cmpid ncid",  # Alibaba, Yahoo, newsrooms
        "pk_campaign pk_kwd pk_keyword pk_source pk_medium pk_content pk_cid",  # Piwik: "pk" alone is a primary key
        "at_medium at_campaign at_custom1 at_custom2 at_custom3 at_custom4 at_link_id at_link_type",
        "at_link_origin at_format at_ptr_name at_bbc_team",  # AT Internet (the BBC's feeds)
    )
    for name in names.split()
)
# Families of one maker, with names that a campaign may make up: Urchin (now Google Analytics), Matomo, HubSpot's ads,
# Branch.
FAMILIES = ("utm_", "mtm_", "matomo_", "piwik_", "hsa_", "_branch_")
# A value that says by itself that it counts feed readers: of Medium, of the New York Times, of blogs.
FROM_A_FEED = re.compile(r"source=rss-{2,}.*|(?:ref|partner|emc)=(?:rss|feed)", re.IGNORECASE)
# Who signs an address signs its whole query; taking a parameter out would break the link.
SIGNED = re.compile(
    r"[?&](?:(?:x-amz-|x-goog-|x-oss-)?sig(?:nature)?|hmac|hdnea|key-pair-id|__token__|auth_key|wssecret)=", re.I
)
# Whether it is worth looking closer.
SUSPICIOUS = re.compile(r"[?&#;](?:[a-z_]|wt\.)[a-z0-9._]*=", re.IGNORECASE)

# Where counting pictures are fetched from, whatever size they say they have: a host with all below it.
COUNTING_HOSTS = frozenset(
    host
    for hosts in (
        "pixel.wp.com stats.wordpress.com stats.wp.com",  # WordPress.com
        "google-analytics.com googletagmanager.com doubleclick.net googleadservices.com googlesyndication.com",
        "scorecardresearch.com quantserve.com imrworldwide.com chartbeat.net parsely.com ioam.de",  # audiences
        "bluekai.com adsrvr.org adnxs.com mathtag.com adsafeprotected.com tapad.com",  # advertising
        "da.feedsportal.com pi.feedsportal.com res.feedsportal.com ads.pheedo.com",  # feeds
        "statcounter.com histats.com sitemeter.com vgwort.de cpx.golem.de track.hubspot.com",  # counters
        "mc.yandex.ru counter.yadro.ru counter.rambler.ru hm.baidu.com cnzz.com",
    )
    for host in hosts.split()
)
# And addresses of hosts that have more than counting pictures, as host and beginning of the path.
COUNTING_PATHS = re.compile(
    r"""(?:
    (?:[\w.-]+\.)?feedburner\.com/~(?:r|f|ff|a)/                # FeedBurner: its counter, share buttons and ads
    | feeds\.[\w.-]+/~(?:r|f|ff|a)/                             # the same under the site's own name
    | [\w.-]+\.feedsportal\.com/c/\S*?/mf\.gif                  # Mediafed
    | feeds\.wordpress\.com/1\.0/                               # WordPress.com: share buttons
    | feedpress\.(?:me|com)/\d+/\d+\.gif | feed\.press/e/       # FeedPress
    | medium\.com/_/stat
    | (?:www\.)?facebook\.com/tr[/?]
    | (?:[\w.-]+\.)?(?:blogspot|googleusercontent)\.com/tracker/  # Blogger
    | (?:www\.)?assoc-amazon\.\w[\w.]*/e/ir | ir-\w\w\.amazon-adsystem\.com/e/ir
    | counter\.theconversation\.com/
    # Counters of Matomo, and of Community Server, BlogEngine and Subtext; looked for only where something is asked.
    | (?=[^?]*+\?) [^/]+/(?:[^?\#]*/)?(?:(?:matomo|piwik)\.php|aggbug\.as[ph]x)\?
    )""",
    re.VERBOSE | re.IGNORECASE,
)
HOST = re.compile(r"(?:https?:)?//([^/?#:@\s]+)", re.IGNORECASE)
TINY = re.compile(r"\s*0*[01](?:\.\d*)?(?:px)?\s*", re.IGNORECASE)
TINY_STYLE = re.compile(r"(?:^|[;\s])(width|height)\s*:\s*0*[01](?:px)?\s*(?:!important\s*)?(?=;|$)", re.IGNORECASE)
HIDDEN = re.compile(r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)


@lru_cache(1024)  # the articles of a site link to the same places
def without_tracking(address: str) -> str:
    """The address without the parameters that only follow its reader, otherwise byte for byte as it was.

    A signed query stays whole. A fragment goes when it is made of nothing but such parameters.
    """
    if not SUSPICIOUS.search(address):
        return address
    rest, mark, fragment = address.partition("#")
    if mark and all(map(_follows, fragment.split("&"))):
        mark = fragment = ""
    path, asked, query = rest.partition("?")
    if asked and not SIGNED.search(rest):
        pairs = query.split("&")
        kept = [pair for pair in pairs if not _follows(pair)]
        if len(kept) < len(pairs):
            rest = f"{path}?{'&'.join(kept)}" if kept else path
    return rest + mark + fragment


def _follows(pair: str) -> bool:
    """Whether a parameter is there to follow the reader; "amp;" before it is an ampersand escaped twice."""
    pair = pair.removeprefix("amp;")
    name = pair.partition("=")[0].lower()
    return name in PARAMETERS or name.startswith(FAMILIES) or FROM_A_FEED.fullmatch(pair) is not None


def only_counts(address: str, attributes: Mapping[str, str]) -> bool:
    """Whether a picture is there to count its readers: nobody sees it, or everybody knows where it comes from.

    `attributes` are those of its element, with lower-case names.
    """
    return _is_tiny(attributes) or is_counter(address)


def is_counter(address: str) -> bool:
    """Whether the address is one from which only counting pictures come."""
    start = HOST.match(address)
    if start is None:
        return False
    return _is_counting_host(start[1]) or COUNTING_PATHS.match(address, start.start(1)) is not None


@lru_cache(1024)  # the pictures of a site come from few hosts
def _is_counting_host(host: str) -> bool:
    host = host.lower()
    while host and host not in COUNTING_HOSTS:
        host = host.partition(".")[2]
    return bool(host)


def _is_tiny(attributes: Mapping[str, str]) -> bool:
    """Whether a picture is at most one pixel in both directions, or hidden by its own style."""
    wide, high = (TINY.fullmatch(attributes.get(name, "")) is not None for name in ("width", "height"))
    style = attributes.get("style", "")
    if not style or (wide and high):
        return wide and high
    if HIDDEN.search(style):
        return True
    styled = set(map(str.lower, TINY_STYLE.findall(style)))
    return (wide or "width" in styled) and (high or "height" in styled)
