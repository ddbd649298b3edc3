"""The door to the web: a source's address in; `Document`, `Unchanged` or `Failed` out."""

from aggregator.fetch.callbacks import Callbacks
from aggregator.fetch.client import HttpFetcher
from aggregator.fetch.hosts import HostLimits
from aggregator.fetch.robots import Robots

__all__ = ["Callbacks", "HostLimits", "HttpFetcher", "Robots"]
