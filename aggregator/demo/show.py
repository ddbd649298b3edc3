"""Runs the real service on the sample sources, and says where to look and what is new."""

from __future__ import annotations

import asyncio
import errno
import json
import shlex
import signal
import socket
from collections.abc import Callable
from functools import partial
from importlib.resources import files
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

from aggregator.config import Settings, load
from aggregator.demo.stories import BROKEN, LIVE_SECONDS
from aggregator.demo.web import HOST, sample_web
from aggregator.errors import ServeError
from aggregator.model import EVERYTHING, Changes
from aggregator.service import Service
from aggregator.wiring import SystemClock

Say = Callable[[str], None]

FIRST_CHOICE = 8080
REACH_SECONDS = 2.0
LOOK_SECONDS = 0.1
# Entries that are not published by then never will be (the disk is full, say): the log tells why.
PATIENCE_SECONDS = 10.0


async def run(port: int, say: Say) -> None:
    """Show the program at work until SIGINT, SIGTERM or SIGHUP, then leave nothing behind.

    `port` 0 takes 8080, or any free one where that is taken. `say` gets each line of what is to be read.
    Raises `ServeError` when the loopback addresses cannot be had, and what `Service.run` raises.
    """
    clock = SystemClock()
    chosen = free_port(port)
    stopped = asyncio.Event()
    # Until the service listens to signals itself, they must not kill us with the folder left behind.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    # A program that still looks at the store while it is removed is no reason to end badly.
    with TemporaryDirectory(prefix="aggregator-demo-", ignore_cleanup_errors=True) as folder:
        async with sample_web(clock.now) as samples:
            config = write_config(Path(folder), chosen, samples)
            settings = load(config, {})
            if not stopped.is_set():
                await _show(settings, _News(settings, clock, say), welcome(settings, config, samples))
    say("Ended, and the folder is gone.")


def free_port(wanted: int) -> int:
    """A loopback port to serve on. The config needs it before the server listens: it is part of every address.

    Raises `ServeError` with the next step to take.
    """
    reason: OSError | None = None
    for port in [wanted] if wanted else [FIRST_CHOICE, 0]:
        try:
            return _tried(port)
        except OSError as error:
            reason = error
    assert reason is not None
    if wanted and reason.errno == errno.EADDRINUSE:
        raise ServeError(f"port {wanted} of {HOST} is taken; name another with --port, or leave --port out") from reason
    if wanted and reason.errno in (errno.EACCES, errno.EPERM):
        raise ServeError(f"port {wanted} of {HOST} is not permitted; name one from 1024 on with --port") from reason
    raise ServeError(
        f"cannot serve on {HOST} ({reason.strerror or reason}), and the demo needs it; bring the loopback interface up"
    ) from reason


def _tried(port: int) -> int:
    """The port, once a connection to it was made: with the interface down, some systems let one listen all the same."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen()
        found: int = listener.getsockname()[1]
        socket.create_connection((HOST, found), REACH_SECONDS).close()
    return found


def write_config(folder: Path, port: int, samples: str) -> Path:
    """Write the config of the demo into `folder`: the site on `port`, the sources at `samples`."""
    template = Template((files("aggregator.demo") / "samples" / "aggregator.yaml").read_text("utf-8"))
    text = template.substitute(
        base_url=f"http://{HOST}:{port}",
        port=port,
        samples=samples,
        # JSON's strings are YAML's, whatever characters the temporary folder has in its name.
        store=json.dumps(f"sqlite:///{folder}/store.db", ensure_ascii=False),
        public=json.dumps(f"{folder}/public", ensure_ascii=False),
    )
    config = folder / "aggregator.yaml"
    config.write_text(text, "utf-8")
    return config


def welcome(settings: Settings, config: Path, samples: str) -> list[str]:
    """The lines that say what is going on and where to look."""
    site = settings.site.base_url
    slugs = [*(slug for slug in settings.categories if slug != EVERYTHING), EVERYTHING]
    first, *others = (f"{site}/category/{slug}/feed.atom" for slug in slugs)
    return [
        "aggregator demo: sample sources on this machine, polled, kept, published and served. Nothing leaves it.",
        "",
        f"Open       {site}/",
        f"Subscribe  {first}",
        *(f"           {address}" for address in others),
        f"Sources    {samples}/  (one of them has a new entry every {LIVE_SECONDS} seconds)",
        f"Config     {config}",
        "",
        f'The source "{BROKEN}" fails on purpose. To see how that is told, in another terminal:',
        f"           aggregator status -c {shlex.quote(str(config))}",
        "",
        "Ctrl-C ends it and removes the folder of the config. New entries, as they are published:",
    ]


class _News:
    """Tells of new entries. The service says when they are kept; they are told once subscribers can see them."""

    def __init__(self, settings: Settings, clock: SystemClock, say: Say) -> None:
        self._public = settings.output.dir
        self._clock = clock
        self._say = say
        self._kept: asyncio.Queue[Changes] = asyncio.Queue()

    def heard(self, changes: Changes) -> None:
        """A poll ended."""
        if changes.new:
            self._kept.put_nowait(changes)

    async def tell(self, heading: list[str]) -> None:
        """Say the heading once its addresses answer, then a line for each poll that brought something."""
        await _seen((self._public / "index.html").exists)
        for line in heading:
            self._say(line)
        while True:
            changes = await self._kept.get()
            if await _seen(partial(self._is_published, changes)):
                self._say(f"{self._clock.now().astimezone():%H:%M:%S} {_line(changes)}")

    def _is_published(self, changes: Changes) -> bool:
        """Whether the entries, which were kept in one transaction, are in every feed that shows their source."""
        link = changes.new[0].entry.link.encode()
        return all(link in (self._public / page / "feed.atom").read_bytes() for page in changes.source.pages)


def _line(changes: Changes) -> str:
    line = f"{changes.source.id}: {len(changes.new)} new"
    return f"{line}: {changes.new[0].entry.title}" if len(changes.new) == 1 else line


async def _seen(there: Callable[[], bool]) -> bool:
    """Look until it is there; False when it does not come."""
    for _ in range(round(PATIENCE_SECONDS / LOOK_SECONDS)):
        if there():
            return True
        await asyncio.sleep(LOOK_SECONDS)
    return False


async def _show(settings: Settings, news: _News, heading: list[str]) -> None:
    """Run the service, and tell the news beside it."""

    def leave() -> Settings:
        # SIGHUP means "read the config again" to the service, but to the demo that its terminal was closed.
        service.stop()
        return settings

    service = Service(settings, leave, heard=news.heard)
    telling = asyncio.create_task(news.tell(heading), name="news")
    telling.add_done_callback(lambda _: service.stop())
    try:
        await service.run()
    finally:
        telling.cancel()
        await asyncio.wait({telling})
    if not telling.cancelled():
        telling.result()  # what was said could not be said: nobody reads any more
