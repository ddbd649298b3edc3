"""Runs the web application on uvicorn inside the caller's event loop, and stops it in bounded time."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Generator
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from aggregator.errors import ServeError
from aggregator.web.lane import SLOWEST_HEAD, FastLane

logger = logging.getLogger(__name__)

_BACKLOG = 2048
# What is left of the promised second after the grace, with room for a busy machine.
_CUT = 0.4

# A name may stand for addresses of a family that this machine has switched off ("localhost" and ::1).
_NO_FAMILY = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


class Server:
    """One web server; `start` and `stop` are called once each, from one event loop."""

    def __init__(self, app: ASGIApp, host: str, port: int, *, patience: float = SLOWEST_HEAD) -> None:
        """`host` is a name, an IPv4 or an IPv6 address ("" is all of them); `port` 0 is any free one.

        `patience` is how many seconds a request's head may take, and a connection may stay without a request.
        """
        self._patience = patience
        self._app = app
        self._host = host
        self._port = port
        self._uvicorn: _Uvicorn | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port it listens on: the real one, once started, when 0 was asked for."""
        return self._port

    async def start(self) -> None:
        """Listen, and return once requests are answered. Raises `ServeError` when it cannot."""
        sockets = await _listen(self._host, self._port)
        self._port = sockets[0].getsockname()[1]
        self._uvicorn = _Uvicorn(_config(self._app, self._patience))
        self._serving = asyncio.create_task(self._uvicorn.serve(sockets), name="web")
        listening = asyncio.create_task(self._uvicorn.listening.wait())
        try:
            await asyncio.wait({self._serving, listening}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            listening.cancel()
        if self._serving.done():
            _close(sockets)
            where = _address(self._host, self._port)
            raise ServeError(f"cannot serve on {where}: uvicorn ended at once") from self._serving.exception()

    async def stop(self, grace: float) -> None:
        """Stop accepting, give running requests `grace` seconds, cut off the rest. Never raises for them.

        Idle connections are closed at once. Returns within `grace` and one second, whatever clients do.
        """
        server, serving = self._uvicorn, self._serving
        if server is None or serving is None:
            return
        self._uvicorn = self._serving = None
        server.should_exit = True
        for listener in server.servers:
            listener.close()
        try:
            await asyncio.wait({serving}, timeout=grace)
        finally:
            _cut(server)
        _, hanging = await asyncio.wait({serving, *server.server_state.tasks}, timeout=_CUT)
        for task in hanging:
            task.cancel()
        await asyncio.wait({serving}, timeout=_CUT)
        if serving.done() and not serving.cancelled() and (error := serving.exception()) is not None:
            logger.error("web server ended badly", exc_info=error)


class _Uvicorn(uvicorn.Server):
    """uvicorn as a guest: it leaves the signals of the process alone, and says when it listens.

    `capture_signals` is where uvicorn takes SIGINT and SIGTERM, and after serving raises them again; here
    they belong to the service, which stops the server in its turn.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.servers: list[asyncio.Server] = []  # uvicorn sets it in `startup` only
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


def _config(app: ASGIApp, patience: float) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        interface="asgi3",
        http=partial(FastLane, patience=patience, known={}),  # type: ignore[arg-type]  # it is only called
        lifespan="off",
        ws="none",
        log_config=None,  # else uvicorn puts its own logging over ours
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing here asks who the client is, so nobody is trusted to say it
        workers=1,  # else read from the environment
        backlog=_BACKLOG,
    )


def _cut(server: _Uvicorn) -> None:
    """End what the grace did not end. uvicorn cancels tasks, but leaves a client that does not read its own
    bytes connected for ever; only `abort` drops what is still to be sent."""
    server.force_exit = True
    for connection in list(server.server_state.connections):
        connection.transport.abort()
    for task in list(server.server_state.tasks):
        task.cancel()


async def _listen(host: str, port: int) -> list[socket.socket]:
    """Sockets listening on all addresses of `host`. Raises `ServeError` with the next step to take."""
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, _, _, _, address in dict.fromkeys(found):
            # Asked for port 0, the addresses after the first take the port which the first was given.
            wanted = sockets[0].getsockname()[1] if sockets else port
            try:
                sockets.append(_bound(family, (address[0], wanted, *address[2:])))
            except OSError as error:
                if error.errno not in _NO_FAMILY:
                    raise
                missing = error
        if missing is not None and not sockets:
            raise missing
    except (OSError, OverflowError, UnicodeError) as error:
        _close(sockets)
        raise ServeError(f"cannot listen on {_address(host, port)}: {_next_step(error)}") from error
    return sockets


def _bound(family: int, address: tuple[str | int, ...]) -> socket.socket:
    # TCP by name: asyncio turns Nagle's algorithm off only on sockets that say so, and with it on, answers
    # on a kept connection wait 40 ms for the client's delayed acknowledgement.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # Or a restart would wait a minute for the connections of the last run.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # Or "::" would take the IPv4 address that the same name stands for as well.
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(address)
        # Listening here already, because two sockets can be bound to one port; only the first one listens.
        bound.listen(_BACKLOG)
    except BaseException:
        bound.close()
        raise
    return bound


def _close(sockets: list[socket.socket]) -> None:
    for each in sockets:
        each.close()


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _next_step(error: OSError | OverflowError | UnicodeError) -> str:
    """What is wrong with the address, and what to do about it."""
    match error:
        case OverflowError():
            return "no such port; set server.port in the config to 0–65535"
        case OSError(errno=errno.EADDRINUSE):
            return "the port is taken; stop the program that listens there, or set server.port in the config"
        case OSError(errno=errno.EACCES):
            return "not permitted; set server.port in the config to 1024 or more"
        case OSError(strerror=str(reason)):
            return f"{reason}; set server.host in the config to an address of this machine"
        case _:
            return "no such host; set server.host in the config to an address of this machine"
