"""`python -m benchmarks clean|poll|hostile|scale|serve|build|stories`: what the parts cost, and how far they go."""

from __future__ import annotations

import argparse

from benchmarks import build, clean, hostile, poll, scale, serve, stories


def main() -> None:
    """Run the benchmark that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    chosen = parser.add_subparsers(dest="what", required=True)
    cleaned = chosen.add_parser("clean", help="new entries cleaned and decided about, beside nh3 alone")
    cleaned.add_argument("--entries", type=int, default=1000, help="how many (default 1000)")
    cleaned.add_argument("--smoke", action="store_true", help="once: only show that it runs")
    polling = chosen.add_parser("poll", help="CPU, memory and store of a poll, beside other programs")
    polling.add_argument("--sources", type=int, help="how many feeds (default 400)")
    polling.add_argument("--smoke", action="store_true", help="20 feeds, each round once: only show that it runs")
    polling.add_argument("--tls", action="store_true", help="only over TLS")
    besieged = chosen.add_parser("hostile", help="the polls of honest sources among hostile ones")
    besieged.add_argument("--sources", type=int, default=500, help="how many, a fifth of them hostile (default 500)")
    besieged.add_argument("--json", action="store_true", help="only how the polls ended, for a test")
    scaled = chosen.add_parser("scale", help="many sources, and many entries")
    scaled.add_argument("--sources", type=int, default=100_000, help="how many sources (default 100000)")
    scaled.add_argument("--entries", type=int, default=1_000_000, help="how many entries (default 1000000)")
    served = chosen.add_parser("serve", help="requests per second and CPU, beside nginx")
    served.add_argument("--smoke", action="store_true", help="a second each: only show that it runs")
    built = chosen.add_parser("build", help="rendering and writing, beside feedgen; how soon news is out")
    built.add_argument("--entries", type=int, default=1_000_000, help="how many are kept at most (default 1000000)")
    built.add_argument("--smoke", action="store_true", help="a small site: only show that it runs")
    told = chosen.add_parser("stories", help="finding the story of a new entry, in a small store and in a large one")
    told.add_argument("--entries", type=int, default=1_000_000, help="how many in the large one (default 1000000)")
    words = parser.parse_args()
    match words.what:
        case "clean":
            clean.measure(words.entries, smoke=words.smoke)
        case "poll":
            poll.measure(words.sources or (20 if words.smoke else 400), smoke=words.smoke, only_tls=words.tls)
        case "hostile":
            hostile.measure(words.sources, as_json=words.json)
        case "scale":
            scale.measure(words.sources, words.entries)
        case "serve":
            serve.measure(smoke=words.smoke)
        case "build":
            build.measure(words.entries, smoke=words.smoke)
        case "stories":
            stories.measure(words.entries)


if __name__ == "__main__":
    main()
