"""The rows of visits, which every poll reads once and writes twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Connection

from aggregator.model import Changes, Outcome, Reason, Said, Validators, Visit, Why
from aggregator.store.codec import Memory, pack, reading
from aggregator.store.rows import listed, moment, read_rows, seconds, write_rows

# How long a source is put off while it is polled again after the program died in its poll; doubling with each death.
AFTER_DEATH = timedelta(minutes=1)
LONGEST_AFTER_DEATH = timedelta(days=1)
LEARNED = (
    *("validators", "body_hash", "seen", "cadence", "recent", "address", "moving", "gone", "max_age", "size"),
    *("failing_since", "incidents", "bare", "hub", "quiet", "said"),
)

_ALL = (
    "SELECT source_id, due, why, attempted, finished, outcome, reason, detail, failures,"
    " validators, body_hash, seen, address, memory, horizon, leased, attempts FROM visit"
)
_SOME = f"{_ALL} WHERE source_id IN (SELECT value FROM json_each(?))"  # noqa: S608  (nothing comes from outside)
_BEGUN = "UPDATE visit SET attempts = 1, attempted = ? WHERE source_id = ?"
_BEGUN_AGAIN = "UPDATE visit SET attempts = attempts + 1, attempted = ?, due = ? WHERE source_id = ?"
_ENDED = (
    "UPDATE visit SET attempts = 0, due = ?, why = ?, finished = ?, outcome = ?, reason = ?, detail = ?, failures = ?"
    " WHERE source_id = ?"
)
_LEARNED = "UPDATE visit SET validators = ?, body_hash = ?, seen = ?, address = ?, memory = ? WHERE source_id = ?"

_WHY = {one.value: one for one in Why}
_OUTCOME = {one.value: one for one in Outcome}
_REASON = {one.value: one for one in Reason}
_validators, _memory = reading(Validators), reading(Memory)
_EMPTY, _NOTHING = "{}", Memory()


def read(connection: Connection, names: Sequence[str] | None = None) -> dict[str, Visit]:
    """What the last polls of these sources, or of all, left behind."""
    return {row[0]: _visit(row) for row in _rows(connection, names)}


def said(connection: Connection, names: Sequence[str]) -> dict[str, Said]:
    """What these sources said of themselves when they were last read, of those that were."""
    return {name: visit.said for name, visit in read(connection, names).items() if visit.said}


def begin(connection: Connection, asked: list[tuple[str, datetime]]) -> list[Visit]:
    """Record the attempts, each a source and its time; give the visits as the last polls left them.

    Only `attempted` is that of this poll.
    """
    rows = {row[0]: row for row in _rows(connection, [name for name, _ in asked])}
    begun = [(seconds(now), name) for name, now in asked if not rows[name][-1]]
    write_rows(connection, _BEGUN, begun)  # nearly all; when it is due stays as it was, and so does the index of that
    again = [(now, rows[name][-1], name) for name, now in asked if rows[name][-1]]
    write_rows(
        connection, _BEGUN_AGAIN, [(seconds(now), seconds(now + _delay(died)), name) for now, died, name in again]
    )
    return [_visit(rows[name], now) for name, now in asked]


def end(connection: Connection, polls: Iterable[Changes]) -> None:
    """Write down how polls ended, when the next are due, and what was learned of their sources, if anything was."""
    write_rows(connection, _ENDED, [_outcome(poll.visit) for poll in polls])
    write_rows(connection, _LEARNED, [_lesson(poll.visit) for poll in polls if _has_learned(poll)])


def _rows(connection: Connection, names: Sequence[str] | None) -> Sequence[Any]:
    return read_rows(connection, _ALL) if names is None else read_rows(connection, _SOME, listed(names))


def _delay(died: int) -> timedelta:
    """How long a source is put off in whose poll the program died so often."""
    doublings: int = min(died, 20) - 1
    return min(AFTER_DEATH * (1 << doublings), LONGEST_AFTER_DEATH)


def _outcome(visit: Visit) -> tuple[Any, ...]:
    """What every poll changes."""
    return (
        visit.due and seconds(visit.due),
        visit.why.value,
        visit.finished and seconds(visit.finished),
        visit.outcome and visit.outcome.value,
        visit.reason and visit.reason.value,
        visit.detail,
        visit.failures,
        visit.source_id,
    )


def _lesson(visit: Visit) -> tuple[Any, ...]:
    """What a poll changes only when it learned something about its source."""
    return (
        pack(visit.validators) if visit.validators else None,
        visit.body_hash,
        visit.seen,
        visit.address,
        pack(_remembered(visit)),
        visit.source_id,
    )


def _remembered(visit: Visit) -> Memory:
    return Memory(
        visit.cadence,
        visit.recent,
        visit.moving,
        visit.gone,
        visit.max_age,
        visit.size,
        visit.failing_since,
        visit.incidents,
        visit.bare,
        visit.hub,
        visit.quiet,
        visit.said,
    )


def _has_learned(changes: Changes) -> bool:
    before, after = changes.before, changes.visit
    if before is None:
        return True
    for name in LEARNED:
        old, new = getattr(before, name), getattr(after, name)
        if old is not new and old != new:  # nearly all are the very same
            return True
    return False


def _visit(row: Any, attempted: datetime | None = None) -> Visit:
    """A visit as the walks know it; `attempted` when a poll begins at this moment."""
    (
        source_id, due, why, begun, finished, outcome, reason, detail, failures,
        validators, body_hash, seen, address, memory, horizon, leased, _attempts,
    ) = row  # fmt: skip
    remembered = _memory(memory) if memory != _EMPTY else _NOTHING
    return Visit(
        source_id,
        _moment(due),
        _WHY[why],
        attempted or _moment(begun),
        _moment(finished),
        _OUTCOME[outcome] if outcome else None,
        _REASON[reason] if reason else None,
        detail,
        failures,
        _validators(validators) if validators else None,
        body_hash,
        seen,
        remembered.cadence,
        remembered.recent,
        remembered.size,
        _moment(horizon),
        address,
        remembered.moving,
        remembered.gone,
        remembered.max_age,
        remembered.failing_since,
        remembered.incidents,
        remembered.bare,
        remembered.hub,
        remembered.quiet,
        _moment(leased),
        remembered.said,
    )


def _moment(kept: int | None) -> datetime | None:
    return None if kept is None else moment(kept)
