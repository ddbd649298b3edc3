"""The demo: the whole program at work on sample sources of its own, offline."""

from aggregator.demo.show import run

__all__ = ["run"]
