"""Fetching over real connections on the loopback: answers, conditional requests, redirects, secrets, manners."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fetching import after, document, failure, fetch, fetcher, keys, outside_fixture, source, talking, visit  # noqa: F401
from scripted_web import Answer, Request, ScriptedWeb

from aggregator import __version__
from aggregator.fetch import HttpFetcher
from aggregator.fetch.client import _same_origin
from aggregator.model import Asking, Document, Reason, Source, Unchanged, Validators, amended

pytestmark = pytest.mark.usefixtures("outside")

FEED = b"<rss version='2.0'><channel><title>News</title></channel></rss>"


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


# ---------------------------------------------------------------- what a 200 gives


async def test_a_200_gives_the_document_with_everything_the_server_said_of_it(web: ScriptedWeb) -> None:
    headers = {
        "Content-Type": "application/rss+xml; charset=GBK",
        "Content-Language": "zh-CN",
        "ETag": '"one"',
        "Last-Modified": "Tue, 14 Nov 2023 22:13:20 GMT",
        "Cache-Control": "public, max-age=1800",
    }
    url = web.script("/feed?a=1", Answer(FEED, headers=headers))
    found = await document(url + "#part")
    assert found.body == FEED
    assert found.body_hash == hashlib.blake2b(FEED, digest_size=16).hexdigest()
    assert found.url == url
    assert (found.content_type, found.content_language) == ("application/rss+xml; charset=GBK", "zh-CN")
    assert found.validators == Validators(url, '"one"', "Tue, 14 Nov 2023 22:13:20 GMT")
    assert found.hints.max_age == seconds(1800)
    assert found.hints.retry_after is None
    assert len(web.asked("/feed?a=1")) == 1


async def test_a_200_that_says_nothing_of_itself_is_a_document_all_the_same(web: ScriptedWeb) -> None:
    found = await document(web.script("/feed", Answer(b"")))
    assert (found.body, found.content_type, found.content_language, found.validators) == (b"", "", "", None)
    assert (found.hints.max_age, found.hints.retry_after) == (None, None)


async def test_the_same_body_again_is_unchanged_and_brings_the_new_validators(web: ScriptedWeb) -> None:
    url = web.script("/feed", Answer(FEED, headers={"ETag": '"one"'}))
    before = after(await fetch(url))
    web.script("/feed", Answer(FEED, headers={"ETag": '"two"', "Cache-Control": "max-age=60"}))
    again = await fetch(url, before)
    assert isinstance(again, Unchanged)
    assert again.by == "body"
    assert again.validators == Validators(url, '"two"')
    assert again.hints.max_age == seconds(60)


async def test_the_same_body_is_known_again_under_another_coding(web: ScriptedWeb) -> None:
    url = web.script("/feed", Answer(FEED))
    before = after(await fetch(url))
    web.script("/feed", Answer(gzip.compress(FEED), headers={"Content-Encoding": "gzip"}))
    assert await fetch(url, before) == Unchanged("body")


async def test_another_body_is_a_document_again(web: ScriptedWeb) -> None:
    url = web.script("/feed", Answer(FEED))
    before = after(await fetch(url))
    web.script("/feed", Answer(FEED + b" "))
    assert (await document(url, before)).body == FEED + b" "


@pytest.mark.parametrize("status", [201, 202, 203, 204, 205, 206, 226, 300, 305, 306, 400, 401, 402, 403, 404, 405])
@pytest.mark.parametrize("body", [b"", FEED])
async def test_any_status_but_200_is_a_failure_that_names_it(web: ScriptedWeb, status: int, body: bytes) -> None:
    url = web.script("/feed", Answer(b"" if status in (204, 205) else body, status))
    failed = await failure(url)
    assert (failed.reason, failed.status) == (Reason.HTTP_STATUS, status)
    assert str(status) in failed.detail


@pytest.mark.parametrize("status", [404, 410, 429, 451, 500, 502, 503, 504, 520, 599])
async def test_a_failing_server_says_when_to_come_back(web: ScriptedWeb, status: int) -> None:
    failed = await failure(web.script("/feed", Answer(b"no", status, {"Retry-After": "120"})))
    assert (failed.reason, failed.status) == (Reason.HTTP_STATUS, status)
    assert failed.hints.retry_after == seconds(120)


async def test_a_reason_phrase_without_end_is_cut(web: ScriptedWeb) -> None:
    url = web.script("/feed", Answer(raw=b"HTTP/1.1 404 " + b"x" * 5000 + b"\r\nContent-Length: 0\r\n\r\n"))
    assert (await failure(url)).status == 404


# ---------------------------------------------------------------- when to come back


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("0", 0),
        ("1", 1),
        ("3600", 3600),
        (" 60 ", 60),
        ("604800", 604800),
        ("604801", 604800),
        ("999999999", 604800),
        ("99999999999999999999999", 604800),
        ("Mon, 23 Nov 2026 08:10:00 GMT", 600),
        ("Monday, 23-Nov-26 08:10:00 GMT", 600),
        ("Mon Nov 23 08:10:00 2026", 600),
        ("Mon, 23 Nov 2026 16:10:00 +0800", 600),
        ("Mon, 23 Nov 2026 07:00:00 GMT", 0),
        ("Mon, 23 Nov 2099 08:00:00 GMT", 604800),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("10 minutes", None),
        ("1e3", None),
        ("Mon, 99 Nov 2026 08:10:00 GMT", None),
        ("Mon, 23 Nov 999999 08:10:00 GMT", None),
        ("٣٠", None),
    ],
)
async def test_retry_after_is_seconds_or_a_date_by_the_servers_own_clock(
    web: ScriptedWeb, value: str, meant: int | None
) -> None:
    # The server's clock is years away from ours; only the difference of its two dates counts.
    headers = {"Retry-After": value.encode().decode("latin-1"), "Date": "Mon, 23 Nov 2026 08:00:00 GMT"}
    failed = await failure(web.script("/feed", Answer(b"", 503, headers)))
    assert failed.hints.retry_after == (None if meant is None else seconds(meant))


async def test_a_retry_after_date_without_the_servers_date_says_nothing(web: ScriptedWeb) -> None:
    late = {"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}
    past = {"Retry-After": "Fri, 01 Jan 1999 00:00:00 GMT", "Date": "garbage"}
    assert (await failure(web.script("/late", Answer(b"", 503, late)))).hints.retry_after is None
    assert (await failure(web.script("/past", Answer(b"", 503, past)))).hints.retry_after is None


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("max-age=0", 0),
        ("max-age=60", 60),
        ("Max-Age=60", 60),
        ("public,max-age=60", 60),
        ("public, MAX-AGE = 60 , must-revalidate", 60),
        ('max-age="60"', 60),
        ("s-maxage=10, max-age=60", 60),
        ("max-age=604800", 604800),
        ("max-age=31536000", 604800),
        ("max-age=99999999999999999999", 604800),
        ("s-maxage=60", None),
        ("x-max-age=60", None),
        ("max-age", None),
        ("max-age=", None),
        ("max-age=-1", None),
        ("max-age=soon", None),
        ("no-cache", None),
        ("", None),
    ],
)
async def test_max_age_is_taken_from_cache_control_and_nothing_else(
    web: ScriptedWeb, value: str, meant: int | None
) -> None:
    found = await document(web.script("/feed", Answer(FEED, headers={"Cache-Control": value})))
    assert found.hints.max_age == (None if meant is None else seconds(meant))


# ---------------------------------------------------------------- conditional requests

ODD = [
    '"plain"',
    'W/"weak"',
    "w/'neither'",
    "unquoted",
    '"with \\"quotes\\" in it"',
    '"with, comma"',
    '"with  two blanks"',
    '""',
    '"',
    "*",
    '"caf\xe9 \xff\xa0\x80"',
    '"日本"'.encode().decode("latin-1"),
    '"-gzip"',
    '"a" "b"',
    "0",
    '"' + "x" * 1022 + '"',
]


@pytest.mark.parametrize("etag", ODD)
async def test_an_etag_goes_back_byte_for_byte(web: ScriptedWeb, etag: str) -> None:
    url = web.script("/feed", Answer(FEED, headers={"ETag": etag}))
    before = after(await fetch(url))
    await fetch(url, before)
    first, second = web.asked("/feed")
    assert "if-none-match" not in first.headers
    assert second.headers["if-none-match"] == etag
    assert "if-modified-since" not in second.headers


@pytest.mark.parametrize(
    "moment",
    [
        "Tue, 14 Nov 2023 22:13:20 GMT",
        "Tue, 14 Nov 2023 22:13:20 +0800",
        "Tuesday, 14-Nov-23 22:13:20 GMT",
        "2023-11-14 22:13:20",
        "yesterday",
        "0",
        "mardi, 14 f\xe9v. 2023",
    ],
)
async def test_last_modified_goes_back_byte_for_byte(web: ScriptedWeb, moment: str) -> None:
    url = web.script("/feed", Answer(FEED, headers={"Last-Modified": moment}))
    await fetch(url, after(await fetch(url)))
    first, second = web.asked("/feed")
    assert "if-modified-since" not in first.headers
    assert second.headers["if-modified-since"] == moment
    assert "if-none-match" not in second.headers


async def test_both_validators_go_back_together(web: ScriptedWeb) -> None:
    url = web.script("/feed", Answer(FEED, headers={"etag": '"x"', "LAST-MODIFIED": "then"}))
    await fetch(url, after(await fetch(url)))
    sent = web.asked("/feed")[1].headers
    assert (sent["if-none-match"], sent["if-modified-since"]) == ('"x"', "then")


@pytest.mark.parametrize("headers", [{"ETag": ""}, {"ETag": '"' + "x" * 1023 + '"'}, {"Last-Modified": "  "}])
async def test_an_empty_or_endless_validator_is_not_kept(web: ScriptedWeb, headers: dict[str, str]) -> None:
    assert (await document(web.script("/feed", Answer(FEED, headers=headers)))).validators is None


async def test_validators_are_only_sent_to_the_address_they_came_from(web: ScriptedWeb) -> None:
    for path in ("/old", "/new", "/old?page=2"):
        web.script(path, Answer(FEED, headers={"ETag": '"mine"'}))
    before = after(await fetch(web.url("/old")))
    await fetch(web.url("/new"), before)
    await fetch(web.url("/old?page=2"), before)
    assert "if-none-match" not in web.asked("/new")[0].headers
    assert "if-none-match" not in web.asked("/old?page=2")[0].headers


async def test_validators_of_a_redirected_source_go_to_where_it_ended_and_not_to_where_it_began(
    web: ScriptedWeb,
) -> None:
    start = web.script("/start", Answer(b"", 301, {"Location": "/end", "ETag": '"of the redirect"'}))
    web.feed("/end", FEED)
    before = after(await fetch(start))
    again = await fetch(start, before)
    assert again == Unchanged("304", before.validators, moved_to=web.url("/end"))
    assert all("if-none-match" not in request.headers for request in web.asked("/start"))
    assert "if-none-match" in web.asked("/end")[1].headers
    assert before.validators is not None
    assert before.validators.url == web.url("/end")


async def test_a_304_is_unchanged_keeps_the_validators_and_brings_hints(web: ScriptedWeb) -> None:
    known = Validators(web.url("/feed"), '"x"', "then")
    headers = {"ETag": '"x"', "Cache-Control": "max-age=7200", "Retry-After": "30"}
    web.script("/feed", Answer(status=304, headers=headers))
    again = await fetch(web.url("/feed"), visit(known, "some hash"))
    assert isinstance(again, Unchanged)
    assert (again.by, again.validators) == ("304", known)
    assert (again.hints.max_age, again.hints.retry_after) == (seconds(7200), seconds(30))


@pytest.mark.parametrize("known", [None, Validators("http://127.0.0.1:1/elsewhere", '"x"')])
async def test_a_304_that_nobody_asked_for_is_a_failure(web: ScriptedWeb, known: Validators | None) -> None:
    url = web.script("/feed", Answer(status=304))
    failed = await failure(url, visit(known))
    assert (failed.reason, failed.status) == (Reason.PROTOCOL, 304)


# ---------------------------------------------------------------- redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_every_kind_of_redirect_is_followed(web: ScriptedWeb, status: int) -> None:
    web.script("/end", Answer(FEED))
    found = await document(web.script("/start", Answer(b"moved", status, {"Location": web.url("/end")})))
    assert (found.url, found.body) == (web.url("/end"), FEED)
    assert web.asked("/end")[0].method == "GET"


@pytest.mark.parametrize(
    ("location", "arrives"),
    [
        ("/feed.xml", "/feed.xml"),
        ("feed.xml", "/blog/feed.xml"),
        ("./feed.xml", "/blog/feed.xml"),
        ("../feed.xml", "/feed.xml"),
        ("../../../feed.xml", "/feed.xml"),
        ("?page=2", "/blog/start?page=2"),
        ("//{host}/feed.xml", "/feed.xml"),
        ("http://{host}/feed.xml", "/feed.xml"),
        ("HTTP://{host}/feed.xml", "/feed.xml"),
        ("http://{host}", "/"),
        ("/feed.xml#top", "/feed.xml"),
        ("  /feed.xml  ", "/feed.xml"),
        ("/a feed.xml", "/a%20feed.xml"),
        ("/a%20feed.xml", "/a%20feed.xml"),
        ("/a%2Fb?q=%26", "/a%2Fb?q=%26"),
        ("/\u4e2d\u6587", "/%E4%B8%AD%E6%96%87"),
    ],
)
async def test_a_redirect_is_resolved_as_a_reference(web: ScriptedWeb, location: str, arrives: str) -> None:
    written = location.format(host=f"127.0.0.1:{web.port}").encode().decode("latin-1")
    web.script(arrives, Answer(FEED))
    found = await document(web.script("/blog/start", Answer(b"", 302, {"Location": written})))
    assert "#" not in found.url
    assert [request.path for request in web.requests] == ["/blog/start", arrives]


@pytest.mark.parametrize(
    "location",
    [
        "ftp://127.0.0.1/feed",
        "file:///etc/passwd",
        "data:text/xml,<rss/>",
        "javascript:alert(1)",
        "mailto:a@b.example",
        "gopher://127.0.0.1/",
        "unix:///run/docker.sock",
        "http://:80/",
        "http://[::1/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:port/",
        "https:feed",
        "http://a b/",
        "http://a.example/" + "x" * 9000,
    ],
)
async def test_a_redirect_to_what_is_no_web_address_is_refused(web: ScriptedWeb, location: str) -> None:
    failed = await failure(web.script("/start", Answer(b"", 302, {"Location": location})))
    assert failed.reason is Reason.BAD_REDIRECT
    assert len(web.requests) == 1


async def test_a_redirect_to_nowhere_is_an_http_failure(web: ScriptedWeb) -> None:
    failed = await failure(web.script("/start", Answer(b"", 302, {"Retry-After": "60"})))
    assert (failed.reason, failed.status, failed.hints.retry_after) == (Reason.HTTP_STATUS, 302, seconds(60))


@pytest.mark.parametrize("most", [0, 1, 3, 5])
async def test_a_loop_of_redirects_ends_after_as_many_as_are_allowed(web: ScriptedWeb, most: int) -> None:
    url = web.script("/a", Answer(b"", 302, {"Location": "/b"}))
    web.script("/b", Answer(b"", 302, {"Location": "/a"}))
    failed = await failure(url, max_redirects=most)
    assert failed.reason is Reason.TOO_MANY_REDIRECTS
    assert len(web.requests) == most + 1


@pytest.mark.parametrize("location", ["/self", "", "#", "self"])
async def test_a_redirect_to_itself_ends_too(web: ScriptedWeb, location: str) -> None:
    failed = await failure(web.script("/self", Answer(b"", 301, {"Location": location})))
    assert failed.reason in (Reason.TOO_MANY_REDIRECTS, Reason.BAD_REDIRECT)


async def test_exactly_as_many_redirects_as_are_allowed_arrive(web: ScriptedWeb) -> None:
    for step in range(3):
        web.script(f"/{step}", Answer(b"", 302, {"Location": f"/{step + 1}"}))
    web.script("/3", Answer(FEED))
    assert (await document(web.url("/0"), max_redirects=3)).url == web.url("/3")
    assert (await failure(web.url("/0"), max_redirects=2)).reason is Reason.TOO_MANY_REDIRECTS


async def test_the_body_of_a_redirect_is_not_waited_for(web: ScriptedWeb) -> None:
    url = web.script("/start", Answer(status=302, headers={"Location": "/end"}, hang=True))
    web.script("/end", Answer(FEED))
    assert (await document(url)).body == FEED


# ---------------------------------------------------------------- secrets


async def test_the_headers_of_a_source_go_to_it_and_along_redirects_on_the_same_origin(web: ScriptedWeb) -> None:
    web.script("/end", Answer(FEED))
    url = web.script("/start", Answer(b"", 302, {"Location": web.url("/end")}))
    await document(source(url, ("Authorization", "Bearer s3cret"), ("X-Key", "k")))
    for request in web.requests:
        assert (request.headers["authorization"], request.headers["x-key"]) == ("Bearer s3cret", "k")


async def test_the_secrets_of_a_source_do_not_follow_a_redirect_to_another_origin(web: ScriptedWeb) -> None:
    other = ScriptedWeb()
    try:
        other.script("/end", Answer(FEED))
        start = web.script("/start", Answer(b"", 302, {"Location": other.url("/end")}))
        named = start.replace("http://", "http://user:s3cret@")
        headers = (("X-Key", "s3cret"), ("Cookie", "session=s3cret"))
        await document(source(named, *headers), allow_private="127.0.0.1")
        (first,), (second,) = web.requests, other.requests
        assert "s3cret" in first.headers["x-key"]
        assert "authorization" in first.headers
        assert not {"authorization", "x-key", "cookie", "referer"} & second.headers.keys()
        assert "s3cret" not in str(second)
    finally:
        other.close()


@pytest.mark.parametrize(
    ("url", "other", "same"),
    [
        ("https://a.example/x", "https://a.example/y?z", True),
        ("https://A.example/", "https://a.EXAMPLE:443/", True),
        ("http://a.example:80/", "http://a.example/", True),
        ("https://a.example/", "http://a.example/", True),  # upgraded
        ("https://u:p@a.example/", "https://a.example/", True),
        ("http://a.example/", "https://a.example/", False),  # downgraded
        ("http://a.example:8080/", "https://a.example:8080/", False),
        ("https://a.example/", "https://b.example/", False),
        ("https://www.a.example/", "https://a.example/", False),
        ("https://a.example.evil.example/", "https://a.example/", False),
        ("https://a.example@evil.example/", "https://a.example/", False),
        ("https://a.example:8443/", "https://a.example/", False),
        ("https://a.example:80/", "https://a.example/", False),
        ("http://a.example:443/", "http://a.example/", False),
        ("https://a.example:80/", "http://a.example:443/", False),
        ("ftp://a.example/", "https://a.example/", False),
        ("nonsense", "nonsense", False),
    ],
)
def test_secrets_stay_with_one_host_and_port_and_never_go_from_https_to_http(url: str, other: str, same: bool) -> None:
    assert _same_origin(url, other) is same


async def test_user_and_password_in_the_address_are_sent_as_basic_authentication_and_shown_nowhere(
    web: ScriptedWeb,
) -> None:
    url = web.script("/feed", Answer(FEED, headers={"ETag": '"x"'}))
    found = await document(url.replace("http://", "http://me:p%40ss%3A@"))
    (request,) = web.requests
    assert request.headers["authorization"] == f"Basic {base64.b64encode(b'me:p@ss:').decode()}"
    assert request.headers["host"] == f"127.0.0.1:{web.port}"
    assert found.url == url
    assert found.validators == Validators(url, '"x"')


@pytest.mark.parametrize("location", ["/end", "http://{host}/end"])
async def test_user_and_password_of_the_address_stay_along_a_redirect_on_the_same_origin(
    web: ScriptedWeb, location: str
) -> None:
    web.script("/end", Answer(FEED))
    start = web.script("/start", Answer(b"", 301, {"Location": location.format(host=f"127.0.0.1:{web.port}")}))
    await document(start.replace("http://", "http://me:secret@"))
    first, second = web.requests
    assert first.headers["authorization"] == second.headers["authorization"]


async def test_a_redirect_cannot_plant_user_and_password(web: ScriptedWeb) -> None:
    web.script("/end", Answer(FEED))
    start = web.script("/start", Answer(b"", 302, {"Location": f"http://evil:plan@127.0.0.1:{web.port}/end"}))
    found = await document(start)
    assert "authorization" not in web.asked("/end")[0].headers
    assert found.url == web.url("/end")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"", 404),
        Answer(b"", 302, {"Location": "ftp://x/"}),
        Answer(b"", 302, {"Location": "?token=s3cret"}),
        Answer(raw=b"garbage\r\n\r\n"),
        Answer(status=304),
        Answer(b"x" * 2000),
        Answer(b"x", headers={"Content-Encoding": "br"}),
        Answer(raw=b""),
    ],
)
async def test_no_failure_tells_a_secret(web: ScriptedWeb, answer: Answer) -> None:
    url = web.script("/feed?token=s3cret", answer).replace("http://", "http://me:s3cret@")
    failed = await failure(source(url, ("Authorization", "Bearer s3cret")), max_bytes=1000)
    assert "s3cret" not in repr(failed)


# ---------------------------------------------------------------- manners


async def test_cookies_are_never_sent_back(web: ScriptedWeb) -> None:
    cookies = {"Set-Cookie": "id=tracked; Path=/"}
    web.script("/end", Answer(FEED, headers=cookies))
    start = web.script("/start", Answer(b"", 302, {"Location": "/end", **cookies}))
    async with fetcher() as door:
        for _ in range(2):
            assert isinstance(await door.fetch(source(start), visit()), Document)
    assert len(web.requests) == 4
    assert all("cookie" not in request.headers for request in web.requests)


async def test_no_referer_is_sent_along_a_redirect(web: ScriptedWeb) -> None:
    web.script("/end", Answer(FEED))
    await document(web.script("/start", Answer(b"", 302, {"Location": "/end"})))
    assert all("referer" not in request.headers for request in web.requests)


async def test_the_user_agent_names_the_program_its_version_and_whom_to_contact(web: ScriptedWeb) -> None:
    url = web.script("/feed", Answer(FEED))
    await document(url, contact="https://news.example.org/about/bot")
    assert web.requests[0].headers["user-agent"] == (f"aggregator/{__version__} (+https://news.example.org/about/bot)")


@pytest.mark.parametrize("contact", [None, "", "联系我们", "a\r\nX-Injected: yes"])
async def test_the_user_agent_leaves_out_a_contact_that_no_header_can_hold(
    web: ScriptedWeb, contact: str | None
) -> None:
    await document(web.script("/feed", Answer(FEED)), contact=contact)
    assert web.requests[0].headers["user-agent"] == f"aggregator/{__version__}"
    assert "x-injected" not in web.requests[0].headers


# ---------------------------------------------------------------- requests that are no plain GET


def posting(url: str, body: bytes = b'{"page": 1}', *headers: tuple[str, str]) -> Source:
    """A source that is asked with a POST."""
    return replace(source(url), asking=Asking((("Content-Type", "application/json"), *headers), body))


async def test_a_body_is_posted_with_its_headers(web: ScriptedWeb) -> None:
    url = web.script("/api", Answer(FEED))
    found = await document(posting(url, b'{"q": "\xe4\xb8\xad"}', ("X-Key", "k")))
    (request,) = web.asked("/api")
    assert (found.body, request.method, request.body) == (FEED, "POST", b'{"q": "\xe4\xb8\xad"}')
    assert (request.headers["content-type"], request.headers["x-key"]) == ("application/json", "k")
    assert request.headers["user-agent"].startswith("aggregator/")


async def test_an_empty_body_is_posted_too_and_a_get_comes_after_it_without_one(web: ScriptedWeb) -> None:
    url = web.script("/api", Answer(FEED))
    async with fetcher() as door:  # one transport, whose handles are used again
        for asked in (posting(url, b""), source(url), posting(url, b"x" * 5000), source(url)):
            await door.fetch(asked, visit())
    told = [(request.method, len(request.body), "content-type" in request.headers) for request in web.requests]
    assert told == [("POST", 0, True), ("GET", 0, False), ("POST", 5000, True), ("GET", 0, False)]


async def test_what_is_posted_is_posted_to_any_transport_of_httpx() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b" ".join((request.method.encode(), request.content)))

    async with HttpFetcher(keys(), transport=httpx.MockTransport(answer)) as door:
        ended = await door.fetch(posting("https://x.example/"), visit())
    assert isinstance(ended, Document)
    assert ended.body == b'POST {"page": 1}'


async def test_a_post_is_never_conditional_and_the_same_answer_is_still_known_again(web: ScriptedWeb) -> None:
    asked = posting(web.script("/api", Answer(FEED, headers={"ETag": '"one"'})))
    first = await document(asked, visit(Validators(asked.url, '"one"', None)))
    assert first.validators is None
    assert isinstance(await fetch(asked, after(first)), Unchanged)
    assert not [request for request in web.requests if "if-none-match" in request.headers]


@pytest.mark.parametrize(
    ("status", "there"), [(301, ("GET", b"")), (302, ("GET", b"")), (303, ("GET", b"")), (307, "same"), (308, "same")]
)
async def test_a_redirect_gets_what_was_posted_only_where_the_status_says_so(
    web: ScriptedWeb, status: int, there: str | tuple[str, bytes]
) -> None:
    url = web.script("/api", Answer(status=status, headers={"Location": "/there"}))
    web.script("/there", Answer(FEED))
    found = await document(posting(url))
    assert found.moved_to is None
    (request,) = web.asked("/there")
    assert (request.method, request.body) == (("POST", b'{"page": 1}') if there == "same" else there)


async def test_what_is_posted_never_goes_to_another_origin(web: ScriptedWeb) -> None:
    other = ScriptedWeb()
    try:
        url = web.script("/api", Answer(status=307, headers={"Location": other.script("/", Answer(FEED))}))
        ended = await failure(posting(url), allow_private=["127.0.0.0/8"])
        moved = await fetch(posting(url), amended(visit(), address=other.url("/")), allow_private=["127.0.0.0/8"])
    finally:
        other.close()
    assert (ended.reason, other.requests) == (Reason.BAD_REDIRECT, [])
    assert moved == ended


async def test_headers_of_a_request_go_to_their_origin_alone_and_auth_wins(web: ScriptedWeb) -> None:
    other = ScriptedWeb()
    try:
        url = web.script("/api", Answer(status=302, headers={"Location": other.script("/", Answer(FEED))}))
        asked = replace(source(url, ("X-Key", "auth")), asking=Asking((("X-Key", "own"), ("Accept", "text/json"))))
        await document(asked, allow_private=["127.0.0.0/8"])
        here, there = web.requests[0].headers, other.requests[0].headers
    finally:
        other.close()
    assert (here["x-key"], here["accept"]) == ("auth", "text/json")
    assert "x-key" not in there
    assert there["accept"] != "text/json"


async def test_only_codings_that_we_can_bound_are_asked_for_and_feeds_are_preferred(web: ScriptedWeb) -> None:
    await document(web.script("/feed", Answer(FEED)))
    sent = web.requests[0].headers
    assert sent["accept-encoding"] == "gzip, deflate, br, zstd"
    assert sent["accept"].startswith("application/atom+xml")
    assert "*/*" in sent["accept"]


async def test_a_source_may_name_its_own_user_agent(web: ScriptedWeb) -> None:
    await document(source(web.script("/feed", Answer(FEED)), ("User-Agent", "Mine/1")))
    assert web.requests[0].headers["user-agent"] == "Mine/1"


async def test_neither_proxies_nor_passwords_of_the_environment_are_used(
    web: ScriptedWeb, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    proxy = ScriptedWeb()
    try:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url(""))
        netrc = tmp_path / "netrc"
        netrc.write_text("default login me password s3cret\n")
        monkeypatch.setenv("NETRC", str(netrc))
        await document(web.script("/feed", Answer(FEED)))
        assert proxy.requests == []
        assert "authorization" not in web.requests[0].headers
    finally:
        proxy.close()


async def test_two_fetches_really_overlap() -> None:
    both = asyncio.Barrier(2)

    async def answer_when_both_are_here(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await both.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx")
        await writer.drain()

    async with talking(answer_when_both_are_here) as url, fetcher() as door:
        found = await asyncio.gather(*(door.fetch(source(url), visit()) for _ in range(2)))
    assert [type(one) for one in found] == [Document, Document]


async def test_a_script_sees_the_request_as_it_was_sent(web: ScriptedWeb) -> None:
    def mirror(request: Request) -> Answer:
        return Answer(request.headers["host"].encode())

    assert (await document(web.script("/feed", mirror))).body == f"127.0.0.1:{web.port}".encode()
