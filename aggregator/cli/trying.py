"""Shows what a recipe finds in its documents, and what there is to be found, to the person who writes it."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from aggregator.inquiry import Second
from aggregator.model import Recipe, Trial


def as_data(trial: Trial) -> dict[str, Any]:
    """What `preview --json` says of a recipe."""
    return {
        "items": trial.items,
        "first": [{one.field: {"path": one.path, "found": one.values} for one in item} for item in trial.first],
        "nearby": trial.nearby,
        "outline": trial.outline,
    }


def second_as_data(second: Second) -> dict[str, Any]:
    """What `preview --json` says of the second document of an entry."""
    said = as_data(second.trial) if second.trial else {"first": [], "nearby": (), "outline": ()}
    return {
        "url": second.url,
        "found": said["first"][0] if said["first"] else {},
        "nearby": said["nearby"],
        "outline": said["outline"],
        "error": second.failed.detail if second.failed else None,
    }


def print_second(second: Second) -> None:
    """Which path found what in the second document of an entry; for what finds nothing, what else there is."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(f"second document: {second.url}", style="bold")
    if second.trial:
        _print_found(console, second.trial, numbered=False)
    if second.failed:
        console.print(f"    fills nothing in: {second.failed.reason}: {second.failed.detail}", style="red")
    console.print()


def print_trial(trial: Trial, recipe: Recipe | None) -> None:
    """Which path found what in the first items; for what finds nothing, what else there is."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    if recipe:
        console.print(
            f"items: {recipe.items}  finds {trial.items or 'nothing'}", style="bold" if trial.items else "red"
        )
    _print_found(console, trial, numbered=True)
    console.print()


def _print_found(console: Console, trial: Trial, *, numbered: bool) -> None:
    """Which path found what; the items of a list are `numbered`, a second document is alone."""
    for number, item in enumerate(trial.first, 1):
        if numbered:
            console.print(f"\nitem {number}", style="bold")
        width = max(len(one.field) for one in item)
        for one in item:
            line = f"    {one.field:<{width}}  {one.path}  →  {' | '.join(one.values) or 'nothing'}"
            console.print(line, style=None if one.values else "red")
    if trial.nearby:
        console.print(f"\nwhat else there is in {'item 1' if numbered else 'it'}:", style="bold")
    for line in trial.nearby:
        console.print(f"    {line}")
    if trial.outline:
        console.print("\nwhat the document is made of:", style="bold")
    for line in trial.outline:
        console.print(f"    {line}")
