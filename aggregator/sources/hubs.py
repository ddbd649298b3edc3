"""Finds the WebSub hub that a feed names, and the address under which the hub knows the feed."""

from __future__ import annotations

from aggregator.clean.links import related
from aggregator.clean.urls import absolute
from aggregator.model import Advertised, Document, FeedFound


def advertised(document: Document, feed: FeedFound) -> Advertised | None:
    """The hub of a feed; the Link header is believed before the document (WebSub §4).

    A feed that says nothing of its own address is known by that at which it is.
    """
    in_header = related(document.links, document.url) if document.links else {}
    hub = in_header.get("hub") or absolute(feed.hub, document.url)
    if hub is None:
        return None
    topic = in_header.get("self") or absolute(feed.self_url, document.url) or document.url
    return Advertised(hub.partition("#")[0], topic.partition("#")[0])
