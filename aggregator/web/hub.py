"""The hub's address: reads what subscribers post (WebSub §5.1), and says what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from aggregator.clean.urls import is_web_url
from aggregator.model import Mode, Wish
from aggregator.web.answers import Answer, bare, text

MOST_FORM = 16 * 1024
FORM_SECONDS = 10.0
LONGEST_SECRET = 200  # §5.1: "less than 200 bytes"
LONGEST_ADDRESS = 2048
LONGEST_LEASE = timedelta(days=3650)

_FORM = "application/x-www-form-urlencoded"
_POST_ONLY = (b"allow", b"POST")

Take = Callable[[Wish], Awaitable[tuple[HTTPStatus, str] | None]]
"""Accepts a wish, or gives status and reason of its refusal."""


class _BadForm(Exception):  # noqa: N818  (an end, not a bug)
    """What was posted is no wish; the message says why."""


def hub_route(take: Callable[[], Take | None]) -> Callable[[Request], Awaitable[Answer]]:
    """The function behind `/hub`; `take()` is None while there is no hub."""

    async def hub(request: Request) -> Answer:
        taking = take()
        if taking is None:
            return text(HTTPStatus.NOT_FOUND, "there is no hub here\n")
        if request.method != "POST":
            words = "this is a WebSub hub: subscribers post here\n"
            return text(HTTPStatus.METHOD_NOT_ALLOWED, words, _POST_ONLY)
        try:
            async with asyncio.timeout(FORM_SECONDS):
                wish = read_wish(await _form(request))
        except _BadForm as error:
            return text(HTTPStatus.BAD_REQUEST, f"{error}\n")
        except (TimeoutError, ClientDisconnect):
            return text(HTTPStatus.REQUEST_TIMEOUT, "the form did not come\n")
        refusal = await taking(wish)
        if refusal is None:
            return bare(HTTPStatus.ACCEPTED)
        status, reason = refusal
        later = ((b"retry-after", b"600"),) if status is HTTPStatus.SERVICE_UNAVAILABLE else ()
        return text(status, f"{reason}\n", *later)

    return hub


async def _form(request: Request) -> dict[str, str]:
    """The fields of the form. Raises `_BadForm`."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise _BadForm(f"post a form, as {_FORM}")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_FORM:
            raise _BadForm("the form is too large")
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=50, errors="strict")
    except ValueError as error:
        raise _BadForm("the form cannot be read") from error
    return dict(pairs)


def read_wish(form: dict[str, str]) -> Wish:
    """What a subscriber wants. Raises `_BadForm`."""
    mode = form.get("hub.mode", "")
    if mode not in tuple(Mode):
        raise _BadForm("hub.mode must be subscribe or unsubscribe; this hub publishes its own site alone")
    secret = form.get("hub.secret")
    if secret is not None and len(secret.encode("utf-8", "replace")) >= LONGEST_SECRET:
        raise _BadForm(f"hub.secret must have less than {LONGEST_SECRET} bytes")
    callback, topic = _address(form, "hub.callback"), _address(form, "hub.topic")
    return Wish(Mode(mode), topic, callback, _lease(form.get("hub.lease_seconds")), secret or None)


def _address(form: dict[str, str], name: str) -> str:
    address = form.get(name, "")
    if not is_web_url(address) or "#" in address or len(address) > LONGEST_ADDRESS:
        raise _BadForm(f"{name} must be an absolute http or https address without a fragment")
    return address


def _lease(seconds: str | None) -> timedelta | None:
    """A positive number; a hub chooses within its bounds (§5.1)."""
    if not seconds:
        return None
    if not seconds.isascii() or not seconds.isdigit() or not int(seconds[:12]):
        raise _BadForm("hub.lease_seconds must be a positive number")
    return min(timedelta(seconds=int(seconds[:12])), LONGEST_LEASE)
