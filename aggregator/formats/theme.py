"""Fills in the templates of the pages: those of the operator's theme, and ours where it has none."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from aggregator.formats.languages import primary
from aggregator.formats.rows import Frame
from aggregator.formats.words import Words
from aggregator.model import Rendered

_OURS = jinja2.PackageLoader("aggregator", "formats/templates")
_FOREIGN = Markup('<span lang="{}" dir="ltr">{}</span>')


def fill_in(path: str, template: str, *, theme: str | None, words: Words, frame: Frame, **shapes: object) -> Rendered:
    """Fill in a template; `say` marks the interface's words where their language is not the page's.

    A theme's template that fails is a problem of the page, which is then written with ours: a site with the wrong
    looks is better than none.
    """
    foreign = primary(frame.language) != words.language

    def say(text: str) -> Markup:
        return _FOREIGN.format(words.language, text) if foreign else escape(text)

    shapes |= {"words": words, "frame": frame, "say": say}
    problems: tuple[str, ...] = ()
    if theme is not None:
        try:
            return Rendered(path, _environment(theme).get_template(template).render(shapes).encode())
        # A template is a program of the operator's: it can fail in any way.
        except Exception as error:
            problems = (f"theme, {template}: {_told(error)}; written with the program's own template",)
    return Rendered(path, _environment(None).get_template(template).render(shapes).encode(), problems)


def source_of(name: str, theme: str | None) -> bytes:
    """A file of the theme, or ours."""
    environment = _environment(theme)
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0].encode()


def faults(theme: Path) -> Iterator[tuple[str, int, str]]:
    """What is wrong with the templates of a theme: the file, the line, and what it is."""
    environment = _environment(str(theme))
    for name in _OURS.list_templates():
        file = theme / name
        if not file.is_file():
            continue
        try:
            text = file.read_text("utf-8")
            if file.suffix == ".html":
                environment.compile(environment.parse(text, name, str(file)), name, str(file))
        except jinja2.TemplateSyntaxError as error:
            yield str(file), error.lineno, error.message or "it is no template"
        except UnicodeDecodeError:
            yield str(file), 1, "it is not UTF-8"


def mark_of(theme: str | None) -> str:
    """A mark that changes with whatever a theme makes of the pages; "" for none."""
    if theme is None:
        return ""
    digest = blake2b(digest_size=8)
    for file in sorted(path for path in Path(theme).rglob("*") if path.is_file()):
        digest.update(repr((str(file), file.read_bytes())).encode())
    return digest.hexdigest()


@functools.lru_cache(8)
def _environment(theme: str | None) -> jinja2.Environment:
    loaders = [jinja2.FileSystemLoader(theme), _OURS] if theme else [_OURS]
    # A theme's own template may extend or include ours under this name.
    named = jinja2.PrefixLoader({"original": _OURS})
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader([*loaders, named]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=theme is not None,  # ours stay what they are, and each look at a file gives the lock away
    )


def _told(error: Exception) -> str:
    where = f"line {error.lineno}: " if isinstance(error, jinja2.TemplateSyntaxError) else ""
    return f"{where}{error or type(error).__name__}"[:300]
