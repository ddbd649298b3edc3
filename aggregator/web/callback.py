"""Our callbacks at hubs of others, `/hub/…`: reads what hubs ask and bring (WebSub §5.3, §7), and says what became of
it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Protocol

from starlette.requests import ClientDisconnect, Request

from aggregator.model import Delivery, Verification
from aggregator.web.answers import NOT_FOUND, Answer, bare, text

BELOW = "/hub/"
BODY_SECONDS = 30.0
LONGEST_LEASE = timedelta(days=3650)


class Listener(Protocol):
    """Who hears what hubs say."""

    async def knows(self, token: str) -> bool:
        """Whether anything may be brought to this callback."""

    async def verify(self, asked: Verification) -> str | None:
        """What to answer a hub that asks whether we meant it, or None for no."""

    async def take(self, delivery: Delivery) -> HTTPStatus:
        """What to answer a hub that brings something."""


def callback_route(listener: Callable[[], tuple[Listener, int] | None]) -> Callable[[Request], Awaitable[Answer]]:
    """The function behind `/hub/{token}`; `listener()` is None while nobody listens, else who, and the bytes that a
    delivery may have."""

    async def callback(request: Request) -> Answer:
        hearing = listener()
        if hearing is None:
            return NOT_FOUND
        one, most = hearing
        if request.method == "GET":
            challenge = await one.verify(_verification(request))
            return NOT_FOUND if challenge is None else text(HTTPStatus.OK, challenge)
        if request.method != "POST":
            return text(HTTPStatus.METHOD_NOT_ALLOWED, "hubs ask and post here\n", (b"allow", b"GET, POST"))
        if not await one.knows(request.path_params["token"]):
            return text(HTTPStatus.GONE, "nobody wants to hear of this any more\n")  # the hub may forget us
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(request, most)
        except (TimeoutError, ClientDisconnect):
            return text(HTTPStatus.REQUEST_TIMEOUT, "the body did not come\n")
        if body is None:
            return text(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too large\n")
        return bare(await one.take(_delivery(request, body)))

    return callback


async def _body(request: Request, most: int) -> bytes | None:
    """The body, or None when it has more bytes than it may."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            return None
    return bytes(body)


def _verification(request: Request) -> Verification:
    said = request.query_params
    seconds = said.get("hub.lease_seconds", "")[:12]
    lease = timedelta(seconds=int(seconds)) if seconds.isascii() and seconds.isdigit() else None
    return Verification(
        request.path_params["token"],
        said.get("hub.mode", ""),
        said.get("hub.topic", ""),
        said.get("hub.challenge", ""),
        min(lease, LONGEST_LEASE) if lease else None,
        said.get("hub.reason", ""),
    )


def _delivery(request: Request, body: bytes) -> Delivery:
    said = request.headers
    return Delivery(
        request.path_params["token"],
        body,
        said.get("content-type", ""),
        ", ".join(said.getlist("link")),
        said.get("x-hub-signature", ""),
    )
