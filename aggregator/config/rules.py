"""The keys of rules: which entries are kept, what is taken out of them, where they stand (see docs/rules.md)."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, PlainValidator, Tag, model_validator

from aggregator.clean.credit import USUAL
from aggregator.clean.naming import folded
from aggregator.clean.patterns import BadPattern, check_replacement, pattern
from aggregator.clean.slugs import SLUG
from aggregator.config.expressions import fault
from aggregator.config.recipe_keys import Replacements
from aggregator.config.recipes import replacements
from aggregator.config.values import (
    Keys,
    PositiveDuration,
    Slug,
    Text,
    language,
    legal,
    must_be,
    one_or_many,
    plain_text,
    schema,
    wrong,
)
from aggregator.model import EVERYTHING, Condition, Filter, Naming, Rewrite

TAG_FIELDS = ("source.title", "author", "credit", "language", "title")


def re2_pattern(value: str) -> str:
    """A pattern in RE2's syntax."""
    try:
        pattern(legal(value))
    except BadPattern as error:
        raise wrong(f"{{value}} is not a pattern that RE2 knows ({_quoted(error)}); correct it") from None
    if not value:
        raise wrong("is empty, and would match everything; write a pattern")
    return value


def _demand_pattern(text: str, by: str) -> None:
    """Raise unless `by` can take the place of what the pattern finds."""
    try:
        check_replacement(text, by)
    except BadPattern as error:
        raise wrong(f"cannot replace with RE2 ({_quoted(error)}); correct it") from None


def credit_pattern(value: str) -> str:
    """A pattern that says which part of what it finds is the name."""
    if "name" not in pattern(re2_pattern(value)).groupindex:
        raise wrong("{value} does not say where the name is; put that part into (?P<name>…)")
    return value


def selector(value: str) -> str:
    """A CSS selector."""
    if said := fault("css", value):
        raise wrong(f"{{value}} is not a CSS selector ({_quoted(said)}); write one such as .ads or p.share")
    return value


def credit(value: Any) -> bool | tuple[str, ...]:
    """Patterns; true stands for the usual ones, also in a list: `[true, "…"]`."""
    if isinstance(value, bool):
        return value
    wanted = value if isinstance(value, list | tuple) else (value,)
    patterns: list[str] = []
    for one in wanted:
        if one is not True and not isinstance(one, str):
            raise wrong("{value} must be true, false, a pattern or a list of patterns")
        patterns += USUAL if one is True else [credit_pattern(one)]
    return tuple(patterns)


def category_map(value: Any) -> Any:
    """Which of an entry's own terms lead where; names that differ in case only are one."""
    if not isinstance(value, dict):
        raise wrong("{value} must be a mapping of an entry's own categories to ours, such as {Technik: tech}")
    first: dict[str, str] = {}
    for name, homes in value.items():
        twin = first.setdefault(folded(name), name)
        if twin != name:
            raise wrong(f'"{_quoted(name)}" and "{_quoted(twin)}" are the same but for their spelling; remove one')
        for home in homes if isinstance(homes, list | tuple) else (homes,):
            if not isinstance(home, str):
                raise wrong(f'"{_quoted(name)}" must lead to the slug of a category, or to a list of them')
            if home == EVERYTHING or not SLUG.fullmatch(home):
                raise wrong(f'"{_quoted(name)}" leads to "{_quoted(home)}", which is no slug; use a-z, 0-9 and hyphens')
    return {folded(name): _many(homes) for name, homes in value.items()}


def _many(homes: Any) -> tuple[str, ...]:
    return tuple(homes) if isinstance(homes, list | tuple) else (homes,)


def _quoted(text: object) -> str:
    """The text without braces, which would be placeholders in a complaint."""
    return re.sub(r"[{}]", "…", str(text))


Pattern = Annotated[str, PlainValidator(must_be(re2_pattern, "; put it in quotes")), schema(format="regex")]
Selectors = Annotated[
    tuple[Annotated[str, PlainValidator(must_be(selector, "; put it in quotes")), schema()], ...],
    BeforeValidator(one_or_many),
]
Word = Annotated[str, PlainValidator(must_be(plain_text, "; put it in quotes")), schema(minLength=1)]
Words = Annotated[tuple[Word, ...], BeforeValidator(one_or_many)]
Ranges = Annotated[
    tuple[Annotated[str, PlainValidator(must_be(language, " such as zh")), schema()], ...],
    BeforeValidator(one_or_many),
]
FieldName = Literal[
    "title",
    "content",
    "summary",
    "text",
    "author",
    "categories",
    "link",
    "source",
    "credit",
    "rights",
    "language",
    "enclosure",
]
Fields = Annotated[tuple[FieldName, ...], BeforeValidator(one_or_many)]
Rewritten = Annotated[tuple[Literal["title", "summary", "content"], ...], BeforeValidator(one_or_many)]
Credit = Annotated[
    bool | tuple[str, ...],
    PlainValidator(credit),
    schema(type=["boolean", "string", "array"], items={"type": ["boolean", "string"]}),
]
CategoryMap = Annotated[
    dict[str, tuple[str, ...]],
    PlainValidator(category_map),
    schema(
        type="object",
        additionalProperties={"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
    ),
]
Tags = Annotated[
    tuple[Annotated[str, PlainValidator(must_be(plain_text, "; put it in quotes")), schema(minLength=1)], ...],
    BeforeValidator(one_or_many),
]


class RuleKeys(Keys):
    """A mapping inside a rule; docs/rules.md has a row for each of its keys, the README one for all of them."""


class ConditionKeys(RuleKeys):
    """What an entry must be; every part that is written must hold."""

    field: Fields = Field(("text",), description="Where to look: one field or a list, of which one must match.")
    matches: Pattern | None = Field(None, description="A pattern (RE2) that is found in the field.")
    contains: Words = Field((), description="One of these words is in the field, whatever their case.")
    older_than: PositiveDuration | None = Field(None, description="Its age when it was first seen.")
    language: Ranges = Field((), description="It is in one of these languages: zh takes zh-CN too.")

    @model_validator(mode="after")
    def _says_something(self) -> ConditionKeys:
        looks = self.matches is not None or self.contains
        if not (looks or self.older_than or self.language):
            raise wrong("says nothing; write matches, contains, older_than or language")
        if "field" in self.model_fields_set and not looks:
            raise wrong("names a field and not what to look for in it; write matches or contains")
        if not self.field:
            raise wrong("looks into no field; name one, or leave `field` out")
        return self

    def shape(self) -> Condition:
        """The condition as the model has it."""
        return Condition(self.field, self.matches, self.contains, self.older_than, self.language)


class FilterKeys(RuleKeys):
    """One filter: keep or drop."""

    keep: ConditionKeys | None = Field(None, description="Lets through only what meets the condition.")
    drop: ConditionKeys | None = Field(None, description="Lets through only what does not meet the condition.")

    @model_validator(mode="after")
    def _one_of_both(self) -> FilterKeys:
        if (self.keep is None) == (self.drop is None):
            raise wrong("must hold either keep or drop; write one filter for each")
        return self

    def shape(self) -> Filter:
        """The filter as the model has it."""
        condition = self.keep or self.drop
        assert condition
        return Filter(self.keep is not None, condition.shape())


class RewriteKeys(RuleKeys):
    """One change to the text of every entry; the sanitiser comes after it."""

    remove: Selectors = Field((), description="CSS selectors of elements that go, with all in them.")
    replace: Replacements = Field((), description="Texts or patterns (RE2), and what takes their place.")
    field: Rewritten = Field(("summary", "content"), description="Where: title, summary, content, one or a list.")

    @model_validator(mode="after")
    def _does_something(self) -> RewriteKeys:
        if not (self.remove or self.replace):
            raise wrong("changes nothing; write remove or replace")
        if not self.field:
            raise wrong("changes no field; name one, or leave `field` out")
        for one in self.replace:
            if one.regex is not None:
                _demand_pattern(one.regex, one.with_ or "")
        return self

    def shape(self) -> Rewrite:
        """The change as the model has it."""
        return Rewrite(self.field, self.remove, replacements(self.replace))


class NamingKeys(RuleKeys):
    """Categories that entries name themselves."""

    field: Literal["categories", "author", "language", "source", "credit"] | None = Field(
        None, description="What of an entry names its categories."
    )
    path: Text | None = Field(
        None, description="Where they stand in an item: JMESPath in json, a CSS selector in html; instead of field."
    )
    slug: Literal["pinyin", "ascii"] = Field(
        "pinyin", description="How addresses are spelt: Chinese in pinyin without gaps, or letter by letter."
    )
    most: Annotated[int, Field(ge=1, le=50, strict=True)] = Field(5, description="So many of one entry's at most.")

    @model_validator(mode="after")
    def _one_way(self) -> NamingKeys:
        if (self.field is None) == (self.path is None):
            raise wrong("must say either field or path; write which field names the category, or where it stands")
        return self

    def shape(self) -> Naming:
        """The rule as the model has it."""
        return Naming(self.field or "named", self.slug, self.most)


# The marks that pydantic puts into the place of a complaint to say which alternative it took.
OWN, NAMED = ALTERNATIVES = ("<slug>", "<named>")


def _alternative(value: Any) -> str:
    return NAMED if isinstance(value, dict | NamingKeys) else OWN


def _one_or_many(value: Any) -> Any:
    return (value,) if isinstance(value, dict | NamingKeys) else one_or_many(value)


Home = Annotated[Annotated[Slug, Tag(OWN)] | Annotated[NamingKeys, Tag(NAMED)], Discriminator(_alternative)]
Homes = Annotated[tuple[Home, ...], BeforeValidator(_one_or_many)]
