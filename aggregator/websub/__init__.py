"""Tells subscribers of what was published, as a hub of our own and through other hubs, and is told by the hubs of
sources (WebSub, W3C 2018)."""

from aggregator.websub.hub import Hub, Refusal
from aggregator.websub.pings import Pings
from aggregator.websub.subscriber import Subscriber

__all__ = ["Hub", "Pings", "Refusal", "Subscriber"]
