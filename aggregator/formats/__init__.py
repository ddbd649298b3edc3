"""How an output is written: the YAML word, the file and the table key are the same word."""

from aggregator.formats import atom, html
from aggregator.ports import Format

FORMATS: dict[str, Format] = {
    "atom": atom.render,
    "html": html.render,
}
