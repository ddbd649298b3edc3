"""What is done with the shapes that are made for every poll and entry.

They are structs of msgspec. As dataclasses, the five of `Visit` and `Changes` that a poll makes took 35 µs, and an
`Entry` 6; as structs they take 2 and 0.6, and are packed and unpacked faster.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

amended = msgspec.structs.replace
"""The same shape with these values in place of its own, as `dataclasses.replace` gives other shapes."""


def as_fields(shape: msgspec.Struct) -> dict[str, Any]:
    """A shape and all that are in it as dictionaries, by the names of their fields; times stay what they are."""
    fields: dict[str, Any] = msgspec.to_builtins(shape, builtin_types=(datetime,))
    return fields
