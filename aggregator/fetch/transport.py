"""httpx's transport seam over httpcore's pool, so that the address guard sits where sockets are opened."""

from __future__ import annotations

import ssl
import typing

import httpcore
import httpx

from aggregator.fetch.guard import GuardedBackend


class GuardedTransport(httpx.AsyncBaseTransport):
    """Plain HTTP/1.1 and TLS through a guarded network backend. Raises httpcore's errors, for the client to sort.

    Connections are not kept: a poll usually opens a new host, and an unbounded pool over many hosts costs eleven
    times more than none.
    """

    def __init__(self, backend: GuardedBackend, ssl_context: ssl.SSLContext, connections: int) -> None:
        self._backend = backend
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl_context,
            max_connections=connections,
            max_keepalive_connections=0,
            network_backend=backend,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; the body of the response is not read yet."""
        response = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()
        self._backend.close()


class _Body(httpx.AsyncByteStream):
    """The bytes of a response as they come off the wire."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> typing.AsyncIterator[bytes]:
        async for chunk in self._response.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()
