"""Adds sources to a config file: checked before, put into the text, held against what was there, renamed over it.

A YAML library that writes the file anew keeps most of it, and most is not what people want to see in a diff.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml.error import YAMLError

from aggregator.clean.slugs import source_id
from aggregator.clean.urls import is_web_url, same_address, without_secrets
from aggregator.config.document import read
from aggregator.config.insertion import Value, as_lines, with_categories, with_items
from aggregator.config.keys import SourceKeys
from aggregator.config.load import Settings, load
from aggregator.config.mistakes import mistakes
from aggregator.config.nodes import why_unreadable
from aggregator.config.tree import Spot, Tree
from aggregator.errors import AggregatorError, ConfigError, UsageError
from aggregator.model import Source

NEW_FILE = """\
# What is polled, and what is published. `aggregator check` names every mistake in it.
site:
  title: My planet
  # base_url: https://planet.example.org    # the address of the site as readers see it; set it before you publish
"""
MOST_BY_HAND = 3
MODE_OF_A_NEW_FILE = 0o644
OPTIONS = {"url": "URL", "id": "--id", "category": "--category"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A source as somebody asks for it, unchecked; `more` are further keys of it, by name."""

    url: str
    id: str | None = None
    categories: tuple[str, ...] = ()
    more: Mapping[str, Value] = field(default_factory=dict)

    @property
    def keys(self) -> dict[str, Value]:
        """The keys of the config file that say it, in the order in which people write them."""
        categories: Value = self.categories[0] if len(self.categories) == 1 else list(self.categories)
        return {
            **({"id": self.id} if self.id is not None else {}),
            "url": self.url.replace("${", "$${"),  # else it would be a variable
            **self.more,
            **({"category": categories} if categories else {}),
        }


@dataclass(frozen=True, slots=True)
class _Present:
    """What is there before: the bytes of the file, or None; its settings, or None while it names no source."""

    content: bytes | None
    settings: Settings | None

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources that are configured."""
        return self.settings.sources if self.settings else ()


def with_source(path: Path, environ: Mapping[str, str], wanted: Wanted, *, write: bool) -> tuple[Settings, Source]:
    """What the config at `path` says with one more source, and that source; `write` puts it there for good.

    A file that is not there is made. Raises `UsageError` for a source that is there already or cannot be,
    `ConfigError` for a file with mistakes, and `AggregatorError` when the file cannot be written.
    """
    _demand_good(wanted)
    present = _present(path, environ)
    _demand_new(path, environ, present, wanted)
    settings, (source,) = _with(path, environ, present, (wanted,), {}, NEW_FILE, write=write)
    return settings, source


def with_sources(
    path: Path,
    environ: Mapping[str, str],
    wanted: Sequence[Wanted],
    titles: Mapping[str, str],
    *,
    write: bool,
    new_file: str = NEW_FILE,
) -> tuple[Settings, tuple[Source, ...]]:
    """As `with_source`, for several that are new and without faults, and with titles of new categories, by slug.

    A file that is not there begins with `new_file`.
    """
    return _with(path, environ, _present(path, environ), wanted, titles, new_file, write=write)


def new_file(title: str | None, url: str | None) -> str:
    """How a file begins that was not there, for a site of this name at this address."""
    text = NEW_FILE
    if title:
        text = text.replace("title: My planet", f"title: {json.dumps(title, ensure_ascii=False)}")
    if url and is_web_url(url) and not set("?#@") & set(url):
        there = text.index("  # base_url")
        text = f"{text[:there]}  base_url: {json.dumps(url)}\n"
    return text


def as_text(wanted: Sequence[Wanted], titles: Mapping[str, str]) -> str:
    """These sources and categories as one writes them."""
    return with_items(with_categories("", titles), [one.keys for one in wanted])


def settings_at(path: Path, environ: Mapping[str, str]) -> Settings | None:
    """What is there to add to; None while it names no source. Raises `ConfigError` for a file with mistakes."""
    return _present(path, environ).settings


def faults(wanted: Wanted) -> list[str]:
    """What `check` would have against a source, each in a line."""
    tree = Tree(value={"sources": [wanted.keys | {"url": wanted.url}]}, spots={(): Spot("", 1, 1, "")})
    refused = None
    try:
        SourceKeys.model_validate(tree.value["sources"][0])
    except ValidationError as error:
        refused = error
    return [f"{problem.key}: {problem.message}".removeprefix(": ") for problem in mistakes(tree, refused)]


def _with(
    path: Path,
    environ: Mapping[str, str],
    present: _Present,
    wanted: Sequence[Wanted],
    titles: Mapping[str, str],
    new_file: str,
    *,
    write: bool,
) -> tuple[Settings, tuple[Source, ...]]:
    """What the config says with these sources more; nothing else is different then."""
    target = path.resolve()  # of a symbolic link, the file that it names
    by_hand = _by_hand(wanted)
    try:
        text = (present.content or new_file.encode()).decode("utf-8")
        text = with_items(with_categories(text, titles), [one.keys for one in wanted])
        if write:
            target.parent.mkdir(parents=True, exist_ok=True)
        with _draft(target, text.encode()) as draft:
            settings, sources = _held_against(present, load(draft, environ), wanted)
            if write:
                _put(draft, target, present.content)
    except OSError as error:
        reason = why_unreadable(error)
        raise AggregatorError(
            f"{path} cannot be written ({reason}); look at the file, its folder and their owner, or {by_hand}"
        ) from error
    except (ConfigError, YAMLError, ValueError) as error:
        raise UsageError(f"{path} is written in a way that takes no source from outside; {by_hand}") from error
    return settings, sources


def _by_hand(wanted: Sequence[Wanted]) -> str:
    """What a person can do instead."""
    if len(wanted) > MOST_BY_HAND:
        return "--dry-run prints what to put under `sources:` in it yourself"
    lines = "".join(as_lines(one.keys) for one in wanted)
    return f"put this under `sources:` in it yourself:\n{lines}".rstrip()


def _demand_good(wanted: Wanted) -> None:
    """Refuse what `check` would refuse, in the words of the command line."""
    try:
        SourceKeys.model_validate({**wanted.keys, "url": wanted.url})
    except ValidationError as error:
        found = mistakes(Tree(spots={(): Spot("", 1, 1, "")}), error)
        words = "; ".join(f"{OPTIONS.get(problem.key, problem.key)}: {problem.message}" for problem in found)
        raise UsageError(words) from None


def _present(path: Path, environ: Mapping[str, str]) -> _Present:
    """What is there. A file without a source is a mistake everywhere else, and the very place to begin here."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return _Present(None, None)
    except OSError:
        content = b""  # `load` says why
    try:
        return _Present(content, load(path, environ))
    except ConfigError as error:
        has_none = read(path, environ).value.get("sources") in (None, [])
        problems = [problem for problem in error.problems if not (has_none and problem.key == "sources")]
        if problems and not _is_blank(content):
            raise ConfigError(problems) from None
        return _Present(content, None)


def _is_blank(content: bytes) -> bool:
    """Whether there is nothing but comments in a file that could be read."""
    lines = [line.strip() for line in content.splitlines()]
    return bool(lines) and all(not line or line.startswith(b"#") for line in lines)


def _demand_new(path: Path, environ: Mapping[str, str], present: _Present, wanted: Wanted) -> None:
    """Refuse a source that is there already, by its address or its id, and name the one that is."""
    name = wanted.id or source_id(without_secrets(wanted.url))
    for number, source in enumerate(present.sources):
        same = same_address(source.url) == same_address(wanted.url)
        if same or source.id == name:
            spot = read(path, environ).spot(("sources", number))
            where = f"{spot.file}:{spot.line}"
            if same:
                raise UsageError(f'{where}: source "{source.id}" has this address already; nothing was added')
            raise UsageError(f'{where}: there is a source "{name}" already, another one; choose an id with --id')


@contextmanager
def _draft(target: Path, content: bytes) -> Iterator[Path]:
    """The content in a file beside the target, synced; it is gone at the end unless it was renamed."""
    folder = target.parent if target.parent.is_dir() else None  # a folder that is not there yet is not made for a try
    handle, name = tempfile.mkstemp(dir=folder, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _held_against(present: _Present, after: Settings, wanted: Sequence[Wanted]) -> tuple[Settings, tuple[Source, ...]]:
    """The new settings and the sources more in them. Raises `ValueError` when anything else is not as before."""
    before_them = set(present.sources)
    others = [source for source in after.sources if source in before_them]
    added = tuple(source for source in after.sources if source not in before_them)
    if [source.url for source in added] != [one.url for one in wanted] or tuple(others) != present.sources:
        raise ValueError("not these sources more")
    before = present.settings or after
    same = {name: getattr(before, name) for name in ("site", "store", "output", "server", "fetch")}
    if replace(after, **same) != after:
        raise ValueError("other settings than before")
    return after, added


def _put(draft: Path, target: Path, before: bytes | None) -> None:
    """Rename the draft over the target, with its mode and owner, and sync the folder."""
    if (target.read_bytes() if target.exists() else None) != before:
        raise AggregatorError(f"{target} was changed by somebody else meanwhile; run the command again")
    if before is None:
        draft.chmod(MODE_OF_A_NEW_FILE)
    else:
        if not os.access(target, os.W_OK):
            raise PermissionError(13, "permission denied: the file is read-only")
        old = target.stat()
        with suppress(PermissionError):  # only root can give a file away
            os.chown(draft, old.st_uid, old.st_gid)
        draft.chmod(old.st_mode & 0o7777)
    draft.rename(target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
