"""Tells subscribers of what was published: as a hub of our own, and through other hubs (WebSub, W3C 2018)."""

from aggregator.websub.hub import Hub, Refusal
from aggregator.websub.pings import Pings

__all__ = ["Hub", "Pings", "Refusal"]
