"""The served site, asked over real connections on the loopback."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from queue import Queue

import httpx
import pytest
from conftest import PATIENCE
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from aggregator.errors import ServeError
from aggregator.web.app import create_app
from aggregator.web.audience import Audience
from aggregator.web.folder import SETTLE, PublishedFolder, ReadyFile
from aggregator.web.server import Server

CHANGED = 1_700_000_000  # Tue, 14 Nov 2023 22:13:20 GMT
CHANGED_DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
FEED = b"<feed>" + b"entry " * 2000 + b"</feed>"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src http: https: data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

MEDIA_TYPES = {
    "a.atom": "application/atom+xml; charset=utf-8",
    "a.rss": "application/rss+xml; charset=utf-8",
    "a.json": "application/feed+json; charset=utf-8",
    "a.opml": "text/x-opml; charset=utf-8",
    "a.xml": "application/xml",
    "a.html": "text/html; charset=utf-8",
    "a.css": "text/css; charset=utf-8",
    "a.txt": "text/plain; charset=utf-8",
    "a.svg": "image/svg+xml",
    "a.PNG": "image/png",
    "a.ico": "image/x-icon",
    "a.strange": "application/octet-stream",
    "plain": "application/octet-stream",
}

Readiness = Callable[[], str | None]


def write(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    os.utime(path, (CHANGED, CHANGED))


def replace(path: Path, body: bytes) -> None:
    """Publish as publish.py does: a hidden temporary file beside it, then a rename."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(body)
    temporary.replace(path)


def publish_sample(parent: Path) -> Path:
    """A published folder with something to hide beside it and in it."""
    public = parent / "public"
    for name in ("index.html", "style.css", "category/tech/index.html", "金融/index.html", "a:b/index.html"):
        write(public / name, f"<p>{name}".encode())
    write(public / "category/tech/feed.atom", FEED)
    for name in MEDIA_TYPES:
        write(public / name, b"x")
    write(parent / "secret.txt", b"SECRET")
    write(parent / "private" / "index.html", b"SECRET")
    write(public / ".hidden.atom", b"SECRET")
    write(public / ".git" / "config", b"SECRET")
    write(public / "category" / ".feed.atom.tmp", b"SECRET")
    write(public / "back\\slash.txt", b"SECRET")
    (public / "bare").mkdir()
    (public / "latest.xml").symlink_to("category/tech/feed.atom")
    (public / "link.txt").symlink_to(parent / "secret.txt")
    (public / "private").symlink_to(parent / "private")
    (public / "circle").symlink_to("circle")
    os.mkfifo(public / "fifo")
    return public


@asynccontextmanager
async def serving(app: ASGIApp, *, host: str = "127.0.0.1") -> AsyncIterator[Server]:
    server = Server(app, host, 0)
    await server.start()
    try:
        yield server
    finally:
        await server.stop(0)


def browser(port: int = 0) -> httpx.AsyncClient:
    """A client; without TLS, whose certificates take longer to load than a test takes."""
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, verify=False, timeout=PATIENCE)


@asynccontextmanager
async def site(folder: Path, *, readiness: Readiness = lambda: None) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serving(create_app(folder, readiness=readiness, audience=Audience())) as server,
        browser(server.port) as client,
    ):
        yield client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sample of one's own, to change."""
    return publish_sample(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """A sample that no test changes, and the port of the one server for it, which has a thread of its own."""
    public = publish_sample(tmp_path_factory.mktemp("shared"))
    ports: Queue[int] = Queue()
    loop = asyncio.new_event_loop()
    closing = asyncio.Event()

    async def serve() -> None:
        async with serving(create_app(public, readiness=lambda: None, audience=Audience())) as server:
            ports.put(server.port)
            await closing.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()], daemon=True)
    thread.start()
    yield public, ports.get(timeout=PATIENCE)
    loop.call_soon_threadsafe(closing.set)
    thread.join(10)
    loop.close()


@pytest.fixture
async def client(shared: tuple[Path, int]) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(shared[1]) as client:
        yield client


@pytest.fixture
async def own(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server of one's own, over `folder`."""
    async with site(folder) as client:
        yield client


async def raw(port: int, request: bytes) -> tuple[bytes, bytes]:
    """Send bytes as they are; the head and the body of everything that comes back until the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        head, _, body = (await asyncio.wait_for(reader.read(), PATIENCE)).partition(b"\r\n\r\n")
        return head, body
    finally:
        writer.close()


async def get_raw(port: int, target: str, *, method: str = "GET", host: str = "x") -> tuple[bytes, bytes]:
    request = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    return await raw(port, request.encode("latin-1"))


def port_of(client: httpx.AsyncClient) -> int:
    assert client.base_url.port is not None
    return client.base_url.port


# ---------------------------------------------------------------- what is served


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/", "index.html"),
        ("/index.html", "index.html"),
        ("/category/tech/", "category/tech/index.html"),
        ("/category/tech/feed.atom", "category/tech/feed.atom"),
        ("/%E9%87%91%E8%9E%8D/", "金融/index.html"),
        ("/style.css?v=1", "style.css"),
    ],
)
async def test_an_address_is_the_path_in_the_folder(
    client: httpx.AsyncClient, shared: tuple[Path, int], address: str, name: str
) -> None:
    answer = await client.get(address)
    assert (answer.status_code, answer.content) == (200, (shared[0] / name).read_bytes())


@pytest.mark.parametrize("name", MEDIA_TYPES)
async def test_each_kind_of_file_has_its_media_type(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/{name}")).headers["content-type"] == MEDIA_TYPES[name]


async def test_a_feed_has_every_header_the_surface_promises(client: httpx.AsyncClient) -> None:
    answer = await client.get("/category/tech/feed.atom", headers={"accept-encoding": "gzip"})
    headers = dict(answer.headers)
    assert headers.pop("date")
    etag = headers.pop("etag")
    assert etag == f'"{hashlib.blake2b(FEED, digest_size=16).hexdigest()}"'
    assert headers == {
        "content-type": "application/atom+xml; charset=utf-8",
        "content-length": str(len(FEED)),
        "last-modified": CHANGED_DATE,
        "cache-control": "public, max-age=60",
        "vary": "accept-encoding",
        "accept-ranges": "none",
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "*",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "content-security-policy": POLICY,
    }


async def test_the_same_bytes_have_the_same_etag_whenever_they_were_written(
    own: httpx.AsyncClient, folder: Path
) -> None:
    before = await own.get("/style.css")
    replace(folder / "style.css", before.content)
    after = await own.get("/style.css")
    assert before.headers["etag"] == after.headers["etag"]
    assert before.headers["last-modified"] != after.headers["last-modified"]


async def test_a_file_dated_ahead_is_not_told_by_its_date(folder: Path) -> None:
    app = create_app(folder, readiness=lambda: None, audience=Audience(), today=lambda: CHANGED - 1)
    async with serving(app) as server, browser(server.port) as client:
        first = await client.get("/style.css")
        assert "last-modified" not in first.headers
        for status, conditions in (
            (200, {"if-modified-since": NEWER}),
            (200, {"if-unmodified-since": OLDER}),
            (304, {"if-none-match": first.headers["etag"]}),
        ):
            assert (await client.get("/style.css", headers=conditions)).status_code == status


def test_a_file_dated_ahead_gets_its_date_when_that_has_come(folder: Path) -> None:
    elapsed = 0.0
    published = PublishedFolder(folder, today=lambda: CHANGED + elapsed)

    def date(after: float) -> int | None:
        nonlocal elapsed
        elapsed = after
        return found(published, "/style.css", now=10_000 + elapsed).modified

    assert [date(after) for after in (-SETTLE, -1, 0, SETTLE * 2, SETTLE * 3)] == [
        None,
        None,
        CHANGED,
        CHANGED,
        CHANGED,
    ]


async def test_a_range_is_ignored(client: httpx.AsyncClient) -> None:
    answer = await client.get("/category/tech/feed.atom", headers={"range": "bytes=0-9"})
    assert (answer.status_code, answer.content, answer.headers["accept-ranges"]) == (200, FEED, "none")


@pytest.mark.parametrize("address", ["/", "/category/tech/feed.atom", "/category/tech", "/none", "/healthz"])
async def test_head_has_the_headers_of_get_and_no_body(client: httpx.AsyncClient, address: str) -> None:
    got = await client.get(address)
    head, body = await get_raw(port_of(client), address, method="HEAD")
    lines = dict(line.split(": ", 1) for line in head.decode().lower().split("\r\n")[1:])
    assert body == b""
    for headers in (lines, got.headers):
        headers.pop("date")
        headers.pop("connection", None)
    assert (int(head.split()[1]), lines) == (got.status_code, {k: v.lower() for k, v in got.headers.items()})


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("address", ["/", "/category/tech/feed.atom", "/none", "/../x", "/healthz", "/readyz"])
async def test_other_methods_are_refused_and_told_which_are_allowed(
    client: httpx.AsyncClient, method: str, address: str
) -> None:
    answer = await client.request(method, address, content=b"x" if method == "POST" else None)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("address", ["/none", "/none/", "/bare", "/bare/", "/style.css/", "/index.html/x", "/healthz/"])
async def test_an_unknown_path_is_a_short_text(client: httpx.AsyncClient, address: str) -> None:
    answer = await client.get(address)
    assert (answer.status_code, answer.text) == (404, "not found\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize(
    ("address", "location"),
    [
        ("/category/tech", "tech/"),
        ("/category/tech?page=2", "tech/"),
        ("/%E9%87%91%E8%9E%8D", "%E9%87%91%E8%9E%8D/"),
        ("/a:b", "a%3Ab/"),
    ],
)
async def test_a_folder_without_its_slash_redirects_to_itself_with_one(
    client: httpx.AsyncClient, address: str, location: str
) -> None:
    answer = await client.get(address)
    assert (answer.status_code, answer.headers["location"]) == (308, location)
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert (await client.get(address, follow_redirects=True)).status_code == 200


@pytest.mark.parametrize(
    "target",
    ["/", "/category/tech", "/category/tech/feed.atom", "/none", "/healthz", "/healthz/", "/%0A/", "//evil/"],
)
async def test_no_answer_depends_on_the_host_header(client: httpx.AsyncClient, target: str) -> None:
    def timeless(answer: tuple[bytes, bytes]) -> list[bytes]:
        return [line for line in answer[0].split(b"\r\n") if not line.startswith(b"date:")] + [answer[1]]

    answers = [await get_raw(port_of(client), target, host=host) for host in ("127.0.0.1", "evil.example")]
    assert timeless(answers[0]) == timeless(answers[1])
    assert b"evil.example" not in answers[1][0]


# ---------------------------------------------------------------- conditional requests

OLDER = "Tue, 14 Nov 2023 22:13:19 GMT"
NEWER = "Tue, 14 Nov 2023 22:13:21 GMT"


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        # If-None-Match, RFC 9110 §13.1.2; E is the file's entity-tag
        ([("If-None-Match", "E")], 304),
        ([("If-None-Match", "W/E")], 304),
        ([("If-None-Match", "*")], 304),
        ([("If-None-Match", '"other"')], 200),
        ([("If-None-Match", '"one", W/"two",E')], 304),
        ([("If-None-Match", '"with,comma", E')], 304),
        ([("If-None-Match", '"one"'), ("If-None-Match", "E")], 304),
        ([("If-None-Match", "")], 200),
        ([("If-None-Match", "garbage")], 200),
        ([("If-None-Match", '"unfinished')], 200),
        ([("If-None-Match", '"*"')], 200),
        # If-Modified-Since, §13.1.3
        ([("If-Modified-Since", CHANGED_DATE)], 304),
        ([("If-Modified-Since", NEWER)], 304),
        ([("If-Modified-Since", OLDER)], 200),
        ([("If-Modified-Since", "Tuesday, 14-Nov-23 22:13:20 GMT")], 304),
        ([("If-Modified-Since", "Tue Nov 14 22:13:20 2023")], 304),
        ([("If-Modified-Since", "Tue Nov 14 22:13:19 2023")], 200),
        ([("If-Modified-Since", "garbage")], 200),
        ([("If-Modified-Since", "")], 200),
        ([("If-Modified-Since", "1700000000")], 200),
        ([("If-Modified-Since", "Tue, 99 Nov 2023 22:13:20 GMT")], 200),
        ([("If-Modified-Since", "Tue, 14 Nov 99999999999 22:13:20 GMT")], 200),
        ([("If-Modified-Since", "二月")], 200),
        # the entity-tag sets the date aside, §13.2.2
        ([("If-None-Match", '"other"'), ("If-Modified-Since", NEWER)], 200),
        ([("If-None-Match", "garbage"), ("If-Modified-Since", NEWER)], 200),
        ([("If-None-Match", "E"), ("If-Modified-Since", OLDER)], 304),
        # If-Match and If-Unmodified-Since come first, §13.1.1, §13.1.4
        ([("If-Match", "E")], 200),
        ([("If-Match", "*")], 200),
        ([("If-Match", "W/E")], 412),
        ([("If-Match", '"other"')], 412),
        ([("If-Match", '"other"'), ("If-None-Match", "E")], 412),
        ([("If-Match", "E"), ("If-None-Match", "E")], 304),
        ([("If-Match", "E"), ("If-Unmodified-Since", OLDER)], 200),
        ([("If-Unmodified-Since", OLDER)], 412),
        ([("If-Unmodified-Since", CHANGED_DATE)], 200),
        ([("If-Unmodified-Since", "garbage")], 200),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_conditional_requests_follow_rfc_9110(
    client: httpx.AsyncClient, method: str, conditions: list[tuple[str, str]], status: int
) -> None:
    whole = await client.get("/category/tech/feed.atom")
    asked = [(name, value.replace("E", whole.headers["etag"]).encode()) for name, value in conditions]
    answer = await client.request(
        method, "/category/tech/feed.atom", headers=[(name.encode(), value) for name, value in asked]
    )
    assert answer.status_code == status
    assert answer.content == (FEED if status == 200 and method == "GET" else b"")


async def test_a_304_has_what_a_cache_needs_and_describes_no_body(client: httpx.AsyncClient) -> None:
    whole = await client.get("/category/tech/feed.atom")
    answer = await client.get("/category/tech/feed.atom", headers={"if-none-match": whole.headers["etag"]})
    left_out = {"content-type", "content-length", "accept-ranges", "date"}
    assert answer.status_code == 304
    assert {k: v for k, v in answer.headers.items() if k != "date"} == {
        k: v for k, v in whole.headers.items() if k not in left_out
    }


async def test_a_304_sends_no_byte_after_its_headers(client: httpx.AsyncClient) -> None:
    request = b"GET /style.css HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIf-None-Match: *\r\n\r\n"
    head, body = await raw(port_of(client), request)
    assert (head.split()[1], body) == (b"304", b"")


@pytest.mark.parametrize("address", ["/none", "/healthz", "/category/tech"])
async def test_conditions_are_ignored_where_there_is_no_file(client: httpx.AsyncClient, address: str) -> None:
    plain = await client.get(address)
    asked = await client.get(address, headers={"if-none-match": "*", "if-modified-since": formatdate(usegmt=True)})
    assert asked.status_code == plain.status_code


# ---------------------------------------------------------------- path tricks


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.txt",
        "/category/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/%2E%2e/secret.txt",
        "/.%2e/secret.txt",
        "/%252e%252e/secret.txt",
        "/..%2fsecret.txt",
        "/..%5csecret.txt",
        "/..\\secret.txt",
        "/back\\slash.txt",
        "/back%5Cslash.txt",
        "/category%2ftech%2ffeed.atom",
        "/category/./tech/feed.atom",
        "/category//tech/feed.atom",
        "//category/tech/feed.atom",
        "//",
        "///etc/passwd",
        "/%2fetc/passwd",
        "/./",
        "/..",
        "/.",
        "/%00",
        "/style.css%00",
        "/style.css%00.atom",
        "/%0A",
        "/%0A/",
        "/healthz%0A/",
        "/style.css%0A",
        "/%FF%FE",
        "/%C0%AE%C0%AE/secret.txt",
        "/%ED%A0%80",
        "/.hidden.atom",
        "/%2ehidden.atom",
        "/.git/config",
        "/.git/",
        "/.git",
        "/category/.feed.atom.tmp",
        "/link.txt",
        "/private/",
        "/private",
        "/private/index.html",
        "/circle",
        "/circle/",
        "/fifo",
        "/" + "a" * 10_000,
        "/" + "a/" * 5_000,
        "/" + "../" * 3_000 + "etc/passwd",
        "/" + "%2e%2e/" * 1_000 + "etc/passwd",
        "*",
        "http://evil.example/none",
    ],
    ids=lambda target: target[:30],
)
async def test_a_path_trick_is_an_unknown_path(client: httpx.AsyncClient, target: str) -> None:
    head, body = await get_raw(port_of(client), target)
    assert head.split()[1] == b"404", head
    assert (body, b"x-content-type-options: nosniff" in head) == (b"not found\n", True)


async def test_a_link_that_stays_in_the_folder_is_followed(client: httpx.AsyncClient) -> None:
    assert (await client.get("/latest.xml")).content == FEED


async def test_a_file_exchanged_for_a_link_to_the_outside_is_gone(
    own: httpx.AsyncClient, folder: Path, tmp_path: Path
) -> None:
    assert (await own.get("/style.css")).status_code == 200
    (folder / "style.css").unlink()
    (folder / "style.css").symlink_to(tmp_path / "secret.txt")
    assert (await own.get("/style.css")).status_code == 404


async def test_the_published_folder_may_itself_be_a_link_that_moves(folder: Path, tmp_path: Path) -> None:
    current = tmp_path / "current"
    current.symlink_to(folder)
    write(tmp_path / "next" / "style.css", b"next")
    async with site(current) as client:
        assert (await client.get("/style.css")).content == b"<p>style.css"
        current.unlink()
        current.symlink_to(tmp_path / "next")
        assert (await client.get("/style.css")).content == b"next"


# ---------------------------------------------------------------- what changes on disk


async def test_a_file_replaced_by_rename_is_served_anew_at_once(own: httpx.AsyncClient, folder: Path) -> None:
    etags = set()
    for version in range(20):
        replace(folder / "category/tech/feed.atom", b"%02d" % version)
        answer = await own.get("/category/tech/feed.atom")
        assert answer.content == b"%02d" % version
        etags.add(answer.headers["etag"])
    assert len(etags) == 20


async def test_a_removed_file_is_gone_at_once_and_back_when_it_is_back(own: httpx.AsyncClient, folder: Path) -> None:
    statuses = [(await own.get("/style.css")).status_code]
    (folder / "style.css").unlink()
    statuses.append((await own.get("/style.css")).status_code)
    write(folder / "style.css", b"back")
    statuses.append((await own.get("/style.css")).status_code)
    assert statuses == [200, 404, 200]


async def test_a_folder_that_is_not_there_yet_is_an_empty_site(tmp_path: Path) -> None:
    async with site(tmp_path / "later") as client:
        assert (await client.get("/")).status_code == 404
        write(tmp_path / "later" / "index.html", b"now")
        assert (await client.get("/")).content == b"now"


async def test_readers_during_two_hundred_replacements_always_see_one_whole_version(
    own: httpx.AsyncClient, folder: Path
) -> None:
    feed = folder / "category/tech/feed.atom"

    def version(number: int) -> bytes:
        return b"%08d" % number * (5_000 + number)

    replace(feed, version(0))
    seen = set()
    for number in range(1, 201):
        published = asyncio.create_task(asyncio.to_thread(replace, feed, version(number)))
        answers = await asyncio.gather(*(own.get("/category/tech/feed.atom") for _ in range(4)))
        await published
        for answer in [*answers, await own.get("/category/tech/feed.atom")]:
            found = int(answer.content[:8])
            assert answer.content == version(found)
            assert answer.headers["etag"] == f'"{hashlib.blake2b(answer.content, digest_size=16).hexdigest()}"'
            seen.add(found)
        assert found == number, "the next request after a publish sees it"
    assert len(seen) >= 200


# ---------------------------------------------------------------- kept in memory


def found(published: PublishedFolder, path: str, *, now: float = 0) -> ReadyFile:
    file = published.find(path, now=now)
    assert isinstance(file, ReadyFile)
    return file


def test_a_hot_file_is_read_once_more_after_it_settled_and_then_never(folder: Path) -> None:
    published = PublishedFolder(folder)
    times = [0, 0.1, SETTLE - 0.1, SETTLE, SETTLE + 1, 1e6, 1e9]
    files = [found(published, "/style.css", now=now) for now in times]
    assert len({id(file) for file in files[:3]}) == 1
    assert len({id(file) for file in files[3:]}) == 1
    assert files[0] == files[3]
    assert files[0] is not files[3]


def test_a_page_has_one_place_in_memory_under_both_its_addresses(folder: Path) -> None:
    published = PublishedFolder(folder)
    assert found(published, "/category/tech/") is found(published, "/category/tech/index.html")


def test_what_was_not_asked_for_longest_leaves_memory_first(folder: Path) -> None:
    for name in "abc":
        write(folder / name, bytes(40_000))
    published = PublishedFolder(folder, capacity=100_000)
    a, b = found(published, "/a"), found(published, "/b")
    assert found(published, "/a") is a
    found(published, "/c")
    assert found(published, "/a") is a
    assert found(published, "/b") is not b


def test_a_file_larger_than_the_memory_is_served_and_not_kept(folder: Path) -> None:
    write(folder / "large", bytes(200_000))
    published = PublishedFolder(folder, capacity=100_000)
    small = found(published, "/style.css")
    assert found(published, "/large").body == bytes(200_000)
    assert found(published, "/large") is not found(published, "/large")
    assert found(published, "/style.css") is small


# ---------------------------------------------------------------- for those who watch the program


async def test_healthz_says_ok_and_is_never_stored(client: httpx.AsyncClient) -> None:
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.text, answer.headers["cache-control"]) == (200, "ok", "no-store")
    assert answer.headers["content-security-policy"] == POLICY


async def test_readyz_gives_the_reason_until_there_is_none(folder: Path) -> None:
    reasons: list[str | None] = ["the store is locked: 请稍候", None]
    async with site(folder, readiness=lambda: reasons.pop(0)) as client:
        not_yet, ready = await client.get("/readyz"), await client.get("/readyz")
    assert (not_yet.status_code, not_yet.text) == (503, "the store is locked: 请稍候")
    assert (ready.status_code, ready.text) == (200, "ready")
    assert {answer.headers["cache-control"] for answer in (not_yet, ready)} == {"no-store"}


async def test_a_mistake_of_ours_is_a_short_500_with_all_headers_that_says_nothing_more(folder: Path) -> None:
    def broken() -> str | None:
        raise RuntimeError("SECRET")

    async with site(folder, readiness=broken) as client:
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.text) == (500, "internal error\n")
        assert answer.headers["content-security-policy"] == POLICY
        assert (await client.get("/healthz")).status_code == 200


# ---------------------------------------------------------------- starting


async def test_a_taken_port_is_an_error_that_names_it_and_the_next_step(folder: Path) -> None:
    app = create_app(folder, readiness=lambda: None, audience=Audience())
    async with serving(app) as first:
        with pytest.raises(ServeError) as refused:
            await Server(app, "127.0.0.1", first.port).start()
    assert str(refused.value) == (
        f"cannot listen on 127.0.0.1:{first.port}: the port is taken; "
        "stop the program that listens there, or set server.port in the config"
    )


@pytest.mark.parametrize(
    ("host", "port", "where", "step"),
    [
        ("203.0.113.7", 0, "203.0.113.7:0", "set server.host in the config"),
        ("2001:db8::7", 8080, "[2001:db8::7]:8080", "set server.host in the config"),
        ("not a host", 0, "not a host:0", "set server.host in the config"),
        ("a" * 100 + ".example", 0, "a.example:0", "set server.host in the config"),
        ("127.0.0.1", 65_536, "127.0.0.1:65536", "set server.port in the config"),
        ("127.0.0.1", -1, "127.0.0.1:-1", "set server.port in the config"),
    ],
)
async def test_an_address_that_cannot_be_had_is_an_error_with_the_next_step(
    folder: Path, host: str, port: int, where: str, step: str
) -> None:
    server = Server(create_app(folder, readiness=lambda: None, audience=Audience()), host, port)
    with pytest.raises(ServeError) as refused:
        await server.start()
    assert where in str(refused.value)
    assert step in str(refused.value)
    await server.stop(0)


@pytest.mark.parametrize(("host", "address"), [("::1", "[::1]"), ("localhost", "127.0.0.1"), ("", "127.0.0.1")])
async def test_names_and_ipv6_addresses_can_be_served_on(folder: Path, host: str, address: str) -> None:
    async with (
        serving(create_app(folder, readiness=lambda: None, audience=Audience()), host=host) as server,
        browser() as client,
    ):
        assert (await client.get(f"http://{address}:{server.port}/healthz")).text == "ok"


async def test_answers_on_one_connection_do_not_wait_for_acknowledgements(client: httpx.AsyncClient) -> None:
    clock = asyncio.get_running_loop().time
    before = clock()
    for _ in range(50):
        await client.get("/style.css")
    assert clock() - before < 1, "with Nagle's algorithm on, 50 answers take 2 s"


async def test_the_signals_of_the_process_stay_with_the_caller(folder: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    async with serving(create_app(folder, readiness=lambda: None, audience=Audience())):
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


# ---------------------------------------------------------------- stopping


class Gate:
    """An application whose answer waits until the test lets it go, or for ever."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.opened = asyncio.Event()
        self.app = Starlette(routes=[Route("/", self._answer)])

    async def _answer(self, _: Request) -> Response:
        self.entered.set()
        await self.opened.wait()
        return PlainTextResponse("finished")


async def test_stop_lets_a_running_request_finish_and_refuses_new_ones() -> None:
    gate = Gate()
    async with serving(gate.app) as server, browser() as client:
        running = asyncio.create_task(client.get(f"http://127.0.0.1:{server.port}/"))
        await gate.entered.wait()
        stopping = asyncio.create_task(server.stop(5))
        await asyncio.wait({stopping}, timeout=0)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", server.port)
        gate.opened.set()
        assert (await running).text == "finished"
        async with asyncio.timeout(PATIENCE):
            await stopping


async def test_a_request_that_never_ends_does_not_hold_stop_beyond_its_grace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gate = Gate()
    async with serving(gate.app) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await gate.entered.wait()
        took = await stop_timed(server, grace=0.3)
        assert 0.3 <= took < PATIENCE
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()


async def test_a_client_that_does_not_read_does_not_hold_stop_beyond_its_grace(folder: Path) -> None:
    write(folder / "large", bytes(20_000_000))
    async with serving(create_app(folder, readiness=lambda: None, audience=Audience())) as server:
        with hanging_client(server.port, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n") as client:
            await asyncio.get_running_loop().sock_recv(client, 100)  # the answer has begun
            took = await stop_timed(server, grace=0.3)
            assert 0.3 <= took < PATIENCE
            assert len(await read_to_end(client)) < 20_000_000, "the rest is never sent"


async def test_a_client_that_reads_within_the_grace_gets_the_whole_file(folder: Path) -> None:
    write(folder / "large", bytes(20_000_000))
    async with serving(create_app(folder, readiness=lambda: None, audience=Audience())) as server:
        with hanging_client(server.port, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n") as client:
            first = await asyncio.get_running_loop().sock_recv(client, 100)
            stopping = asyncio.create_task(server.stop(10))
            await asyncio.wait({stopping}, timeout=0)
            everything = first + await read_to_end(client)
            await stopping
    assert len(everything.partition(b"\r\n\r\n")[2]) == 20_000_000


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HT",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
    ],
    ids=["says nothing", "stops in the middle", "keeps the connection alive", "owes its body"],
)
async def test_idle_connections_are_closed_at_once(folder: Path, sent: bytes) -> None:
    async with serving(create_app(folder, readiness=lambda: None, audience=Audience())) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(sent)
        if b"\r\n\r\n" in sent:
            await reader.readuntil(b"\r\n\r\n")
        async with browser() as client:  # the server has seen the first one by now
            await client.get(f"http://127.0.0.1:{server.port}/healthz")
        assert await stop_timed(server, grace=2 * PATIENCE) < PATIENCE
        async with asyncio.timeout(PATIENCE):
            await reader.read()
        writer.close()


async def test_stop_without_start_and_stop_twice_do_nothing(folder: Path) -> None:
    server = Server(create_app(folder, readiness=lambda: None, audience=Audience()), "127.0.0.1", 0)
    await server.stop(0)
    await server.start()
    await server.stop(0)
    await server.stop(0)


async def test_the_port_is_free_again_after_stop(folder: Path) -> None:
    app = create_app(folder, readiness=lambda: None, audience=Audience())
    async with serving(app) as first:
        await get_raw(first.port, "/")
    second = Server(app, "127.0.0.1", first.port)
    await second.start()
    await second.stop(0)


async def test_nothing_is_left_running_after_stop(folder: Path) -> None:
    before = asyncio.all_tasks(), threading.active_count()
    async with serving(create_app(folder, readiness=lambda: None, audience=Audience()), host="127.0.0.1") as server:
        await get_raw(server.port, "/")
    assert asyncio.all_tasks() == before[0]


async def stop_timed(server: Server, *, grace: float) -> float:
    """Seconds that `stop` took."""
    clock = asyncio.get_running_loop().time
    before = clock()
    await server.stop(grace)
    return clock() - before


def hanging_client(port: int, request: bytes) -> socket.socket:
    """A connection with a small window, whose owner asked for something and then does not read."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    client.setblocking(False)
    client.send(request)
    return client


async def read_to_end(client: socket.socket) -> bytes:
    loop = asyncio.get_running_loop()
    parts = []
    while part := await loop.sock_recv(client, 1 << 20):
        parts.append(part)
    return b"".join(parts)
