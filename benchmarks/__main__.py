"""`python -m benchmarks poll|hostile|scale`: what polling costs, what hostile sources do to it, and how far it goes."""

from __future__ import annotations

import argparse

from benchmarks import poll


def main() -> None:
    """Run the benchmark that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    chosen = parser.add_subparsers(dest="what", required=True)
    polling = chosen.add_parser("poll", help="CPU, memory and store of a poll, beside other programs")
    polling.add_argument("--sources", type=int, help="how many feeds (default 400)")
    polling.add_argument("--smoke", action="store_true", help="20 feeds, each round once: only show that it runs")
    polling.add_argument("--tls", action="store_true", help="only over TLS")
    words = parser.parse_args()
    poll.measure(words.sources or (20 if words.smoke else 400), smoke=words.smoke, only_tls=words.tls)


if __name__ == "__main__":
    main()
