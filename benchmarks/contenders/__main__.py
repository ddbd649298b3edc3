"""`python -m benchmarks.contenders NAME FOLDER`: polls whenever it is told to on standard input."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from pathlib import Path

from benchmarks.contenders import Contender


async def obey(name: str, folder: Path) -> None:
    """For each line, "all" or a number of feeds, poll them and answer with a line: how the first failure was."""
    contender: Contender = importlib.import_module(f"benchmarks.contenders.{name}").contender
    async with contender(json.loads((folder / "urls.json").read_text()), folder) as once:
        while line := await asyncio.to_thread(sys.stdin.readline):
            failed = await once(None if line.strip() == "all" else int(line))
            print(json.dumps(failed[:1]), flush=True)


if __name__ == "__main__":
    asyncio.run(obey(sys.argv[1], Path(sys.argv[2])))
