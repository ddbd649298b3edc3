"""Why an exchange gave no answer. httpx's error tree holds them, so that the transport keeps httpx's promises."""

from __future__ import annotations

import httpx

from aggregator.model import Reason


class NoAnswer(httpx.TransportError):
    """There is no answer to hand on; `reason` is the word for it, the message one line without secrets."""

    def __init__(self, message: str, reason: Reason) -> None:
        super().__init__(" ".join(message.split())[:200])
        self.reason = reason


class AddressRefused(NoAnswer):
    """The name or address leads to where nothing may be fetched from."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Reason.ADDRESS_REFUSED)


class NameUnknown(NoAnswer):
    """The name has no address."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Reason.DNS)
