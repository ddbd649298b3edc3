"""uvicorn's protocol with a lane for requests that need no waiting: they are answered as soon as they are read.

Most requests to the site are for a file that lies ready in memory. uvicorn starts a task for each, with a scope, an
event and several awaits, and that costs five times what the answer does. Here such a request is answered out of the
parser's own callback; every other goes uvicorn's way, unchanged.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any, Protocol

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from aggregator.web.answers import Answer

log = logging.getLogger(__name__)

MOST_HEAD = 64 * 1024
"""Bytes that a request's head may have until it is whole."""
SLOWEST_HEAD = 30.0
"""Seconds for a head to be whole, and for which a connection without a request is kept."""

_PLAIN = re.compile(rb"(/[A-Za-z0-9._~/-]*)(?:\?[!-~]*)?")
# What says that a body follows, or that this is no ordinary exchange.
_SLOW = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_CLOSE = b"connection: close\r\n"


class AtOnce(Protocol):
    """An application that knows some answers without waiting."""

    def at_once(self, method: str, path: str, lines: list[tuple[bytes, bytes]], client: str) -> Answer | None:
        """The answer to a request without a body, or None when it has to go the usual way."""


class FastLane(HttpToolsProtocol):
    """One connection. Heads of requests are bounded in size and time, which httptools leaves to its user."""

    def __init__(self, *arguments: Any, patience: float = SLOWEST_HEAD, **named: Any) -> None:
        """As above; `patience` in seconds, for a head to be whole and for a connection without a request."""
        super().__init__(*arguments, **named)
        self._patience = patience
        found = getattr(self.app, "at_once", None)
        self._at_once = found if callable(found) else None
        self._head_size = self._untaken = 0
        self._in_head = self._has_body = self._answered = False
        self._quiet_since = self.loop.time()
        self._watch: asyncio.TimerHandle | None = None
        self._stamped: tuple[object, bytes] = (None, b"")

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """As above, with an eye on connections on which nothing happens."""
        super().connection_made(transport)
        self._watch = self.loop.call_later(self._patience, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """As above."""
        if self._watch:
            self._watch.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        """End a connection that has been quiet for too long, unless its client waits for us or is still taking."""
        waiting = self.cycle is not None and not self.cycle.response_complete
        left = self._quiet_since + self._patience - self.loop.time()
        untaken, self._untaken = self._untaken, self.transport.get_write_buffer_size()
        if left > 0 or waiting or 0 < self._untaken != untaken:
            self._watch = self.loop.call_later(left if left > 0 else self._patience, self._look)
        else:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """As above; a head without end is refused."""
        super().data_received(data)
        if not self._in_head:
            return
        self._head_size += len(data)
        if self._head_size > MOST_HEAD and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """A request begins; its scope is made only when it goes the usual way."""
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._in_head, self._has_body, self._answered = True, False, False
        self._head_size = 0
        self._quiet_since = self.loop.time()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header line."""
        name = name.lower()
        if name in _SLOW:
            self._has_body = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is whole: answer, or go the usual way."""
        self._in_head = False
        if self.transport.is_closing():  # what was sent behind the last request
            self._answered = True
            return
        if self._at_once and not self._has_body and self._is_idle() and (answer := self._found()) is not None:
            self._answered = True
            self._write(answer)
            return
        url, lines = self.url, self.headers
        super().on_message_begin()
        self.url = url
        for name, value in lines:
            super().on_header(name, value)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """As above."""
        if not self._answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """As above."""
        if not self._answered:
            super().on_message_complete()

    def _is_idle(self) -> bool:
        """Whether nothing before it waits to be answered or taken."""
        waiting = self.cycle is not None and not self.cycle.response_complete
        return not waiting and not self.pipeline and not self.flow.write_paused

    def _found(self) -> Answer | None:
        plain = _PLAIN.fullmatch(self.url)
        if plain is None or self._at_once is None:
            return None
        try:
            method = self.parser.get_method().decode("ascii")
            path, client = plain[1].decode("ascii"), self.client[0] if self.client else ""
            answer: Answer | None = self._at_once(method, path, self.headers, client)
        except Exception:
            log.exception("web")
            return None  # the usual way says 500, if it breaks too
        return answer

    def _write(self, answer: Answer) -> None:
        parser = self.parser
        keep = parser.should_keep_alive() and parser.get_http_version() != "1.0"
        head = b"".join((answer.wire, self._date(), b"" if keep else _CLOSE, b"\r\n"))
        if answer.body and parser.get_method() != b"HEAD":
            # Not joined: all who take a file slowly hold the same bytes of it.
            self.transport.writelines((head, answer.body))
        else:
            self.transport.write(head)
        self.server_state.total_requests += 1
        if not keep:
            self.transport.close()

    def _date(self) -> bytes:
        """The lines that uvicorn adds to every answer, as bytes; it makes them anew every second."""
        lines = self.server_state.default_headers
        if self._stamped[0] is not lines:
            self._stamped = lines, b"".join(b"%b: %b\r\n" % line for line in lines)
        return self._stamped[1]
