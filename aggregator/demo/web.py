"""Serves the sample sources on loopback: feeds that answer conditionally, pages, and one source that fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import blake2b
from html import escape
from http import HTTPStatus
from importlib.resources import files

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from aggregator.demo.documents import feed, media_type, page, publisher_page, story_page
from aggregator.demo.stories import BROKEN, LIVE_WINDOW, PUBLISHERS, Publisher, Story, stories
from aggregator.web.server import Server

HOST = "127.0.0.1"
GRACE_SECONDS = 0.5


@asynccontextmanager
async def sample_web(now: Callable[[], datetime]) -> AsyncIterator[str]:
    """Serve the samples on a free port for the time of the block; gives their address, without a slash at the end.

    The stories' times count from here on. Raises `ServeError`.
    """
    samples = _Samples(now)
    routes = [
        Route("/", samples.index),
        Route(f"/{BROKEN}/{{path:path}}", samples.broken),
        Route("/{publisher}/", samples.publisher),
        Route("/{publisher}/{name}", samples.file),
    ]
    server = Server(Starlette(routes=routes), HOST, 0)
    await server.start()
    samples.address = f"http://{HOST}:{server.port}"
    try:
        yield samples.address
    finally:
        await server.stop(GRACE_SECONDS)


class _Samples:
    """What the sample server answers."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.address = ""
        self._now = now
        self._start = now()
        self._walk = (files("aggregator.demo") / "samples" / "walk.svg").read_bytes()

    async def index(self, _: Request) -> Response:
        """The list of the samples."""
        rows = [f'<li><a href="{one.name}/">{escape(one.title)}</a>: {escape(one.about)}</li>' for one in PUBLISHERS]
        rows.append(f'<li><a href="{BROKEN}/feed.rss">The weather station</a>: out of order, on purpose</li>')
        return HTMLResponse(page("The sample sources", "\n".join(["<ul>", *rows, "</ul>"])))

    async def broken(self, _: Request) -> Response:
        """The source that fails."""
        return PlainTextResponse("The weather station is out of order, on purpose.\n", HTTPStatus.INTERNAL_SERVER_ERROR)

    async def publisher(self, request: Request) -> Response:
        """A publisher's front page."""
        publisher = _named(request)
        return HTMLResponse(publisher_page(publisher, self._stories(publisher)[:LIVE_WINDOW]))

    async def file(self, request: Request) -> Response:
        """A publisher's feed, one of its stories, or a picture in one."""
        publisher, name = _named(request), request.path_params["name"]
        written = self._stories(publisher)
        if name == publisher.file:
            return self._feed(request, publisher, written[:LIVE_WINDOW])
        for story in written:
            if name == story.slug:
                return HTMLResponse(story_page(publisher, story))
            if story.picture and name == story.picture.path:
                return Response(story.picture.body, media_type=story.picture.media_type)
        raise HTTPException(HTTPStatus.NOT_FOUND)

    def _feed(self, request: Request, publisher: Publisher, written: tuple[Story, ...]) -> Response:
        """The feed, or 304 when the asker has it (RFC 9110 §13.1.2)."""
        body = feed(publisher, written, f"{self.address}/{publisher.name}/")
        etag = f'"{blake2b(body, digest_size=8).hexdigest()}"'
        headers = {"ETag": etag}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(body, media_type=media_type(publisher), headers=headers)

    def _stories(self, publisher: Publisher) -> tuple[Story, ...]:
        return stories(publisher, self._start, self._now(), self._walk)


def _named(request: Request) -> Publisher:
    name = request.path_params["publisher"]
    for publisher in PUBLISHERS:
        if publisher.name == name:
            return publisher
    raise HTTPException(HTTPStatus.NOT_FOUND)
