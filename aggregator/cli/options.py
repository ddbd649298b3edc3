"""Options that every command takes, and how the log looks."""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from aggregator.config import Settings, load
from aggregator.errors import ConfigError, Problem
from aggregator.formats.theme import faults


class LogFormat(StrEnum):
    """How a log line is written."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """From where on log lines are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


ConfigOption = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="AGGREGATOR_CONFIG", help="The config file.", show_default=True),
]
LogFormatOption = Annotated[LogFormat, typer.Option("--log-format", help="How log lines are written.")]
LogLevelOption = Annotated[LogLevel, typer.Option("--log-level", help="From where on they are written.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
DEFAULT_CONFIG = Path("config/aggregator.yaml")


def settings_from(config: Path) -> Settings:
    """The config, with the environment of this process. Raises `ConfigError` for its mistakes and its theme's."""
    settings = load(config, os.environ)
    if settings.site.theme and (problems := _problems_of(Path(settings.site.theme), config)):
        raise ConfigError(problems)
    return settings


def _problems_of(theme: Path, config: Path) -> list[Problem]:
    if not theme.is_dir():
        return [Problem(str(config), 1, 1, "site.theme", f"{theme} is no folder; make it, or leave the key out")]
    hint = "; without this file the program's own is used"
    return [Problem(file, line, 1, "site.theme", told + hint) for file, line, told in faults(theme)]


def on_terminal() -> bool:
    """Whether results go to a person's terminal."""
    return sys.stdout.isatty()


def log_to_stderr(style: LogFormat, level: LogLevel) -> None:
    """Write log lines to standard error; other libraries' chatter only when it is a warning."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines() if style is LogFormat.JSON else _TextLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("aggregator").setLevel(level.value.upper())


class _TextLines(logging.Formatter):
    """`2026-11-23T08:00:00Z info poll source=lwn outcome=new`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and a traceback under it when there is one."""
        moment = datetime.fromtimestamp(record.created, UTC)
        fields = "".join(f" {name}={_word(value)}" for name, value in _fields(record).items())
        line = f"{moment:%Y-%m-%dT%H:%M:%SZ} {record.levelname.lower()} {record.getMessage()}{fields}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class _JsonLines(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        moment = datetime.fromtimestamp(record.created, UTC)
        line = {"time": moment.isoformat(timespec="milliseconds"), "level": record.levelname.lower()}
        line |= {"event": record.getMessage(), **_fields(record)}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = getattr(record, "fields", {})
    return fields


def _word(value: object) -> str:
    """A value in a log line: quoted when it has blanks or quotes in it."""
    text = str(value)
    return text if text and not any(c.isspace() or c in '"=' for c in text) else json.dumps(text, ensure_ascii=False)
