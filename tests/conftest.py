"""What all tests share: the scripted web, a place to work in, and the program run as a person would run it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from ruamel.yaml import YAML
from scripted_web import ScriptedWeb

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

    def run(self, *arguments: str, check: int | None = 0, **keys: Any) -> subprocess.CompletedProcess[str]:
        """Run the program here; `check` is the exit status it must end with, None any."""
        done = subprocess.run(
            self.command(*arguments), capture_output=True, text=True, cwd=self.folder, timeout=120, **keys
        )
        assert check is None or done.returncode == check, done.stdout + done.stderr
        return done


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
