"""Adds one source to a config file: checked before, put into the text, held against what was there, renamed over it.

A YAML library that writes the file anew keeps most of it, and most is not what people want to see in a diff.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml.error import YAMLError

from aggregator.clean.slugs import source_id
from aggregator.clean.urls import same_address, without_secrets
from aggregator.config.document import read
from aggregator.config.insertion import as_lines, with_item
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
MODE_OF_A_NEW_FILE = 0o644
OPTIONS = {"url": "URL", "id": "--id", "category": "--category"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A source as somebody asks for it, unchecked."""

    url: str
    id: str | None = None
    categories: tuple[str, ...] = ()

    @property
    def keys(self) -> dict[str, str | list[str]]:
        """The keys of the config file that say it, in the order in which people write them."""
        categories: str | list[str] = self.categories[0] if len(self.categories) == 1 else list(self.categories)
        return {
            **({"id": self.id} if self.id is not None else {}),
            "url": self.url.replace("${", "$${"),  # else it would be a variable
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
    target = path.resolve()  # of a symbolic link, the file that it names
    by_hand = f"put this under `sources:` in it yourself:\n{as_lines(wanted.keys)}".rstrip()
    try:
        text = with_item((present.content or NEW_FILE.encode()).decode("utf-8"), wanted.keys)
        if write:
            target.parent.mkdir(parents=True, exist_ok=True)
        with _draft(target, text.encode()) as draft:
            settings, source = _held_against(present, load(draft, environ), wanted)
            if write:
                _put(draft, target, present.content)
    except OSError as error:
        reason = why_unreadable(error)
        raise AggregatorError(
            f"{path} cannot be written ({reason}); look at the file, its folder and their owner, or {by_hand}"
        ) from error
    except (ConfigError, YAMLError, ValueError) as error:
        raise UsageError(f"{path} is written in a way that takes no source from outside; {by_hand}") from error
    return settings, source


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


def _held_against(present: _Present, after: Settings, wanted: Wanted) -> tuple[Settings, Source]:
    """The new settings and the one source more in them. Raises `ValueError` when anything else is not as before."""
    others = [source for source in after.sources if source in present.sources]
    added = [source for source in after.sources if source not in present.sources]
    if len(added) != 1 or added[0].url != wanted.url or tuple(others) != present.sources:
        raise ValueError("not one source more")
    before = present.settings or after
    same = {name: getattr(before, name) for name in ("site", "store", "output", "server", "fetch")}
    if replace(after, **same) != after:
        raise ValueError("other settings than before")
    return after, added[0]


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
