"""What the tests of config mistakes share: a config in one line, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.config import load
from aggregator.errors import ConfigError

SOURCES = "sources: [{url: https://a.example/feed}]\n"
SMALLEST = "the smallest useful file has `sources:` with one `- url: https://…` under it"
NEXT_STEP = ("; ", "must ", "did you mean")


@pytest.fixture(name="here", autouse=True)
def here_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder: paths in a config are relative to where the program is started."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def mistakes(text: str | bytes, **environ: str) -> list[str]:
    """What is said of a config, in order, without the name of the main file."""
    Path("c.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        load(Path("c.yaml"), environ)
    assert caught.value.exit_status == 2
    said = str(caught.value).split("\n")
    assert said == [str(problem) for problem in caught.value.problems]
    assert all(any(step in line for step in NEXT_STEP) for line in said), said
    return [line.removeprefix("c.yaml:") for line in said]


def assert_said(text: str | bytes, *expected: str, **environ: str) -> None:
    """Exactly these mistakes are named, each line beginning like this."""
    said = mistakes(text, **environ)
    assert len(said) == len(expected), said
    for line, start in zip(said, expected, strict=True):
        assert line.startswith(start), f"\n  said {line}\nwanted {start}"


def lines(*written: str) -> str:
    return "\n".join((*written, ""))
