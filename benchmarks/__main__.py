"""`python -m benchmarks poll [--sources N] [--smoke]`: prints what a poll costs beside the script it replaces."""

from __future__ import annotations

import argparse
import asyncio

from benchmarks import poll

SMOKE_SOURCES, SOURCES = 20, 400


def main() -> None:
    """Run the benchmark that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", choices=["poll"])
    parser.add_argument("--sources", type=int, help=f"how many feeds (default {SOURCES})")
    parser.add_argument("--smoke", action="store_true", help="only show that it runs")
    chosen = parser.parse_args()
    sources = chosen.sources or (SMOKE_SOURCES if chosen.smoke else SOURCES)
    asyncio.run(poll.measure(sources))


if __name__ == "__main__":
    main()
