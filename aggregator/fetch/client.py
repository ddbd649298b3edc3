"""Gets one source's document: one deadline, conditional, capped, redirects bounded, never raising."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urldefrag

import httpx

from aggregator import __version__
from aggregator.clean.concealing import concealed
from aggregator.clean.urls import absolute, is_file, split, without_secrets
from aggregator.config.keys import FetchKeys
from aggregator.fetch.body import ACCEPTED, BadCoding, TooLarge, hash_of, read_body
from aggregator.fetch.deadline import Deadline
from aggregator.fetch.guard import vouched
from aggregator.fetch.head import Headers
from aggregator.fetch.hints import hints_of
from aggregator.fetch.local import read_file
from aggregator.fetch.problems import NoAnswer
from aggregator.fetch.transport import PORTS, Answer, GuardedTransport, LeanTransport, ThroughHttpx, plain
from aggregator.model import Document, Failed, Fetched, Hints, Reason, Source, Unchanged, Validators, Visit

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
)
STANDING = ((b"Accept", ACCEPT.encode()), (b"Accept-Encoding", ACCEPTED.encode()))
REDIRECTS, FOR_GOOD = frozenset({301, 302, 303, 307, 308}), frozenset({301, 308})
AS_IT_WAS = frozenset({307, 308})  # after the others a POST becomes a GET, as in browsers (RFC 9110 §15.4)
LONGEST_VALIDATOR = 1024

RequestHeaders = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class _Hop:
    """Where a redirect leads, whether for good (§15.4.2, §15.4.9 of RFC 9110), and whether as the same request."""

    url: str
    permanent: bool
    same_method: bool


class HttpFetcher:
    """The `Fetcher` port over httpx's transport seam. Use as an async context manager, or call `aclose`."""

    def __init__(
        self,
        keys: FetchKeys,
        contact: str | None = None,
        *,
        ca_file: Path | None = None,
        readers: Callable[[], int] = lambda: 0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`contact` and the number of `readers` go into the User-Agent: a publisher may want to know who asks for whom.

        `ca_file` (PEM) says whom TLS trusts. `transport` stands in for the guarded one, and is closed with the fetcher.
        There is no client of httpx's above it: that would keep cookies, and follow redirects in its own way.
        """
        self._keys = keys
        self._contact = f"+{contact}" if contact and contact.isascii() and contact.isprintable() else ""
        self._readers = readers
        self._deadline = Deadline(keys.timeout.total_seconds())
        chosen = transport or GuardedTransport(keys.allow_private, ca_file=str(ca_file) if ca_file else None)
        self._transport = chosen if isinstance(chosen, LeanTransport) else ThroughHttpx(chosen)

    async def __aenter__(self) -> HttpFetcher:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close what is open."""
        self._deadline.close()
        await self._transport.aclose()

    async def fetch(self, source: Source, visit: Visit) -> Fetched:
        """Get the document, following redirects. One deadline spans resolving, connecting, headers and body.

        httpx's own timeouts are per socket operation, and a server that drips one byte a second never trips them.
        """
        if source.blogroll and is_file(source.url):
            return await read_file(source.url, visit, self._keys.max_bytes)
        fetched = await self._ended(source, visit)
        if not isinstance(fetched, Failed):
            return fetched
        detail = "".join(filter(str.isprintable, " ".join(fetched.detail.split())))
        return replace(fetched, detail=concealed(detail, source) or fetched.reason)

    async def _ended(self, source: Source, visit: Visit) -> Fetched:
        """How the fetch ended, in the words of whoever ended it."""
        try:
            return await self._deadline.keep(self._follow(source, visit))
        except TimeoutError:
            return Failed(Reason.TIMEOUT, f"no whole answer within {self._deadline.seconds:g} s")
        except NoAnswer as error:
            return Failed(error.reason, str(error))
        except httpx.TimeoutException:
            return Failed(Reason.TIMEOUT, "the connection timed out")
        except (httpx.NetworkError, OSError) as error:
            return Failed(Reason.CONNECT, _one_line(error))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError) as error:
            return Failed(Reason.PROTOCOL, _one_line(error))

    async def _follow(self, source: Source, visit: Visit) -> Fetched:
        """One exchange after another until there is no redirect; `moved_to` if every redirect was for good."""
        # The address of a source is its operator's word, for this poll alone; what it opens, the guard knows. One that
        # stands in somebody's list is nobody's.
        origin = None if source.listed_by else _origin(source.url)
        word = vouched.set(origin[1:] if origin else None)
        try:
            return await self._hop_by_hop(source, visit)
        finally:
            vouched.reset(word)

    async def _hop_by_hop(self, source: Source, visit: Visit) -> Fetched:
        permanent, body = True, source.asking.body
        start = (visit.address or source.url) if body is None else source.url
        url = start = start if plain(start) else without_secrets(start)
        for _ in range(self._keys.max_redirects + 1):
            result = await self._exchange(url, source, visit, body)
            if isinstance(result, Failed):
                return result
            if not isinstance(result, _Hop):
                if body is not None:  # neither may come into the next request (RFC 9110 §13.1, §15.4.9)
                    return replace(result, validators=None)
                return replace(result, moved_to=url) if permanent and url != start else result
            permanent &= result.permanent
            target = absolute(result.url, url)
            if target is None:
                return Failed(Reason.BAD_REDIRECT, "redirected to what is no web address")
            url = urldefrag(target)[0]
            if body is not None and not result.same_method:
                permanent, body = False, None  # what was posted was taken; the answer is had there by a GET
            if body is not None and not _same_origin(url, source.url):
                return Failed(Reason.BAD_REDIRECT, "what is posted was sent on to another site, which does not get it")
        return Failed(Reason.TOO_MANY_REDIRECTS, f"more than {self._keys.max_redirects} redirects")

    async def _exchange(self, url: str, source: Source, visit: Visit, body: bytes | None) -> Fetched | _Hop:
        """One request and its answer."""
        asked_before = body is None and visit.validators and visit.validators.url == url
        known = visit.validators if asked_before else None
        headers = ((b"User-Agent", _agent(self._contact, self._readers())), *STANDING, *_conditional(known))
        secrets = _credentials(source)
        if secrets and _same_origin(url, source.url):  # a redirect to another host never carries them
            headers = _with(headers, secrets)
        insecure = source.insecure_tls and _origin(url) == _origin(source.url)
        answer = await self._transport.get(url, headers, verify=not insecure, body=body)
        try:
            return await self._understood(answer, url, visit, known)
        finally:
            await answer.aclose()

    async def _understood(self, answer: Answer, url: str, visit: Visit, known: Validators | None) -> Fetched | _Hop:
        """What an answer means."""
        hints = hints_of(answer.headers)
        if answer.status in REDIRECTS and "location" in answer.headers:
            return _Hop(answer.headers["location"], answer.status in FOR_GOOD, answer.status in AS_IT_WAS)
        if answer.status == 304:
            if known is None:
                return Failed(Reason.PROTOCOL, "304 without having been asked conditionally", 304, hints)
            return Unchanged("304", known, hints)
        if answer.status != 200:
            phrase = f"{answer.status} {answer.phrase[:100]}".strip()
            return Failed(Reason.HTTP_STATUS, phrase, answer.status, hints)
        return await self._document(answer, url, visit, hints)

    async def _document(self, answer: Answer, url: str, visit: Visit, hints: Hints) -> Fetched:
        """The body of a 200, or the news that it is the one we had."""
        try:
            if int(answer.headers.get("content-length", 0)) > self._keys.max_bytes:
                raise TooLarge
            body = await read_body(answer.chunks(), answer.headers.get("content-encoding", ""), self._keys.max_bytes)
        except TooLarge:
            return Failed(Reason.TOO_LARGE, f"more than {self._keys.max_bytes} bytes", 200, hints)
        except BadCoding as error:
            return Failed(Reason.BAD_CODING, str(error), 200, hints)
        validators = _validators(answer.headers, url)
        body_hash = await hash_of(body)
        if body_hash == visit.body_hash:
            return Unchanged("body", validators, hints)
        return Document(
            url=url,
            body=body,
            body_hash=body_hash,
            content_type=answer.headers.get("content-type", ""),
            content_language=answer.headers.get("content-language", ""),
            validators=validators,
            hints=hints,
            links=answer.headers.get("link", ""),
        )


@lru_cache(8)
def _agent(contact: str, readers: int) -> bytes:
    """Who asks, where to complain, and for how many, in the words that publishers' statistics look for."""
    about = "; ".join(filter(None, (contact, f"{readers} subscribers" if readers else "")))
    return f"aggregator/{__version__} ({about})".encode() if about else f"aggregator/{__version__}".encode()


def _same_origin(url: str, other: str) -> bool:
    """Whether secrets meant for `other` may go to `url`: the same origin, or http:80 gone up to https:443."""
    here, there = _origin(url), _origin(other)
    if here is None or there is None:
        return False
    upgraded = (here[0], here[2], there[0], there[2]) == ("https", 443, "http", 80)
    return here == there or (upgraded and here[1] == there[1])


def _origin(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port (RFC 6454 §4)."""
    if found := plain(url):
        return found
    parts = split(url)
    return (parts.scheme, parts.hostname or "", parts.port or PORTS[parts.scheme]) if parts else None


def _credentials(source: Source) -> dict[str, str]:
    """The headers that tell the source who asks: its `auth`, or user name and password out of its address."""
    found = {}
    parts = split(source.url) if "@" in source.url else None
    if parts and (parts.username or parts.password):
        pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        found["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return found | dict(source.asking.headers) | dict(source.headers)


def _conditional(known: Validators | None) -> list[tuple[bytes, bytes]]:
    """The headers of a conditional request (RFC 9110 §13.1), with the server's own bytes."""
    headers = []
    if known and known.etag:
        headers.append((b"If-None-Match", known.etag.encode("latin-1")))
    if known and known.last_modified:
        headers.append((b"If-Modified-Since", known.last_modified.encode("latin-1")))
    return headers


def _with(headers: RequestHeaders, more: dict[str, str]) -> RequestHeaders:
    """`headers`, in which `more` takes the place of what has the same name."""
    taken = {name.lower().encode() for name in more}
    kept = (header for header in headers if header[0].lower() not in taken)
    return (*kept, *((name.encode(), value.encode("latin-1")) for name, value in more.items()))


def _validators(headers: Headers, url: str) -> Validators | None:
    """What the server gave to ask again with, byte for byte."""
    etag, last_modified = (
        value.decode("latin-1") if len(value := headers.raw.get(name, b"")) <= LONGEST_VALIDATOR else ""
        for name in (b"etag", b"last-modified")
    )
    return Validators(url, etag or None, last_modified or None) if etag or last_modified else None


def _one_line(error: BaseException) -> str:
    """What an error says, in one short line."""
    return " ".join(str(error).split())[:200] or type(error).__name__
