"""The rules of the house: who imports whom, which library lives where, and documents that say what is so.

The law is held against the source text, nothing is imported to find out. Where a rule and the code disagree, the code
gives way, or the rule is changed here with its reason.
"""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from configparser import ConfigParser
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from aggregator import errors
from aggregator.cli import app
from aggregator.cli.serve import STOPPED
from aggregator.config import json_schema, load
from aggregator.config.keys import ConfigKeys, SourceDefaults, SourceKeys
from aggregator.config.rules import ConditionKeys, FilterKeys, NamingKeys, RewriteKeys, RuleKeys
from aggregator.config.values import spell_duration
from aggregator.formats import FORMATS
from aggregator.sources import KINDS

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / "aggregator"
README = (ROOT / "README.md").read_text("utf-8")
CONFIG = (ROOT / "docs/config.md").read_text("utf-8")

# ---------------------------------------------------------------- the law

# A room imports rooms of lower levels, and none of its own level: rooms are connected by the hallways above them.
LEVELS = {
    **dict.fromkeys(("model", "errors"), 0),
    **dict.fromkeys(("ports", "clean", "config", "whereabouts", "placing", "backfill", "expectations", "turns"), 1),
    **dict.fromkeys(
        (
            "fetch",
            "sources",
            "changes",
            "schedule",
            "store",
            "selection",
            "formats",
            "publish",
            "web",
            "websub",
            "condition",
            "filling",
            "paging",
            "history",
            "choosing",
        ),
        2,
    ),
    **dict.fromkeys(
        (
            "poll",
            "build",
            "pages",
            "posts",
            "intake",
            "finding",
            "details",
            "front",
            "upkeep",
            "pushed",
            "comparing",
            "following",
        ),
        3,
    ),
    **dict.fromkeys(("engines", "inquiry"), 4),
    "wiring": 5,
    **dict.fromkeys(("service", "jobs"), 6),
    **dict.fromkeys(("demo", "cli"), 7),
    "__main__": 8,
}
# One-way doors between rooms of one level: addresses and slugs are checked where they are written; what is gathered is
# built; the demo is a command; rules are about what is clean.
DOORS = {("config", "clean"), ("placing", "clean"), ("build", "pages"), ("cli", "demo")}

# Where a library may be imported. One that stands nowhere here has no room yet: it needs a reason on paper first.
LIBRARIES = {
    "alembic": ["store"],
    "anyascii": ["clean.naming"],
    "apscheduler": ["engines"],
    "brotli": ["fetch.body", "publish.coding", "web.codings"],
    "certifi": ["fetch"],
    "charset_normalizer": ["sources.encoding"],
    "cssselect": ["sources.html", "clean.rewriting", "config"],
    "dateutil": ["clean.dates"],
    "fasttext": ["clean.language"],
    "feedgen": ["formats"],
    "feedparser": ["sources.feed", "sources.entries", "sources.vocabulary"],
    "httpx": ["fetch"],
    "jinja2": ["formats", "config.jekyll"],
    "jmespath": ["sources.json", "config"],
    "lxml": [
        "formats",
        "sources.discover",
        "sources.html",
        "sources.opml",
        "sources.sitemap",
        "sources.details",
        "clean.rewriting",
        "config.expressions",
    ],
    "markupsafe": ["formats"],
    "mf2py": ["sources.hfeed"],
    "msgspec": ["store", "intake", "formats", "model"],
    "nh3": ["clean"],
    "pebble": ["intake"],
    "protego": ["fetch.robots"],
    "pycurl": ["fetch.curl"],
    "pydantic": ["config"],
    "pydantic_core": ["config"],
    "pypinyin": ["clean.naming"],
    "re2": ["clean.patterns", "sources.picking", "config.expressions"],
    "rensa": ["clean.signatures"],
    "rich": ["cli"],
    "ruamel": ["config"],
    "yaml": ["config.compose"],
    "sqlalchemy": ["store"],
    "sqlmodel": ["store"],
    "starlette": ["web", "demo"],  # the demo's sample sources are a small web of their own
    "trafilatura": ["sources.details"],
    "typer": ["cli"],
    "uvicorn": ["web"],
    "uvloop": ["cli"],
    "zstandard": ["fetch.body", "store"],
    # Of the standard library: a second opener of databases or starter of processes would know nothing of the first.
    "multiprocessing": ["intake"],
    "sqlite3": ["store"],
}

# Only these know what time it is, roll dice, or look at the environment; all others are told. (The event loop's own
# clock, which measures pauses, is no time of day.)
WORLDLY = ["wiring", "service", "engines", "cli", "demo"]
WORLD = (
    *(f"datetime.datetime.{name}" for name in ("now", "today", "utcnow")),
    "datetime.date.today",
    *(f"time.{name}" for name in ("time", "time_ns", "localtime", "gmtime", "ctime", "asctime", "strftime")),
    *(f"os.{name}" for name in ("environ", "environb", "getenv", "getenvb", "putenv", "urandom", "getrandom")),
    *(f"uuid.{name}" for name in ("uuid1", "uuid4", "uuid6", "uuid7", "uuid8")),
    "random",
    "secrets",
)
UNREADABLE_IMPORTS = ("importlib.import_module", "builtins.__import__", "__import__")


def complaints(module: str, text: str) -> list[str]:
    """What the law has against a module, named from inside the package (`fetch.client`), with this text."""
    tree = ast.parse(text)
    found = [*_bad_imports(module, tree), *_worldly_words(module, tree)]
    return [f"aggregator/{module.replace('.', '/')}: {line}" for line in found]


def _bad_imports(module: str, tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield f"line {node.lineno}: a relative import; write it in full"
            continue
        for name in _imported(node):
            top = name.split(".")[0]
            if top == "aggregator":
                yield from _bad_door(module, name, node.lineno)
            elif top in LIBRARIES and not _inside(module, LIBRARIES[top]):
                yield f"line {node.lineno}: {top} lives in {' and '.join(LIBRARIES[top])}"
            elif top not in LIBRARIES and top not in sys.stdlib_module_names:
                yield f"line {node.lineno}: {top} has no room; see LIBRARIES"


def _imported(node: ast.AST) -> list[str]:
    """The full names that an import statement brings in: `from a import b` means `a.b`."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def _bad_door(module: str, name: str, line: int) -> Iterator[str]:
    """Whether `module` may import this name of our own."""
    here, there = module.split(".")[0], name.split(".")[1] if "." in name else ""
    if there.startswith("__") or not there or here == there:  # the package itself, which everybody may know
        return
    if there not in LEVELS:
        yield f"line {line}: {there} is on no level; see LEVELS"
    elif LEVELS[there] >= LEVELS[here] and (here, there) not in DOORS:
        yield f"line {line}: {here} (level {LEVELS[here]}) imports {there} (level {LEVELS[there]})"


def _inside(module: str, places: list[str]) -> bool:
    return any(module == place or module.startswith(f"{place}.") for place in places)


def _worldly_words(module: str, tree: ast.AST) -> Iterator[str]:
    """Uses of the clock, of randomness and of the environment, under whatever name they were imported."""
    names = _names_from_outside(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for full in _imported(node):
                yield from _forbidden(module, full, node.lineno)
        elif isinstance(node, ast.Attribute) and (full := _full_name(node, names)):
            yield from _forbidden(module, full, node.lineno)
        elif isinstance(node, ast.Name) and node.id == "__import__":
            yield from _forbidden(module, node.id, node.lineno)


def _names_from_outside(tree: ast.AST) -> dict[str, str]:
    """What each imported name stands for: `dt` for `datetime.datetime`."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias, full in zip(node.names, _imported(node), strict=True):
                if isinstance(node, ast.Import) and alias.asname is None:
                    names[full.split(".")[0]] = full.split(".")[0]  # `import os.path` brings in `os`
                else:
                    names[alias.asname or alias.name] = full
    return names


def _full_name(node: ast.expr, names: dict[str, str]) -> str | None:
    """`dt.now` as `datetime.datetime.now`, when `dt` was imported as that."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute) and (before := _full_name(node.value, names)):
        return f"{before}.{node.attr}"
    return None


def _forbidden(module: str, full: str, line: int) -> Iterator[str]:
    if full in UNREADABLE_IMPORTS:
        yield f"line {line}: {full} hides from this test who imports whom"
    if not _inside(module, WORLDLY) and (full in WORLD or full.split(".")[0] in WORLD):
        yield f"line {line}: {full} belongs in {', '.join(WORLDLY)}; take it as an argument"


def house_modules() -> list[tuple[str, Path]]:
    """Every module of the package, named from inside it; `__init__` of a room is the room."""
    found = []
    for path in sorted(HOUSE.rglob("*.py")):
        parts = path.relative_to(HOUSE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name:  # the package's own `__init__` is everybody's
            found.append((name, path))
    return found


@pytest.mark.parametrize(("module", "path"), house_modules(), ids=[name for name, _ in house_modules()])
def test_the_module_keeps_the_import_law(module: str, path: Path) -> None:
    assert complaints(module, path.read_text("utf-8")) == []


def test_every_room_stands_on_a_level_and_every_level_has_its_rooms() -> None:
    assert {name.split(".")[0] for name, _ in house_modules()} == set(LEVELS)


@pytest.mark.parametrize(
    ("module", "text", "complaint"),
    [
        ("fetch.client", "from aggregator.store import SqlStore", "imports store"),
        ("fetch.client", "import aggregator.store.tables", "imports store"),
        ("fetch.client", "from aggregator import store", "imports store"),
        ("fetch.client", "def late():\n    from aggregator.poll import poll", "imports poll"),
        ("model", "from aggregator.errors import Unreadable", "imports errors"),
        ("clean.urls", "from aggregator.config import load", "imports config"),
        ("poll", "from aggregator.build import Builder", "imports build"),
        ("engines.local", "from aggregator.service import Service", "imports service"),
        ("service", "from aggregator.cli import app", "imports cli"),
        ("service", "from aggregator.jobs import once", "imports jobs"),
        ("demo.show", "from aggregator.cli import app", "imports cli"),
        ("poll", "from aggregator.helpers import anything", "no level"),
        ("fetch.client", "from . import guard", "relative"),
        ("fetch.client", "from ..store import SqlStore", "relative"),
        ("poll", "import importlib\nimportlib.import_module('aggregator.build')", "hides"),
        ("poll", "__import__('aggregator.build')", "hides"),
        ("poll", "import httpx", "httpx lives in fetch"),
        ("sources.json", "import feedparser", "feedparser lives in sources.feed"),
        ("sources.feed", "from charset_normalizer import from_bytes", "lives in sources.encoding"),
        ("clean.markup", "import lxml.html", "lxml lives in formats"),
        ("service", "from sqlalchemy import select", "sqlalchemy lives in store"),
        ("cli.look", "import sqlite3", "sqlite3 lives in store"),
        ("service", "import multiprocessing", "multiprocessing lives in intake"),
        ("model", "from pydantic import BaseModel", "pydantic lives in config"),
        ("config.load", "import requests", "requests has no room"),
        ("changes", "from datetime import datetime\nnow = datetime.now()", "datetime.datetime.now"),
        ("changes", "from datetime import datetime as dt\nnow = dt.utcnow()", "datetime.datetime.utcnow"),
        ("changes", "import datetime\nnow = datetime.datetime.now()", "datetime.datetime.now"),
        ("changes", "import datetime as d\ntoday = d.date.today()", "datetime.date.today"),
        ("changes", "from datetime import datetime\nread_clock = datetime.now", "datetime.datetime.now"),
        ("store.tables", "import time\ntime.time()", "time.time"),
        ("store.tables", "from time import time", "time.time"),
        ("schedule", "import random", "random"),
        ("schedule", "from random import randint", "random"),
        ("schedule", "import secrets as s", "secrets"),
        ("clean.identity", "from uuid import uuid4", "uuid.uuid4"),
        ("clean.identity", "import uuid\nuuid.uuid4()", "uuid.uuid4"),
        ("config.load", "import os\nos.environ['HOME']", "os.environ"),
        ("config.load", "import os as o\no.getenv('HOME')", "os.getenv"),
        ("config.load", "from os import environ", "os.environ"),
        ("web.app", "import os\nos.urandom(4)", "os.urandom"),
    ],
)
def test_the_checker_names_a_breach(module: str, text: str, complaint: str) -> None:
    assert any(complaint in line for line in complaints(module, text)), complaints(module, text)


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("fetch.client", "from aggregator import __version__\nfrom aggregator.fetch.guard import AddressGuard"),
        ("fetch.client", "import httpx, certifi\nfrom aggregator.config.keys import FetchKeys"),
        ("engines.local", "from aggregator.fetch import HostLimits"),
        ("config.load", "from aggregator.clean.slugs import source_id"),
        ("wiring", "from datetime import datetime\nfrom aggregator.engines.local import LocalEngine\ndatetime.now()"),
        ("cli.options", "import os, random\nos.environ"),
        ("cli.serve", "from aggregator import demo"),
        ("store.database", "import os\nos.open('x', os.O_RDWR)"),
        ("store.tables", "from datetime import UTC, datetime\ndatetime.fromtimestamp(0, UTC)"),
        ("clean.dates", "import datetime\ndatetime.datetime(2001, 1, 1)"),
        ("changes", "def decide(now, environ, random):\n    return now(), environ, random()"),
    ],
)
def test_the_checker_leaves_good_text_alone(module: str, text: str) -> None:
    assert complaints(module, text) == []


def test_no_module_is_named_like_one_of_the_standard_library() -> None:
    # Except for the files of a kind or a format: their name is the YAML word, and `html` and `json` are such words.
    words = {f"sources.{kind}" for kind in KINDS} | {f"formats.{name}" for name in FORMATS}
    named = [name for name, _ in house_modules() if name.split(".")[-1] in sys.stdlib_module_names]
    assert set(named) <= words


def test_every_kind_and_format_lies_in_the_file_of_its_word() -> None:
    names = {name for name, _ in house_modules()}
    assert {f"sources.{kind}" for kind in KINDS} | {f"formats.{word}" for word in FORMATS} <= names


# ---------------------------------------------------------------- documents that say what is so


def config_keys(
    model: type[BaseModel] = ConfigKeys, before: str = "", said: set[type[BaseModel]] | None = None
) -> dict[str, Any]:
    """Every key of the config file, as the README writes it, with its default; `...` where there is none.

    What may stand under `defaults` is said once, for sources; what may stand in several places, for the first of them.
    """
    keys: dict[str, Any] = {}
    said = set() if said is None else said
    for field, about in model.model_fields.items():
        name = about.alias or field
        inner = _model_in(about.annotation)
        if inner is not None and issubclass(inner, RuleKeys):  # docs/rules.md has a table for each
            keys[f"{before}{name}"] = about.default
        elif inner in said:
            keys[f"{before}{name}"] = ... if about.is_required() else about.default
        elif inner is not None and name == "fields":  # a field of an entry by any name
            said.add(inner)
            keys |= config_keys(inner, f"{before}fields.<name>.", said)
        elif model is ConfigKeys and name in ("categories", "sources"):
            assert inner is not None
            keys |= config_keys(inner, f"{name}.<slug>." if name == "categories" else f"{name}[].", said)
        elif inner is not None and inner is not SourceDefaults:
            said.add(inner)
            keys |= config_keys(inner, f"{before}{name}.", said)
        else:
            keys[f"{before}{name}"] = ... if about.is_required() else about.default
    return keys


def rule_keys(model: type[BaseModel], before: str) -> dict[str, Any]:
    """Every key below a rule, as docs/rules.md writes it, with its default."""
    keys: dict[str, Any] = {}
    for field, about in model.model_fields.items():
        name, inner = f"{before}.{about.alias or field}", _model_in(about.annotation)
        if inner is not None and issubclass(inner, ConditionKeys):
            keys |= rule_keys(inner, f"{before}.keep")  # what may stand under `drop` is the same
        else:
            keys[name] = ... if about.is_required() else about.default
    return keys


def test_the_guide_to_rules_has_a_row_for_every_key_of_a_rule_and_no_other() -> None:
    guide = (ROOT / "docs/rules.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \| (.*?) \|", guide, re.MULTILINE))
    keys = {
        **rule_keys(FilterKeys, "filters"),
        **rule_keys(RewriteKeys, "rewrite"),
        **rule_keys(NamingKeys, "category"),
    }
    assert set(rows) == set(keys)
    wrong = {
        key: (rows[key], default)
        for key, default in keys.items()
        if (default is ... and rows[key] != "required")
        or (default is None and rows[key] != "none")
        or (default not in (..., None) and rows[key] != f"`{written(default)}`")
    }
    assert wrong == {}


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation speaks of, through unions, lists and mappings."""
    if isinstance(annotation, type) and not hasattr(annotation, "__origin__"):
        return annotation if issubclass(annotation, BaseModel) else None
    inner = (_model_in(argument) for argument in getattr(annotation, "__args__", ()))
    return next((model for model in inner if model), None)


def written(default: Any) -> str:
    """A default as the config file writes it."""
    match default:
        case bool():
            return str(default).lower()
        case timedelta():
            return spell_duration(default)
        case int() if default and default % 1024**2 == 0:
            return f"{default // 1024**2}MiB"
        case tuple():
            return f"[{', '.join(map(str, default))}]"
    return str(default)


def table_under(heading: str, page: str = README) -> dict[str, list[str]]:
    """The rows of the first table under a heading of a page, by their first cell without backticks."""
    section = re.split(r"^#+ ", page.partition(f" {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    assert len(rows) > 2, f"no table under {heading}"
    cells = [[cell.strip() for cell in row] for row in rows[2:]]
    names = [row[0].strip("`") for row in cells]
    assert len(names) == len(set(names)), f"a row stands twice under {heading}"
    return dict(zip(names, (row[1:] for row in cells), strict=True))


def test_the_docs_have_a_row_for_every_config_key_and_no_other() -> None:
    assert set(table_under("Every config key", CONFIG)) == set(config_keys())


def test_the_docs_give_the_defaults_that_are_so() -> None:
    rows = table_under("Every config key", CONFIG)
    wrong = {}
    for key, default in config_keys().items():
        said = rows[key][0]
        if default is ...:
            right = said == "required"
        elif default is None or isinstance(default, BaseModel):
            right = said not in ("", "required")  # what happens without, in words
        else:
            right = said == f"`{written(default)}`"
        if not right:
            wrong[key] = (said, written(default))
    assert wrong == {}


def test_the_docs_say_what_may_not_stand_under_defaults() -> None:
    only_own = [name for name in SourceKeys.model_fields if name not in SourceDefaults.model_fields]
    assert f"except {', '.join(f'`{name}`' for name in sorted(only_own))};" in " ".join(CONFIG.split())


def test_readme_names_every_command_and_no_other() -> None:
    named = [re.split(r" [A-Z\[]", row)[0] for row in table_under("Commands")]
    assert sorted(named) == sorted(commands())


def test_readme_speaks_of_no_command_that_is_none() -> None:
    spoken_of = set(re.findall(r"(?:^|`|/bin/)aggregator ([a-z]+)\b", README, re.MULTILINE))
    assert "run" in spoken_of
    assert spoken_of <= {command.split(" ")[0] for command in commands()}


def test_readme_names_every_exit_status() -> None:
    statuses = {0, STOPPED} | {error.exit_status for error in vars(errors).values() if hasattr(error, "exit_status")}
    assert {int(status) for status in table_under("When something fails")} == statuses


def test_readme_is_short_and_its_own_links_lead_somewhere() -> None:
    assert len(README.splitlines()) <= 260
    linked = re.findall(r"\]\(([^)#:]+)\)", README)
    assert [name for name in linked if not (ROOT / name).exists()] == []


def test_readmes_example_config_is_read(tmp_path: Path) -> None:
    examples = re.findall(r"^```yaml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert examples
    assert len(examples[0].splitlines()) <= 10
    for number, example in enumerate(examples):
        path = tmp_path / f"{number}.yaml"
        path.write_text(example, "utf-8")
        assert load(path, {}).sources


def commands() -> dict[str, Any]:
    """The commands of the program, by name, those of a group with its name before theirs."""
    named = {info.name or info.callback.__name__: info for info in app.registered_commands if info.callback}
    for group in app.registered_groups:
        assert group.typer_instance
        named |= {f"{group.name} {info.name}": info for info in group.typer_instance.registered_commands}
    return named


@pytest.mark.parametrize("command", commands())
def test_the_help_of_a_command_ends_with_an_example_that_could_be_typed(command: str) -> None:
    shown = CliRunner().invoke(app, [*command.split(" "), "--help"])
    assert shown.exit_code == 0
    _, found, example = " ".join(shown.output.split()).partition(f"Example: aggregator {command}")
    assert found
    typed = shlex.split(example.partition(">")[0])
    assert CliRunner().invoke(app, [*command.split(" "), *typed, "--help"]).exit_code == 0


@pytest.mark.parametrize("path", sorted(ROOT.glob("config/*.yaml")), ids=lambda path: path.name)
def test_a_shipped_config_is_good(path: Path) -> None:
    settings = load(path, {})
    assert settings.sources


def test_the_shipped_config_names_the_schema_that_lies_beside_it() -> None:
    first, _, rest = (ROOT / "config/aggregator.yaml").read_text("utf-8").partition("\n")
    assert first == "# yaml-language-server: $schema=aggregator.schema.json"
    assert "中文" in rest
    assert len({slug for source in load(ROOT / "config/aggregator.yaml", {}).sources for slug in source.categories}) > 2


def test_the_shipped_schema_is_what_the_program_prints() -> None:
    printed = CliRunner().invoke(app, ["schema"])
    said = (ROOT / "config/aggregator.schema.json").read_text("utf-8")
    assert said == printed.output, "write it again: aggregator schema > config/aggregator.schema.json"
    assert json_schema()["properties"].keys() == ConfigKeys.model_fields.keys()


@pytest.mark.parametrize("path", sorted(ROOT.glob("docs/decisions/*")), ids=lambda path: path.name)
def test_a_decision_is_short_and_says_all_four_things(path: Path) -> None:
    assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name)
    text = path.read_text("utf-8")
    assert text.startswith(f"# {int(path.name[:4])}. ")
    assert len(text.splitlines()) <= 30
    headings = re.findall(r"^\*\*(\w+(?: when)?)[.*]", text, re.MULTILINE)
    assert [heading for heading in headings if heading in FOUR] == list(FOUR)


FOUR = ("Context", "Choice", "Rejected", "Revisit when")


def test_no_two_decisions_have_one_number() -> None:
    numbers = [int(path.name[:4]) for path in sorted(ROOT.glob("docs/decisions/*"))]
    assert len(numbers) == len(set(numbers))


# ---------------------------------------------------------------- what is shipped beside the code


def shipped() -> list[Path]:
    """Every file of the project: what git knows or would add; without git, what no tool has made."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode == 0 and listing.stdout:
        return [ROOT / name for name in sorted(set(listing.stdout.split("\0"))) if name and (ROOT / name).is_file()]
    made = re.compile(r"(\.[a-z_]+_cache|\.venv|\.git|__pycache__|.*\.egg-info|build|var|\.hypothesis)")
    return [
        path
        for path in sorted(ROOT.rglob("*"))
        if path.is_file() and not any(made.fullmatch(part) for part in path.relative_to(ROOT).parts)
    ]


# The home of a person or of a machine, and the hosts that packages come from: neither is the project's business.
NOT_OURS = re.compile(
    r"(?<![\w.:/~-])/(?:root|home|Users|work|workspace)/"
    r"|[\w.-]*(?:pypi|pythonhosted|npmjs)[\w-]*\.(?:org|com|io)\b"
)


def test_no_file_names_a_package_host_or_somebodys_home() -> None:
    found = []
    for path in shipped():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in NOT_OURS.finditer(text)]
    assert found == []


@pytest.mark.parametrize("text", ["see /ro" + "ot/x", "`/ho" + "me/me/y`", "https://py" + "pi.org/simple"])
def test_such_a_name_would_be_found(text: str) -> None:
    assert NOT_OURS.search(text)


def test_constraints_are_exact_and_name_no_place() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [line for line in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.!+]*", line)] == []
    pinned = {_plain(line.partition("==")[0]) for line in pins}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    assert {_plain(re.split(r"[^A-Za-z0-9._-]", line)[0]) for line in wanted} <= pinned
    head = "\n".join(line for line in lines if line.startswith("#"))
    command = next(line.removeprefix("#   ") for line in lines if "pip freeze" in line)
    assert head.count("pip freeze") == 1
    assert command in README


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_changelog_and_the_version_agree() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    releases = headings[1:] if headings[0] == "[Unreleased]" else headings
    matches = [re.fullmatch(r"\[(\d+)\.(\d+)\.(\d+)\] - \d{4}-\d{2}-\d{2}", heading) for heading in releases]
    assert all(matches)
    numbers = [tuple(map(int, match.groups())) for match in matches if match]
    assert numbers == sorted(numbers, reverse=True)
    assert not numbers or tuple(map(int, version.split("."))) >= numbers[0]


GATE = ROOT / ".ci/run"


def test_the_gate_runs_the_readmes_own_commands() -> None:
    gate = GATE.read_text("utf-8")
    assert GATE.stat().st_mode & 0o111
    assert gate.startswith("#!/usr/bin/env bash\n")
    assert "\nset -euo pipefail\n" in gate
    patterns = re.findall(r"^\w+=\$\(from_readme '(.*)'\)$", gate, re.MULTILINE)
    taken = [_only_line_with(pattern) for pattern in patterns]
    for promised in (
        "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt . && .venv/bin/aggregator run",
        "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt -e '.[test]' && .venv/bin/pytest",
        ".venv/bin/aggregator demo",
    ):
        assert promised in taken


def _only_line_with(text: str) -> str:
    lines = [line for line in README.splitlines() if line.endswith(text)]
    assert len(lines) == 1, f"{len(lines)} lines of the README end with {text!r}"
    return lines[0]


def unit() -> dict[str, str]:
    """The [Service] section of the systemd unit; of keys that stand more than once, the last."""
    parser = ConfigParser(interpolation=None, strict=False, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # systemd's keys have capitals
    parser.read(ROOT / "deploy/aggregator.service", "utf-8")
    return dict(parser["Service"])


def test_the_unit_stops_and_restarts_as_the_program_expects() -> None:
    service = unit()
    # Workers that got the signal too would make failures of the polls they are reading for.
    assert service["KillMode"] == "mixed"
    assert int(service["TimeoutStopSec"]) > 10
    # Nothing gets better by itself about a mistake in the config, a held store, a store of a newer program.
    helpless = {error.exit_status for error in vars(errors).values() if hasattr(error, "exit_status")} - {1}
    assert {int(status) for status in service["RestartPreventExitStatus"].split()} == helpless


def test_the_unit_leaves_the_program_what_it_needs() -> None:
    service = unit()
    families = service["RestrictAddressFamilies"].split()
    assert {"AF_INET", "AF_INET6", "AF_UNIX"} <= set(families)  # the fork server is spoken to over a unix socket
    assert "@resources" not in service["SystemCallFilter"]  # a worker lowers its own memory limit
    assert "aggregator run --config /etc/aggregator/aggregator.yaml" in service["ExecStart"]
