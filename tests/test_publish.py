"""The published folder: whole files, untouched when nothing changed; variants that fit; nobody else's files."""

from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path

import brotli
import psutil
import pytest

from aggregator.errors import PublishError
from aggregator.model import Receipt, Rendered
from aggregator.publish import Folder
from aggregator.publish.folder import HELD


def test_a_file_is_written_with_its_folders_and_then_left_alone(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "public")
    assert folder.put(Rendered("category/a/feed.atom", b"one")) is Receipt.WRITTEN
    target = tmp_path / "public/category/a/feed.atom"
    before = target.stat()
    assert folder.put(Rendered("category/a/feed.atom", b"one")) is Receipt.UNCHANGED
    after = target.stat()  # but for the time of reading, which looking alone may change
    assert (after.st_ino, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )
    assert folder.put(Rendered("category/a/feed.atom", b"two")) is Receipt.WRITTEN
    assert target.read_bytes() == b"two"
    assert target.stat().st_ino != before.st_ino, "replaced, never written in place"
    assert list(target.parent.iterdir()) == [target], "nothing is left beside it"


def test_bytes_of_the_same_length_are_told_apart(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.put(Rendered("a", b"one"))
    assert folder.put(Rendered("a", b"two")) is Receipt.WRITTEN


def test_any_number_of_files_is_replaced_and_what_they_replace_let_go(tmp_path: Path) -> None:
    folder, process = Folder(tmp_path, ("gzip",)), psutil.Process()
    folder.put_all([Rendered(f"{number}.txt", b"one" * 1000) for number in range(HELD)])
    before = process.num_fds()
    many = [Rendered(f"{number}.txt", b"two" * 1000) for number in range(HELD + 1)]
    assert folder.put_all(many) == [Receipt.WRITTEN] * len(many)
    assert {(tmp_path / one.path).read_bytes() for one in many} == {b"two" * 1000}
    assert process.num_fds() == before


def test_a_pipe_that_lies_in_the_place_of_a_file_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a")
    assert Folder(tmp_path).put(Rendered("a", b"one")) is Receipt.WRITTEN
    assert (tmp_path / "a").read_bytes() == b"one"


def test_what_a_killed_program_left_behind_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / ".a.new").write_bytes(b"half a fi")
    Folder(tmp_path).put(Rendered("a", b"whole"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".manifest", "a"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PublishError, match=r"output\.dir"):
        Folder(tmp_path).put(Rendered("a/b", b"x"))


def test_a_file_where_a_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "category").touch()
    with pytest.raises(PublishError, match="category"):
        Folder(tmp_path).put(Rendered("category/a/feed.atom", b"x"))


# ---------------------------------------------------------------- compressed variants


def text(number: int, length: int = 3_000) -> bytes:
    """A text that says its number in every line."""
    return (f"{number:08}\n".encode() * (length // 9 + 1))[:length]


def number_in(body: bytes) -> int:
    """The number that every line of a text says; raises for a text that is not whole or not one."""
    lines = body.split(b"\n")
    assert len(body) == 3_000
    assert set(lines[:-1]) == {lines[0]}
    return int(lines[0])


def variants(target: Path) -> tuple[bytes, bytes]:
    """What the gzip and the Brotli variant of a file hold."""
    packed, squeezed = (target.with_name(target.name + suffix).read_bytes() for suffix in (".gz", ".br"))
    return gzip.decompress(packed), brotli.decompress(squeezed)


def test_variants_hold_the_bytes_of_their_file_and_carry_its_time(tmp_path: Path) -> None:
    folder, target = Folder(tmp_path, ("gzip", "br")), tmp_path / "category/a/feed.atom"
    for number in range(3):
        folder.put(Rendered("category/a/feed.atom", text(number)))
        assert variants(target) == (text(number), text(number))
        assert len({path.stat().st_mtime_ns for path in target.parent.iterdir()}) == 1


def test_same_bytes_give_same_variants(tmp_path: Path) -> None:
    for name in ("one", "two"):
        Folder(tmp_path / name, ("gzip", "br")).put(Rendered("feed.atom", text(1)))
    for suffix in (".gz", ".br"):
        assert (tmp_path / f"one/feed.atom{suffix}").read_bytes() == (tmp_path / f"two/feed.atom{suffix}").read_bytes()


def test_small_files_and_pictures_have_no_variants_and_lose_those_they_had(tmp_path: Path) -> None:
    folder = Folder(tmp_path, ("gzip", "br"))
    folder.put(Rendered("a.png", text(1)))
    folder.put(Rendered("feed.atom", text(1)))
    folder.put(Rendered("feed.atom", b"short"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".manifest", "a.png", "feed.atom"]


def stamp(path: Path) -> tuple[int, int, int]:
    """What changes when a file is written, and not when it is read."""
    status = path.stat()
    return status.st_ino, status.st_mtime_ns, status.st_ctime_ns


def test_a_variant_that_a_crash_left_behind_is_made_anew_and_the_file_left_alone(tmp_path: Path) -> None:
    folder, target = Folder(tmp_path, ("gzip", "br")), tmp_path / "feed.atom"
    folder.put(Rendered("feed.atom", text(1)))
    old = (tmp_path / "feed.atom.gz").read_bytes()
    folder.put(Rendered("feed.atom", text(2)))
    (tmp_path / "feed.atom.gz").write_bytes(old)
    (tmp_path / "feed.atom.br").unlink()
    before = stamp(target)
    assert folder.put(Rendered("feed.atom", text(2))) is Receipt.UNCHANGED
    assert stamp(target) == before
    assert variants(target) == (text(2), text(2))


def test_what_is_no_longer_asked_for_goes_away(tmp_path: Path) -> None:
    Folder(tmp_path, ("gzip", "br")).put(Rendered("feed.atom", text(1)))
    Folder(tmp_path, ("br",)).put(Rendered("feed.atom", text(1)))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".manifest", "feed.atom", "feed.atom.br"]


def test_a_file_that_replaces_one_of_its_own_second_is_dated_into_the_next(tmp_path: Path) -> None:
    folder, target = Folder(tmp_path), tmp_path / "feed.atom"
    folder.put(Rendered("feed.atom", b"one"))
    second = target.stat().st_mtime_ns // 10**9
    os.utime(target, ns=(second * 10**9, second * 10**9))  # earlier than the next, whatever the clock's grain
    folder.put(Rendered("feed.atom", b"two"))
    assert target.stat().st_mtime_ns // 10**9 > second


def test_a_new_file_is_of_a_later_second_than_the_one_it_replaces_even_if_that_is_from_the_future(
    tmp_path: Path,
) -> None:
    folder, target = Folder(tmp_path), tmp_path / "feed.atom"
    folder.put(Rendered("feed.atom", b"one"))
    future = target.stat().st_mtime_ns + 10**12
    os.utime(target, ns=(future, future))
    folder.put(Rendered("feed.atom", b"two"))
    assert target.stat().st_mtime_ns == (future // 10**9 + 1) * 10**9


def read_as_a_server_does(target: Path) -> bytes:
    """The file by its gzip variant where that belongs to it, else as it is (docs/decisions/0026)."""
    variant = target.with_name(target.name + ".gz")
    with variant.open("rb") as packed, target.open("rb") as plain:
        same = os.fstat(packed.fileno()).st_mtime_ns == os.fstat(plain.fileno()).st_mtime_ns
        return gzip.decompress(packed.read()) if same else plain.read()


def test_a_hundred_readers_during_a_thousand_publishes_see_no_broken_and_no_older_document(tmp_path: Path) -> None:
    folder, target = Folder(tmp_path, ("gzip", "br")), tmp_path / "feed.atom"
    folder.put(Rendered("feed.atom", text(0)))
    done, wrong, looks = threading.Event(), list[str](), [0] * 100

    def look(reader: int) -> None:
        latest = 0
        while not done.is_set():
            try:
                seen = number_in(target.read_bytes() if looks[reader] % 2 else read_as_a_server_does(target))
                if seen < latest:
                    wrong.append(f"{seen} after {latest}")
                latest = seen
            except Exception as error:
                wrong.append(repr(error))
            looks[reader] += 1
            done.wait(0.1)

    readers = [threading.Thread(target=look, args=(reader,)) for reader in range(100)]
    for reader in readers:
        reader.start()
    number = 0
    while number < 1000 or min(looks) < 10:  # whatever else the machine has to do
        number += 1
        folder.put(Rendered("feed.atom", text(number)))
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []


# ---------------------------------------------------------------- what is ours


def test_only_our_own_files_are_removed_and_only_those_not_wanted(tmp_path: Path) -> None:
    folder = Folder(tmp_path, ("gzip", "br"))
    folder.put_all([Rendered(f"category/{name}/feed.atom", text(1)) for name in ("a", "b", "c")])
    (tmp_path / "CNAME").write_text("planet.example")
    (tmp_path / "category/b/mine.txt").write_text("mine")
    assert folder.tidy(lambda path: path.startswith("category/a/")) == 2
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    kept = {f"category/a/feed.atom{suffix}" for suffix in ("", ".gz", ".br")}
    assert found == {".manifest", "CNAME", "category/b/mine.txt", *kept}
    assert not (tmp_path / "category/c").exists(), "an empty folder goes too"


def test_what_is_ours_is_known_after_a_restart_and_a_torn_list_harms_nobody(tmp_path: Path) -> None:
    Folder(tmp_path).put(Rendered("category/a/feed.atom", b"x"))
    with (tmp_path / ".manifest").open("a") as manifest:
        manifest.write("../outside\n/etc/x\ncategory/hal")
    (tmp_path.parent / "outside").write_text("not ours")
    again = Folder(tmp_path)
    again.put(Rendered("category/b/feed.atom", b"x"))
    assert again.tidy(lambda path: path == "category/b/feed.atom") == 2  # the half line too, which names no file
    assert (tmp_path.parent / "outside").exists()
    assert (tmp_path / "category/b/feed.atom").exists()
    assert not (tmp_path / "category/a").exists()
    assert Folder(tmp_path).tidy(lambda path: path == "category/b/feed.atom") == 0


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "a/../../x",
        "/etc/x",
        "a//b",
        "a/",
        "",
        ".",
        ".hidden",
        "a/.b",
        "CON",
        "con",
        "nul.html",
        "a/com1/feed.atom",
        "x" * 300,
        "/".join(["x" * 100] * 20),
        "Feed.atom",
        "a\\b",
        "a:b",
        "a b",
        "a\0b",
        "a\nb",
        "name.",
        "ü",
    ],
)
def test_a_name_that_is_none_everywhere_is_refused_and_nothing_written(tmp_path: Path, path: str) -> None:
    root = tmp_path / "public"
    with pytest.raises(PublishError, match="cannot be published"):
        Folder(root).put(Rendered(path, b"x"))
    assert list(tmp_path.iterdir()) == []
