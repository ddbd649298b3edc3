"""The web application: the published folder under `/`, and a few addresses that are no files."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from aggregator.web.answering import FolderSite
from aggregator.web.answers import BROKEN, NOT_FOUND, PREFLIGHT, WRONG_METHOD, Answer, Fields, fields_of, text
from aggregator.web.audience import Audience
from aggregator.web.callback import BELOW, Listener, callback_route
from aggregator.web.folder import PublishedFolder
from aggregator.web.headers import CACHE, COMMON, INDEX, media_type
from aggregator.web.hub import Take, hub_route
from aggregator.web.inside import Ask, inside_routes
from aggregator.web.signpost import Signpost

log = logging.getLogger(__name__)

Search = Callable[[str, bool], Awaitable[bytes | None]]
"""Gives the page, or the feed, of what is found for a query; None when that takes too long."""

LONGEST_QUERY = 200

Watched = Callable[[Request], Awaitable[Answer]]


class WebSite:
    """An ASGI application: what is no file goes through Starlette's routes, all else straight to the folder.

    Nothing in any answer comes from the Host header.
    """

    def __init__(self, site: FolderSite, routes: dict[str, Watched]) -> None:
        """`routes` are the paths that are no files."""
        self.site = site
        self._routed = frozenset(routes)
        self._router = Starlette(
            routes=[Route(path, _guarded(answer), methods=None) for path, answer in routes.items()],
            exception_handlers={HTTPException: _refused, Exception: _broken},
        )
        # Starlette's own slash redirects are absolute and built from the Host header; `/%0A/` would get one.
        self._router.router.redirect_slashes = False

    def post(self, signpost: Signpost) -> None:
        """Take new words about addresses."""
        self.site.folder.post(signpost)

    def at_once(self, method: str, path: str, fields: Fields, client: str) -> Answer | None:
        """The answer to a request without a body, where it needs no waiting; `path` is free of escapes."""
        if path in self._routed or path.startswith(BELOW):
            return None
        return self.site.answer(method, path, fields, client)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] in self._routed or scope["path"].startswith(BELOW):
            await self._router(scope, receive, send)
            return
        try:
            answer = self._from_folder(scope)
        except Exception:
            log.exception("web")
            answer = BROKEN
        await _send(answer, scope["method"], send)

    def _from_folder(self, scope: Scope) -> Answer:
        # An encoded slash is part of a name, not a separator (RFC 3986 §2.2), and no file name has one.
        if b"%2f" in scope.get("raw_path", b"").lower() and scope["method"] in ("GET", "HEAD"):
            return NOT_FOUND
        client = scope.get("client") or ("", 0)
        return self.site.answer(scope["method"], scope["path"], fields_of(scope["headers"]), client[0])


def create_app(
    folder: Path,
    *,
    readiness: Callable[[], str | None],
    audience: Audience,
    signpost: Signpost | None = None,
    take: Callable[[], Take | None] = lambda: None,
    listener: Callable[[], tuple[Listener, int] | None] = lambda: None,
    ask: Ask | None = None,
    operators: Iterable[str] = (),
    search: Search | None = None,
    today: Callable[[], float] = lambda: math.inf,
) -> WebSite:
    """The application that serves `folder`, whose files may be replaced by rename at any time.

    `audience` counts who fetches feeds; `signpost` says what the config says of addresses; `take()` is what takes the
    wishes of subscribers while there is a hub, `listener()` who hears hubs of others, and how many bytes at a time;
    `ask` tells those in the networks of `operators` how the program does; `search` answers `/search?q=` and
    `/search/feed.atom?q=`; `today` gives the seconds since 1970, behind which files may be dated.

    `GET /healthz` is 200 while the program lives; `GET /readyz` is 200 when `readiness()` is None, else 503
    with what it said. `readiness` is called on each request and must not block.
    """

    async def healthz(_: Request) -> Answer:
        return text(HTTPStatus.OK, "ok")

    async def readyz(_: Request) -> Answer:
        reason = readiness()
        return text(HTTPStatus.OK, "ready") if reason is None else text(HTTPStatus.SERVICE_UNAVAILABLE, reason)

    site = FolderSite(PublishedFolder(folder, signpost, today=today), audience, time.monotonic)
    inside = inside_routes(ask, operators, signpost.base_url if signpost else "")
    looked_at = {"/healthz": healthz, "/readyz": readyz, **inside}
    if search:
        looked_at["/search"] = _search_route(search, feed=False)
        looked_at["/search/feed.atom"] = _search_route(search, feed=True)
    routes = {path: _read_only(answer) for path, answer in looked_at.items()}
    return WebSite(site, routes | {"/hub": hub_route(take), f"{BELOW}{{token}}": callback_route(listener)})


def _search_route(search: Search, feed: bool) -> Watched:
    """Answers what is asked for with `?q=`."""

    async def searched(request: Request) -> Answer:
        found = await search(request.query_params.get("q", "").strip()[:LONGEST_QUERY], feed)
        if found is None:
            return text(HTTPStatus.SERVICE_UNAVAILABLE, "the search took too long; ask for rarer words\n")
        kind = (b"content-type", media_type("feed.atom" if feed else INDEX).encode("ascii"))
        return Answer(HTTPStatus.OK, (kind, (b"content-length", b"%d" % len(found)), CACHE, *COMMON), found)

    return searched


def _read_only(answer: Watched) -> Watched:
    """For GET and HEAD alone."""

    async def judged(request: Request) -> Answer:
        if request.method in ("GET", "HEAD"):
            return await answer(request)
        return PREFLIGHT if request.method == "OPTIONS" else WRONG_METHOD

    return judged


def _guarded(answer: Watched) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """A route's function as the ASGI application that Starlette calls."""

    class Routed:
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await _send(await answer(Request(scope, receive)), scope["method"], send)

    return Routed()


async def _send(answer: Answer, method: str, send: Send) -> None:
    await send({"type": "http.response.start", "status": int(answer.status), "headers": answer.headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body})


async def _refused(_: Request, error: Exception) -> Response:
    """What the router found no route for."""
    code = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    status = HTTPStatus(code)
    return _response(text(status, f"{status.phrase.lower()}\n"))


async def _broken(_: Request, error: Exception) -> Response:
    """A mistake of ours; Starlette raises it again behind this answer, so that the server logs it."""
    return _response(BROKEN)


def _response(answer: Answer) -> Response:
    response = Response(answer.body, answer.status)
    response.raw_headers = list(answer.headers)
    return response
