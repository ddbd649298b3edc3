"""One thread, one connection, many writes in one commit.

SQLite has one writer anyway; a 304 committed with fifty others costs 16 µs, alone through a session 739. Whatever
waits while a commit runs goes into the next one; work of one kind is done together, in few statements, and one by
one where that fails, so that one that fails takes nobody along.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from time import thread_time
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from aggregator.store.database import translated

A = TypeVar("A")
T = TypeVar("T")
Work = Callable[[Connection, list[Any]], list[Any]]

MOST_IN_A_COMMIT = 200
# Longer, and the machine cools down between two commits, which costs more than they do; unless the event loop works for
# at least this part of the time.
GATHERING_SECONDS, LONGEST_GATHERING_SECONDS, BUSY = 0.002, 0.02, 0.3
# How long what can wait does so for company: the entries of polls that end meanwhile share its pages and its commit.
PATIENT_SECONDS = 0.05


class Writer:
    """Runs database work off the event loop, in order."""

    def __init__(self, engine: Engine, path: Path, patience: float = PATIENT_SECONDS) -> None:
        self._engine = engine
        self._path = path
        self._patience = patience
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._connection: Connection | None = None  # that of the thread, between two transactions
        self._waiting: list[tuple[Work, Any, asyncio.Future[Any]]] = []
        self._flushing: asyncio.Task[None] | None = None
        self._hurried = asyncio.Event()  # something waits that cannot

    async def write(self, work: Callable[[Connection], T]) -> T:
        """The result of `work` once it is committed. Raises what it raised, or `StoreUnusable`."""
        return await self.write_each(lambda connection, _arguments: [work(connection)], None)

    async def write_each(
        self, work: Callable[[Connection, list[A]], list[T]], argument: A, *, patient: bool = False
    ) -> T:
        """As `write`, for work that is done for many arguments at once: those that wait together share its statements.

        `work` gives a result for each of its arguments, in their order. One that is `patient` waits for more such for a
        moment, or for the first that is not.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, argument, future))
        if not patient:
            self._hurried.set()
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())
        return await future

    async def read(self, work: Callable[[Connection], T]) -> T:
        """The result of `work`, which only reads."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, work)

    async def read_aside(self, work: Callable[[Connection], T], seconds: float) -> T | None:
        """As `read`, beside all other work, on a connection of its own; None when it takes longer than that."""
        return await asyncio.to_thread(self._read_aside, work, seconds)

    def _read_aside(self, work: Callable[[Connection], T], seconds: float) -> T | None:
        with translated(self._path), self._engine.connect().execution_options(reads=True) as connection:
            driver: Any = connection.connection.driver_connection
            watch = threading.Timer(seconds, driver.interrupt)
            watch.start()
            try:
                return work(connection)
            except OperationalError as error:
                if "interrupted" in str(error.orig):
                    return None
                raise
            finally:
                watch.cancel()
                watch.join()

    async def close(self) -> None:
        """Commit what waits, then let go of the database."""
        self._hurried.set()
        if self._flushing is not None:
            await self._flushing
        await asyncio.get_running_loop().run_in_executor(self._thread, self._let_go)
        self._thread.shutdown()
        self._engine.dispose()

    async def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            if not self._hurried.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._hurried.wait(), self._patience)
            await self._gather()
            batch, self._waiting = self._waiting[:MOST_IN_A_COMMIT], self._waiting[MOST_IN_A_COMMIT:]
            if not self._waiting:  # else what cannot wait may be among them
                self._hurried.clear()
            together: dict[Work, list[tuple[Any, asyncio.Future[Any]]]] = {}
            for work, argument, future in batch:
                together.setdefault(work, []).append((argument, future))
            jobs = [(work, [argument for argument, _ in asked]) for work, asked in together.items()]
            results = await loop.run_in_executor(self._thread, self._commit, jobs)
            for asked, answers in zip(together.values(), results, strict=True):
                for (_, future), answer in zip(asked, answers, strict=True):
                    _tell(future, answer)

    async def _gather(self) -> None:
        """Wait for more to be done together, and longer while the event loop is at work: then nothing cools down."""
        loop = asyncio.get_running_loop()
        latest = loop.time() + LONGEST_GATHERING_SECONDS
        is_busy = True
        while is_busy and loop.time() < latest and len(self._waiting) < MOST_IN_A_COMMIT:
            began, worked = loop.time(), thread_time()
            await asyncio.sleep(GATHERING_SECONDS)
            is_busy = thread_time() - worked > BUSY * (loop.time() - began)

    def _commit(self, jobs: list[tuple[Work, list[Any]]]) -> list[list[Any]]:
        """The results of the jobs, committed; an exception in its place stands for work that was undone.

        Where one fails, all are undone and done again one by one: that is rare, and savepoints around each cost all.
        """
        try:
            with self._transaction(reads=False) as connection:
                return [work(connection, arguments) for work, arguments in jobs]
        except Exception as error:  # handed to whoever asked for it
            if len(jobs) == 1 and len(jobs[0][1]) == 1:
                return [[error]]
        return [[self._commit([(work, [one])])[0][0] for one in arguments] for work, arguments in jobs]

    def _read(self, work: Callable[[Connection], T]) -> T:
        with self._transaction(reads=True) as connection:
            return work(connection)

    @contextmanager
    def _transaction(self, *, reads: bool) -> Iterator[Connection]:
        """A transaction on the one connection: to open one for each takes longer than most have to do.

        After one that failed the next is on another, whatever had become of this.
        """
        with translated(self._path):
            connection = self._connection or self._engine.connect()
            self._connection = None
            try:
                with connection.execution_options(reads=reads).begin():
                    yield connection
            except BaseException:
                connection.close()
                raise
            self._connection = connection

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()


def _tell(future: asyncio.Future[Any], answer: Any) -> None:
    if future.done():
        return  # whoever asked was cancelled meanwhile; the work is done all the same
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
