"""httpx's transport seam over libcurl: resolves, vets every address, and dials exactly what was vetted."""

from __future__ import annotations

import functools
import re
import typing
from collections.abc import AsyncIterator, Iterable, Sequence

import certifi
import httpx

from aggregator.fetch.curl import Dial, Exchange, NotReached, Wire
from aggregator.fetch.guard import AddressGuard
from aggregator.fetch.head import Headers
from aggregator.fetch.names import Names, Resolve
from aggregator.fetch.problems import NoAnswer
from aggregator.model import Reason

Lines = Sequence[tuple[bytes, bytes]]

# How long one of several addresses may take to answer before the next is tried.
PATIENCE = 4.0
PORTS = {"http": 80, "https": 443}
# An address that needs no thought; every other goes through httpx's reading of it, and has to look like this then.
PLAIN = re.compile(
    r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?"
    r"(?:/[A-Za-z0-9!$%&'()*+,./:;=@_~|\\^\[\]-]*)?(?:\?[A-Za-z0-9!$%&'()*+,./:;=@_~|\\^\[\]?`{}-]*)?"
)
INJECTED = re.compile(rb"[\r\n\0]")


class Answer(typing.Protocol):
    """An answer whose body is still to come."""

    status: int
    phrase: str
    headers: Headers

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes off the wire."""

    async def aclose(self) -> None:
        """Close the connection."""


class LeanTransport(httpx.AsyncBaseTransport):
    """A transport that can also be asked without httpx's shapes, which cost as much as a 304 over plain HTTP."""

    async def get(self, url: str, headers: Lines, *, verify: bool = True, body: bytes | None = None) -> Answer:
        """GET `url`, or POST a `body` there; the answer has to be closed.

        Raises `httpx.TransportError`, `httpx.InvalidURL`.
        """
        raise NotImplementedError  # as in httpx's own base, which is no ABC


class GuardedTransport(LeanTransport):
    """HTTP/1.1, plain and over TLS, to vetted addresses only, one connection for each request.

    Connections are not kept: a poll usually opens a new host.
    """

    def __init__(
        self,
        allowed: Iterable[str] = (),
        *,
        ca_file: str | None = None,
        resolve: Resolve | None = None,
        dial: Dial | None = None,
    ) -> None:
        """`allowed` are the private networks and hosts that may be dialled, `ca_file` (PEM) says whom TLS trusts.

        `resolve` stands in for the system's resolver, `dial` for the opening of sockets.
        """
        self._guard = AddressGuard(allowed)
        self._names = Names(resolve)
        self._ca_file = ca_file or certifi.where()
        self._dial = dial
        self._wire: Wire | None = None

    async def get(self, url: str, headers: Lines, *, verify: bool = True, body: bytes | None = None) -> Exchange:
        """As above; `verify=False` takes any certificate, a `body` is posted. Raises `NoAnswer`, `httpx.InvalidURL`."""
        url, host, port = _parts(url)
        addresses = await self._names.addresses(host, port)
        self._guard.vet(host, port, addresses)
        if self._wire is None:
            self._wire = Wire(self._ca_file, self._dial)
        lines = _lines(headers)
        for left in range(len(addresses) - 1, -1, -1):
            address = str(addresses[~left])
            exchange = self._wire.get(url, address, lines, verify=verify, patience=PATIENCE if left else 0, body=body)
            try:
                await exchange.begin()
            except NotReached:
                if not left:
                    raise
            except BaseException:  # the deadline cancels, and that is no `Exception`
                await exchange.aclose()
                raise
            else:
                return exchange
        raise AssertionError("a name without addresses got past the resolver")

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The same in httpx's shapes, for its clients. GET alone."""
        if request.method != "GET":
            raise httpx.UnsupportedProtocol(f"this transport gets, and does not {request.method[:20]}")
        answer = await self.get(str(request.url), request.headers.raw)
        return httpx.Response(
            answer.status,
            headers=list(answer.headers.raw.items()),
            stream=_Stream(answer),
            extensions={"reason_phrase": answer.phrase.encode()},
        )

    async def aclose(self) -> None:
        """Close every connection."""
        if self._wire:
            self._wire.close()
            self._wire = None
        self._names.close()


class ThroughHttpx(LeanTransport):
    """Any transport of httpx's, asked as a lean one."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def get(self, url: str, headers: Lines, *, verify: bool = True, body: bytes | None = None) -> Answer:
        """As above; whom TLS trusts is the inner transport's own affair."""
        method = "GET" if body is None else "POST"
        request = httpx.Request(method, url, headers=list(headers), content=body)
        return _HttpxAnswer(await self._inner.handle_async_request(request))

    async def aclose(self) -> None:
        """Close the inner transport."""
        await self._inner.aclose()


class _HttpxAnswer:
    """A response of httpx's as an `Answer`."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.phrase = response.reason_phrase
        self.headers = Headers(response.headers.raw)
        # Not `aiter_raw`: it refuses a body that httpx has looked into, which it does with one given as bytes.
        assert isinstance(response.stream, httpx.AsyncByteStream)
        self.chunks = response.stream.__aiter__
        self.aclose = response.aclose


class _Stream(httpx.AsyncByteStream):
    """An answer's body as httpx wants it."""

    def __init__(self, answer: Answer) -> None:
        self.aclose = answer.aclose  # type: ignore[method-assign]  # the same, without a call between
        self._chunks = answer.chunks()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks


@functools.lru_cache(1024)
def plain(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an address that needs no thought, as nine in ten; each is asked for several times."""
    found = PLAIN.fullmatch(url)
    return (found[1], found[2].strip("[]"), int(found[3] or PORTS[found[1]])) if found else None


def _parts(url: str) -> tuple[str, str, int]:
    """The address as it is sent, its host and its port. Raises `httpx.InvalidURL`, `NoAnswer`."""
    found = plain(url)
    if found is None or "/." in url:
        url = str(httpx.URL(url))
        found = plain(url)
    if found is None:
        raise NoAnswer("not an address that can be asked", Reason.PROTOCOL)
    return url, *found[1:]


def _lines(headers: Lines) -> list[bytes]:
    """Headers as libcurl takes them. Raises `NoAnswer` for one that would be two."""
    # With a colon, an empty one would be left out.
    lines = [b"%b: %b" % header if header[1] else header[0] + b";" for header in headers]
    if INJECTED.search(b"".join(lines)):
        raise NoAnswer("a header of the request holds a line break", Reason.PROTOCOL)
    return lines
