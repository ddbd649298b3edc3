"""The shapes that travel through the house; each docstring is the list of what its shape promises.

All of them are frozen. Times are aware and in UTC unless said otherwise. *Theirs → clean → ours*: a `Draft`
promises nothing, an `Entry` promises everything below, and nobody downstream checks a promise again.
"""

from aggregator.model.asked import (
    EVERYTHING,
    HOME,
    Category,
    Person,
    Site,
    Source,
    category_page,
    own_hub,
    source_page,
)
from aggregator.model.decided import (
    Changes,
    Gone,
    Known,
    Moving,
    NewEntry,
    Outcome,
    RevisedEntry,
    Visit,
    Why,
)
from aggregator.model.fetched import (
    Document,
    Failed,
    FeedLink,
    Fetched,
    Hints,
    NamedBy,
    Reason,
    Unchanged,
    Validators,
)
from aggregator.model.ours import (
    Entry,
    Intake,
    Kept,
    Origin,
)
from aggregator.model.shown import (
    Home,
    Page,
    Receipt,
    Rendered,
    Shown,
)
from aggregator.model.theirs import (
    Cadence,
    DateFound,
    Draft,
    Enclosure,
    FeedFound,
    Markup,
    Reading,
    Term,
)

__all__ = [
    "EVERYTHING",
    "HOME",
    "Cadence",
    "Category",
    "Changes",
    "DateFound",
    "Document",
    "Draft",
    "Enclosure",
    "Entry",
    "Failed",
    "FeedFound",
    "FeedLink",
    "Fetched",
    "Gone",
    "Hints",
    "Home",
    "Intake",
    "Kept",
    "Known",
    "Markup",
    "Moving",
    "NamedBy",
    "NewEntry",
    "Origin",
    "Outcome",
    "Page",
    "Person",
    "Reading",
    "Reason",
    "Receipt",
    "Rendered",
    "RevisedEntry",
    "Shown",
    "Site",
    "Source",
    "Term",
    "Unchanged",
    "Validators",
    "Visit",
    "Why",
    "category_page",
    "own_hub",
    "source_page",
]
