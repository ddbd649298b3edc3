"""Serves a folder as `run` does, and nothing beside it, until killed; prints its port."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import uvloop

from aggregator.web.app import create_app
from aggregator.web.audience import Audience
from aggregator.web.server import Server


async def serve(folder: Path) -> None:
    """Serve until killed."""
    server = Server(create_app(folder, readiness=lambda: None, audience=Audience()), "127.0.0.1", 0)
    await server.start()
    print(server.port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Path(sys.argv[1])))
