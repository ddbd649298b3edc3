"""Reads and cleans documents in worker processes that can be killed.

Parsers and sanitisers have inputs on which they take minutes or gigabytes while holding the interpreter lock, so no
document is parsed in the process that polls and serves. A worker has a wall-clock limit per document, a memory limit,
and is replaced after a number of documents.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import forkserver, resource_tracker
from typing import Any, TypeVar

import msgspec
from pebble import ProcessExpired, ProcessFuture, ProcessPool

from aggregator.clean.concealing import concealed, secrets_of, shown_address
from aggregator.clean.entry import clean
from aggregator.clean.filling import filled_in
from aggregator.errors import Unreadable
from aggregator.model import Asking, Document, Entry, Failed, FeedLink, Intake, Reason, Source, Trial
from aggregator.sources import KINDS
from aggregator.sources.details import read_detail
from aggregator.sources.discover import feed_links
from aggregator.sources.hubs import advertised
from aggregator.sources.trials import try_detail, try_recipe

T = TypeVar("T")

log = logging.getLogger(__name__)

SECONDS_PER_DOCUMENT = 20.0
# Four times what honest documents take, and a start: the shorter a document, the sooner it is known for what it is.
LEAST_SECONDS, BYTES_PER_SECOND = 2.0, 256 * 1024
# What an honest document needs at most, nearly always: 20 new items are read in 30 ms.
QUICK_SECONDS = 0.5
QUICK_BYTES = 256 * 1024
LIGHT = 256 * 1024  # bytes of an intake that are unpacked in a few milliseconds; more are no work for the event loop
# Readers let what polls and serves go first; who takes long lets the others, and still gets a quarter of a core.
QUICK_NICE, PATIENT_NICE = 3, 8
BYTES_PER_WORKER = 1536 * 1024**2  # address space; a 10 MiB feed takes about 400 MiB
DOCUMENTS_PER_WORKER = 500
WATCH_SECONDS = 1.0  # how often somebody looks whether a pool that owes a result still is one


def take_in(source: Source, document: Document, seen: frozenset[bytes] = frozenset()) -> Intake | Failed:
    """Read and clean one document, but for entries seen before; a pure function, run in a worker.

    feedparser raises all kinds of errors on some input; any of them means that this poll failed, never more.
    """
    try:
        reading = KINDS[source.kind](document, seen, source.recipe)
        return replace(clean(reading, source, document.url), hub=advertised(document, reading.feed))
    except Unreadable as error:
        return Failed(Reason.NOT_A_FEED, str(error))
    except MemoryError:
        return Failed(Reason.READER_DIED, "the document takes more memory than a reader has")
    except Exception as error:  # see above
        return Failed(Reason.UNREADABLE, f"the parser gave up: {type(error).__name__}")


def take_detail(source: Source, entry: Entry, document: Document) -> Entry | Failed:
    """The entry filled in from its second document; a pure function, run in a worker."""
    detail = source.detail
    assert detail is not None
    try:
        return filled_in(entry, read_detail(document, detail), source, document.url)
    except Unreadable as error:
        return Failed(Reason.UNREADABLE, str(error))
    except Exception as error:  # as for any document
        return Failed(Reason.UNREADABLE, f"the parser gave up: {type(error).__name__}")


def _take_in_packed(source: Source, document: Document, seen: frozenset[bytes]) -> bytes | Failed:
    """As `take_in`, an intake as MessagePack: to pickle and unpickle its shapes costs ten times as much."""
    taken = take_in(source, document, seen)
    return msgspec.msgpack.encode(taken) if isinstance(taken, Intake) else taken


def _unpacked(packed: bytes, source: Source) -> Intake:
    """What a worker packed, without the secrets of its source."""
    if any(secret.encode() in packed for secret in secrets_of(source)):
        hidden = _concealed(msgspec.msgpack.decode(packed), source)
        return msgspec.convert(hidden, type=Intake)
    return msgspec.msgpack.decode(packed, type=Intake)


def _concealed(packed: Any, source: Source) -> Any:
    """What was packed, without the secrets of its source in any text."""
    match packed:
        case str():
            return concealed(packed, source)
        case list():
            return [_concealed(one, source) for one in packed]
        case dict():
            return {name: _concealed(value, source) for name, value in packed.items()}
        case _:
            return packed


class WorkerReader:
    """The `Reader` port over worker processes in two lanes. Close it at the end.

    A hostile document may hold a worker for the whole limit, and a few of them would hold all workers. So a document
    that is large, or not read within a moment, is read in a lane of its own, where only its like wait for it.
    """

    def __init__(self, workers: int, seconds: float = SECONDS_PER_DOCUMENT) -> None:
        """`workers` processes, started when first needed, and one beside them; `seconds` of wall clock per document."""
        self._quick = _Lane(workers, min(seconds, QUICK_SECONDS), QUICK_NICE)
        self._patient = _Lane(1, seconds, PATIENT_NICE)

    async def read(self, source: Source, document: Document, seen: frozenset[bytes] = frozenset()) -> Intake | Failed:
        """What the document holds besides entries whose hash was seen."""
        # What a worker needs of a source holds no secret, nor does what relative addresses hang on.
        known = replace(source, url=source.public_url, headers=(), asking=Asking())
        document = replace(document, url=shown_address(document.url, source))
        taken = await self._in_worker(document, _take_in_packed, known, document, seen)
        if isinstance(taken, Failed):
            return replace(taken, detail=concealed(taken.detail, source))
        if len(taken) <= LIGHT:
            return _unpacked(taken, source)
        return await asyncio.to_thread(_unpacked, taken, source)

    async def feed_links(self, page: Document) -> tuple[FeedLink, ...]:
        """The feeds that a web page names, the surest first; none where it cannot be read."""
        found = await self._in_worker(page, feed_links, page)
        return () if isinstance(found, Failed) else found

    async def try_recipe(self, source: Source, document: Document) -> Trial:
        """What the source's recipe finds in the document, and what there is to be found."""
        return await self._tried(source, document, try_recipe, source.kind, source.recipe)

    async def try_detail(self, source: Source, document: Document) -> Trial:
        """What the source's `detail` finds in the second document of an entry, and what there is to be found."""
        return await self._tried(source, document, try_detail, source.detail)

    async def _tried(self, source: Source, document: Document, try_out: Callable[..., Trial], *by: object) -> Trial:
        document = replace(document, url=shown_address(document.url, source))
        tried = await self._in_worker(document, try_out, document, *by)
        if isinstance(tried, Failed):
            return Trial(outline=(tried.detail,))
        return msgspec.convert(_concealed(msgspec.to_builtins(tried), source), type=Trial)

    async def fill_in(self, source: Source, entry: Entry, document: Document) -> Entry | Failed:
        """The entry with what its second document says."""
        known = replace(source, url=source.public_url, headers=(), asking=Asking())
        document = replace(document, url=shown_address(document.url, source))
        return await self._in_worker(document, take_detail, known, entry, document)

    async def _in_worker(self, document: Document, work: Callable[..., T], *arguments: object) -> T | Failed:
        """The result of `work` on a document, from the lane it belongs in."""
        size = len(document.body)
        if size <= QUICK_BYTES:
            ended = await self._quick.run(size, work, arguments)
            if not isinstance(ended, Failed) or ended.reason is not Reason.READER_TIMEOUT:
                return ended
        return await self._patient.run(size, work, arguments)

    def close(self) -> None:
        """Stop every worker now; what they were reading is read again another time."""
        self._quick.close()
        self._patient.close()


class _Lane:
    """A pool of workers, with a limit of time for each document, at a priority of its own."""

    def __init__(self, workers: int, seconds: float, nice: int) -> None:
        self._workers = workers
        self._nice = nice
        self._seconds = seconds
        self._pool = self._new_pool()
        self._started: ProcessPool | None = None
        self._starting = asyncio.Lock()

    async def run(self, size: int, work: Callable[..., T], arguments: tuple[object, ...]) -> T | Failed:
        """The result of `work` on a document of `size` bytes.

        A worker that takes too long, or dies of it, is a failure of this document alone. A pool that broke (somebody
        killed the fork server, or all workers at once) is replaced, and asked again.
        """
        limit = min(self._seconds, LEAST_SECONDS + size / BYTES_PER_SECOND)
        for _ in range(2):
            pool = self._pool
            try:
                await self._start(pool)
                return await _result(pool, pool.schedule(work, args=arguments, timeout=limit))
            except FutureTimeoutError:
                return Failed(Reason.READER_TIMEOUT, f"not read within {limit:.3g} s")
            except ProcessExpired as error:
                return Failed(Reason.READER_DIED, f"the reader died of it (exit code {error.exitcode})")
            except MemoryError:
                return Failed(Reason.READER_DIED, "the document takes more memory than a reader has")
            except (BrokenProcessPool, RuntimeError):
                if self._pool is pool:  # else another poll has replaced it already
                    log.warning("readers", extra={"fields": {"note": "all died; started anew"}})
                    self._pool = self._new_pool()
                    await asyncio.to_thread(_stop, pool)
        return Failed(Reason.READER_DIED, "the readers died twice")

    def close(self) -> None:
        _stop(self._pool)

    async def _start(self, pool: ProcessPool) -> None:
        """Have its workers started, by a thread: the pool would do it when first asked, and all polls would wait for
        the fork server."""
        if self._started is pool:
            return
        async with self._starting:
            if self._started is not pool:
                await asyncio.to_thread(getattr, pool, "active")  # who asks for that starts it
                self._started = pool

    def _new_pool(self) -> ProcessPool:
        _start_fork_server()
        context = multiprocessing.get_context("forkserver")
        return ProcessPool(
            max_workers=self._workers,
            max_tasks=DOCUMENTS_PER_WORKER,
            initializer=_settle_in,
            initargs=(self._nice,),
            context=context,
        )


def _start_fork_server() -> None:
    """A server that has the parsers loaded already: a worker forked from it costs milliseconds, and no thread or lock
    of this process is copied half-way.

    It is started deaf to Ctrl-C, which reaches the whole process group and would kill it while it loads. The resource
    tracker comes first, because starting it unblocks signals.
    """
    forkserver.set_forkserver_preload(["aggregator.intake"])
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


async def _result(pool: ProcessPool, future: ProcessFuture[T]) -> T:
    """What the pool owes. Raises `BrokenProcessPool` also where it breaks between taking a task and knowing of it: the
    pool tells only the tasks it knows."""
    owed = asyncio.wrap_future(future)
    while not (await asyncio.wait((owed,), timeout=WATCH_SECONDS))[0]:
        if not pool.active and not owed.done():
            owed.cancel()
            raise BrokenProcessPool
    return owed.result()


def _stop(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]  # pebble says nothing of its types
    pool.join()


def _settle_in(nice: int) -> None:
    """In a new worker: its priority, a memory limit, and no ear for Ctrl-C, which is for the process that polls.

    What the fork server had loaded stays, so that no garbage is looked for in it, which would make pages of its own of
    those it shares.
    """
    gc.freeze()
    os.nice(nice)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (BYTES_PER_WORKER, hard))
