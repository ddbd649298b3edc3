"""A real HTTP server on loopback whose answers a test scripts, and changes between polls."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


@dataclass
class Request:
    """A request as it came in; header names in lower case, values byte for byte as latin-1."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Answer:
    """What to send back: `headers` as written; `hang` never ends the body; `raw` is sent instead of everything."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    drip_seconds: float | None = None
    raw: bytes | None = None


Script = Answer | Callable[[Request], Answer]


class ScriptedWeb:
    """Listens on 127.0.0.1 in a thread of its own. `script` sets what a path answers from now on."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._scripts: dict[str, Script] = {}
        self._started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._started.wait(60)

    def script(self, path: str, answer: Script) -> str:
        """Answer `path` like this; gives its address."""
        self._scripts[path] = answer
        return self.url(path)

    def feed(self, path: str, body: bytes | str, **headers: str) -> str:
        """Serve a feed as servers do: with an ETag of its bytes, and 304 when that is sent back."""
        content = body.encode() if isinstance(body, str) else body
        etag = f'"{hash(content):x}"'

        def answer(request: Request) -> Answer:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            if request.headers.get("if-none-match") == etag:
                return Answer(status=304, headers={"ETag": etag, **named})
            return Answer(content, headers={"Content-Type": "application/xml", "ETag": etag, **named})

        return self.script(path, answer)

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def asked(self, path: str) -> list[Request]:
        """The requests for a path, in order."""
        return [request for request in self.requests if request.path == path]

    def close(self) -> None:
        """Stop at once, whatever hangs."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._end = asyncio.Event()
        self._clients: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._client, "127.0.0.1", 0, limit=1 << 20, backlog=512)
        self.port: int = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._end.wait()
        server.close()
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        try:
            await self._exchange(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side had enough
        finally:
            self._clients.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = _parse(await reader.readuntil(b"\r\n\r\n"))
        request.body = await reader.readexactly(int(request.headers.get("content-length", 0)))
        self.requests.append(request)
        script = self._scripts.get(request.path, Answer(b"nothing here", 404))
        answer = script(request) if callable(script) else script
        if answer.raw is not None:
            writer.write(answer.raw)
        else:
            names = {name.lower() for name in answer.headers}
            lines = [f"HTTP/1.1 {answer.status} Scripted", "Connection: close"]
            lines += [f"{name}: {value}" for name, value in answer.headers.items()]
            if "content-length" not in names and not answer.hang and answer.status != 304:
                lines.append(f"Content-Length: {len(answer.body)}")
            writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
            for piece in _pieces(answer):
                writer.write(piece)
                await writer.drain()
                if answer.drip_seconds:
                    await asyncio.sleep(answer.drip_seconds)
        await writer.drain()
        if answer.hang:
            await self._end.wait()


def _pieces(answer: Answer) -> Iterable[bytes]:
    if answer.drip_seconds:
        return (answer.body[i : i + 1] for i in range(len(answer.body)))
    return (answer.body,)


def _parse(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    return Request(method, path, {name.lower(): value.strip() for name, _, value in pairs})
