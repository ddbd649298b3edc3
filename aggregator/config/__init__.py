"""YAML in, `Settings` out; every mistake named with file, line, column, key and the next step."""

from aggregator.config.adding import Wanted, with_source
from aggregator.config.load import Settings, for_address, json_schema, load

__all__ = ["Settings", "Wanted", "for_address", "json_schema", "load", "with_source"]
