"""Why two entries are taken for one story, or for two: what the store decided, and what their signatures say."""

from __future__ import annotations

from dataclasses import replace

from aggregator.clean.signatures import Traits, signature, traits
from aggregator.clean.stories import Verdict, judge
from aggregator.model import Kept
from aggregator.store import Story


def compare(one: Story, other: Kept) -> tuple[bool, Verdict]:
    """Whether the store takes two entries for one story, and why or why not."""
    mine = one.kept
    if mine.number == other.number:
        return True, Verdict(None, "they are the same entry", 0.0)
    verdict = judge(_traits(mine), _traits(other), mine.published - other.published)
    told = {telling.kept.number: telling for telling in one.tellings}
    if other.number not in told:
        return False, replace(verdict, by=None, why=_why_not(one, other, verdict))
    if other.number == told[mine.number].like or mine.number == told[other.number].like:
        return True, verdict if verdict.by else replace(
            verdict, why=f"they were, before a revision; now: {verdict.why}"
        )
    return True, replace(verdict, why="each was joined for its likeness to another that tells the story")


def _traits(kept: Kept) -> Traits:
    return traits(signature(kept.entry).traits)


def _why_not(one: Story, other: Kept, verdict: Verdict) -> str:
    """Why two that are no story are none, also where they are as like as those that are."""
    if one.kept.source_id == other.source_id:
        return "one source gave both, and tells a story once"
    if not verdict.by:
        return verdict.why
    if any(telling.kept.source_id == other.source_id for telling in one.tellings):
        return f"{verdict.why}, but another entry of {other.source_id} tells the story already"
    return f"{verdict.why}, but when they were kept no mark led from one to the other"
