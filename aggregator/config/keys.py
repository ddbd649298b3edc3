"""Every key of the config file: its type, its default, and what it means. The JSON Schema comes from here."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from aggregator.config.expect_keys import ExpectKeys
from aggregator.config.jekyll import JekyllKeys
from aggregator.config.recipe_keys import DetailKeys, Fields, FullTextKeys, PagingKeys, Picked, Watched
from aggregator.config.request import RequestKeys
from aggregator.config.rules import CategoryMap, Credit, FilterKeys, Homes, RewriteKeys, Tags
from aggregator.config.values import (
    Age,
    Attribution,
    BaseUrl,
    Duration,
    FilePath,
    HeaderName,
    HeaderValue,
    Hubs,
    Keys,
    Language,
    Network,
    NetworkOrHost,
    PositiveDuration,
    Size,
    Slug,
    Slugs,
    SourceId,
    SourceUrl,
    StoreUrl,
    Text,
    TimeZone,
    UserName,
    WebUrl,
    as_tuple,
    at_least_one,
    one_or_many,
    wrong,
)

Port = Annotated[int, Field(ge=0, le=65535, strict=True)]
Count = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
FormatName = Literal["atom", "rss", "json", "html", "opml", "jekyll"]
Limit = Annotated[int, Field(ge=1, le=1000, strict=True)]
SourceIds = Annotated[tuple[SourceId, ...], BeforeValidator(one_or_many)]


class AuthorKeys(Keys):
    """A person."""

    name: Text = Field(description="Name, as feeds show it.")
    email: Text | None = Field(None, description="Mail address, as feeds show it.")
    uri: WebUrl | None = Field(None, description="Page about the person.")


class SiteKeys(Keys):
    """The published site as a whole."""

    title: Text = Field("Feeds", description="Name of the site, in every page and feed.")
    base_url: BaseUrl | None = Field(
        None, description="Address of the site; the only origin in any output. Default: server.host and port."
    )
    language: Language = Field("en", description="Language of the pages, and of entries that name none.")
    timezone: TimeZone = Field("UTC", description="Zone in which pages show times.")
    author: AuthorKeys | None = Field(None, description="Who publishes the site: name, email, uri.")
    contact: Text | None = Field(None, description="Page or mail address for publishers; goes into the User-Agent.")
    rights: Text | None = Field(None, description="Rights statement of the published feeds.")
    attribution: Attribution | None = Field(
        None, description="The visible line under each entry, where its category says nothing else; false for none."
    )
    theme: FilePath | None = Field(None, description="Folder of templates and styles that replace the pages' own.")


class OutputKeys(Keys):
    """The published folder."""

    dir: FilePath = Field(Path("var/public"), description="The published folder.")
    limit: Limit = Field(50, description="How many entries a feed shows.")
    dedupe: bool = Field(True, description="A story that several sources tell is shown once, and the others named.")
    prefer: SourceIds = Field(
        (), description="Ids of sources, the best first, whose telling of a story is shown; else the first kept."
    )
    per_source: Limit | None = Field(None, description="How many entries of one source a feed shows at most.")
    formats: Annotated[tuple[FormatName, ...], BeforeValidator(one_or_many)] = Field(
        ("atom", "rss", "json", "html", "opml"),
        description="What is written for every page, atom always; jekyll is a post for every entry, beside the site.",
    )
    archive: bool = Field(
        True, description="Whether the history of categories is published too, in documents that never change."
    )
    compress: Annotated[tuple[Literal["gzip", "br"], ...], BeforeValidator(one_or_many)] = Field(
        ("gzip", "br"), description="What lies compressed beside each file, for servers that send it as it is."
    )

    entry_pages: bool = Field(True, strict=True, description="Whether each entry that a category shows gets a page.")
    jekyll: JekyllKeys = Field(JekyllKeys(), description="Posts for Jekyll: dir, front_matter, body, footer, raw.")
    page_text: Literal["summary", "full"] = Field(
        "summary", description="What pages of categories and sources show of each entry: some sentences, or all of it."
    )
    search: bool = Field(True, strict=True, description="Whether the pages offer the search, which only `run` answers.")

    @model_validator(mode="after")
    def _atom_is_canonical(self) -> OutputKeys:
        if "atom" not in self.formats:
            raise wrong("formats must contain atom; every other format refers to it")
        return self


class ServerKeys(Keys):
    """The web server of `run`."""

    host: Text = Field("127.0.0.1", description="Address to listen on.")
    port: Port = Field(8080, description="Port to listen on; 0 takes a free one.")
    status: Annotated[tuple[Network, ...], BeforeValidator(one_or_many)] = Field(
        ("127.0.0.0/8", "::1"), description="Networks from which /status/ and /metrics may be seen."
    )


class WebSubKeys(Keys):
    """How subscribers are told at once of what is new (WebSub)."""

    hub: Hubs | None = Field(
        None, description="own, addresses of other hubs, or false. Default: own where site.base_url is given."
    )
    subscribe: bool | None = Field(
        None, description="Whether hubs of sources tell us. Default: where site.base_url can be reached from outside."
    )


class PerHostKeys(Keys):
    """Manners towards one host."""

    concurrency: Annotated[int, Field(ge=1, le=64, strict=True)] = Field(
        1, description="Requests at a time to one host."
    )
    delay: Duration = Field(timedelta(seconds=1), description="Pause between two requests to one host.")


class FetchKeys(Keys):
    """How sources are fetched."""

    concurrency: Annotated[int, Field(ge=1, le=1024, strict=True)] = Field(64, description="Polls at a time.")
    timeout: PositiveDuration = Field(timedelta(seconds=30), description="Deadline of one whole exchange.")
    max_bytes: Size = Field(10 * 1024**2, description="Largest body taken, decoded.")
    max_redirects: Annotated[int, Field(ge=0, le=20, strict=True)] = Field(
        5, description="Redirects followed in a poll."
    )
    per_host: PerHostKeys = Field(PerHostKeys(), description="Manners towards one host: concurrency, delay.")
    allow_private: Annotated[tuple[NetworkOrHost, ...], BeforeValidator(one_or_many)] = Field(
        (), description="Private networks and hosts that may be fetched from; by default none."
    )


class BasicAuthKeys(Keys):
    """A user name and a password (RFC 7617)."""

    username: UserName = Field(description="User name, without a colon.")
    password: HeaderValue = Field(description="Password; best from the environment or a file.")


class HeaderAuthKeys(Keys):
    """A header of the source's own."""

    name: HeaderName = Field(description="Name of the header, such as X-Api-Key.")
    value: HeaderValue = Field(description="Its value; best from the environment or a file.")


class AuthKeys(Keys):
    """How a source is told who asks; exactly one of the four."""

    basic: BasicAuthKeys | None = Field(None, description="A user name and a password (RFC 7617).")
    bearer: HeaderValue | None = Field(None, description="A token (RFC 6750).")
    header: HeaderAuthKeys | None = Field(None, description="A header of the source's own.")
    cookie: HeaderValue | None = Field(None, description="Cookies, as `name=value; name=value`.")

    @model_validator(mode="after")
    def _exactly_one(self) -> AuthKeys:
        if sum(getattr(self, name) is not None for name in type(self).model_fields) != 1:
            raise wrong("must hold exactly one of basic, bearer, header, cookie; write that one with its value")
        return self

    def headers(self) -> tuple[tuple[str, str], ...]:
        """The request headers that say it."""
        if self.basic:
            pair = f"{self.basic.username}:{self.basic.password}".encode()
            return (("Authorization", f"Basic {base64.b64encode(pair).decode()}"),)
        if self.bearer:
            return (("Authorization", f"Bearer {self.bearer}"),)
        if self.header:
            return ((self.header.name, self.header.value),)
        return (("Cookie", self.cookie or ""),)


class BackfillKeys(Keys):
    """How much of a new source's past is taken."""

    max_items: Count = Field(100, description="How many of its newest entries at first, and of an archive later.")
    max_age: Age = Field(
        timedelta(days=365), description="None that is so much older than the newest entry of the source."
    )


class RetentionKeys(Keys):
    """How much of a source is kept; what left the source stays until then."""

    max_age: Age = Field(
        timedelta(days=400), description="Entries older than this go, but for those that the source still gives."
    )
    max_items: Count = Field(1000, description="How many entries of a source are kept, the newest.")


class SourceDefaults(Keys):
    """What may stand in a source and, for all sources, under `defaults:`."""

    type: Literal["feed", "json", "html", "opml", "sitemap"] = Field(
        "feed",
        description="What the address gives: feed (RSS, Atom, CDF, JSON Feed), json (another API), html (a web page), "
        "opml (a list of feeds, which are followed), sitemap (one of news).",
    )
    title: Text | None = Field(None, description="Name of the source; wins over what the feed says.")
    html_url: WebUrl | None = Field(None, description="The source's page for people; wins over what the feed says.")
    rights: Text | None = Field(None, description="Licence or rights of the entries; wins over what the feed says.")
    category: Homes = Field(
        (),
        description="One category or a list, also {field: categories} for what entries name; without, only in `all`.",
    )
    category_map: CategoryMap = Field(
        {},
        description="Which of an entry's own categories lead to which of ours; `*` is for entries with none of them.",
    )
    tags: Tags = Field((), description="Templates of categories that every entry gets, such as '{source.title}'.")
    content: Literal["full", "summary", "link"] = Field(
        "full", description="How much is republished: full, summary (some sentences, no pictures), link (the title)."
    )
    credit: Credit = Field(
        True, description="Patterns of lines that name a text's source; true for the usual ones, false for none."
    )
    filters: Annotated[tuple[FilterKeys, ...], BeforeValidator(as_tuple)] = Field(
        (), description="Which entries are kept: {keep: …} or {drop: …}, in order."
    )
    rewrite: Annotated[tuple[RewriteKeys, ...], BeforeValidator(as_tuple)] = Field(
        (), description="What is taken out of every entry, or replaced in it, in order."
    )
    enabled: bool = Field(True, description="false stops polling and keeps what is there.")
    interval: PositiveDuration = Field(timedelta(hours=1), description="How often to poll.")
    min_interval: PositiveDuration = Field(
        timedelta(minutes=15), description="Never poll more often than this by what a server says."
    )
    max_interval: PositiveDuration = Field(
        timedelta(hours=24), description="Never wait longer than this, whatever a server says."
    )
    timezone: TimeZone | None = Field(None, description="Zone of dates that carry none; without it, UTC.")
    auth: AuthKeys | None = Field(None, description="basic, bearer, header or cookie.")
    backfill: BackfillKeys = Field(BackfillKeys(), description="How much of a new source's past: max_items, max_age.")
    retention: RetentionKeys = Field(RetentionKeys(), description="How much is kept: max_age, max_items.")
    expect: ExpectKeys = Field(ExpectKeys(), description="What it must give: min_items, max_age, required.")
    fields: Fields = Field({}, description="Which field of an entry stands where in an item, in json and html.")
    items: Picked | None = Field(None, description="Where the list of items stands, in json and html.")
    detail: DetailKeys | None = Field(
        None, description="A second document for each new item: url, fields, clean, hold."
    )
    full_text: FullTextKeys | bool = Field(
        False, description="true, or how: the text of the page behind each new entry."
    )
    change_alert: Watched | None = Field(
        None, description="In html, instead of items: what is watched; each change of its words is an entry."
    )
    max_sources: Count = Field(100, description="How many feeds of a list are followed at most, in opml.")
    category_from: Literal["outline", "none"] = Field(
        "outline", description="Whether the folders of a list become categories of its feeds, in opml."
    )
    paging: PagingKeys | None = Field(None, description="How more of a list is asked for when all of it is new.")
    request: RequestKeys | None = Field(
        None, description="How json and html are asked for, where a plain GET does not do: method, headers, body."
    )


class SourceKeys(SourceDefaults):
    """One source."""

    url: SourceUrl = Field(description="The address to poll; of an opml list also file: and a path.")
    id: SourceId | None = Field(None, description="Stable key of the source; derived from the URL when left out.")
    extends: SourceId | None = Field(None, description="The id of a source whose keys this one takes over.")
    matrix: dict[Text, Annotated[tuple[str | int, ...], BeforeValidator(as_tuple)]] = Field(
        {}, description="Names and values: one source for each value, put in wherever the name stands in braces."
    )
    public_url: WebUrl | None = Field(None, description="What attribution may show when `url` holds a secret.")
    insecure_tls: bool = Field(
        False,
        description="true takes any certificate of this source's server: whoever is in between may then write it.",
    )


class CategoryKeys(Keys):
    """One published category."""

    title: Text | None = Field(None, description="Name of the category; default: its slug.")
    attribution: Attribution | None = Field(
        None,
        description="The visible line under each entry, such as 'Source: {source.title}'; false turns it off.",
    )
    limit: Limit | None = Field(None, description="How many entries its feed shows; default: output.limit.")
    language: Language | None = Field(None, description="Language of its title and its visible line.")
    aka: Slugs = Field((), description="Slugs that it had before; their addresses lead here.")
    dedupe: bool | None = Field(None, description="false shows every telling of a story; default: output.dedupe.")
    prefer: SourceIds | None = Field(None, description="Whose telling of a story is shown; default: output.prefer.")
    per_source: Limit | None = Field(
        None, description="How many entries of one source it shows; default: output.per_source."
    )
    filters: Annotated[tuple[FilterKeys, ...], BeforeValidator(as_tuple)] = Field(
        (), description="Which of the entries put into it stand on its page: {keep: …} or {drop: …}, in order."
    )


class ConfigKeys(Keys):
    """The whole file."""

    site: SiteKeys = Field(SiteKeys(), description="The published site as a whole.")
    store: StoreUrl = Field("sqlite:///var/aggregator.db", description="Where entries are kept.")
    output: OutputKeys = Field(OutputKeys(), description="The published folder.")
    server: ServerKeys = Field(ServerKeys(), description="The web server of `run`.")
    websub: WebSubKeys = Field(WebSubKeys(), description="How subscribers are told at once of what is new.")
    fetch: FetchKeys = Field(FetchKeys(), description="How sources are fetched.")
    defaults: SourceDefaults = Field(SourceDefaults(), description="Source keys for all sources; a source's own win.")
    categories: dict[Slug, CategoryKeys] = Field({}, description="Titles and settings of categories, by slug.")
    sources: Annotated[tuple[SourceKeys, ...], BeforeValidator(at_least_one)] = Field(description="What to poll.")
    include: Annotated[tuple[str, ...], BeforeValidator(one_or_many)] = Field(
        (), description="More files like this one; their sources and categories are added."
    )
