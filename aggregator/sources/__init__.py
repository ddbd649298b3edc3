"""How to read a kind of source: the YAML word, the file and the table key are the same word."""

from aggregator.ports import SourceKind
from aggregator.sources import feed

KINDS: dict[str, SourceKind] = {
    "feed": feed.read,
}
