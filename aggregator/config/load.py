"""From the config file to `Settings`: reads, validates, cross-checks, and raises all mistakes at once."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import ErrorDetails, PydanticCustomError

from aggregator.clean.slugs import source_id
from aggregator.clean.urls import is_web_url, same_address, without_secrets
from aggregator.config.document import SMALLEST, KeyPath, Spot, Tree, label, read
from aggregator.config.keys import (
    ConfigKeys,
    FetchKeys,
    OutputKeys,
    ServerKeys,
    SiteKeys,
    SourceDefaults,
    SourceKeys,
)
from aggregator.config.values import duration, spell_duration
from aggregator.errors import ConfigError, Problem
from aggregator.model import EVERYTHING, Category, Person, Site, Source

ATTRIBUTION = {"zh": "来源：{source.title}", "": "Source: {source.title}"}
TITLE_OF_ALL = {"zh": "全部", "": "Everything"}

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
PLACEHOLDER = re.compile(r"\{(value|hint|ge|le)\}")
HINTS = {"sources": SMALLEST, "url": "write the address to poll as `url: https://…`", "name": "write a name"}


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole config, resolved: defaults filled in, ids derived, `categories` complete (with `all`).

    `fingerprint` changes with whatever can change the published folder.
    """

    site: Site
    store: Path
    output: OutputKeys
    server: ServerKeys
    fetch: FetchKeys
    categories: Mapping[str, Category]
    sources: tuple[Source, ...]
    fingerprint: str


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read the config at `path`. Raises `ConfigError` with every mistake in it and in what it includes."""
    tree = read(path, environ)
    problems = list(tree.problems)
    keys: ConfigKeys | None = None
    if tree.value or not problems:
        try:
            keys = ConfigKeys.model_validate(tree.value)
        except ValidationError as error:
            known = {_place(problem) for problem in problems}  # what could not be had is not wrong once more
            found = [_problem(tree, details) for details in error.errors(include_url=False)]
            problems += [problem for problem in found if _place(problem) not in known]
        problems += [*_twins(tree), *_contradictions(tree)]
    if problems or keys is None:
        raise ConfigError(sorted(set(problems)))
    return _resolve(keys, tree)


def for_address(url: str) -> Settings:
    """The settings of no file at all, with one source: this address. Raises `ConfigError` when it is none."""
    try:
        keys = ConfigKeys(sources=(SourceKeys(url=url, id="preview"),))
    except ValidationError as error:
        raise ConfigError([Problem("", 1, 1, "url", f"{url} is not a web address")]) from error
    return _resolve(keys, Tree(spots={(): Spot("", 1, 1, "")}))


class _Schema(GenerateJsonSchema):
    """pydantic's generator, with defaults as the config file writes them."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, timedelta):
            return spell_duration(dft)
        if isinstance(dft, BaseModel):
            return {name: self.encode_default(getattr(dft, name)) for name in dft.model_fields_set}
        return super().encode_default(dft)


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the config file, for editors."""
    schema = ConfigKeys.model_json_schema(mode="validation", schema_generator=_Schema)
    return {"$schema": _Schema.schema_dialect, **schema, "title": "aggregator config"}


# ---------------------------------------------------------------- mistakes


def _place(problem: Problem) -> tuple[str, int, int, str]:
    return (problem.file, problem.line, problem.column, problem.key)


def _problem(tree: Tree, details: ErrorDetails) -> Problem:
    """One pydantic complaint in our words, at its place."""
    path: KeyPath = details["loc"]
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
    known = list(model.model_fields)
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
    addresses: dict[str, int] = {}
    for number, source in enumerate(sources if isinstance(sources, list) else ()):
        if not isinstance(source, dict):
            continue
        url = source.get("url")
        url = url if isinstance(url, str) and is_web_url(url) else None
        if url:
            first = addresses.setdefault(same_address(url), number)
            if first != number:
                where = tree.spot(("sources", first))
                message = f"the same address as {where.label} in {where.file}:{where.line}; remove one"
                yield tree.spot(("sources", number, "url")).problem(message)
                continue
        own = source.get("id")
        name = own if isinstance(own, str) else source_id(_public_url(tree, number, source, url)) if url else None
        if name:
            first = ids.setdefault(name, number)
            if first != number:
                where, key = tree.spot(("sources", first)), ("sources", number, "id")
                shown = "the value put in here" if tree.conceals(key) else f'the id "{name}"'
                message = f"{shown} is that of {where.label} in {where.file}:{where.line} too; give it another id"
                yield tree.spot(key).problem(message, f"{tree.spot(key[:-1]).label}.id")


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


# ---------------------------------------------------------------- from keys to shapes


def _resolve(keys: ConfigKeys, tree: Tree) -> Settings:
    """Fill in what was left out."""
    sources = [
        _source(source, keys.defaults, _public_url(tree, number, {"public_url": source.public_url}, source.url))
        for number, source in enumerate(keys.sources)
    ]
    site = _site(keys.site, keys.server)
    categories = _categories(keys, site, sources)
    mark = repr((site, sorted(categories.items()), keys.output, [_published_part(source) for source in sources]))
    return Settings(
        site=site,
        store=Path(keys.store.removeprefix("sqlite:///")),
        output=keys.output,
        server=keys.server,
        fetch=keys.fetch,
        categories=categories,
        sources=tuple(sources),
        fingerprint=hashlib.blake2b(mark.encode(), digest_size=16).hexdigest(),
    )


def _published_part(source: Source) -> tuple[object, ...]:
    return (source.id, source.public_url, source.categories, source.title, source.html_url, source.rights)


def _public_url(tree: Tree, number: int, source: Mapping[str, Any], url: str | None) -> str:
    """What may be shown of a source's address: of one with a value put in, only its host."""
    shown = source.get("public_url")
    if isinstance(shown, str) and is_web_url(shown):
        return shown
    bare = without_secrets(url or "")
    spot = tree.spots.get(("sources", number, "url"))
    parts = urlsplit(bare)
    return f"{parts.scheme}://{parts.netloc}/" if spot and spot.secret else bare


def _source(own: SourceKeys, defaults: SourceDefaults, public_url: str) -> Source:
    """The source with its own keys first, then the defaults'."""
    chosen = {name: getattr(defaults, name) for name in SourceDefaults.model_fields}
    chosen |= {name: getattr(own, name) for name in SourceDefaults.model_fields if name in own.model_fields_set}
    shortest, longest = chosen["min_interval"], chosen["max_interval"]

    def level(name: str) -> int:
        return 2 if name in own.model_fields_set else 1 if name in defaults.model_fields_set else 0

    # An interval is the operator's word: a bound that was said less specifically gives way to it.
    if level("min_interval") < level("interval"):
        shortest = min(shortest, chosen["interval"])
    if level("max_interval") < level("interval"):
        longest = max(longest, chosen["interval"])
    return Source(
        id=own.id or source_id(public_url),
        kind=chosen["type"],
        url=own.url,
        public_url=public_url,
        categories=tuple(dict.fromkeys(chosen["category"])),
        interval=chosen["interval"],
        min_interval=shortest,
        max_interval=longest,
        enabled=chosen["enabled"],
        title=chosen["title"],
        html_url=chosen["html_url"],
        rights=chosen["rights"],
        timezone=chosen["timezone"],
        headers=chosen["auth"].headers() if chosen["auth"] else (),
    )


def _site(keys: SiteKeys, server: ServerKeys) -> Site:
    host = f"[{server.host}]" if ":" in server.host else server.host
    author = keys.author
    return Site(
        title=keys.title,
        base_url=keys.base_url or f"http://{host}:{server.port}",
        language=keys.language,
        timezone=keys.timezone,
        author=Person(author.name, author.email, author.uri) if author else None,
        contact=keys.contact,
        rights=keys.rights,
    )


def _categories(keys: ConfigKeys, site: Site, sources: list[Source]) -> dict[str, Category]:
    """Every category that is described or used, in the order of the file, and `all` first."""
    used = dict.fromkeys(slug for source in sources for slug in source.categories)
    language = site.language.partition("-")[0].lower()
    line = ATTRIBUTION.get(language, ATTRIBUTION[""])
    everything = Category(EVERYTHING, TITLE_OF_ALL.get(language, TITLE_OF_ALL[""]), line, keys.output.limit)
    categories = {EVERYTHING: everything}
    for slug in [*keys.categories, *used]:
        described = keys.categories.get(slug)
        template = line if described is None or described.attribution is None else described.attribution
        categories[slug] = Category(
            slug=slug,
            title=(described and described.title) or slug,
            attribution=template if isinstance(template, str) else None,
            limit=(described and described.limit) or keys.output.limit,
        )
    return categories
