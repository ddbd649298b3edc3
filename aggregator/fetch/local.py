"""Reads a list of feeds that lies on this machine; nobody but the operator can name such a file."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aggregator.clean.urls import LOCAL
from aggregator.fetch.body import hash_of
from aggregator.model import Document, Failed, Fetched, Reason, Unchanged, Visit


async def read_file(url: str, visit: Visit, most: int) -> Fetched:
    """The file at this address, or the news that it is as it was; a relative path begins in the working directory."""
    path = Path(url.removeprefix(LOCAL))
    try:
        body = await asyncio.to_thread(_read, path, most + 1)
    except (OSError, ValueError) as error:
        why = (error.strerror or "unknown error").lower() if isinstance(error, OSError) else "not a path"
        return Failed(Reason.FILE, f"{path} cannot be read ({why})")
    if len(body) > most:
        return Failed(Reason.TOO_LARGE, f"more than {most} bytes")
    body_hash = await hash_of(body)
    if body_hash == visit.body_hash:
        return Unchanged("body")
    return Document(url=url, body=body, body_hash=body_hash)


def _read(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        return file.read(most)
