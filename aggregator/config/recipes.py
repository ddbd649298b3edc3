"""From the keys of a source that is no feed to its recipe, and the mistakes that only show between such keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from aggregator.clean.urls import host_of
from aggregator.config.expressions import PLACEHOLDER, fault, fault_in_template
from aggregator.config.recipe_keys import (
    AlertKeys,
    DetailKeys,
    FieldKeys,
    FieldName,
    FullTextKeys,
    PagingKeys,
    ReplaceKeys,
)
from aggregator.config.tree import KeyPath, Tree
from aggregator.errors import Problem
from aggregator.model import Alert, Detail, Paging, Pick, Recipe, Replacement, Source

KINDS = ("json", "html")
NAMES = {
    "jmespath": "JMESPath expression",
    "css": "CSS selector",
    "xpath": "XPath expression",
    "regex": "RE2 expression",
}
KEYS = ("items", "fields", "detail", "paging", "change_alert", "request")
NEEDED = {
    "items": "write where the list of items stands",
    "fields": "write which field stands where, `title` and `link` at least",
}
NAMING = ("title", "summary", "content")
LANGUAGES: Mapping[str, Literal["jmespath", "css", "xpath"]] = {"path": "jmespath", "css": "css", "xpath": "xpath"}
# What is taken of an element in a page, where the recipe does not say: what suits the field.
ATTRIBUTES = {"content": "html", "summary": "html", "link": "href", "enclosure": "src", "image": "src"}


# ---------------------------------------------------------------- from keys to a recipe


def recipe(kind: str, chosen: Mapping[str, Any]) -> Recipe | None:
    """The recipe that these keys of a source make; None for a kind that needs none."""
    alert: AlertKeys | None = chosen["change_alert"]
    if kind == "html" and alert:
        return _watching(alert)
    items: FieldKeys | None = chosen["items"]
    if kind not in KINDS or items is None:
        return None
    list_of = _pick(items, kind, None)
    detail: DetailKeys | None = chosen["detail"]
    paging: PagingKeys | None = chosen["paging"]
    return Recipe(
        items=list_of.path or "",
        language=list_of.language,
        fields=_picks(chosen["fields"], kind),
        detail=_detail(detail, kind) if detail else None,
        paging=_paging(paging, chosen["fields"].get("id")) if paging else None,
    )


def _watching(keys: AlertKeys) -> Recipe:
    alert = Alert(keys.remove, tuple(Replacement(one, "") for one in keys.ignore), keys.min_interval)
    return Recipe(keys.select, (("content", Pick(None, "css", "text")),), "css", alert=alert)


def _paging(keys: PagingKeys, own_id: FieldKeys | None) -> Paging:
    """The last id is, where nothing else is said, the id of the last item."""
    path = keys.path or (own_id.path if own_id and keys.by == "last_id" else None)
    return Paging(keys.by, keys.param, path, keys.max_pages)


def _picks(fields: Mapping[FieldName, FieldKeys], kind: str) -> tuple[tuple[str, Pick], ...]:
    return tuple((name, _pick(keys, kind, name)) for name, keys in fields.items())


def _pick(keys: FieldKeys, kind: str, name: str | None) -> Pick:
    way = next((way for way in ("css", "xpath", "path") if getattr(keys, way) is not None), None)
    language = LANGUAGES[way] if way else "css" if kind == "html" else "jmespath"
    if kind == "html" and language == "jmespath":
        language = "css"
    in_page = language != "jmespath" and name is not None and keys.template is None
    return Pick(
        path=getattr(keys, way) if way else None,
        language=language,
        attribute=(keys.attr or ATTRIBUTES.get(name or "", "text")) if in_page else None,
        template=keys.template,
        date_format=keys.date_format,
        replacements=replacements(keys.replace),
    )


def replacements(keys: tuple[ReplaceKeys, ...]) -> tuple[Replacement, ...]:
    return tuple(Replacement(one.regex or one.text or "", one.with_ or "", literal=one.regex is None) for one in keys)


def _detail(keys: DetailKeys, kind: str) -> Detail:
    language: Literal["jmespath", "css"] = "css" if kind == "html" else "jmespath"
    return Detail(
        address=Pick(template=keys.url, language=language),
        fields=_picks(keys.fields, kind),
        hold=keys.hold,
        remove=keys.clean.remove,
        replacements=replacements(keys.clean.replace),
    )


def with_shared_details(sources: Sequence[Source]) -> Iterator[Source]:
    """The sources, with what each knows of others that ask for their second documents as it does, where it does."""
    alike = Counter(way for source in sources if (way := _way_to_details(source)))
    for source in sources:
        detail, way = source.detail, _way_to_details(source)
        if source.recipe and detail and way and alike[way] > 1:
            yield replace(source, recipe=replace(source.recipe, detail=replace(detail, shared=True)))
        else:
            yield source


def _way_to_details(source: Source) -> tuple[object, ...] | None:
    """Where its details are, whatever the paths are called that lead there, and who asks for them.

    None where a path may lead to any host: that two recipes say `{link}` does not mean that they have one in common.
    """
    template = source.recipe.detail.address.template if source.recipe and source.recipe.detail else None
    address = PLACEHOLDER.sub("{}", template) if template else ""
    host = host_of(address)
    return (address, *source.asker) if host and "{" not in host else None


def full_text(keys: FullTextKeys | bool) -> Detail | None:
    """How the pages behind entries are read; None where they are not."""
    if keys is False:
        return None
    said = FullTextKeys() if keys is True else keys
    content = Pick(said.select, "css", "html") if said.select else Pick(language="article")
    return Detail(
        address=Pick(),
        fields=(("content", content),),
        hold=said.hold,
        remove=said.remove,
        when=said.when,
        asks_robots=True,
    )


# ---------------------------------------------------------------- mistakes


def recipe_mistakes(tree: Tree) -> Iterator[Problem]:
    """What is wrong with the recipes of all sources, in the text as found."""
    defaults, sources = tree.value.get("defaults"), tree.value.get("sources")
    defaults = defaults if isinstance(defaults, dict) else {}
    for number, own in enumerate(sources if isinstance(sources, list) else ()):
        if not isinstance(own, dict):
            continue
        kind = own.get("type", defaults.get("type", "feed"))
        path: KeyPath = ("sources", number)
        if kind in KINDS:
            yield from _of_one(tree, path, kind, {**defaults, **own}, own)
        else:
            for name in KEYS:
                if name in own and isinstance(kind, str):
                    spot = tree.spot((*path, name))
                    yield spot.problem(f"belongs to a source of type json or html; write its type, or remove {name}")


def _of_one(
    tree: Tree, path: KeyPath, kind: str, whole: Mapping[str, Any], own: Mapping[str, Any]
) -> Iterator[Problem]:
    if kind == "html" and "change_alert" in whole:
        yield from _of_alert(tree, path, own)
        return
    if "change_alert" in own:
        misplaced = tree.spot((*path, "change_alert"))
        yield misplaced.problem("belongs to a source of type html; write its type, or remove change_alert")
    for name, hint in NEEDED.items():
        if name not in whole:
            yield tree.spot(path).problem(f"missing; {hint}", f"{tree.spot(path).label}.{name}")
    fields = whole.get("fields")
    if isinstance(fields, dict) and fields and not any(name in fields for name in NAMING):
        yield tree.spot((*path, "fields")).problem("name no title, summary or content; write where one of them stands")
    if "items" in own:
        yield from _of_field(tree, (*path, "items"), kind, own["items"])
    yield from _of_fields(tree, (*path, "fields"), kind, own.get("fields"), in_detail=False)
    detail = own.get("detail")
    if not isinstance(detail, dict):
        return
    if own.get("full_text"):
        both = tree.spot((*path, "full_text"))
        yield both.problem("asks for the page behind an item, and detail for another one; remove one of the two")
    if isinstance(detail.get("url"), str):
        said = fault_in_template(detail["url"], "jmespath" if kind == "json" else "")
        if said:
            yield tree.spot((*path, "detail", "url")).problem(f"{said}; write an address with paths in braces")
    yield from _of_fields(tree, (*path, "detail", "fields"), kind, detail.get("fields"), in_detail=True)
    clean = detail.get("clean")
    if isinstance(clean, dict):
        remove = clean.get("remove", ())
        for number, selector in enumerate([remove] if isinstance(remove, str) else remove):
            spot = (*path, "detail", "clean", "remove", number)
            yield from _of_expression(tree, spot, "css", selector)
        yield from _of_replacements(tree, (*path, "detail", "clean", "replace"), clean.get("replace"))


def _of_alert(tree: Tree, path: KeyPath, own: Mapping[str, Any]) -> Iterator[Problem]:
    for name in ("items", "fields", "detail", "paging", "full_text"):
        if name in own:
            spot = tree.spot((*path, name))
            yield spot.problem("is for a list, and change_alert watches a page without one; remove one of the two")
    alert = own.get("change_alert")
    if isinstance(alert, str):
        yield from _of_expression(tree, (*path, "change_alert"), "css", alert)
    if not isinstance(alert, dict):
        return
    yield from _of_expression(tree, (*path, "change_alert", "select"), "css", alert.get("select"))
    for name, language in (("remove", "css"), ("ignore", "regex")):
        said = alert.get(name, ())
        many = enumerate(said) if isinstance(said, list) else ((None, said),)
        for number, one in many:
            place = (*path, "change_alert", name) if number is None else (*path, "change_alert", name, number)
            yield from _of_expression(tree, place, language, one)


def _of_fields(tree: Tree, path: KeyPath, kind: str, fields: Any, *, in_detail: bool) -> Iterator[Problem]:
    for name, field in fields.items() if isinstance(fields, dict) else ():
        yield from _of_field(tree, (*path, name), kind, field, in_detail=in_detail)


def _of_field(tree: Tree, path: KeyPath, kind: str, field: Any, *, in_detail: bool = False) -> Iterator[Problem]:
    if isinstance(field, str):
        yield from _of_expression(tree, path, "css" if kind == "html" else "jmespath", field)
        return
    if not isinstance(field, dict):
        return
    for way, language in LANGUAGES.items():
        if way not in field:
            continue
        if kind == "json" and language != "jmespath" and not in_detail:
            yield tree.spot((*path, way)).problem("belongs in html; in json, write a JMESPath expression as `path`")
        else:
            yield from _of_expression(
                tree, (*path, way), "css" if (kind, way) == ("html", "path") else language, field[way]
            )
    if isinstance(field.get("template"), str):
        said = fault_in_template(field["template"], "jmespath" if kind == "json" else "")
        if said:
            yield tree.spot((*path, "template")).problem(f"{said}; write text with paths in braces")
    yield from _of_replacements(tree, (*path, "replace"), field.get("replace"))


def _of_replacements(tree: Tree, path: KeyPath, replace: Any) -> Iterator[Problem]:
    for number, one in enumerate(replace if isinstance(replace, list) else ()):
        if isinstance(one, dict) and "regex" in one:
            yield from _of_expression(tree, (*path, number, "regex"), "regex", one["regex"])


NAMES = {
    "jmespath": "JMESPath expression",
    "css": "CSS selector",
    "xpath": "XPath expression",
    "regex": "RE2 expression",
}


def _of_expression(tree: Tree, path: KeyPath, language: str, expression: Any) -> Iterator[Problem]:
    if isinstance(expression, str) and (said := fault(language, expression)):
        yield tree.spot(path).problem(f"is no {NAMES[language]} ({said}); write it anew")
