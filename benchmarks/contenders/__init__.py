"""Those who poll the same farm: the product, and what it is measured against, each in a process of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

CONCURRENCY = 64
# Polls the first `n` feeds, or all (None), and gives the reasons of those that failed.
Once = Callable[[int | None], Awaitable[list[str]]]
# Each module here has a `contender`: it gets the addresses and a folder of its own.
Contender = Callable[[list[str], Path], AbstractAsyncContextManager[Once]]
