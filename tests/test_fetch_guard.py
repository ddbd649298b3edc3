"""Which addresses may be dialled: the guard alone, and whole fetches on a machine that can dial only itself."""

from __future__ import annotations

import asyncio
import ipaddress
import threading
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fetching import Outside, document, failure, fetcher, outside_fixture, source, transport, visit  # noqa: F401
from scripted_web import Answer, Request, ScriptedWeb

from aggregator.fetch.guard import AddressGuard, vouched
from aggregator.fetch.names import Names
from aggregator.fetch.problems import AddressRefused, NoAnswer
from aggregator.fetch.transport import GuardedTransport
from aggregator.model import Document, Failed, Reason

FEED = b"<rss/>"


def words(text: str) -> list[str]:
    return text.split()


REFUSED = words("""
0.0.0.0 0.0.0.1 0.1.2.3 0.255.255.255
10.0.0.0 10.0.0.1 10.10.10.10 10.255.255.255
100.64.0.0 100.64.0.1 100.100.100.200 100.127.255.255
127.0.0.0 127.0.0.1 127.0.0.53 127.1.2.3 127.255.255.255
169.254.0.0 169.254.0.1 169.254.169.254 169.254.170.2 169.254.255.255
172.16.0.0 172.16.0.1 172.17.0.1 172.31.255.255
192.0.0.0 192.0.0.1 192.0.0.8 192.0.0.9 192.0.0.10 192.0.0.170 192.0.0.192 192.0.0.255
192.0.2.0 192.0.2.1 192.0.2.255
192.88.99.0 192.88.99.1 192.88.99.2 192.88.99.255
192.168.0.0 192.168.0.1 192.168.1.1 192.168.178.1 192.168.255.255
198.18.0.0 198.18.0.1 198.19.255.255
198.51.100.0 198.51.100.1 198.51.100.255
203.0.113.0 203.0.113.1 203.0.113.255
224.0.0.0 224.0.0.1 224.0.0.251 224.0.1.1 232.0.0.1 233.252.0.1 239.255.255.250 239.255.255.255
240.0.0.0 240.0.0.1 250.1.2.3 255.255.255.254 255.255.255.255
:: ::1 ::2 ::7f00:1 ::127.0.0.1 ::10.0.0.1 ::8.8.8.8 ::ffff:ffff
::ffff:0.0.0.0 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:172.16.0.1
::ffff:192.168.0.1 ::ffff:100.64.0.1 ::ffff:198.18.0.1 ::ffff:224.0.0.1 ::ffff:255.255.255.255 ::ffff:192.88.99.1
::ffff:0:127.0.0.1 ::ffff:0:10.0.0.1 ::ffff:0:8.8.8.8 ::fffe:127.0.0.1 ::1:0:0:0:1
64:ff9b:: 64:ff9b::1 64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b::8.8.8.8 64:ff9b:1::1
64:ff9b:1:ffff:ffff:ffff:ffff:ffff
100:: 100::1 100:0:0:1::1 200::1 400::1 1000::1 1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
2001:: 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:1::1 2001:2::1 2001:3::1 2001:4:112::1 2001:5::1
2001:10::1 2001:20::1 2001:2f::1 2001:30::1 2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff
2001:db8:: 2001:db8::1 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff
2002:: 2002:7f00:1:: 2002:7f00:1::1 2002:a00:1:: 2002:c0a8:1::1 2002:a9fe:a9fe:: 2002:808:808::1
3fff:: 3fff::1 3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff
4000::1 5f00::1 6000::1 8000::1 a000::1 c000::1 e000::1 f000::1 f800::1
fc00:: fc00::1 fd00::1 fd00:ec2::254 fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
fe00::1 fe80:: fe80::1 fe80::1%lo fe80::a9fe:a9fe febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff
fec0:: fec0::1 feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
ff00:: ff01::1 ff02::1 ff02::2 ff02::fb ff05::2 ff0e::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
""")

PUBLIC = words("""
1.0.0.0 1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 93.184.216.34 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.3.0 192.88.98.255 192.88.100.0
192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0
223.255.255.255 ::ffff:8.8.8.8 ::ffff:93.184.216.34 2000::1 2001:200::1 2001:4860:4860::8888 2001:db7::1 2001:db9::1
2003::1 2400:cb00::1 2606:4700:4700::1111 2620:4f:8000::1 2a00:1450:4001::1 3ffe::1 3fff:1000::1
""")

# Other ways to write 127.0.0.1, 10.0.0.1 and 169.254.169.254 that the C library takes for addresses.
SPELLINGS = words("""
2130706433 0x7f000001 0x7F000001 017700000001 0x7f.1 0x7f.0.0.1 0x7f.0x0.0x0.0x1 0177.0.0.1 0177.1 0000177.0.0.01
127.1 127.0.1 127.0x1 127.65793 127.0.257 0 0x0 00000000000 0.0
167772161 0xa000001 0xa.1 012.0.0.1 10.1 10.0x1
2852039166 0xa9fea9fe 0xa9.0xfe.0xa9.0xfe 0251.0376.0251.0376 169.16689662 169.254.43518
3232235521 0xc0a80001 192.168.1 4294967295 0xffffffff 255.16777215
""")


@pytest.fixture
def elsewhere() -> Iterator[ScriptedWeb]:
    """Another server on this machine, at another port."""
    scripted = ScriptedWeb()
    scripted.script("/feed", Answer(FEED))
    yield scripted
    scripted.close()


# ---------------------------------------------------------------- the guard alone


def test_the_tables_here_are_long() -> None:
    assert len(set(REFUSED)) > 150
    assert len(set(SPELLINGS)) > 30
    assert not set(REFUSED) & set(PUBLIC)


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_no_public_feed_lives_on_is_refused(address: str) -> None:
    found = ipaddress.ip_address(address)
    assert not AddressGuard().permits("a.example", 80, found)
    assert not AddressGuard().permits(address, 443, found)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_permitted(address: str) -> None:
    assert AddressGuard().permits("a.example", 80, ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("allowed", "host", "address", "permitted"),
    [
        ("10.0.0.0/8", "a.example", "10.1.2.3", True),
        ("10.0.0.0/8", "a.example", "::ffff:10.1.2.3", True),
        ("10.0.0.0/8", "a.example", "11.0.0.1", True),
        ("10.0.0.0/8", "a.example", "192.168.0.1", False),
        ("10.0.0.0/8", "a.example", "2002:a00:1::", False),
        ("10.1.2.3", "a.example", "10.1.2.3", True),
        ("10.1.2.3", "a.example", "10.1.2.4", False),
        ("10.1.2.3/8", "a.example", "10.9.9.9", True),
        ("127.0.0.1", "127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.2", "127.0.0.2", False),
        ("::1", "[::1]", "::1", True),
        ("fd00::/8", "a.example", "fd12::1", True),
        ("fd00::/8", "a.example", "fc00::1", False),
        ("64:ff9b::/96", "a.example", "64:ff9b::10.0.0.1", True),
        ("wiki.lan", "wiki.lan", "192.168.0.7", True),
        ("Wiki.LAN", "wiki.lan", "192.168.0.7", True),
        ("wiki.lan", "WIKI.lan", "192.168.0.7", True),
        ("wiki.lan", "other.lan", "192.168.0.7", False),
        ("wiki.lan", "evil.wiki.lan", "192.168.0.7", False),
        ("wiki.lan", "wiki.lan.evil.example", "192.168.0.7", False),
        ("wiki.lan", "iki.lan", "192.168.0.7", False),
        ("0.0.0.0/0", "a.example", "127.0.0.1", True),
        ("0.0.0.0/0", "a.example", "::1", False),
    ],
)
def test_the_operator_may_allow_networks_and_hosts(allowed: str, host: str, address: str, permitted: bool) -> None:
    assert AddressGuard([allowed]).permits(host, 80, ipaddress.ip_address(address)) is permitted


@pytest.mark.parametrize(
    ("word", "host", "port", "permitted"),
    [
        (("127.0.0.1", 8000), "127.0.0.1", 8000, True),
        (("127.0.0.1", 8000), "127.0.0.1", 8001, False),
        (("127.0.0.1", 8000), "localhost", 8000, False),
        (("localhost", 8000), "LOCALHOST", 8000, True),
        (None, "127.0.0.1", 8000, False),
    ],
)
def test_the_loopback_is_vouched_for_by_host_and_port(
    word: tuple[str, int] | None, host: str, port: int, permitted: bool
) -> None:
    token = vouched.set(word)
    try:
        assert AddressGuard().permits(host, port, ipaddress.ip_address("127.0.0.1")) is permitted
    finally:
        vouched.reset(token)


@pytest.mark.parametrize("port", [80, 443, 8080, 8443])
def test_the_usual_ports_are_open_to_everybody(port: int) -> None:
    assert AddressGuard().permits("a.example", port, ipaddress.ip_address("93.184.216.34"))


@pytest.mark.parametrize("port", [1, 21, 22, 25, 81, 3306, 5432, 6379, 8000, 8081, 9200, 11211, 65535])
def test_another_port_is_open_only_when_the_sources_own_address_names_it(port: int) -> None:
    public = ipaddress.ip_address("93.184.216.34")
    guard = AddressGuard(["b.example", "10.0.0.0/8"])
    assert not guard.permits("a.example", port, public)
    assert guard.permits("b.example", port, public)  # allowed by name, so its services are known, too
    assert guard.permits("a.example", port, ipaddress.ip_address("10.0.0.1"))
    token = vouched.set(("a.example", port))
    try:
        assert guard.permits("a.example", port, public)
        assert guard.permits("www.a.example", port, public)
        assert not guard.permits("a.example", port + 1, public)
        assert not guard.permits("a.example", port, ipaddress.ip_address("192.168.0.1"))
    finally:
        vouched.reset(token)


# ---------------------------------------------------------------- from names to addresses


@pytest.fixture
async def guarded(outside: Outside) -> AsyncIterator[GuardedTransport]:
    """The transport, with nothing allowed."""
    async with transport(world=outside) as one:
        yield one


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_however_an_address_is_spelled_it_is_recognised_and_refused(
    guarded: GuardedTransport,
    outside: Outside,
    spelling: str,
) -> None:
    addresses = await Names(outside.resolve).addresses(spelling, 80)
    assert addresses
    assert not any(address.is_global for address in addresses)
    with pytest.raises(AddressRefused):
        await guarded.get(f"http://{spelling}/", ())
    assert outside.dialled == []


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["93.184.216.34", "10.0.0.1"],
        ["10.0.0.1", "93.184.216.34"],
        ["2606:4700::1111", "::1"],
        ["93.184.216.34", "2606:4700::1111", "fe80::1"],
        ["93.184.216.34", "::ffff:169.254.169.254"],
    ],
)
async def test_one_private_answer_refuses_the_whole_name(
    guarded: GuardedTransport,
    outside: Outside,
    answers: list[str],
) -> None:
    outside.names["rebind.example"] = answers
    with pytest.raises(AddressRefused, match=r"rebind\.example"):
        await guarded.get("http://rebind.example/", ())
    assert outside.dialled == []


async def test_a_name_is_asked_for_once_and_exactly_what_was_vetted_is_dialled(
    guarded: GuardedTransport,
    outside: Outside,
) -> None:
    outside.names["news.example"] = ["93.184.216.34"]
    assert (await failure("http://news.example/feed")).reason is Reason.CONNECT
    assert outside.asked == ["news.example"]
    assert outside.dialled == [("93.184.216.34", 80)]


async def test_the_addresses_of_a_name_are_tried_in_turn_by_family_each_once(outside: Outside) -> None:
    outside.names["news.example"] = ["2606:4700::1", "2606:4700::2", "2606:4700::1", "93.184.216.34"]
    assert (await failure("https://news.example:8443/")).reason is Reason.CONNECT
    assert outside.dialled == [("2606:4700::1", 8443), ("93.184.216.34", 8443), ("2606:4700::2", 8443)]


async def test_a_name_whose_first_address_is_dead_is_reached_at_its_second(
    web: ScriptedWeb,
    outside: Outside,
) -> None:
    outside.names["mine.example"] = ["127.0.0.2", "127.0.0.1"]
    web.script("/feed", Answer(FEED))
    found = await document(f"http://mine.example:{web.port}/feed", allow_private="mine.example")
    assert found.body == FEED
    assert web.requests[0].headers["host"] == f"mine.example:{web.port}"


@pytest.mark.parametrize("host", ["nope.invalid", "a..example", "x" * 64 + ".example", "256.1.1.1", "1.2.3.4.5"])
async def test_a_name_that_leads_nowhere_is_a_dns_failure(outside: Outside, host: str) -> None:
    failed = await failure(f"http://{host}/")
    assert failed.reason in (Reason.DNS, Reason.PROTOCOL)
    assert outside.dialled == []


async def test_an_unknown_name_is_named(outside: Outside) -> None:
    failed = await failure("http://nope.invalid/feed?token=s3cret")
    assert failed.reason is Reason.DNS
    assert "nope.invalid" in failed.detail
    assert "s3cret" not in failed.detail


async def test_a_name_without_any_address_is_a_failure(outside: Outside) -> None:
    outside.names["empty.example"] = []
    assert (await failure("http://empty.example/")).reason in (Reason.DNS, Reason.CONNECT)


async def test_a_slow_name_server_ends_at_the_deadline(outside: Outside) -> None:
    outside.slow.add("slow.example")
    assert (await failure("http://slow.example/", timeout="1s")).reason is Reason.TIMEOUT


async def test_a_dozen_slow_names_do_not_hold_up_a_fast_one(web: ScriptedWeb, outside: Outside) -> None:
    outside.names["fast.example"] = ["127.0.0.1"]
    outside.slow |= {f"slow{number}.example" for number in range(12)}
    url = web.script("/feed", Answer(FEED)).replace("127.0.0.1", "fast.example")
    async with fetcher(allow_private="fast.example") as door:
        waiting = [asyncio.create_task(door.fetch(source(f"http://{name}/"), visit())) for name in outside.slow]
        for _ in waiting:
            await asyncio.to_thread(outside.waiting.get)
        assert isinstance(await door.fetch(source(url), visit()), Document)
        assert not any(task.done() for task in waiting)
        outside.answered.set()
        assert {one.reason for one in await asyncio.gather(*waiting) if isinstance(one, Failed)} == {Reason.DNS}


@pytest.mark.parametrize(
    "url", ["unix:///run/docker.sock", "file:///etc/passwd", "gopher://127.0.0.1/", "ftp://[::1]/"]
)
async def test_only_http_and_https_are_spoken(guarded: GuardedTransport, outside: Outside, url: str) -> None:
    with pytest.raises((httpx.InvalidURL, NoAnswer)):
        await guarded.get(url, ())
    assert outside.asked == outside.dialled == []


async def test_a_scope_id_neither_hides_an_address_nor_breaks_it(guarded: GuardedTransport, outside: Outside) -> None:
    outside.names["scoped.example"] = ["fe80::1%lo"]
    with pytest.raises(AddressRefused):
        await guarded.get("http://scoped.example/", ())
    with pytest.raises((httpx.InvalidURL, NoAnswer)):
        await guarded.get("http://[fe80::1%lo]/", ())
    assert outside.dialled == []


# ---------------------------------------------------------------- whole fetches


@pytest.mark.parametrize(
    "host",
    [
        *SPELLINGS,
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[::]",
        "[fe80::1]",
        "10.0.0.1",
        "169.254.169.254",
        "user@10.0.0.1",
        "93.184.216.34@10.0.0.1",
    ],
)
async def test_a_source_or_a_redirect_at_a_private_address_is_refused_and_nothing_is_dialled(
    web: ScriptedWeb,
    outside: Outside,
    host: str,
) -> None:
    web.script("/feed", Answer(FEED))
    target = f"http://{host}:{web.port}/feed"
    failed = await failure(target)
    assert failed.reason is Reason.ADDRESS_REFUSED
    assert outside.dialled == []
    failed = await failure(web.script("/start", Answer(b"", 302, {"Location": target})))
    assert failed.reason is Reason.ADDRESS_REFUSED
    assert outside.dialled == [("127.0.0.1", web.port)]
    assert web.asked("/feed") == []


@pytest.mark.parametrize(
    "host",
    [
        "１２７.0.0.1",
        "127。0。0。1",
        "①②⑦.0.0.1",
        "ⓛocalhost",
        "127.0.0.1%2f.example",
        "127.0.0.1%00.example",
        "[::1%25lo]",
    ],
)
async def test_a_host_in_disguise_never_gets_a_connection(
    web: ScriptedWeb,
    outside: Outside,
    host: str,
) -> None:
    web.script("/feed", Answer(FEED))
    assert isinstance(await failure(f"http://{host}:{web.port}/feed"), Failed)
    assert isinstance(
        await failure(
            web.script("/start", Answer(b"", 302, {"Location": f"http://{host}/feed".encode().decode("latin-1")}))
        ),
        Failed,
    )
    assert web.asked("/feed") == []


async def test_a_refusal_names_the_host_and_the_next_step(outside: Outside) -> None:
    failed = await failure("http://me:s3cret@10.0.0.1/feed?token=s3cret")
    assert "10.0.0.1" in failed.detail
    assert "fetch.allow_private" in failed.detail
    assert "s3cret" not in failed.detail


async def test_a_public_name_that_leads_to_this_machine_is_refused(
    web: ScriptedWeb,
    outside: Outside,
) -> None:
    for name in ("localtest.example", "localhost.", "localhost.localdomain"):
        outside.names[name] = ["127.0.0.1"]
        failed = await failure(f"http://{name}:{web.port}/feed")
        assert failed.reason is Reason.ADDRESS_REFUSED
    assert web.requests == []
    assert outside.dialled == []


async def test_a_name_that_changes_its_answer_between_hops_is_vetted_at_each(
    web: ScriptedWeb,
    outside: Outside,
) -> None:
    outside.names["turning.example"] = ["127.0.0.1"]
    target = f"http://turning.example:{web.port}/end"

    start = web.script("/start", Answer(b"", 302, {"Location": target}))
    web.script("/end", Answer(b"", 302, {"Location": target + "2"}))
    web.script("/end2", Answer(FEED))
    outside.names["turning.example"] = ["10.0.0.1"]
    failed = await failure(start, allow_private="127.0.0.1")
    assert failed.reason is Reason.ADDRESS_REFUSED
    assert web.asked("/end") == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LocalHost"])
async def test_a_source_on_this_machine_is_its_operators_word(
    web: ScriptedWeb,
    outside: Outside,
    host: str,
) -> None:
    web.script("/end", Answer(FEED))
    url = web.script("/start", Answer(b"", 302, {"Location": "/end"})).replace("127.0.0.1", host)
    assert (await document(url)).body == FEED
    assert {address for address, _ in outside.dialled} <= {"127.0.0.1", "::1"}


async def test_a_source_on_this_machine_cannot_lead_to_another_port_of_it(
    web: ScriptedWeb,
    elsewhere: ScriptedWeb,
    outside: Outside,
) -> None:
    url = web.script("/start", Answer(b"", 302, {"Location": elsewhere.url("/feed")}))
    failed = await failure(url)
    assert failed.reason is Reason.ADDRESS_REFUSED
    assert elsewhere.requests == []
    assert outside.dialled == [("127.0.0.1", web.port)]


@pytest.mark.parametrize("allowed", ["127.0.0.1", "127.0.0.0/8", ["10.0.0.0/8", "127.0.0.1/32"]])
async def test_another_port_of_this_machine_is_reached_when_its_network_is_allowed(
    web: ScriptedWeb,
    elsewhere: ScriptedWeb,
    outside: Outside,
    allowed: str | list[str],
) -> None:
    url = web.script("/start", Answer(b"", 302, {"Location": elsewhere.url("/feed")}))
    assert (await document(url, allow_private=allowed)).url == elsewhere.url("/feed")
    assert len(elsewhere.requests) == 1


async def test_another_port_of_this_machine_is_reached_when_its_name_is_allowed(
    web: ScriptedWeb,
    elsewhere: ScriptedWeb,
    outside: Outside,
) -> None:
    outside.names["other.lan"] = ["127.0.0.1"]
    url = web.script("/start", Answer(b"", 302, {"Location": f"http://other.lan:{elsewhere.port}/feed"}))
    assert (await document(url, allow_private=["other.lan"])).body == FEED
    assert (await failure(url, allow_private=["another.lan"])).reason is Reason.ADDRESS_REFUSED
    assert len(elsewhere.requests) == 1


async def test_the_word_for_one_source_does_not_hold_for_another_polled_at_the_same_time(
    web: ScriptedWeb,
    elsewhere: ScriptedWeb,
    outside: Outside,
) -> None:
    arrived = threading.Event()

    def hang(_: Request) -> Answer:
        arrived.set()
        return Answer(hang=True)

    elsewhere.script("/hangs", hang)
    thief = web.script("/start", Answer(b"", 302, {"Location": elsewhere.url("/feed")}))
    async with fetcher() as door:
        honest = asyncio.create_task(door.fetch(source(elsewhere.url("/hangs")), visit()))
        assert await asyncio.to_thread(arrived.wait, 10)
        refused = await door.fetch(source(thief), visit())
        honest.cancel()
    assert isinstance(refused, Failed)
    assert refused.reason is Reason.ADDRESS_REFUSED
    assert elsewhere.asked("/feed") == []
    assert vouched.get() is None


async def test_the_word_for_this_machine_is_not_one_for_the_network_beside_it(
    web: ScriptedWeb,
    outside: Outside,
) -> None:
    outside.names["metadata.example"] = ["169.254.169.254"]
    for target in ("http://192.168.1.1/", "http://metadata.example/latest/meta-data/", "http://[fd00:ec2::254]/"):
        failed = await failure(web.script("/start", Answer(b"", 307, {"Location": target})))
        assert failed.reason is Reason.ADDRESS_REFUSED
    assert {address for address, _ in outside.dialled} == {"127.0.0.1"}


# ---------------------------------------------------------------- every row of the tables, all the way to the socket


def in_url(address: str) -> str:
    """An address as the host of a URL, without its zone, which no URL can hold."""
    return f"[{address.partition('%')[0]}]" if ":" in address else address


@pytest.mark.parametrize("address", REFUSED)
async def test_what_is_refused_is_never_dialled_directly_by_name_or_by_redirect(
    web: ScriptedWeb, outside: Outside, guarded: GuardedTransport, address: str
) -> None:
    outside.names["private.example"] = [address]
    outside.names["mixed.example"] = ["93.184.216.34", address]
    targets = [f"http://{in_url(address)}/", f"https://{in_url(address)}:8443/", "http://private.example/"]
    targets.append("https://mixed.example/")
    for number, target in enumerate(targets):
        with pytest.raises(AddressRefused):  # asked of the transport: a loopback source would be its operator's word
            await guarded.get(target, ())
        start = web.script(f"/{number}", Answer(b"", 302, {"Location": target}))
        assert (await failure(start)).reason is Reason.ADDRESS_REFUSED
    assert {where for where in outside.dialled if where[1] != web.port} == set()


@pytest.mark.parametrize("address", REFUSED)
async def test_a_name_that_turns_to_what_is_refused_is_dialled_as_long_as_it_was_public(
    outside: Outside, address: str
) -> None:
    outside.names["turning.example"] = ["93.184.216.34"]
    async with fetcher() as door:
        await door.fetch(source("http://turning.example/"), visit())
        outside.names["turning.example"] = [address]
        turned = await door.fetch(source("http://turning.example/"), visit())
    assert isinstance(turned, Failed)
    assert turned.reason is Reason.ADDRESS_REFUSED
    assert outside.dialled == [("93.184.216.34", 80)]


@pytest.mark.parametrize("address", PUBLIC)
async def test_what_is_public_is_dialled_directly_by_name_and_by_redirect(
    web: ScriptedWeb, outside: Outside, address: str
) -> None:
    outside.names["public.example"] = [address]
    for target in (f"http://{in_url(address)}/", "http://public.example/"):
        start = web.script("/start", Answer(b"", 302, {"Location": target}))
        assert [(await failure(one)).reason for one in (target, start)] == [Reason.CONNECT, Reason.CONNECT]
    dialled = [ipaddress.ip_address(host) for host, port in outside.dialled if port == 80]
    assert dialled == [ipaddress.ip_address(address)] * 4


async def test_a_redirect_to_an_odd_port_is_refused_and_the_sources_own_is_dialled(
    web: ScriptedWeb, outside: Outside
) -> None:
    outside.names["news.example"] = ["93.184.216.34"]
    failed = await failure(web.script("/start", Answer(b"", 302, {"Location": "http://news.example:6379/"})))
    assert failed.reason is Reason.ADDRESS_REFUSED
    assert "port 6379 of news.example" in failed.detail
    assert outside.dialled == [("127.0.0.1", web.port)]
    assert (await failure("http://news.example:6379/")).reason is Reason.CONNECT
    assert outside.dialled[1:] == [("93.184.216.34", 6379)]


async def test_libcurl_looks_nothing_up_itself(outside: Outside) -> None:
    """Whatever is asked for, it gets an address from us: a name of the URL is never resolved a second time."""
    outside.names["localhost.example"] = ["93.184.216.34"]
    outside.names["localhost"] = ["93.184.216.35"]  # which libcurl knows by itself to be this machine
    for host in ("localhost.example", "localhost", "LOCALHOST"):
        await failure(f"http://{host}/")
    assert [host for host, _ in outside.dialled] == ["93.184.216.34", "93.184.216.35", "93.184.216.35"]
