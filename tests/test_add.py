"""One source more in a config, and nothing else changed: the text, the file, the command."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from pathlib import Path

import pytest
from conftest import PATIENCE, Place
from scripted_web import Answer, ScriptedWeb

from aggregator.config import load
from aggregator.config.adding import NEW_FILE, Wanted, _put, with_source
from aggregator.errors import AggregatorError, ConfigError, UsageError

URL = "https://new.example/feed"
KEYS = Wanted(URL, categories=("news",))


def added(path: Path, text: str | bytes, wanted: Wanted = KEYS) -> str:
    """The file at `path` after one more source, read as it is."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with_source(path, {}, wanted, write=True)
    return path.read_bytes().decode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "aggregator.yaml"


A, B = "- url: https://a.example/", "- url: https://b.example/"
N = f"  - url: {URL}\n    category: news\n"
FLUSH = f"- url: {URL}\n  category: news\n"
WIDE = f"    -   url: {URL}\n        category: news\n"
CRLF = N.replace("\n", "\r\n")
JSON = f'{{"url": "{URL}", "category": "news"}}'


@pytest.mark.parametrize(
    ("after", "new"),
    [
        (f"sources:\n  {A}\n{N}", N),
        (f"sources:\n{A}\n{FLUSH}", FLUSH),
        (f"sources:\n    -   url: https://a.example/\n{WIDE}", WIDE),
        (f"sources: # all\n  - {{url: 'https://a.example/'}} # a\n{N}# end\nstore: 'sqlite:///x'\n", N),
        (f"sources:\n  {A}  # a\n{N}  # - url: later\n\n\n# b\nsite: {{title: x}}\n", N),
        (f"sources:\n  {A}\n    category:\n      - x\n      - y\n{N}  #\n", N),
        (f"sources:\n  {A}\n    title: |\n      A\n{N}site: {{}}\n", N),
        (f"sources:\n  {A}\n    title: A\n      title\n{N}", N),
        (f"sources:\n  {A}\n    title: 'A\n\n      title' # t\n{N}...\n", N),
        (f"sources:\n  {A}\n    title:\n{N}    # none\n", N),
        (f"sources:\n  {A}\n    category: &c [a]\n  {B}\n    category: *c\n{N}site: {{}}\n", N),
        (f"sources:\n  # one\n  {A}\n\n  # two\n  # and a half\n  {B}\n\n{N}\nsite: {{}}\n", f"\n{N}"),
        (f"sources:\r\n  {A}\r\n{CRLF}site: {{}}\r\n", CRLF),
        (f'"sources":\n  -\n    url: https://a.example/\n{N}', N),
        (f"sources: &all\n  {A}\n{N}", N),
        (f"---\n# sources:\nsite: {{title: 'sources: []'}}\nsources:\n  {A}\n{N}...\n", N),
        (f"sources:  # none\n{N}\nsite: {{}}\n", N),
        (f"sources:\n{N}", N),
        (f"site: {{}}\n\nsources:\n{N}", f"\nsources:\n{N}"),
        (f"site: {{}}\n\nsources:\n{N}", f"sources:\n{N}"),
        (f"site: {{}}\r\n\r\nsources:\r\n{CRLF}", f"\r\nsources:\r\n{CRLF}"),
        (f"# nothing yet\n\nsources:\n{N}", f"\nsources:\n{N}"),
        (f"sources: [{{url: 'https://a.example/'}}, {JSON}] # x\n", f", {JSON}"),
        (f"sources: [{JSON} # none\n  ]\n", JSON),
        (f"sources: [\n  {{url: 'https://a.example/'}},\n  {JSON}, # a\n  ]\n", f",\n  {JSON}"),
        (f'{{"site": {{}}, "sources": [{{"url": "https://a.example/"}}, {JSON}]}}', f", {JSON}"),
        (f'{{"sources": [{{"url": "https://a.example/", "category": ["x"]}}, {JSON}]}}\n', f", {JSON}"),
    ],
)
def test_a_source_is_added_and_every_other_byte_stays(path: Path, after: str, new: str) -> None:
    assert added(path, after.replace(new, "")) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("sources: []\n", f"sources:\n{N}"),
        ("sources: [ ]  # none yet\nsite: {}\n", f"sources:  # none yet\n{N}site: {{}}\n"),
        ("sources: ~\n", f"sources:\n{N}"),
        ("site: {}", f"site: {{}}\n\nsources:\n{N}"),
        (f"sources:\n  {A}", f"sources:\n  {A}\n{N}"),
    ],
)
def test_an_empty_list_becomes_a_list_of_lines_and_a_missing_line_end_is_put_there(
    path: Path, before: str, after: str
) -> None:
    assert added(path, before) == after


def test_the_shipped_config_gets_one_more_and_keeps_every_byte(path: Path) -> None:
    shipped = (Path(__file__).parents[1] / "config/aggregator.yaml").read_text("utf-8")
    after = added(path, shipped, Wanted(URL, "mine", ("linux", "new-one")))
    lines = f"\n  - id: mine\n    url: {URL}\n    category: [linux, new-one]\n"
    assert after.replace(lines, "", 1) == shipped
    before, _, rest = after.partition(lines)
    assert before.endswith("    timezone: Asia/Shanghai          # for dates that name no zone\n")
    assert rest.startswith("\n  # A source that asks who is there.")
    assert load(path, {}).sources[-1].categories == ("linux", "new-one")


@pytest.mark.parametrize(
    "url",
    [
        "https://x.example/a#b", "https://x.example/?a=b&c=${HOME}", "https://x.example/a:", "https://x.example/'\"\\",
        "https://x.example/{a}", "https://x.example/中文", "https://x.example/\u2028x", "https://x.example/,[]!|>*&",
        "https://me:secret@x.example/f", "https://[2001:db8::1]:8443/f",
    ],
)  # fmt: skip
@pytest.mark.parametrize("text", ["sources:\n- url: https://a.example/\n", "sources: [{url: 'https://a.example/'}]\n"])
def test_any_address_comes_back_as_it_was_given(path: Path, url: str, text: str) -> None:
    added(path, text, Wanted(url))
    assert [source.url for source in load(path, {}).sources] == ["https://a.example/", url]


@pytest.mark.parametrize("word", ["true", "null", "1e5", "007", "5", "on", "a-b_c"])
def test_a_category_may_be_a_word_that_means_something_to_yaml(path: Path, word: str) -> None:
    added(path, "sources:\n- url: https://a.example/\n", Wanted(URL, word, (word, "other")))
    assert (load(path, {}).sources[1].id, load(path, {}).sources[1].categories) == (word, (word, "other"))


def test_sources_of_an_included_file_stay_where_they_are(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("sources:\n  - url: https://a.example/\n")
    after = added(path, f"include: {other}\n")
    assert after == f"include: {other}\n\nsources:\n  - url: {URL}\n    category: news\n"
    assert other.read_text() == "sources:\n  - url: https://a.example/\n"
    with pytest.raises(UsageError, match=r"other\.yaml:2: source \"a-example\" has this address already"):
        with_source(path, {}, Wanted("http://A.example:80/"), write=True)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Wanted("https://a.example/"), "aggregator.yaml:3: source \"first\" has this address already"),
        (Wanted("http://A.example"), "source \"first\" has this address already"),
        (Wanted(URL, "first"), "aggregator.yaml:3: there is a source \"first\" already, another one"),
        (Wanted("https://b.example/x/"), "there is a source \"b-example-x\" already"),
        (Wanted(URL, "Not A Slug"), "--id: \"Not A Slug\" cannot be an address; write \"not-a-slug\""),
        (Wanted(URL, ""), "--id:"),
        (Wanted(URL, None, ("all",)), "--category: \"all\" is taken"),
        (Wanted(URL, None, ("ok", "Big News")), "--category: \"Big News\" cannot be an address; write \"big-news\""),
        (Wanted("ftp://x.example/"), "URL: \"ftp://x.example/\" is not a web address"),
    ],
)  # fmt: skip
def test_what_check_would_refuse_is_refused_and_nothing_written(path: Path, wanted: Wanted, message: str) -> None:
    text = "# one\nsources:\n  - id: first\n    url: https://a.example/\n  - url: https://b.example/x?\n"
    path.write_text(text)
    with pytest.raises(UsageError) as refused:
        with_source(path, {}, wanted, write=True)
    assert message in str(refused.value)
    assert (path.read_text(), os.listdir(path.parent)) == (text, [path.name])


@pytest.mark.parametrize(
    "text", ["sources:\n  - url: x\n", "sources: 5\n", "sources: [\n", "- a", b"\xff", b"\xef\xbb\xbfsources: []\n"],
)  # fmt: skip
def test_a_file_with_mistakes_is_left_alone_and_they_are_named(path: Path, text: str | bytes) -> None:
    with pytest.raises(ConfigError) as refused:
        added(path, text)
    assert all(problem.file == str(path) for problem in refused.value.problems)
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("text", ["site: {}\n...\n", "{site: {}}\n", "{sources: []}\n"])
def test_a_shape_that_cannot_be_added_to_says_what_to_write_by_hand(path: Path, text: str) -> None:
    with pytest.raises(UsageError) as refused:
        added(path, text)
    assert f"  - url: {URL}\n    category: news" in str(refused.value)
    assert (path.read_text(), os.listdir(path.parent)) == (text, [path.name])


def test_a_try_writes_nothing(path: Path) -> None:
    settings, source = with_source(path, {}, KEYS, write=False)
    assert (settings.sources, source.url) == ((source,), URL)
    assert list(path.parent.iterdir()) == []
    with_source(path.parent / "not/yet/x.yaml", {}, KEYS, write=False)
    assert list(path.parent.iterdir()) == []


def test_a_new_file_is_the_smallest_useful_one(path: Path) -> None:
    new = path.parent / "config" / "aggregator.yaml"
    with_source(new, {}, KEYS, write=True)
    assert new.read_text() == f"{NEW_FILE}\nsources:\n  - url: {URL}\n    category: news\n"
    assert new.stat().st_mode & 0o777 == 0o644
    with_source(new, {}, Wanted("https://two.example/"), write=True)
    assert len(load(new, {}).sources) == 2


def test_mode_and_symbolic_link_are_kept(path: Path) -> None:
    path.write_text("sources: []\n")
    path.chmod(0o640)
    link = path.parent / "link.yaml"
    link.symlink_to(path.name)
    with_source(link, {}, KEYS, write=True)
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert [source.url for source in load(path, {}).sources] == [URL]


# ---------------------------------------------------------------- the command


def rss(title: str, items: int = 7) -> str:
    entries = "".join(
        f"<item><title>{title} {n}</title><link>https://x.example/{n}</link>"
        f"<pubDate>Sun, 0{n + 1} Mar 2026 10:00:00 GMT</pubDate></item>"
        for n in range(items)
    )
    return f"<rss version='2.0'><channel><title>{title}</title><link>https://x.example/</link>{entries}</channel></rss>"


def test_add_finds_the_feed_behind_a_page_shows_it_and_puts_it_into_the_config(place: Place, web: ScriptedWeb) -> None:
    path = place.folder / "aggregator.yaml"
    before = f"store: sqlite:///{place.folder}/s.db\noutput: {{dir: {place.public}}}\nsources:\n- url: https://old.example/\n"
    path.write_text(before)
    feed = web.feed("/posts.xml", rss("Found"))
    html = b"<html><link rel=alternate type=application/rss+xml title=Posts href=posts.xml>"
    page = web.script("/", Answer(html, headers={"Content-Type": "text/html"}))
    done = place.run("add", page, "--category", "news", "--category", "tech", "--id", "mine")
    assert f"{page} is a web page; found a feed behind it:\n  * {feed}  Posts\n" in done.stdout
    assert "Found 6" in done.stdout
    assert "Found 1" not in done.stdout, "the five newest"
    assert "7 entries" in done.stdout
    assert f'added to {path} as "mine"' in done.stdout
    assert path.read_text() == f"{before}- id: mine\n  url: {feed}\n  category: [news, tech]\n"
    place.run("once", "mine")
    again = place.run("add", page, check=2)
    assert 'source "mine" has this address already' in again.stderr


def test_add_takes_the_feeds_own_address_and_makes_the_first_config(place: Place, web: ScriptedWeb) -> None:
    feed = web.feed("/feed", rss("First"))
    command = [*place.command("add", feed)[:-2]]
    done = subprocess.run(command, cwd=place.folder, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    assert "config/aggregator.yaml was not there; made it" in done.stdout
    made = place.folder / "config/aggregator.yaml"
    assert [source.url for source in load(made, {}).sources] == [feed]
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("what", ["page", "dead", "word", "refused"])
def test_add_that_finds_nothing_says_why_and_writes_nothing(place: Place, web: ScriptedWeb, what: str) -> None:
    path = place.configure([{"id": "old", "url": "https://old.example/"}])
    before = path.read_bytes()
    page = web.script("/", Answer(b"<html>", headers={"Content-Type": "text/html"}))
    wanted, status, message = {
        "page": (page, 1, "a web page that names no feed"),
        "dead": (web.url("/gone"), 1, "http-status: 404"),
        "word": ("lwn.net", 2, "write https://lwn.net"),
        "refused": ("http://10.0.0.1/feed", 1, "allow it with fetch.allow_private"),
    }[what]
    done = place.run("add", wanted, check=status)
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert path.read_bytes() == before


def test_add_refuses_a_bad_word_before_it_asks_anybody(place: Place, web: ScriptedWeb) -> None:
    place.configure([{"id": "old", "url": "https://old.example/"}])
    done = place.run("add", web.feed("/feed", rss("x")), "--category", "Big News", check=2)
    assert 'write "big-news"' in done.stderr
    assert web.requests == []


def test_a_disk_without_room_leaves_the_config_whole(place: Place, web: ScriptedWeb) -> None:
    path = place.configure([{"id": "old", "url": "https://old.example/"}])
    before = path.read_bytes()

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    done = place.run_apart("add", web.feed("/feed", rss("x")), check=1, preexec_fn=no_room)
    assert "cannot be written (file too large)" in done.stderr
    assert "- url: http://127.0.0.1" in done.stderr, "what to write by hand"
    assert path.read_bytes() == before
    assert os.listdir(place.folder) == [path.name]


def test_a_file_that_somebody_else_changed_meanwhile_is_not_written_over(path: Path) -> None:
    path.write_text("# theirs\n")
    draft = path.with_name("draft")
    draft.write_text("# ours\n")
    with pytest.raises(AggregatorError, match="changed by somebody else meanwhile"):
        _put(draft, path, b"# as it was\n")
    assert path.read_text() == "# theirs\n"
