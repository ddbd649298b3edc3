"""A config of very many sources leaves no memory behind that nobody uses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

LOAD = """
import sys
from pathlib import Path
from aggregator.config import load

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

before = resident()
settings = load(Path(sys.argv[1]), {})
print(len(settings.sources), (resident() - before) // len(settings.sources))
"""
SOURCES = 12_000


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel of Linux")
def test_a_source_takes_no_more_than_three_kilobytes(tmp_path: Path) -> None:
    lines = [f"  - {{id: s{n}, url: 'https://s{n}.example/feed', category: c{n % 7}}}" for n in range(SOURCES)]
    config = tmp_path / "aggregator.yaml"
    config.write_text("\n".join(["site: {base_url: 'https://planet.example'}", "sources:", *lines, ""]))
    loaded = subprocess.run(
        [sys.executable, "-c", LOAD, str(config)], capture_output=True, text=True, check=True, timeout=120
    )
    sources, bytes_each = map(int, loaded.stdout.split())
    assert sources == SOURCES
    assert bytes_each < 3072, "3,400 before it was given back, 500 of it in use"
