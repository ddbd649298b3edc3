"""The `aggregator` command, also as `python -m aggregator`."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C ends it quietly even while it is still loading."""
    try:
        from aggregator.cli import main as command_line

        command_line()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
