"""What holds for the HTML of every real document: clean HTML stays as it is, and leads nowhere but to the web."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from promises import active

from aggregator.clean.markup import sanitise
from aggregator.intake import take_in
from aggregator.model import Document, Intake, Markup, Source

URL = "https://x.example/feed"
HOUR = timedelta(hours=1)
SOURCE = Source("x", "feed", URL, URL, (), HOUR, HOUR, HOUR)


@pytest.mark.parametrize("every", [6, pytest.param(1, marks=pytest.mark.slow)])
def test_html_of_real_documents_is_clean_once_it_was_cleaned_and_has_no_relative_address(
    shared: Path, every: int
) -> None:
    documents = sorted((shared / "corpus" / "documents").glob("*.xml"))[::every]
    seen = 0
    for path in documents:
        taken = take_in(SOURCE, Document(URL, path.read_bytes(), ""))
        for entry in taken.entries if isinstance(taken, Intake) else ():
            for published in filter(None, (entry.summary, entry.content)):
                seen += 1
                assert active(published) == [], path.name
                assert sanitise(Markup(published, "text/html"), URL, entry.link) == published, path.name
    assert seen > 10_000 / every
