"""Names the mistakes of a config: pydantic's complaints in our words, and what only shows between keys."""

from __future__ import annotations

import difflib
import json
import re
import types
import typing
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from aggregator.clean.slugs import source_id
from aggregator.clean.urls import is_file, is_web_url, same_address
from aggregator.config.claims import claim_mistakes
from aggregator.config.document import SMALLEST
from aggregator.config.item_names import item_name_mistakes
from aggregator.config.keys import ConfigKeys, SourceDefaults
from aggregator.config.recipes import recipe_mistakes
from aggregator.config.rules import ALTERNATIVES
from aggregator.config.tree import KeyPath, Tree, label, public_url
from aggregator.config.values import duration
from aggregator.errors import Problem

MESSAGES = {
    "missing": "missing; {hint}",
    "bool_type": "{value} must be true or false",
    "int_type": "{value} must be a whole number, without quotes",
    "string_type": "{value} must be text; put it in quotes",
    "path_type": "{value} must be a path",
    "tuple_type": "{value} must be a list",
    "dict_type": "{value} must be a mapping of keys",
    "model_type": "{value} must be a mapping of keys",
    "greater_than_equal": "{value} is too small; write at least {ge}",
    "less_than_equal": "{value} is too large; write at most {le}",
}
BETWEEN_KEYS = (recipe_mistakes, item_name_mistakes, claim_mistakes)
PLACEHOLDER = re.compile(r"\{(value|hint|ge|le)\}")
HINTS = {"sources": SMALLEST, "url": "write the address to poll as `url: https://…`", "name": "write a name"}


def mistakes(tree: Tree, refused: ValidationError | None) -> list[Problem]:
    """Everything wrong with what was read: noted while reading, refused by pydantic, and contradictory."""
    problems = list(tree.problems)
    if refused:
        known = {_place(problem) for problem in problems}  # what could not be had is not wrong once more
        found = [_problem(tree, details) for details in refused.errors(include_url=False)]
        problems += [problem for problem in found if _place(problem) not in known]
    between = (_twins, _contradictions, _unknown_sources, _local_files, *BETWEEN_KEYS)
    return sorted({*problems, *(problem for look in between for problem in look(tree))})


def _place(problem: Problem) -> tuple[str, int, int, str]:
    return (problem.file, problem.line, problem.column, problem.key)


def _problem(tree: Tree, details: ErrorDetails) -> Problem:
    """One pydantic complaint in our words, at its place."""
    path: KeyPath = tuple(step for step in details["loc"] if step not in ALTERNATIVES)
    # Not written down: the mark of a category's name, and the number of one value where a list is wanted.
    if path not in tree.spots and (path[-1:] == ("[key]",) or isinstance(path[-1], int)):
        path = path[:-1]
    spot = tree.spot(path)
    key = spot.label if path in tree.spots else ".".join(filter(None, (spot.label, label(path[-1:]))))
    kind, context = details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return spot.problem(f"unknown key{_did_you_mean(path)}", key)
    shown = _shown(tree, path, details["input"])
    if kind == "literal_error":
        return spot.problem(f"{shown} is not one of {context['expected']}; write one of them", key)
    words = {"value": shown, "hint": HINTS.get(str(path[-1]), "write it"), **context}
    template = MESSAGES.get(kind, details["msg"])
    if tree.conceals(path):
        template = context.get("concealed", template)
    text = PLACEHOLDER.sub(lambda match: str(words[match[1]]), template)
    return spot.problem(text, key)


def _shown(tree: Tree, path: KeyPath, value: Any) -> str:
    """The value as it was written, shortened; what came from the environment or a file is never echoed."""
    if tree.conceals(path):
        return "the value put in here"
    text = json.dumps(value, ensure_ascii=False, default=str)
    if not text.isprintable():
        text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _did_you_mean(path: KeyPath) -> str:
    """The nearest known key beside the unknown one at the end of `path`, as a question, or the known ones."""
    model = _model_at(path[:-1])
    if model is None:
        return ""
    known = [field.alias or name for name, field in model.model_fields.items()]
    near = difflib.get_close_matches(str(path[-1]).lower().replace("-", "_"), known, n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else f"; known here: {', '.join(known)}"


def _model_at(path: KeyPath) -> type[BaseModel] | None:
    """The model that describes the mapping at `path`."""
    model: type[BaseModel] = ConfigKeys
    steps = iter(step for step in path if isinstance(step, str))
    for step in steps:
        field = model.model_fields.get(step)
        inner = next(_models_in(field.annotation), None) if field else None
        if field is None or inner is None:
            return None
        if typing.get_origin(field.annotation) is dict:
            next(steps, None)  # a name of the operator's own choice
        model = inner
    return model


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that an annotation speaks of: X, X | None, tuple[X, ...], dict[str, X]."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    for argument in typing.get_args(annotation):
        yield from _models_in(argument)


def _twins(tree: Tree) -> Iterator[Problem]:
    """Sources that share an id or an address, written or derived, in the text as found."""
    sources = tree.value.get("sources")
    ids: dict[str, int] = {}
    addresses: dict[tuple[str, str], int] = {}
    for number, source in enumerate(sources if isinstance(sources, list) else ()):
        if not isinstance(source, dict):
            continue
        url = source.get("url")
        url = url if isinstance(url, str) and (is_web_url(url) or is_file(url)) else None
        if url:
            first = addresses.setdefault((same_address(url), _posted(source)), number)
            if first != number:
                where = tree.spot(("sources", first))
                message = f"the same address as {where.label} in {where.file}:{where.line}; remove one"
                yield tree.spot(("sources", number, "url")).problem(message)
                continue
        own = source.get("id")
        name = own if isinstance(own, str) else source_id(public_url(tree, number, source, url)) if url else None
        if name:
            first = ids.setdefault(name, number)
            if first != number:
                where, key = tree.spot(("sources", first)), ("sources", number, "id")
                shown = "the value put in here" if tree.conceals(key) else f'the id "{name}"'
                message = f"{shown} is that of {where.label} in {where.file}:{where.line} too; give it another id"
                yield tree.spot(key).problem(message, f"{tree.spot(key[:-1]).label}.id")


def _posted(source: dict[str, Any]) -> str:
    """What tells one source from another at the same address: the body of its request."""
    request = source.get("request")
    return repr(request.get("body")) if isinstance(request, dict) else ""


def _unknown_sources(tree: Tree) -> Iterator[Problem]:
    """Preferred sources that there are not."""
    ids = set(_ids(tree))
    categories = tree.value.get("categories")
    places: list[tuple[KeyPath, Any]] = [(("output",), tree.value.get("output"))]
    places += [
        (("categories", slug), own) for slug, own in (categories if isinstance(categories, dict) else {}).items()
    ]
    for place, keys in places:
        preferred = keys.get("prefer") if isinstance(keys, dict) else None
        for number, name in enumerate(preferred if isinstance(preferred, list) else [preferred]):
            if isinstance(name, str) and name not in ids:
                path = (*place, "prefer", number) if isinstance(preferred, list) else (*place, "prefer")
                near = difflib.get_close_matches(name, ids, n=1, cutoff=0.6)
                hint = f'did you mean "{near[0]}"?' if near else "write the id of one, or remove it"
                yield tree.spot(path).problem(f'there is no source "{name}"; {hint}')


def _ids(tree: Tree) -> Iterator[str]:
    """The ids of the sources, written or derived."""
    sources = tree.value.get("sources")
    for number, source in enumerate(sources if isinstance(sources, list) else ()):
        own, url = (source.get("id"), source.get("url")) if isinstance(source, dict) else (None, None)
        if isinstance(own, str):
            yield own
        elif isinstance(url, str) and is_web_url(url):
            yield source_id(public_url(tree, number, source, url))


def _local_files(tree: Tree) -> Iterator[Problem]:
    """Local files that are to be read as anything but a list."""
    sources, defaults = tree.value.get("sources"), tree.value.get("defaults")
    usual = defaults.get("type") if isinstance(defaults, dict) else None
    for number, own in enumerate(sources if isinstance(sources, list) else ()):
        url = own.get("url") if isinstance(own, dict) else None
        if isinstance(url, str) and is_file(url) and own.get("type", usual) != "opml":
            spot = tree.spot(("sources", number, "url"))
            yield spot.problem("a local file can only be a list of feeds; write type: opml, or an address")


def _contradictions(tree: Tree) -> Iterator[Problem]:
    """Shortest intervals longer than the longest, named where the more specific of the two is written."""
    bounds = ("min_interval", "max_interval")
    sources = tree.value.get("sources")
    defaults = tree.value.get("defaults")
    defaults = defaults if isinstance(defaults, dict) else {}
    scopes: list[tuple[KeyPath, Any]] = [(("defaults",), defaults)]
    scopes += [(("sources", n), one) for n, one in enumerate(sources if isinstance(sources, list) else ())]
    for path, own in scopes:
        said = [name for name in bounds if isinstance(own, dict) and name in own]
        if said:
            shortest, longest = (_span(own.get(name, defaults.get(name)), name) for name in bounds)
            if shortest and longest and shortest > longest:
                better = "is longer than max_interval; write it shorter, or write a longer max_interval here"
                worse = "is shorter than min_interval; write it longer, or write a shorter min_interval here"
                yield tree.spot((*path, said[0])).problem(better if said[0] == bounds[0] else worse)


def _span(value: Any, name: str) -> timedelta | None:
    """An interval as found, the built-in one when it was left out; None when it is no duration."""
    if value is None:
        built_in: timedelta = SourceDefaults.model_fields[name].default
        return built_in
    try:
        return duration(value) if isinstance(value, str) else None
    except PydanticCustomError:
        return None
