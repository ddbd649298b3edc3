"""What a list of feeds becomes in a config: sources, each once, in the categories that the list's groups are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from aggregator.clean.naming import folded, spelt, unused
from aggregator.clean.slugs import DEVICES, SLUG, source_id
from aggregator.clean.urls import is_web_url, same_address, without_feed_scheme, without_secrets
from aggregator.config.adding import Wanted, faults
from aggregator.config.insertion import Value
from aggregator.config.load import Settings
from aggregator.model import EVERYTHING, Group, Outline, own_feed

# Where readers put what stands in no folder.
NO_CATEGORY = frozenset({EVERYTHING, "uncategorized", "global.uncategorized", "no-folder"})
# The letters of PHP's DateTime::createFromFormat that `strptime` has, too.
PHP_DATES = {
    "d": "%d",
    "j": "%d",
    "m": "%m",
    "n": "%m",
    "Y": "%Y",
    "y": "%y",
    "H": "%H",
    "G": "%H",
    "h": "%I",
    "g": "%I",
    "i": "%M",
    "s": "%S",
    "D": "%a",
    "l": "%A",
    "M": "%b",
    "F": "%B",
    "A": "%p",
    "a": "%p",
    "O": "%z",
    "P": "%z",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be added: sources, and titles of categories that are new, by slug; `left` says, a line each, what is
    left out and why."""

    wanted: tuple[Wanted, ...]
    titles: Mapping[str, str]
    left: tuple[str, ...]


def planned(outlines: Iterable[Outline], settings: Settings | None, categories: Sequence[str] = ()) -> Plan:
    """The sources that these outlines are, next to what is configured; all of them in `categories` too.

    A feed that stands in several groups is one source in several categories. Every group around a feed counts: what is
    in News / Sports is in both.
    """
    slugs = Slugs(settings)
    taken = {source.id: same_address(source.url) for source in (settings.sources if settings else ())}
    ids = {address: name for name, address in taken.items()}
    if settings:  # a list of ours names our own feed of what is none
        ids |= {same_address(own_feed(settings.site.base_url, name)): name for name in taken}
    chosen: dict[str, Wanted] = {}
    left: dict[str, None] = {}
    for outline in outlines:
        url = without_feed_scheme(outline.url)
        if not is_web_url(url):
            left[f"{outline.url or '(no address)'}: not a web address"] = None
            continue
        homes = (*categories, *(slug for group in outline.groups if (slug := slugs.of(group))))
        address = same_address(url)
        if address in ids:
            left[f'{without_secrets(url)}: there already, as "{ids[address]}"'] = None
        elif address in chosen:
            one = chosen[address]
            chosen[address] = replace(one, categories=tuple(dict.fromkeys((*one.categories, *homes))))
        else:
            wanted = Wanted(url, _free_id(url, taken), tuple(dict.fromkeys(homes)), _more(outline, url))
            if told := faults(wanted):
                left[f"{without_secrets(url)}: {'; '.join(told)}"] = None
                continue
            taken[wanted.id or source_id(without_secrets(url))] = address
            chosen[address] = wanted
    used = {slug for one in chosen.values() for slug in one.categories}
    titles = {slug: _literal(title) for slug, title in slugs.new.items() if slug in used and slug != title}
    return Plan(tuple(chosen.values()), titles, tuple(left))


@dataclass
class Slugs:
    """The slug of each group: that of a category of its name, where there is one, or else the name spelt as one.

    `remembered` are the titles of categories by the slugs that they had, which are theirs where nobody configured
    others of these slugs; `new` are those that are not configured.
    """

    settings: Settings | None
    remembered: Mapping[str, str] = field(default_factory=dict)
    new: dict[str, str] = field(default_factory=dict)
    _known: dict[str, str] = field(default_factory=dict)
    _before: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._taken |= DEVICES
        for slug, category in (self.settings.categories if self.settings else {}).items():
            self._known |= {folded(slug): slug, folded(category.title): slug}
            self._taken |= {slug, *category.aka}
        self._before |= {folded(title): slug for slug, title in self.remembered.items() if slug not in self._taken}
        self._taken |= self.remembered.keys()

    def of(self, group: Group) -> str | None:
        """The slug; None for a group that means no category."""
        title = _plain(group.name)
        name = folded(title)
        if not name or name in NO_CATEGORY or group.slug == EVERYTHING:
            return None
        if name not in self._known:
            said = group.slug if group.slug and SLUG.fullmatch(group.slug) and group.slug not in DEVICES else None
            slug = self._before.get(name) or said or unused(spelt(title, "pinyin"), title, self._taken)
            self._known |= {name: slug, **({folded(slug): slug} if slug == said else {})}
            self._taken.add(slug)
            self.new.setdefault(slug, self.remembered.get(slug, title))
        return self._known[name]


def _free_id(url: str, taken: Mapping[str, str]) -> str | None:
    """An id where the usual one is another source's; None where it will do."""
    usual = source_id(without_secrets(url))
    if usual not in taken:
        return None
    return next(name for number in range(2, len(taken) + 3) if (name := f"{usual}-{number}") not in taken)


def _more(outline: Outline, url: str) -> dict[str, Value]:
    """What else the outline says, as keys of a source."""
    title = _plain(outline.title or "")
    return {
        **({"type": outline.kind} if outline.kind != "feed" else {}),
        **({"title": _literal(title)} if title and title != url else {}),
        **dict(_recipe(outline)),
        **({"full_text": _full_text(outline)} if outline.kind == "feed" and outline.select else {}),
        **({"content": "summary"} if outline.excerpt else {}),
        **({"filters": list(_filters(outline))} if outline.keep or outline.drop else {}),
    }


def _recipe(outline: Outline) -> Iterator[tuple[str, Value]]:
    """The keys `items` and `fields`, from the paths of a page or an API."""
    word = "xpath" if outline.kind == "html" else "path"
    fields: dict[str, Value] = {}
    for name, path in outline.paths:
        written = _literal(path)
        if name == "items":
            yield "items", {word: written}
        elif name == "published" and (moment := _strptime(outline.date_format)):
            fields[name] = {word: written, "date_format": moment}
        else:
            fields[name] = {word: written}
    if fields:
        yield "fields", fields


def _full_text(outline: Outline) -> dict[str, Value]:
    assert outline.select is not None
    return {"select": outline.select, **({"remove": [outline.remove]} if outline.remove else {})}


def _filters(outline: Outline) -> Iterator[dict[str, Value]]:
    for word, pattern in (("keep", outline.keep), ("drop", outline.drop)):
        if pattern:
            yield {word: {"field": "text", "matches": _literal(pattern)}}


def _plain(text: str) -> str:
    """The text as one line that a config can hold."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def _literal(text: str) -> str:
    """The text so that no variable stands in it."""
    return text.replace("${", "$${")


def _strptime(php: str | None) -> str | None:
    """A date format of PHP's as `strptime` has it; None where it says what that cannot."""
    if not php or any(letter.isalpha() and letter not in PHP_DATES for letter in php):
        return None
    return "".join(PHP_DATES.get(letter, "%%" if letter == "%" else letter) for letter in php)
