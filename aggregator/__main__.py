"""The `aggregator` command, also as `python -m aggregator`."""

import gc
import sys


def main() -> None:
    """Run the command line; Ctrl-C ends it quietly even while it is still loading."""
    try:
        gc.disable()  # what is loaded stays: to look for rubbish among it takes a third of the start
        from aggregator.cli import main as command_line

        gc.freeze()
        gc.enable()
        command_line()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
