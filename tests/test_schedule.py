"""When a source is polled next, and why then: the pure decision, and its spread over many sources."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Cadence, Changes, Failed, Gone, Hints, Outcome, Reason, Source, Visit, Why, amended
from aggregator.schedule import scheduled

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday
NO_HINTS = Hints()
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def source(name: str = "one", **more: object) -> Source:
    url = f"https://{name}.example/feed"
    made = Source(name, "feed", url, url, (), HOUR, HOUR / 4, DAY)
    return replace(made, **more)  # type: ignore[arg-type]  # a table of fields


def punctual(**more: object) -> Visit:
    """What a poll finds that begins just when it was due."""
    return amended(Visit("one", NOW, attempted=NOW, finished=NOW - HOUR), **more)  # type: ignore[arg-type]


def after(
    one: Source, before: Visit, hints: Hints = NO_HINTS, failed: Failed | None = None, **learned: object
) -> Changes:
    """The changes of a poll that ended now."""
    outcome = Outcome.FAILED if failed else Outcome.SAME
    failures = before.failures + 1 if failed else 0
    visit = amended(before, finished=NOW, outcome=outcome, failures=failures, **learned)  # type: ignore[arg-type]
    return scheduled(Changes(one, visit, before=before), before, failed, hints, NOW)


def wait(changes: Changes) -> tuple[timedelta, Why]:
    assert changes.visit.due
    return changes.visit.due - NOW, changes.visit.why


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


WISHES = [
    ("nothing but the interval", Hints(), Cadence(), HOUR, Why.INTERVAL),
    ("a shorter max-age", Hints(max_age=5 * MINUTE), Cadence(), HOUR, Why.INTERVAL),
    ("a longer max-age", Hints(max_age=2 * HOUR), Cadence(), 2 * HOUR, Why.MAX_AGE),
    ("a max-age beyond the bounds", Hints(max_age=5 * DAY), Cadence(), DAY, Why.MAX_AGE),
    ("a longer Expires", Hints(expires=3 * HOUR), Cadence(), 3 * HOUR, Why.EXPIRES),
    ("an Expires of the past", Hints(expires=timedelta()), Cadence(), HOUR, Why.INTERVAL),
    ("a longer ttl", Hints(), Cadence(ttl=4 * HOUR), 4 * HOUR, Why.TTL),
    ("a shorter ttl", Hints(), Cadence(ttl=MINUTE), HOUR, Why.INTERVAL),
    ("a daily period", Hints(), Cadence(period=DAY), DAY, Why.UPDATE_PERIOD),
    ("a yearly period", Hints(), Cadence(period=365 * DAY), DAY, Why.UPDATE_PERIOD),
    ("the latest of all", Hints(2 * HOUR, None, None), Cadence(ttl=5 * HOUR, period=3 * HOUR), 5 * HOUR, Why.TTL),
    ("Retry-After, later than all", Hints(2 * HOUR, None, 6 * HOUR), Cadence(), 6 * HOUR, Why.RETRY_AFTER),
    ("Retry-After, sooner than the interval", Hints(retry_after=MINUTE), Cadence(), HOUR, Why.INTERVAL),
    ("Retry-After beyond the bounds", Hints(retry_after=7 * DAY), Cadence(), 7 * DAY, Why.RETRY_AFTER),
]


def test_a_304_that_gives_no_max_age_leaves_that_of_the_whole_answer_in_force() -> None:
    before = punctual(max_age=2 * HOUR)
    assert wait(after(source(), before)) == (2 * HOUR, Why.MAX_AGE)
    assert wait(after(source(), before, Hints(max_age=timedelta()))) == (HOUR, Why.INTERVAL)
    assert wait(after(source(), before, Hints(max_age=3 * HOUR))) == (3 * HOUR, Why.MAX_AGE)


@pytest.mark.parametrize(("hints", "cadence", "span", "why"), [row[1:] for row in WISHES], ids=[r[0] for r in WISHES])
def test_the_next_poll_is_the_latest_of_what_everybody_asks_for(
    hints: Hints, cadence: Cadence, span: timedelta, why: Why
) -> None:
    assert wait(after(source(), punctual(), hints, cadence=cadence)) == (span, why)


def test_an_interval_below_the_shortest_is_lengthened() -> None:
    hasty = source(interval=MINUTE, min_interval=10 * MINUTE)
    assert wait(after(hasty, punctual())) == (10 * MINUTE, Why.INTERVAL)


HOURS = tuple(range(24))
CLOSED = [
    ("the hour it would be", Cadence(skip_hours=(13,)), 14, Why.SKIP_HOURS),
    ("several hours", Cadence(skip_hours=(13, 14, 15)), 16, Why.SKIP_HOURS),
    ("the night, over midnight", Cadence(skip_hours=tuple(range(13, 24))), 24, Why.SKIP_HOURS),
    ("all hours but one", Cadence(skip_hours=tuple(set(HOURS) - {11})), 24 + 11, Why.SKIP_HOURS),
    ("today", Cadence(skip_days=(2,)), 24, Why.SKIP_DAYS),
    ("today and tomorrow", Cadence(skip_days=(2, 3)), 48, Why.SKIP_DAYS),
    ("today, and tomorrow's night", Cadence(skip_days=(2,), skip_hours=(0, 1, 2)), 24 + 3, Why.SKIP_HOURS),
    ("all days but yesterday", Cadence(skip_days=(0, 2, 3, 4, 5, 6)), 24 * 6, Why.SKIP_DAYS),
    ("other hours and days", Cadence(skip_hours=(3, 4), skip_days=(5, 6)), 13, Why.INTERVAL),
]


@pytest.mark.parametrize(("cadence", "hour", "why"), [row[1:] for row in CLOSED], ids=[row[0] for row in CLOSED])
def test_skipped_hours_and_days_are_left_out_in_gmt(cadence: Cadence, hour: int, why: Why) -> None:
    changes = after(source(), punctual(), cadence=cadence)
    due = changes.visit.due
    assert due
    midnight = NOW.replace(hour=0)
    assert midnight + hour * HOUR <= due < midnight + (hour + 1) * HOUR, "spread over the hour that is open"
    assert changes.visit.why is why


def test_a_source_that_publishes_rarely_is_asked_less_often_when_the_interval_was_left_to_us() -> None:
    weekly = tuple(int((NOW - n * 7 * DAY).timestamp()) for n in range(1, 11))
    hourly = tuple(int((NOW - n * HOUR).timestamp()) for n in range(1, 11))
    silent = tuple(int((NOW - 365 * DAY - n * HOUR).timestamp()) for n in range(10))
    daily = tuple(int((NOW - n * DAY).timestamp()) for n in range(1, 11))
    assert wait(after(source(adapts=True), punctual(), recent=daily)) == (3 * HOUR, Why.PACE)
    assert wait(after(source(adapts=True), punctual(), recent=weekly)) == (21 * HOUR, Why.PACE)
    assert wait(after(source(adapts=True), punctual(), recent=silent)) == (DAY, Why.PACE)
    assert wait(after(source(adapts=True), punctual(), recent=hourly)) == (HOUR, Why.INTERVAL)
    assert wait(after(source(adapts=False), punctual(), recent=weekly)) == (HOUR, Why.INTERVAL)
    assert wait(after(source(adapts=True), punctual())) == (HOUR, Why.INTERVAL)


def test_failures_back_off_to_a_day_and_an_interval_longer_than_that_is_kept() -> None:
    down = Failed(Reason.CONNECT, "nobody")
    waits = [wait(after(source(), punctual(failures=n), failed=down)) for n in range(8)]
    assert [span / HOUR for span, _ in waits] == [1, 2, 4, 8, 16, 24, 24, 24]
    assert [why for _, why in waits] == [Why.INTERVAL, *[Why.BACKOFF] * 7]
    rare = source(interval=7 * DAY, max_interval=7 * DAY)
    assert wait(after(rare, punctual(failures=9), failed=down))[0] == 7 * DAY


def test_a_failure_says_nothing_of_whether_a_hub_tells_of_everything() -> None:
    down = Failed(Reason.CONNECT, "nobody")
    leased = punctual(quiet=2, leased=NOW + DAY)
    assert after(source(), leased, failed=down).visit.quiet == 2
    assert after(source(), leased).visit.quiet == 3
    assert after(source(), amended(leased, leased=NOW), failed=down).visit.quiet == 0
    outage = leased
    for _ in range(5):
        outage = after(source(), outage, failed=down).visit
    back = after(source(max_interval=DAY), amended(outage, due=NOW))
    assert wait(back) == (8 * HOUR, Why.PUSHED), "as it would have been without the outage"


def test_a_failure_with_retry_after_waits_as_long_as_it_says() -> None:
    busy = Failed(Reason.HTTP_STATUS, "503", 503)
    assert wait(after(source(), punctual(), Hints(retry_after=5 * HOUR), busy)) == (5 * HOUR, Why.RETRY_AFTER)
    assert wait(after(source(), punctual(), Hints(retry_after=MINUTE), busy)) == (HOUR, Why.INTERVAL)


@pytest.mark.parametrize(
    ("status", "retry_after", "busy_for"),
    [(429, 2 * HOUR, 2 * HOUR), (503, MINUTE, MINUTE), (503, None, HOUR), (500, 2 * HOUR, None), (404, None, None)],
)
def test_429_and_503_put_off_the_whole_host(
    status: int, retry_after: timedelta | None, busy_for: timedelta | None
) -> None:
    changes = after(source(), punctual(), Hints(retry_after=retry_after), Failed(Reason.HTTP_STATUS, "", status))
    assert changes.host_busy_until == (None if busy_for is None else NOW + busy_for)


@pytest.mark.parametrize(
    ("gone", "ended"),
    [
        (Gone(NOW - 7 * DAY, 3), True),
        (Gone(NOW - 60 * DAY, 9), True),
        (Gone(NOW - 7 * DAY, 2), False),
        (Gone(NOW - 6 * DAY, 9), False),
    ],
)
def test_a_source_that_says_it_is_gone_three_times_over_a_week_has_ended(gone: Gone, ended: bool) -> None:
    visit = after(source(), punctual(), failed=Failed(Reason.HTTP_STATUS, "410", 410), gone=gone).visit
    assert (visit.due is None, visit.why is Why.GONE) == (ended, ended)


# ---------------------------------------------------------------- many sources


def minutes_of(dues: list[datetime], span: timedelta) -> Counter[int]:
    """How many fall into each minute of the interval."""
    return Counter(int((due.timestamp() % span.total_seconds()) // 60) for due in dues)


@pytest.mark.parametrize("span", [HOUR / 4, HOUR, 6 * HOUR, DAY], ids=str)
@pytest.mark.parametrize("begun", ["first", "late"])
def test_sources_polled_together_do_not_come_back_together(span: timedelta, begun: str) -> None:
    number = 20 * int(span / MINUTE)
    before = Visit("", NOW, attempted=NOW) if begun == "first" else punctual(due=NOW - 5 * DAY)
    many = [source(f"source-{n}", interval=span) for n in range(number)]
    dues = [after(one, amended(before, source_id=one.id)).visit.due for one in many]
    per_minute = minutes_of([due for due in dues if due], span)
    assert max(per_minute.values()) <= 3 * 20, "no minute holds more than three times its share"
    waits = [due - NOW for due in dues if due]
    assert min(waits) >= (span if span < DAY else DAY / 3)
    assert max(waits) <= min(2 * span, DAY)


def test_once_spread_a_source_keeps_its_place_and_a_restart_moves_nothing() -> None:
    """Virtual time: 2,000 sources begin at once, are polled for a day, and the program is away for five hours."""
    many = {f"s{n}": source(f"s{n}") for n in range(2000)}
    visits = {name: Visit(name, NOW) for name in many}
    moment, polls = NOW, Counter[int]()
    for minute in range(24 * 60):
        moment = NOW + minute * MINUTE
        if 10 * 60 <= minute < 15 * 60:
            continue  # away
        for name, visit in visits.items():
            if visit.due and visit.due <= moment:
                before = amended(visit, attempted=moment)
                ended = amended(before, finished=moment, outcome=Outcome.SAME)
                visits[name] = scheduled(Changes(many[name], ended), before, None, Hints(), moment).visit
                polls[minute] += 1
    share = 2000 / 60
    calm = [count for minute, count in polls.items() if minute not in (0, 15 * 60)]
    assert max(calm) <= 3 * share
    assert polls[0] == polls[15 * 60] == 2000, "what is overdue is asked at once; limits per host hold it back"


spans = st.one_of(st.none(), st.timedeltas(timedelta(), 7 * DAY))


@given(
    spans,
    spans,
    spans,
    st.one_of(st.none(), st.timedeltas(MINUTE, 365 * DAY)),
    st.sets(st.integers(0, 23), max_size=23),
    st.sets(st.integers(0, 6), max_size=6),
    st.sampled_from([Visit("one", NOW), punctual(), punctual(due=NOW - 9 * DAY), punctual(due=NOW + DAY)]),
    st.one_of(
        st.none(), st.builds(Failed, st.just(Reason.HTTP_STATUS), st.just("x"), st.sampled_from([404, 429, 503]))
    ),
)
def test_whatever_is_asked_for_the_next_poll_lies_ahead_in_an_open_hour_within_the_bounds(
    max_age: timedelta | None,
    expires: timedelta | None,
    retry_after: timedelta | None,
    ttl: timedelta | None,
    hours: set[int],
    days: set[int],
    before: Visit,
    failed: Failed | None,
) -> None:
    hints = Hints(max_age, expires, retry_after)
    cadence = Cadence(ttl, None, tuple(sorted(hours)), tuple(sorted(days)))
    changes = after(source(), before, hints, failed, cadence=cadence)
    due = changes.visit.due
    assert due
    assert due >= NOW + HOUR
    assert due >= NOW + (retry_after or timedelta())
    if changes.visit.why is not Why.RETRY_AFTER:
        assert due.hour not in hours
        assert due.weekday() not in days
    if changes.visit.why not in (Why.RETRY_AFTER, Why.SKIP_DAYS, Why.SKIP_HOURS):
        assert due <= NOW + DAY
