"""The keys by which a source that is no feed says how it is read: items, fields, the details of each, paging."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema, model_validator

from aggregator.config.values import (
    Keys,
    PositiveDuration,
    Text,
    as_tuple,
    legal,
    must_be,
    one_or_many,
    wrong,
)

FieldName = Literal[
    "id",
    "title",
    "link",
    "published",
    "updated",
    "summary",
    "content",
    "author",
    "categories",
    "enclosure",
    "image",
    "language",
    "rights",
]
Raw = Annotated[str, PlainValidator(must_be(legal, "; put it in quotes")), WithJsonSchema({"type": "string"})]
"""Text in which blanks count."""


def _path_alone(value: Any) -> Any:
    """A path alone is short for a mapping with only that."""
    return {"path": value} if isinstance(value, str) else value


class ReplaceKeys(Keys):
    """Words in a value, or what an expression finds in it, and what stands for them then."""

    regex: Raw | None = Field(None, description="What is replaced, as an RE2 expression.")
    text: Raw | None = Field(None, description="What is replaced, word for word.")
    with_: Raw | None = Field(None, alias="with", description="What it becomes; `\\1` is the first group.")

    @model_validator(mode="after")
    def _one_of_two(self) -> ReplaceKeys:
        if (self.regex is None) == (self.text is None):
            raise wrong("must hold either regex or text; write what is to be replaced")
        if not (self.regex or self.text):
            raise wrong("replaces nothing; write what is to be replaced")
        return self


Replacements = Annotated[tuple[ReplaceKeys, ...], BeforeValidator(as_tuple)]


class FieldKeys(Keys):
    """How one field is had from an item."""

    path: Text | None = Field(None, description="Where it stands: JMESPath in json, a CSS selector in html.")
    css: Text | None = Field(None, description="The same as a CSS selector, in html.")
    xpath: Text | None = Field(None, description="The same as an XPath expression, in html.")
    attr: Text | None = Field(
        None,
        description="Attribute of the element found, or `text`, or `html`; default: what suits the field, in html.",
    )
    template: Raw | None = Field(None, description="Text with paths in braces, such as https://x.example/{id}.")
    date_format: Text | None = Field(None, description="How a time is written, as `strptime` has it, or unix, unix_ms.")
    replace: Replacements = Field((), description="Replacements, in their order.")

    @model_validator(mode="after")
    def _one_way(self) -> FieldKeys:
        ways = [name for name in ("path", "css", "xpath", "template") if getattr(self, name) is not None]
        if len(ways) > 1:
            raise wrong(f"says {' and '.join(ways)}; write one of them")
        if not ways and self.attr is None:
            raise wrong("says not where the field stands; write path, css, xpath or template")
        return self


Picked = Annotated[FieldKeys, BeforeValidator(_path_alone, json_schema_input_type=str | FieldKeys)]
Fields = dict[FieldName, Picked]


class CleanKeys(Keys):
    """What is taken out of the HTML of a detail."""

    remove: Annotated[tuple[Text, ...], BeforeValidator(one_or_many)] = Field(
        (), description="CSS selectors of elements that go, with all in them."
    )
    replace: Replacements = Field((), description="Replacements in the text, in their order.")


class DetailKeys(Keys):
    """A second document for each new item."""

    url: Raw = Field(description="Its address, with paths of the item in braces.")
    fields: Fields = Field(description="The fields that it gives, as in `fields`.")
    clean: CleanKeys = Field(CleanKeys(), description="What is taken out of it: remove, replace.")
    hold: PositiveDuration = Field(
        timedelta(hours=1), description="How long an entry waits for it; then it is published without."
    )


class FullTextKeys(Keys):
    """The page behind each new entry, for what it says in full."""

    select: Text | None = Field(None, description="CSS selector of the text in it; by default what it is about.")
    remove: Annotated[tuple[Text, ...], BeforeValidator(one_or_many)] = Field(
        (), description="CSS selectors of elements that go, with all in them."
    )
    when: Literal["always", "short"] = Field("always", description="short: only where the feed gives little text.")
    hold: PositiveDuration = Field(
        timedelta(minutes=10), description="How long an entry waits for its page; then it is published without."
    )


class AlertKeys(Keys):
    """A part of a page of which each change is an entry."""

    select: Text = Field(description="CSS selector of what is watched.")
    remove: Annotated[tuple[Text, ...], BeforeValidator(one_or_many)] = Field(
        (), description="CSS selectors of elements that are no part of it."
    )
    ignore: Annotated[tuple[Raw, ...], BeforeValidator(one_or_many)] = Field(
        (), description="RE2 expressions of words whose change is none, such as counters."
    )
    min_interval: PositiveDuration = Field(
        timedelta(hours=1), description="How far apart two changes are at least; of those between, the last counts."
    )


def _selector_alone(value: Any) -> Any:
    """A selector alone is short for a mapping with only that."""
    return {"select": value} if isinstance(value, str) else value


Watched = Annotated[AlertKeys, BeforeValidator(_selector_alone, json_schema_input_type=str | AlertKeys)]


class PagingKeys(Keys):
    """How more of a list is asked for when all of it is new."""

    by: Literal["last_id", "page", "link", "cursor"] = Field(
        alias="from", description="last_id, page, link or cursor: what the next page is asked for with."
    )
    param: Text | None = Field(None, description="Parameter of the query that takes it; not with link.")
    path: Text | None = Field(None, description="Where it stands: last_id in the last item, link and cursor beside it.")
    max_pages: Annotated[int, Field(ge=1, le=100, strict=True)] = Field(10, description="How many pages at most.")

    @model_validator(mode="after")
    def _whole(self) -> PagingKeys:
        if self.by != "link" and self.param is None:
            raise wrong("says not which parameter of the query it is; write param")
        if self.by in ("link", "cursor") and self.path is None:
            raise wrong("says not where it stands in the document; write path")
        return self
