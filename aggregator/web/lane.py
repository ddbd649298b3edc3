"""uvicorn's protocol with a lane for requests that need no waiting: they are answered as soon as they are read.

Most requests to the site are for a file that lies ready in memory. uvicorn starts a task for each, with a scope, an
event and several awaits, and that costs five times what the answer does. Here such a request is answered out of the
parser's own callback; every other goes uvicorn's way, unchanged.

Who polls a feed sends the same bytes each time, until the feed changes. What they ask for is remembered, and they are
not parsed again.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any, NamedTuple, Protocol

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from aggregator.web.answers import Answer, Fields, fields_of

log = logging.getLogger(__name__)

MOST_HEAD = 64 * 1024
"""Bytes that a request's head may have until it is whole."""
SLOWEST_HEAD = 30.0
"""Seconds for a head to be whole, and for which a connection without a request is kept."""
MOST_KNOWN, LONGEST_KNOWN = 1024, 1024
"""Requests that are remembered, and the bytes that each may have."""

_PLAIN = re.compile(rb"(/[A-Za-z0-9._~/-]*)(?:\?[!-~]*)?")
# What says that a body follows, or that this is no ordinary exchange.
_SLOW = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
_READING = frozenset({"GET", "HEAD"})
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_CLOSE = b"connection: close\r\n"


class AtOnce(Protocol):
    """An application that knows some answers without waiting."""

    def at_once(self, method: str, path: str, fields: Fields, client: str) -> Answer | None:
        """The answer to a request without a body, or None when it has to go the usual way."""


class Asked(NamedTuple):
    """A request without a body. `path` is free of escapes."""

    method: str
    path: str
    fields: Fields


Known = dict[bytes, Asked]
"""What was asked, by the bytes of the request. They held nothing else, and were read at the start of a message; so
whoever sends them there asks the same, and keeps the connection."""


class FastLane(HttpToolsProtocol):
    """One connection. Heads of requests are bounded in size and time, which httptools leaves to its user."""

    def __init__(
        self, *arguments: Any, patience: float = SLOWEST_HEAD, known: Known | None = None, **named: Any
    ) -> None:
        """As above; `patience` in seconds, for a head to be whole and for a connection without a request. `known` is
        what the connections of a server remember together; without it nothing is."""
        super().__init__(*arguments, **named)
        self._patience = patience
        self._known = known
        self._begun = 0  # messages, by the bytes that were received last
        self._between = True  # two messages, so that the parser would start with what comes
        self._only_quick = True  # every request so far, and none that begins another protocol
        self._asked: Asked | None = None
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
        """As above; what is known is not parsed, and a head without end is refused."""
        at_start = self._between and self._only_quick and self._known is not None
        if at_start and self._answered_by_heart(data):
            return
        self._begun, self._asked = 0, None
        super().data_received(data)
        if at_start and self._asked and self._begun == 1:
            self._remember(data, self._asked)
        if not self._in_head:
            return
        self._head_size += len(data)
        if self._head_size > MOST_HEAD and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """A request begins; its scope is made only when it goes the usual way."""
        self._begun += 1
        self._between = False
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
        if not self._has_body and self._is_idle() and (asked := self._plainly_asked()):
            answer = self._found(asked)
            if answer is not None:
                self._answered = True
                keep = self.parser.should_keep_alive() and self.parser.get_http_version() != "1.0"
                self._only_quick &= asked.method in _READING
                self._asked = asked if keep and self._only_quick else None
                self._write(answer, asked, keep=keep)
                return
        self._only_quick = False
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
        self._between = True
        if not self._answered:
            super().on_message_complete()

    def _is_idle(self) -> bool:
        """Whether nothing before it waits to be answered or taken."""
        waiting = self.cycle is not None and not self.cycle.response_complete
        return not waiting and not self.pipeline and not self.flow.write_paused

    def _answered_by_heart(self, data: bytes) -> bool:
        """Answer a request that is known by its bytes, if that is possible now."""
        asked = self._known.get(data) if self._known and len(data) <= LONGEST_KNOWN else None
        if asked is None or self.transport.is_closing() or not self._is_idle():
            return False
        answer = self._found(asked)
        if answer is None:
            return False
        self._quiet_since = self.loop.time()
        self._write(answer, asked, keep=True)
        return True

    def _remember(self, data: bytes, asked: Asked) -> None:
        if self._known is None or len(data) > LONGEST_KNOWN:
            return
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()  # those that come again are soon known again
        self._known[data] = asked

    def _plainly_asked(self) -> Asked | None:
        """What is asked, if its address has no escapes."""
        plain = _PLAIN.fullmatch(self.url)
        if plain is None:
            return None
        return Asked(self.parser.get_method().decode("ascii"), plain[1].decode("ascii"), fields_of(self.headers))

    def _found(self, asked: Asked) -> Answer | None:
        if self._at_once is None:
            return None
        try:
            answer: Answer | None = self._at_once(*asked, self.client[0] if self.client else "")
        except Exception:
            log.exception("web")
            return None  # the usual way says 500, if it breaks too
        return answer

    def _write(self, answer: Answer, asked: Asked, *, keep: bool) -> None:
        head = b"".join((answer.wire, self._date(), b"" if keep else _CLOSE, b"\r\n"))
        if answer.body and asked.method != "HEAD":
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
