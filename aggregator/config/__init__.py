"""YAML in, `Settings` out; every mistake named with file, line, column, key and the next step."""

from aggregator.config.adding import Wanted, as_text, new_file, settings_at, with_source, with_sources
from aggregator.config.importing import Plan, planned
from aggregator.config.load import Settings, for_address, json_schema, load
from aggregator.config.unfinished import address_of_unfinished

__all__ = [
    "Plan",
    "Settings",
    "Wanted",
    "address_of_unfinished",
    "as_text",
    "for_address",
    "json_schema",
    "load",
    "new_file",
    "planned",
    "settings_at",
    "with_source",
    "with_sources",
]
