"""The published folder: whole files, durable, untouched when nothing changed."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from aggregator.errors import PublishError
from aggregator.model import Receipt, Rendered
from aggregator.publish import Folder


def test_a_file_is_written_with_its_folders_and_then_left_alone(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "public")
    assert folder.put(Rendered("category/a/feed.atom", b"one")) is Receipt.WRITTEN
    target = tmp_path / "public/category/a/feed.atom"
    before = target.stat()
    assert folder.put(Rendered("category/a/feed.atom", b"one")) is Receipt.UNCHANGED
    assert target.stat() == before
    assert folder.put(Rendered("category/a/feed.atom", b"two")) is Receipt.WRITTEN
    assert target.read_bytes() == b"two"
    assert target.stat().st_ino != before.st_ino, "replaced, never written in place"
    assert list(target.parent.iterdir()) == [target], "nothing is left beside it"


def test_bytes_of_the_same_length_are_told_apart(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.put(Rendered("a", b"one"))
    assert folder.put(Rendered("a", b"two")) is Receipt.WRITTEN


def test_what_a_killed_program_left_behind_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / ".a.new").write_bytes(b"half a fi")
    Folder(tmp_path).put(Rendered("a", b"whole"))
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    versions = [bytes([65 + number]) * 200_000 for number in range(20)]
    folder.put(Rendered("a", versions[0]))
    seen: set[bytes] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.add((tmp_path / "a").read_bytes())

    readers = [threading.Thread(target=look) for _ in range(3)]
    for reader in readers:
        reader.start()
    for version in versions:
        folder.put(Rendered("a", version))
    done.set()
    for reader in readers:
        reader.join()
    assert seen <= set(versions)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PublishError, match=r"output\.dir"):
        Folder(tmp_path).put(Rendered("a/b", b"x"))


def test_a_file_where_a_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "category").touch()
    with pytest.raises(PublishError, match="category"):
        Folder(tmp_path).put(Rendered("category/a/feed.atom", b"x"))
