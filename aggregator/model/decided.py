"""What a poll decided, and what it leaves behind for the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from aggregator.model.asked import Source
from aggregator.model.fetched import Reason, Validators
from aggregator.model.ours import Entry, Said, Signature
from aggregator.model.subscribed import Advertised
from aggregator.model.theirs import Cadence, Outline


class Outcome(StrEnum):
    """How a poll ended; the words are what `status` shows."""

    NEW = "new"
    REVISED = "revised"
    SAME = "same"
    NOT_MODIFIED = "not-modified"
    FAILED = "failed"


class Why(StrEnum):
    """Why the next poll is due when it is; the words are what `status` shows."""

    INTERVAL = "interval"
    PACE = "pace"
    MAX_AGE = "max-age"
    EXPIRES = "expires"
    TTL = "ttl"
    UPDATE_PERIOD = "update-period"
    SKIP_HOURS = "skip-hours"
    SKIP_DAYS = "skip-days"
    RETRY_AFTER = "retry-after"
    BACKOFF = "backoff"
    HOST_BUSY = "host-busy"
    GONE = "gone"
    PUSHED = "pushed"


# The host asked for it, or could not answer: no good news is a reason to come sooner.
LEFT_ALONE = frozenset({Why.SKIP_HOURS, Why.SKIP_DAYS, Why.RETRY_AFTER, Why.BACKOFF, Why.HOST_BUSY})


class Burial(StrEnum):
    """Why an entry is not kept: taken out by hand, too old or too many, or never taken."""

    REMOVED = "removed"
    PURGED = "purged"
    PASSED_OVER = "passed-over"


@dataclass(frozen=True, slots=True)
class Moving:
    """A source redirects for good to `to`, and has done so in every answer since `since`."""

    to: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Gone:
    """A source has answered 410 (RFC 9110 §15.5.11) `times` times in a row, first at `since`."""

    since: datetime
    times: int


class Cause(StrEnum):
    """Why a source has an incident: it cannot be had, gives what is not expected of it, gives entries that lack
    something, or has fallen silent. The words are what `status` shows."""

    FAILING = "failing"
    UNEXPECTED = "unexpected"
    INCOMPLETE = "incomplete"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Incident:
    """Something about a source that a person should look at, since `since`; `what` says it in one line."""

    cause: Cause
    since: datetime
    what: str


class Visit(msgspec.Struct, frozen=True):
    """What the last poll of a source left behind; the only memory a poll has.

    `due` is None for a source that ended: it is polled only when named. `attempted` is written before the fetch,
    `finished` after it. `failures` counts failures in a row. `seen` holds the hashes of the entries in the
    document that was read last, 8 bytes each, `cadence` is what that said, `recent` the times of the newest entries in
    seconds since 1970, newest first. These are kept as they are stored, for most polls never look at them. `size` is
    how many entries that document had. Of what is dated no later than `horizon` nothing new is taken. `address` is
    where the source has moved for good, if it has. `max_age` is what was left of it for the last whole answer.
    `failing_since` is when the first of the failures in a row was, `incidents` what is the matter with the source, one
    of each cause; `bare` names fields of a recipe that none of the items in that document had. `hub` is the WebSub hub
    that it named; until `leased` that hub tells us of what is new, and `quiet` polls in a row have found nothing that
    it had not told. `said` is what the source said of itself, which is known while no entry of it is kept, too.
    """

    source_id: str
    due: datetime | None
    why: Why = Why.INTERVAL
    attempted: datetime | None = None
    finished: datetime | None = None
    outcome: Outcome | None = None
    reason: Reason | None = None
    detail: str = ""
    failures: int = 0
    validators: Validators | None = None
    body_hash: str | None = None
    seen: bytes = b""
    cadence: Cadence = Cadence()
    recent: tuple[int, ...] = ()
    size: int = 0
    horizon: datetime | None = None
    address: str | None = None
    moving: Moving | None = None
    gone: Gone | None = None
    max_age: timedelta | None = None
    failing_since: datetime | None = None
    incidents: tuple[Incident, ...] = ()
    bare: tuple[str, ...] = ()
    hub: Advertised | None = None
    quiet: int = 0
    leased: datetime | None = None
    said: Said | None = None


class Known(msgspec.Struct, frozen=True):
    """What `changes.decide` needs to know of an entry that is already kept.

    `link` and `title` are hashes (`clean.names`); `entry` is what it says, where that was asked for.
    """

    number: int
    fingerprint: str
    published: datetime
    updated: datetime
    revision: int
    first_seen: datetime
    link: int
    title: int
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class Buried:
    """An entry that is not kept, or not any more: what is left to know it by, should it come again."""

    number: int
    published: datetime
    link: int
    title: int
    burial: Burial


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """What the store knows of the entries of a document: those under one of their keys, and those, kept or gone, by
    another name. `removed` are entries that were taken out by hand, of any source; `outlines` is what a list named."""

    by_key: Mapping[str, Known] = field(default_factory=dict)
    by_name: Mapping[int, Known | Buried] = field(default_factory=dict)
    removed: tuple[Buried, ...] = ()
    outlines: tuple[Outline, ...] = ()


class Alias(msgspec.Struct, frozen=True):
    """Another key under which the entry in row `number` came."""

    number: int
    key: str


class PassedOver(msgspec.Struct, frozen=True):
    """An entry that was not taken, and must not be taken for news later; `published` is settled as for a new one."""

    entry: Entry
    published: datetime


class NewEntry(msgspec.Struct, frozen=True):
    """An entry to keep from now on, its times settled. `pages` are the folders of the pages it stands on."""

    entry: Entry
    fingerprint: str
    published: datetime
    updated: datetime
    pages: tuple[str, ...]


class RevisedEntry(msgspec.Struct, frozen=True):
    """A kept entry whose content changed: the new text for the row `number`, and the pages it stands on with that."""

    number: int
    entry: Entry
    fingerprint: str
    updated: datetime
    revision: int
    pages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Awaited:
    """A kept entry, in the row `number`, whose second document at `url` is to be had.

    It was first seen at `since`, and is published without it from `until` on; `attempts` were made so far.
    """

    number: int
    source: Source
    url: str
    since: datetime
    until: datetime
    attempts: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Filling:
    """What came of a try: the new text of the entry in row `number` and the pages it stands on then, or None where it
    stays as it is; and when the next try is due, None when it was the last."""

    number: int
    entry: Entry | None
    pages: tuple[str, ...]
    due: datetime | None


class Changes(msgspec.Struct, frozen=True):
    """Everything one poll decided; applied in one transaction, whatever the outcome was.

    `dropped` counts new entries that the source's filters kept out. `before` is what the poll before left behind.
    `signatures` are those of the entries, by key. `host_busy_until` is set when the host asked to be left alone, and
    holds for all sources there. `outlines` is what a list of feeds names now, where that is not what it named before.
    `at` is when a push was decided on; a poll is when it finished.
    """

    source: Source
    visit: Visit
    new: tuple[NewEntry, ...] = ()
    revised: tuple[RevisedEntry, ...] = ()
    aliases: tuple[Alias, ...] = ()
    passed: tuple[PassedOver, ...] = ()
    dropped: int = 0
    before: Visit | None = None
    signatures: Mapping[str, Signature] = msgspec.field(default_factory=dict)
    host_busy_until: datetime | None = None
    outlines: tuple[Outline, ...] | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Enlisted:
    """A feed that the list of this id names, or named until `left`, and the id that it has as a source for good.

    `has_entries` while entries of it are kept.
    """

    list_id: str
    source_id: str
    outline: Outline
    left: datetime | None = None
    has_entries: bool = False
