"""What all tests share: the scripted web, a place to work in, and the program run as a person would run it."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, settings
from ruamel.yaml import YAML
from scripted_web import ScriptedWeb

from aggregator.cli import main

PATIENCE = 60.0  # seconds that anything may take on a busy machine; nothing waits this long when all is well
SHARED = Path(os.environ.get("AGGREGATOR_SHARED", Path(__file__).parents[2] / "shared"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--slow` runs what takes minutes too."""
    parser.addoption("--slow", action="store_true", help="run the slow tests too")


def pytest_configure(config: pytest.Config) -> None:
    """Properties are tried with the same examples each time, or with new ones each time among the slow tests: what is
    found then becomes an `@example`. No time limit, for the machine may have other things to do."""
    settings.register_profile(
        "here",
        deadline=None,
        derandomize=not config.getoption("--slow"),
        phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    settings.load_profile("here")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave slow tests out unless asked for."""
    if not config.getoption("--slow"):
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="takes minutes; runs with --slow"))


@pytest.fixture
def web() -> Iterator[ScriptedWeb]:
    """The web, as far as this test goes."""
    scripted = ScriptedWeb()
    yield scripted
    scripted.close()


@dataclass
class Place:
    """A folder with a config in it, and the program run there."""

    folder: Path

    @property
    def public(self) -> Path:
        """The published folder."""
        return self.folder / "public"

    def configure(self, sources: list[dict[str, Any]], **keys: Any) -> Path:
        """Write a config with these sources; politeness towards our own loopback is switched off."""
        whole = {
            "site": {"title": "Test", "base_url": "https://planet.example"},
            "store": f"sqlite:///{self.folder}/store.db",
            "output": {"dir": str(self.public)},
            "fetch": {"timeout": "10s", "per_host": {"concurrency": 8, "delay": "0s"}},
            **keys,
            "sources": sources,
        }
        path = self.folder / "aggregator.yaml"
        with path.open("w", encoding="utf-8") as file:
            YAML(typ="safe", pure=True).dump(whole, file)
        return path

    def command(self, *arguments: str) -> list[str]:
        """The command line of the program here."""
        return [sys.executable, "-m", "aggregator", *arguments, "--config", str(self.folder / "aggregator.yaml")]

    def run(
        self, *arguments: str, check: int | None = 0, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the program here, without the second that a process of its own takes to load it.

        `check` is the exit status it must end with, None any; `env` the whole environment.
        """
        command, out, err = self.command(*arguments), _Said(), _Said()
        with ExitStack() as stack:
            stack.enter_context(chdir(self.folder))
            stack.enter_context(mock.patch.object(sys, "argv", command[2:]))
            stack.enter_context(mock.patch.dict(os.environ, env or os.environ, clear=True))
            stack.enter_context(_own_logging())
            stack.enter_context(redirect_stdout(out))
            stack.enter_context(redirect_stderr(err))
            try:
                main()
                status: Any = 0
            except SystemExit as end:
                status = end.code or 0
        return self._ended(subprocess.CompletedProcess(command, status, out.text(), err.text()), check)

    def run_apart(
        self, *arguments: str, check: int | None = 0, timeout: float = 120, **keys: Any
    ) -> subprocess.CompletedProcess[str]:
        """As `run`, in a process of its own: where that is the point, or all that it and its readers say."""
        command = self.command(*arguments)
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, timeout=timeout, **keys)
        return self._ended(done, check)

    @staticmethod
    def _ended(done: subprocess.CompletedProcess[str], check: int | None) -> subprocess.CompletedProcess[str]:
        assert check is None or done.returncode == check, done.stdout + done.stderr
        return done


class _Said(TextIOWrapper):
    """What is printed, as text or as bytes."""

    def __init__(self) -> None:
        """Nothing yet."""
        super().__init__(BytesIO(), "utf-8", write_through=True)

    def text(self) -> str:
        """All of it."""
        self.seek(0)
        return self.read()


@contextmanager
def _own_logging() -> Iterator[None]:
    """The loggers as they were, at the end: the program sets them up for itself."""
    root, ours = logging.getLogger(), logging.getLogger("aggregator")
    before = root.handlers[:], root.level, ours.level
    try:
        yield
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        ours.setLevel(before[2])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty place to work in."""
    return Place(tmp_path)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real documents beside the checkout; tests that need it say loudly when it is not there."""
    if not (SHARED / "corpus").is_dir():
        pytest.skip(f"THE CORPUS IS NOT THERE ({SHARED}): set AGGREGATOR_SHARED to its folder to run this test")
    return SHARED
