"""Has hubs of others tell us what is new of sources: asks them, confirms that we meant it, takes what they bring.

What to ask of which hub, and when, is in the store; a crash forgets nothing. What a hub brings goes the way of a poll.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlencode

from aggregator.clean.links import related
from aggregator.clean.urls import host_of
from aggregator.errors import AggregatorError
from aggregator.model import Delivery, Document, Following, Verification
from aggregator.ports import Caller, Clock, Followings

log = logging.getLogger(__name__)

WANTED_LEASE, SHORTEST_LEASE, LONGEST_LEASE = timedelta(days=10), timedelta(minutes=1), timedelta(days=30)
RENEWED_AFTER = 0.75  # of a lease: there is time to try again
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=5), timedelta(days=1)
AFTER_DENIAL = timedelta(days=7)
AT_A_TIME = 20
LOOK_SECONDS = 5.0
METHODS = ("sha256", "sha512", "sha384", "sha1")  # of signatures (WebSub §7.1)
_FORM = (b"Content-Type", b"application/x-www-form-urlencoded")


class Subscriber:
    """Our callbacks below `address`. `run` asks the hubs; `verify` and `take` answer them."""

    def __init__(
        self,
        address: str,
        *,
        followings: Followings,
        caller: Caller,
        clock: Clock,
        challenge: Callable[[], str],
        deliver: Callable[[str, Document], bool],
    ) -> None:
        """`deliver` takes the document of a source in, or says that nobody can just now; `challenge` gives a new word
        that nobody can guess."""
        self._address = address
        self._followings = followings
        self._caller = caller
        self._clock = clock
        self._challenge = challenge
        self._deliver = deliver
        self._wake = asyncio.Event()
        self.results: Counter[str] = Counter()

    def look(self) -> None:
        """A source may name another hub than before."""
        self._wake.set()

    async def run(self) -> None:
        """Ask hubs until cancelled."""
        while True:
            self._wake.clear()
            try:
                while due := await self._followings.due(self._clock.now(), AT_A_TIME):
                    await asyncio.gather(*map(self._ask, due))
            except AggregatorError as error:
                log.error("subscriber", extra={"fields": {"error": str(error)}})
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()

    async def _ask(self, one: Following) -> None:
        """Ask a hub to tell us (WebSub §5.1). It confirms with our callback, perhaps before it answers."""
        wait = min(FIRST_RETRY * 2 ** min(one.failures, 20), LONGEST_RETRY)
        one = replace(
            one,
            token=one.token or self._challenge(),
            secret=one.secret or self._challenge(),
            due=self._clock.now() + wait,
            failures=one.failures + 1,
        )
        await self._followings.asked(one)
        form = {
            "hub.mode": "subscribe",
            "hub.topic": one.topic,
            "hub.callback": f"{self._address}/{one.token}",
            "hub.lease_seconds": str(int(WANTED_LEASE.total_seconds())),
            "hub.secret": one.secret,
        }
        heard = await self._caller.tell(one.hub, (_FORM,), urlencode(form).encode())
        self._say("asked" if heard.good else "not asked", one, status=heard.status, detail=heard.detail or None)

    async def knows(self, token: str) -> bool:
        """Whether anything may be brought to this callback; asked before a body is read."""
        return await self._followings.called(token) is not None

    async def verify(self, asked: Verification) -> str | None:
        """What to answer a hub that asks whether we meant it (§5.3): its challenge, or None for no."""
        one = await self._followings.called(asked.token)
        if one is None or asked.topic != one.topic:
            return None
        now = self._clock.now()
        if asked.mode == "denied":
            await self._followings.refused(one, now + AFTER_DENIAL)
            self._say("denied", one, reason=asked.reason[:200] or None)
            return ""
        if asked.mode != "subscribe" or not asked.challenge:
            return None
        lease = min(max(asked.lease or WANTED_LEASE, SHORTEST_LEASE), LONGEST_LEASE)
        await self._followings.confirmed(one, now + lease, now + lease * RENEWED_AFTER)
        self._say("confirmed", one, lease=int(lease.total_seconds()))
        return asked.challenge

    async def take(self, delivery: Delivery) -> HTTPStatus:
        """What to answer a hub that brings something (§7). What is not signed as it must be is ignored in silence."""
        one = await self._followings.called(delivery.token)
        if one is None:
            return HTTPStatus.GONE  # the hub may forget us
        if not _is_signed(delivery, one.secret):
            self._say("badly signed", one)
        elif related(delivery.links, one.topic).get("self", one.topic) != one.topic:
            self._say("another topic", one)
        else:
            body_hash = hashlib.blake2b(delivery.body, digest_size=16).hexdigest()
            document = Document(one.topic, delivery.body, body_hash, delivery.content_type, links=delivery.links)
            if not self._deliver(one.source_id, document):
                return HTTPStatus.SERVICE_UNAVAILABLE
            self._say("brought", one)
        return HTTPStatus.ACCEPTED

    def _say(self, outcome: str, one: Following, **more: object) -> None:
        self.results[outcome] += 1
        fields = {"outcome": outcome, "source": one.source_id, "hub": host_of(one.hub)}
        said = {name: value for name, value in more.items() if value is not None}
        log.info("subscriber", extra={"fields": fields | said})


def _is_signed(delivery: Delivery, secret: str) -> bool:
    """Whether the body comes from whom we gave the secret."""
    method, _, said = delivery.signature.strip().partition("=")
    if method.lower() not in METHODS:
        return False
    right = hmac.digest(secret.encode(), delivery.body, method.lower()).hex()
    return hmac.compare_digest(right.encode(), said.strip().lower().encode())
