"""The web application: the published folder under `/`, and two addresses for those who watch the program."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from aggregator.web.audience import Audience
from aggregator.web.conditional import verdict
from aggregator.web.folder import Moved, PublishedFolder, ReadyFile
from aggregator.web.headers import CACHE, COMMON, NO_STORE, Headers

FEEDS = ("/feed.atom",)
_METHODS = (b"allow", b"GET, HEAD")
_TEXT = (b"content-type", b"text/plain; charset=utf-8")


def create_app(folder: Path, *, readiness: Callable[[], str | None], audience: Audience) -> Starlette:
    """The application that serves `folder`, whose files may be replaced by rename at any time.

    `audience` counts who fetches feeds.

    `GET /healthz` is 200 while the program lives; `GET /readyz` is 200 when `readiness()` is None, else 503
    with what it said. `readiness` is called on each request and must not block. Nothing in any answer comes
    from the Host header.
    """

    async def healthz(_: Request) -> Response:
        return _text(HTTPStatus.OK, "ok")

    async def readyz(_: Request) -> Response:
        reason = readiness()
        if reason is None:
            return _text(HTTPStatus.OK, "ready")
        return _text(HTTPStatus.SERVICE_UNAVAILABLE, reason)

    app = Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/{path:path}", FolderSite(PublishedFolder(folder), audience)),
        ],
        exception_handlers={HTTPException: _refused, Exception: _broken},
    )
    # Starlette's own slash redirects are absolute and built from the Host header; `/%0A/` would get one.
    app.router.redirect_slashes = False
    return app


class FolderSite:
    """An ASGI application that answers GET and HEAD with the files of a published folder.

    Plain ASGI under Starlette's routing, without its Request and Response: the headers of a file are ready
    when the request comes, and building them again would be most of the work.
    """

    def __init__(self, folder: PublishedFolder, audience: Audience) -> None:
        self._folder = folder
        self._audience = audience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (RFC 9110 §9.3.1, §9.3.2). A Range is ignored, as §14.2 allows."""
        if scope["method"] not in ("GET", "HEAD"):
            await _text(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD\n", _METHODS)(scope, receive, send)
            return
        match self._find(scope):
            case ReadyFile() as file:
                if scope["path"].endswith(FEEDS):
                    self._count(scope)
                await _send_file(file, scope, send)
            case Moved(location):
                moved = (b"location", location.encode("ascii"))
                # With an age, because a permanent redirect is else cached for as long as a cache likes.
                answer = _bare(HTTPStatus.PERMANENT_REDIRECT, (moved, CACHE))
                await answer(scope, receive, send)
            case None:
                await _text(HTTPStatus.NOT_FOUND, "not found\n")(scope, receive, send)

    def _count(self, scope: Scope) -> None:
        client = scope.get("client") or ("", 0)
        agent = next((value for name, value in scope["headers"] if name == b"user-agent"), b"")
        self._audience.note(client[0], agent.decode("latin-1"), asyncio.get_running_loop().time())

    def _find(self, scope: Scope) -> ReadyFile | Moved | None:
        # An encoded slash is part of a name, not a separator (RFC 3986 §2.2), and no file name has one.
        if b"%2f" in scope.get("raw_path", b"").lower():
            return None
        return self._folder.find(scope["path"], now=asyncio.get_running_loop().time())


async def _send_file(file: ReadyFile, scope: Scope, send: Send) -> None:
    status = verdict(scope["headers"], etag=file.etag, modified=file.modified)
    headers = file.headers if status is HTTPStatus.OK else file.unchanged_headers
    body = file.body if status is HTTPStatus.OK and scope["method"] == "GET" else b""
    if status is HTTPStatus.PRECONDITION_FAILED:
        headers = (*headers, (b"content-length", b"0"))
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _text(status: HTTPStatus, text: str, *more: tuple[bytes, bytes]) -> Response:
    """A short answer for people and scripts; never stored, for the next one may be another."""
    return _bare(status, (_TEXT, NO_STORE, *more), text)


def _bare(status: HTTPStatus, headers: Headers, text: str = "") -> Response:
    response = Response(text, status)
    response.raw_headers.extend(headers + COMMON)
    return response


async def _refused(_: Request, error: Exception) -> Response:
    """What the router found no route for: paths that are none, such as `*` or one with a line break."""
    code = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    status = HTTPStatus(code)
    return _text(status, f"{status.phrase.lower()}\n")


async def _broken(_: Request, error: Exception) -> Response:
    """A mistake of ours; Starlette raises it again behind this answer, so that the server logs it."""
    return _text(HTTPStatus.INTERNAL_SERVER_ERROR, "internal error\n")
