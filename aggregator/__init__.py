"""Polls feeds, keeps every entry once, and publishes per-category feeds that say where each entry came from."""

from importlib.metadata import version

__version__ = version("aggregator")
