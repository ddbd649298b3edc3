"""The same exchanges by libcurl alone, as a user of pycurl on asyncio writes them who knows it."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Sequence
from pathlib import Path

import pycurl


async def fetch_all(
    urls: Sequence[str], etags: Sequence[str | None], *, concurrency: int, ca_file: Path | None = None
) -> list[tuple[int, str | None, int]]:
    """GET every address, conditionally where there is an ETag; status, ETag and length of each body, in order."""
    loop, multi, sockets = asyncio.get_running_loop(), pycurl.CurlMulti(), selectors.DefaultSelector()
    ends: dict[pycurl.Curl, asyncio.Future[None]] = {}
    results: list[tuple[int, str | None, int]] = [(0, None, 0)] * len(urls)
    jobs = iter(range(len(urls)))
    timer: asyncio.Handle | None = None

    def watch(what: int, descriptor: int, *_: object) -> None:
        if descriptor in sockets.get_map():
            sockets.unregister(descriptor)
        if what != pycurl.POLL_REMOVE:
            sockets.register(descriptor, what)

    def set_timer(milliseconds: int) -> None:
        nonlocal timer
        if timer:
            timer.cancel()
        timer = loop.call_later(milliseconds / 1000, act, pycurl.SOCKET_TIMEOUT, 0) if milliseconds >= 0 else None

    def act(descriptor: int, events: int) -> None:
        multi.socket_action(descriptor, events)
        _, well, badly = multi.info_read()
        for curl in well:
            ends[curl].set_result(None)
        for curl, _, message in badly:
            ends[curl].set_exception(OSError(message))

    async def work() -> None:
        curl = pycurl.Curl()
        options = ((pycurl.FORBID_REUSE, 1), (pycurl.DNS_CACHE_TIMEOUT, 0), (pycurl.NOSIGNAL, 1), (pycurl.PROXY, ""))
        for option, value in (*options, *([(pycurl.CAINFO, str(ca_file))] if ca_file else [])):
            curl.setopt(option, value)
        for job in jobs:
            head: list[bytes] = []
            body: list[bytes] = []
            curl.setopt(pycurl.URL, urls[job])
            curl.setopt(pycurl.HTTPHEADER, [f"If-None-Match: {etags[job]}"] if etags[job] else [])
            curl.setopt(pycurl.HEADERFUNCTION, head.append)
            curl.setopt(pycurl.WRITEFUNCTION, body.append)
            ends[curl] = loop.create_future()
            multi.add_handle(curl)
            await ends[curl]
            multi.remove_handle(curl)
            etag = next((line[5:].strip().decode() for line in head if line.lower().startswith(b"etag:")), None)
            results[job] = (curl.getinfo(pycurl.RESPONSE_CODE), etag, sum(map(len, body)))

    multi.setopt(pycurl.M_SOCKETFUNCTION, watch)
    multi.setopt(pycurl.M_TIMERFUNCTION, set_timer)
    loop.add_reader(sockets.fileno(), lambda: [act(key.fd, events) for key, events in sockets.select(0)])
    await asyncio.gather(*(work() for _ in range(concurrency)))
    loop.remove_reader(sockets.fileno())
    return results
