"""From the config file to `Settings`: reads, validates, cross-checks, and raises all mistakes at once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.json_schema import GenerateJsonSchema

from aggregator.clean.credit import USUAL
from aggregator.clean.licence import licence_in
from aggregator.clean.slugs import source_id
from aggregator.config.document import read
from aggregator.config.expansion import expand
from aggregator.config.expect_keys import expectation
from aggregator.config.item_names import named_pick, of_entry, tag_picks
from aggregator.config.keys import (
    BackfillKeys,
    CategoryKeys,
    ConfigKeys,
    FetchKeys,
    OutputKeys,
    RetentionKeys,
    ServerKeys,
    SiteKeys,
    SourceDefaults,
    SourceKeys,
    WebSubKeys,
)
from aggregator.config.leftovers import MANY, give_back
from aggregator.config.mistakes import mistakes
from aggregator.config.reach import unreachable
from aggregator.config.recipes import full_text, recipe, with_shared_details
from aggregator.config.request import asking
from aggregator.config.rules import NamingKeys
from aggregator.config.tree import KeyPath, Tree, public_url
from aggregator.config.values import spell_duration
from aggregator.errors import ConfigError
from aggregator.model import EVERYTHING, Asking, Blogroll, Category, Person, Reach, Site, Source, own_hub

ATTRIBUTION = {
    "de": "Quelle: {source.title}",
    "es": "Fuente: {source.title}",
    "fr": "Source : {source.title}",
    "it": "Fonte: {source.title}",
    "ja": "出典：{source.title}",
    "ko": "출처: {source.title}",
    "pt": "Fonte: {source.title}",
    "ru": "Источник: {source.title}",
    "zh": "来源：{source.title}",
    "": "Source: {source.title}",
}
TITLE_OF_ALL = {"zh": "全部", "": "Everything"}


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole config, resolved: defaults filled in, ids derived, `categories` complete (with `all`).

    `folders` are the slugs of those that are folders of followed lists and that nobody configured.
    `no_push` is why the hubs of sources are not asked to tell us of what is new, None where they are.
    `fingerprint` changes with whatever can change the published folder. `ca_file` (PEM) says whom TLS trusts, if not
    the usual authorities; it is the environment's SSL_CERT_FILE, as for most programs.
    """

    site: Site
    store: Path
    output: OutputKeys
    server: ServerKeys
    fetch: FetchKeys
    categories: Mapping[str, Category]
    sources: tuple[Source, ...]
    fingerprint: str
    ca_file: Path | None = None
    no_push: str | None = None
    folders: frozenset[str] = frozenset()

    @property
    def feeds(self) -> tuple[Source, ...]:
        """The sources that have entries: all but lists."""
        return tuple(source for source in self.sources if not source.blogroll)


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read the config at `path`. Raises `ConfigError` with every mistake in it and in what it includes."""
    settings = _load(path, environ)
    if len(settings.sources) > MANY:
        give_back()
    return settings


def _load(path: Path, environ: Mapping[str, str]) -> Settings:
    tree = read(path, environ)
    expand(tree)
    keys, refused = None, None
    if tree.value or not tree.problems:
        try:
            keys = ConfigKeys.model_validate(tree.value)
        except ValidationError as error:
            refused = error
    problems = mistakes(tree, refused)
    if problems or keys is None:
        raise ConfigError(problems)
    return resolve(keys, tree, environ)


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


# ---------------------------------------------------------------- from keys to shapes


def resolve(keys: ConfigKeys, tree: Tree, environ: Mapping[str, str]) -> Settings:
    """Fill in what was left out."""
    sources = [_source(source, keys.defaults, tree, number) for number, source in enumerate(keys.sources)]
    sources = list(with_shared_details(sources))
    if keys.output.jekyll.raw:
        sources = [replace(source, keeps_written=True) for source in sources]
    site = _site(keys.site, keys.output, keys.server, keys.websub)
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
        ca_file=Path(environ["SSL_CERT_FILE"]) if environ.get("SSL_CERT_FILE") else None,
        no_push=unreachable(keys.site.base_url, keys.fetch.allow_private, keys.websub.subscribe),
    )


def _published_part(source: Source) -> tuple[object, ...]:
    laid_over = (source.title, source.html_url, source.rights, source.content, source.tags)
    return (source.id, source.public_url, source.categories, *laid_over)


def _source(own: SourceKeys, defaults: SourceDefaults, tree: Tree, number: int) -> Source:
    """The source with its own keys first, then the defaults'."""
    shown_url = public_url(tree, number, {"public_url": own.public_url}, own.url)
    requested: KeyPath = ("sources", number) if "request" in own.model_fields_set else ("defaults",)
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
    # One that he left to us, or gave room to, follows how often the source publishes.
    adapts = level("max_interval") >= level("interval")
    kind, homes, tags = chosen["type"], chosen["category"], chosen["tags"]
    made = recipe(kind, chosen)
    if made:
        made = replace(made, tags=tag_picks(kind, tags), named=named_pick(kind, homes))
    return Source(
        id=own.id or source_id(shown_url),
        kind=kind,
        url=own.url,
        public_url=shown_url,
        categories=tuple(dict.fromkeys(one for one in homes if isinstance(one, str))),
        interval=chosen["interval"],
        min_interval=shortest,
        max_interval=longest,
        adapts=adapts,
        enabled=chosen["enabled"],
        title=chosen["title"],
        html_url=chosen["html_url"],
        rights=chosen["rights"],
        timezone=chosen["timezone"],
        headers=chosen["auth"].headers() if chosen["auth"] else (),
        insecure_tls=own.insecure_tls,
        backfill=_reach(own.backfill, defaults.backfill),
        retention=_reach(own.retention, defaults.retention),
        recipe=made,
        full_text=None if made and (made.detail or made.alert) else full_text(chosen["full_text"]),
        filters=tuple(one.shape() for one in chosen["filters"]),
        rewrite=tuple(one.shape() for one in chosen["rewrite"]),
        naming=tuple(one.shape() for one in homes if isinstance(one, NamingKeys)),
        category_map=tuple(chosen["category_map"].items()),
        tags=tuple(one for one in tags if of_entry(one)),
        content=chosen["content"],
        credit=_credit(chosen["credit"]),
        licence=licence_in(chosen["rights"]),
        asking=asking(chosen["request"], tree, (*requested, "request")) if made else Asking(),
        expect=expectation(own.expect, defaults.expect),
        blogroll=Blogroll(chosen["max_sources"], chosen["category_from"] == "outline") if kind == "opml" else None,
    )


def _reach(own: BackfillKeys | RetentionKeys, defaults: BackfillKeys | RetentionKeys) -> Reach:
    """The source's own bounds, each that it leaves out from the defaults."""
    age, number = (
        getattr(own if name in own.model_fields_set else defaults, name) for name in ("max_age", "max_items")
    )
    return Reach(age, number)


def _credit(said: bool | tuple[str, ...]) -> tuple[str, ...]:
    """The patterns of lines that name a text's source."""
    return (USUAL if said else ()) if isinstance(said, bool) else said


def _site(keys: SiteKeys, output: OutputKeys, server: ServerKeys, websub: WebSubKeys) -> Site:
    host = f"[{server.host}]" if ":" in server.host else server.host
    base_url = keys.base_url or f"http://{host}:{server.port}"
    # Without an address of its own the site is a trial, which nobody elsewhere can subscribe to.
    hubs = websub.hub if websub.hub is not None else ("own",) if keys.base_url else ()
    author = keys.author
    return Site(
        title=keys.title,
        base_url=base_url,
        language=keys.language,
        timezone=keys.timezone,
        author=Person(author.name, author.email, author.uri) if author else None,
        contact=keys.contact,
        rights=keys.rights,
        hubs=tuple(own_hub(base_url) if hub == "own" else hub for hub in hubs),
        formats=tuple(word for word in output.formats if word != "jekyll"),  # a folder beside the site, no page of it
        entry_pages=output.entry_pages,
        search=output.search,
        full_text=output.page_text == "full",
        theme=str(keys.theme) if keys.theme else None,
    )


def _categories(keys: ConfigKeys, site: Site, sources: list[Source]) -> dict[str, Category]:
    """Every category that is described or used, in the order of the file, and `all` first."""
    used = dict.fromkeys(
        slug
        for source in sources
        for slug in (*source.categories, *(home for _, to in source.category_map for home in to))
    )
    language, output = _primary(site.language), keys.output
    everything = Category(
        slug=EVERYTHING,
        title=TITLE_OF_ALL.get(language, TITLE_OF_ALL[""]),
        attribution=_line(keys.site.attribution, site.language),
        limit=output.limit,
        dedupe=output.dedupe,
        per_source=output.per_source,
        prefer=output.prefer,
    )
    categories = {EVERYTHING: everything}
    for slug in [*keys.categories, *used]:
        said = keys.categories.get(slug, CategoryKeys())
        template = keys.site.attribution if said.attribution is None else said.attribution
        categories[slug] = Category(
            slug=slug,
            title=said.title or slug,
            attribution=_line(template, said.language or site.language),
            limit=said.limit or output.limit,
            language=said.language,
            aka=tuple(dict.fromkeys(said.aka)),
            filters=tuple(one.shape() for one in said.filters),
            dedupe=output.dedupe if said.dedupe is None else said.dedupe,
            per_source=said.per_source or output.per_source,
            prefer=output.prefer if said.prefer is None else said.prefer,
        )
    return categories


def _line(template: str | bool | None, language: str) -> str | None:
    """The template of a visible line; the usual one in this language where nothing was said."""
    if template is None:
        return ATTRIBUTION.get(_primary(language), ATTRIBUTION[""])
    return template if isinstance(template, str) else None


def _primary(language: str) -> str:
    """The primary language subtag: "zh" of "zh-CN"."""
    return language.partition("-")[0].lower()
