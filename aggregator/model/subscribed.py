"""Who wants to be told of what is new (WebSub, W3C Recommendation of 23 January 2018)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Mode(StrEnum):
    """What a subscriber asks of the hub (§5.1)."""

    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"


@dataclass(frozen=True, slots=True)
class Wish:
    """A request to the hub, well formed but believed by nobody yet: whoever holds the callback has to confirm it.

    `topic` and `callback` are absolute http(s) addresses; `lease` is what was asked for, None when nothing was.
    """

    mode: Mode
    topic: str
    callback: str
    lease: timedelta | None = None
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Subscription:
    """Somebody who confirmed that he wants to be told of a topic, until `expires`.

    `delivered` is the hash of the content that he has, `due` when to look whether there is other content for him
    (None: when something is published), `failures` how often in a row he did not take it.
    """

    topic: str
    callback: str
    expires: datetime
    delivered: str
    secret: str | None = field(default=None, repr=False)
    due: datetime | None = None
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Advertised:
    """The hub that a feed names, and the address under which the hub knows the feed (§4); both absolute http(s)."""

    hub: str
    topic: str


@dataclass(frozen=True, slots=True)
class Following:
    """A source whose hub tells us, or is to tell us, of what is new.

    `token` is the part of our callback that nobody can guess, `secret` what deliveries are signed with; both are empty
    until the hub was asked first. `due` is when to ask it (again), `failures` how often in a row that led to nothing.
    """

    source_id: str
    hub: str
    topic: str
    token: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    due: datetime | None = None
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came to a callback of ours (§7); headers as found, "" for none."""

    token: str = field(repr=False)
    body: bytes = field(repr=False)
    content_type: str = ""
    links: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """What a hub asks our callback (§5.3): whether we meant it, or that it was denied; strings as found."""

    token: str = field(repr=False)
    mode: str
    topic: str
    challenge: str = ""
    lease: timedelta | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """What a topic holds now. `hash` is that of `body`, `media_type` with its parameters."""

    body: bytes = field(repr=False)
    media_type: str
    hash: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What a callback or a hub answered. `status` is None when it did not; then `detail` says why."""

    status: int | None
    body: bytes = field(default=b"", repr=False)
    detail: str = ""

    @property
    def good(self) -> bool:
        """Whether that was a yes (2xx)."""
        return self.status is not None and 200 <= self.status < 300
