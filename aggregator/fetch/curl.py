"""Drives libcurl from the event loop: one connection for one request, to the one address it is told.

libcurl says which sockets it waits for, and gets told when they are ready. They are gathered apart, and the event loop
watches all of them as one descriptor: registering each with the loop itself cost 100 µs more a request.
"""

from __future__ import annotations

import asyncio
import math
import socket
import typing
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import chain

import pycurl

from aggregator.fetch.head import BrokenHead, Headers, read_head
from aggregator.fetch.problems import NoAnswer
from aggregator.fetch.sockets import gathered
from aggregator.model import Reason

MOST_HEAD = 64 * 1024  # bytes of all header lines of an answer, those of interim answers (1xx) and trailers too
LINE_WEIGHT = 300  # bytes that each line counts on top, so that many short ones are endless, too
MOST_WAITING = 256 * 1024  # bytes of a body that came and were not taken yet; the server has to wait then
LONGEST_TURN = 0.01  # seconds at a time that libcurl may work while others wait for the event loop
LINE_ENDS = (b"\r\n", b"\n")
CA_CACHE_TIMEOUT = 321  # libcurl's number (curl.h), which pycurl does not name

# Purpose, and family, kind, protocol and address of a socket, to the socket or `pycurl.SOCKET_BAD`.
Dial = Callable[[int, tuple[int, int, int, tuple[typing.Any, ...]]], socket.socket | int]

_TLS = frozenset(
    {
        pycurl.E_SSL_CONNECT_ERROR,
        pycurl.E_PEER_FAILED_VERIFICATION,
        pycurl.E_SSL_CACERT_BADFILE,
        pycurl.E_SSL_CERTPROBLEM,
        pycurl.E_SSL_CIPHER,
        pycurl.E_SSL_ENGINE_INITFAILED,
        pycurl.E_SSL_INVALIDCERTSTATUS,
        pycurl.E_SSL_ISSUER_ERROR,
        pycurl.E_SSL_SHUTDOWN_FAILED,
        pycurl.E_USE_SSL_FAILED,
    }
)
_CONNECTION = frozenset({pycurl.E_COULDNT_CONNECT, pycurl.E_SEND_ERROR, pycurl.E_RECV_ERROR})


class NotReached(NoAnswer):
    """Nobody took the connection up at this address; another address of the name may do better."""


class Exchange:
    """One request under way. `status`, `phrase` and `headers` hold once `begin` has returned; then come `chunks`."""

    status: int
    phrase: str
    headers: Headers

    def __init__(self, wire: Wire, curl: pycurl.Curl, idle: list[pycurl.Curl]) -> None:
        """`idle` is where the handle belongs afterwards."""
        self.idle = idle
        self._wire = wire
        self._curl: pycurl.Curl | None = curl
        self._news: asyncio.Future[None] | None = None
        self._problem: NoAnswer | None = None
        self._lines: list[bytes] = []
        self._room = MOST_HEAD
        self._between_heads, self._head_is_whole = True, False
        self._chunks: list[bytes] = []
        self._waiting, self._paused = 0, False
        curl.setopt(pycurl.HEADERFUNCTION, self._take_line)
        curl.setopt(pycurl.WRITEFUNCTION, self._take_chunk)

    async def begin(self) -> None:
        """Wait for the head of the answer. Raises `NoAnswer`, `NotReached`."""
        while not self._head_is_whole:
            self._complain()
            await self._wait()
        try:
            self.status, self.phrase, self.headers = read_head(self._lines)
        except BrokenHead as error:
            raise NoAnswer(str(error), Reason.PROTOCOL) from error

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes off the wire, in whatever content coding. Raises `NoAnswer` when it breaks off."""
        while True:
            taken, self._chunks, self._waiting = self._chunks, [], 0
            for chunk in taken:
                yield chunk
            if self._paused and self._curl:
                self._paused = False
                self._curl.pause(pycurl.PAUSE_CONT)
            if not self._chunks:
                if self._curl is None:
                    self._complain()
                    return
                await self._wait()

    async def aclose(self) -> None:
        """Close the connection, whatever is still to come."""
        if self._curl:
            self._wire.drop(self._curl)
            self._curl = None

    def end(self, code: int, message: str) -> None:
        """libcurl is done, well when `code` is 0 (said by `Wire`, which has taken the handle back)."""
        if code and self._problem is None:
            self._problem = _problem(code, message, self._curl)
        elif not self._head_is_whole and self._problem is None:
            self._problem = NoAnswer("the answer ended within its head", Reason.PROTOCOL)
        self._curl = None
        self._wake()

    def _complain(self) -> None:
        if self._problem:
            raise self._problem

    async def _wait(self) -> None:
        self._news = self._wire.loop.create_future()
        await self._news

    def _wake(self) -> None:
        if self._news and not self._news.done():
            self._news.set_result(None)

    def _take_line(self, line: bytes) -> int | None:
        self._room -= len(line) + LINE_WEIGHT
        if self._room < 0:
            self._problem = NoAnswer("the headers are endless", Reason.PROTOCOL)
            return -1
        if self._head_is_whole:  # a trailer, of no use here
            return None
        if self._between_heads:
            self._lines, self._between_heads = [], False
        if line not in LINE_ENDS:
            self._lines.append(line)
            return None
        self._between_heads = True
        if self._lines and not self._lines[0].partition(b" ")[2].startswith(b"1"):
            self._head_is_whole = True
            self._wake()
        return None

    def _take_chunk(self, chunk: bytes) -> int | None:
        if self._waiting > MOST_WAITING:
            self._paused = True
            return int(pycurl.WRITEFUNC_PAUSE)
        self._chunks.append(chunk)
        self._waiting += len(chunk)
        self._wake()
        return None


class Wire:
    """libcurl's exchanges on the running event loop, `ca_file` saying whom TLS trusts. To be closed."""

    def __init__(self, ca_file: str, dial: Dial | None = None) -> None:
        """`dial` opens each socket in libcurl's place (its OPENSOCKETFUNCTION), or says `pycurl.SOCKET_BAD`."""
        self._ca_file = ca_file
        self._dial = dial
        self.loop = asyncio.get_running_loop()
        self._sockets = gathered()
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self.loop.add_reader(self._sockets.descriptor, self._ready)
        self._watched: set[int] = set()
        self._tick: asyncio.Handle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = math.inf
        self._exchanges: dict[pycurl.Curl, Exchange] = {}
        self._idle: defaultdict[tuple[bool, float], list[pycurl.Curl]] = defaultdict(list)  # each with those like it
        self._posting: set[pycurl.Curl] = set()

    def get(
        self,
        url: str,
        address: str,
        headers: Sequence[bytes],
        *,
        verify: bool = True,
        patience: float = 0,
        body: bytes | None = None,
    ) -> Exchange:
        """Ask for `url` at `address` and nowhere else, giving up connecting after `patience` seconds, 0 for never.

        With a `body` it is a POST.
        """
        idle = self._idle[verify, patience]
        curl = idle.pop() if idle else self._handle(verify, patience)
        curl.setopt(pycurl.URL, url)
        # Whatever host and port libcurl reads out of the URL, this is where it connects: no name is looked up.
        curl.setopt(pycurl.CONNECT_TO, [f"::[{address}]:" if ":" in address else f"::{address}:"])
        curl.setopt(pycurl.HTTPHEADER, headers)
        if body is not None:
            curl.setopt(pycurl.HTTPHEADER, [*headers, b"Expect:"])  # or libcurl waits for a 100 before a large body
            curl.setopt(pycurl.POSTFIELDS, body)
            self._posting.add(curl)
        exchange = self._exchanges[curl] = Exchange(self, curl, idle)
        self._multi.add_handle(curl)
        return exchange

    def drop(self, curl: pycurl.Curl) -> None:
        """Break an exchange off."""
        self._multi.remove_handle(curl)
        exchange = self._exchanges.pop(curl)
        if curl in self._posting:
            self._posting.remove(curl)
            curl.setopt(pycurl.HTTPGET, 1)
        exchange.idle.append(curl)

    def close(self) -> None:
        """Break off what is under way."""
        for curl, exchange in list(self._exchanges.items()):
            self.drop(curl)
            exchange.end(pycurl.E_ABORTED_BY_CALLBACK, "the transport was closed")
        for waiting in filter(None, (self._tick, self._timer)):
            waiting.cancel()
        self.loop.remove_reader(self._sockets.descriptor)
        self._multi.close()
        self._sockets.close()
        for curl in chain.from_iterable(self._idle.values()):
            curl.close()
        self._idle.clear()

    def _handle(self, verify: bool, patience: float) -> pycurl.Curl:
        """A handle for plain HTTP/1.1 GETs: nothing kept, nothing followed, nothing inflated, no environment."""
        curl = pycurl.Curl()
        for option, value in (
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.HTTP_CONTENT_DECODING, 0),
            (pycurl.PATH_AS_IS, 1),
            (pycurl.PROXY, ""),
            (pycurl.NOPROXY, "*"),
            (pycurl.NETRC, pycurl.NETRC_IGNORED),
            (pycurl.FRESH_CONNECT, 1),
            (pycurl.FORBID_REUSE, 1),
            (pycurl.DNS_CACHE_TIMEOUT, 0),  # it would fill with addresses, and going through it costs 20 µs
            (pycurl.NOSIGNAL, 1),
            (pycurl.SSL_VERIFYPEER, verify),
            (pycurl.SSL_VERIFYHOST, 2 if verify else 0),
            (pycurl.CONNECTTIMEOUT_MS, int(patience * 1000) or 86_400_000),
            (pycurl.CAINFO, self._ca_file),
            (CA_CACHE_TIMEOUT, -1),  # reading the file takes 30 ms, once and not once a day
        ):
            curl.setopt(option, value)
        if self._dial:
            curl.setopt(pycurl.OPENSOCKETFUNCTION, self._dial)
        return curl

    def _watch(self, what: int, descriptor: int, _multi: pycurl.CurlMulti, _data: object) -> None:
        """libcurl says what it waits for at a socket."""
        if what == pycurl.POLL_REMOVE:
            if descriptor in self._watched:
                self._watched.remove(descriptor)
                self._sockets.remove(descriptor)
        elif descriptor in self._watched:
            self._sockets.change(descriptor, what)
        else:
            self._watched.add(descriptor)
            self._sockets.add(descriptor, what)

    def _set_timer(self, milliseconds: int) -> None:
        """libcurl wants to be called then, or not (-1); it often changes its mind, so a timer stands until it rings."""
        if milliseconds == 0:
            self._tick = self._tick or self.loop.call_soon(self._time_is_up)
            return
        self._due = math.inf if milliseconds < 0 else self.loop.time() + milliseconds / 1000
        if self._due < math.inf and (self._timer is None or self._timer.when() > self._due):
            self._start_timer()

    def _start_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self.loop.call_at(self._due, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self.loop.time() >= self._due:
            self._due = math.inf
            self._time_is_up()
        elif self._due < math.inf:
            self._start_timer()

    def _time_is_up(self) -> None:
        self._tick = None
        self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        self._take_ends()

    def _ready(self) -> None:
        until = self.loop.time() + LONGEST_TURN
        for descriptor, events in self._sockets.ready():
            self._multi.socket_action(descriptor, events)
            if self.loop.time() > until:
                break  # sixty TLS handshakes at once would hold up everybody else; the rest stays ready
        self._take_ends()

    def _take_ends(self) -> None:
        left = 1
        while left:
            left, well, badly = self._multi.info_read()
            for curl, code, message in (*((curl, 0, "") for curl in well), *badly):
                self._exchanges[curl].end(code, message)
                self.drop(curl)


def _problem(code: int, message: str, curl: pycurl.Curl | None) -> NoAnswer:
    """What libcurl ran into, sorted by its code."""
    message = message or f"libcurl's error {code}"
    if code == pycurl.E_PEER_FAILED_VERIFICATION:
        return NoAnswer(f"the certificate is not valid: {message.partition(': ')[2] or message}", Reason.TLS)
    if code in _TLS:
        return NoAnswer(f"no TLS connection ({message})", Reason.TLS)
    if code in (pycurl.E_COULDNT_CONNECT, pycurl.E_OPERATION_TIMEDOUT):
        reason = Reason.TIMEOUT if code == pycurl.E_OPERATION_TIMEDOUT else Reason.CONNECT
        connected = curl is not None and curl.getinfo(pycurl.CONNECT_TIME) > 0
        return (NoAnswer if connected else NotReached)(message, reason)
    return NoAnswer(message, Reason.CONNECT if code in _CONNECTION else Reason.PROTOCOL)
