"""YAML in, `Settings` out; every mistake named with file, line, column, key and the next step."""

from aggregator.config.adding import Wanted, as_text, new_file, settings_at, with_source, with_sources
from aggregator.config.alone import for_address, load_alone
from aggregator.config.importing import Plan, planned
from aggregator.config.listing import with_lists
from aggregator.config.load import Settings, json_schema, load

__all__ = [
    "Plan",
    "Settings",
    "Wanted",
    "as_text",
    "for_address",
    "json_schema",
    "load",
    "load_alone",
    "new_file",
    "planned",
    "settings_at",
    "with_lists",
    "with_source",
    "with_sources",
]
