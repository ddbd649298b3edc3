"""The shipped configs of web servers before a real run: what reaches a reader is what the program says."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from conftest import PATIENCE, Place
from scripted_web import ScriptedWeb
from test_run import Running, free_port, rss

DEPLOY = Path(__file__).parents[1] / "deploy"
NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
CADDY = shutil.which("caddy")
FEED = "/category/all/feed.atom"


@contextmanager
def run_of(place: Place, web: ScriptedWeb) -> Iterator[Running]:
    """The service, with two entries published."""
    port = free_port()
    place.configure([{"id": "one", "url": web.feed("/feed", rss("one", 1, 2))}], server={"port": port})
    running = Running(place, port)
    try:
        running.wait_until_built(2)
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()


@contextmanager
def started(command: list[str], base: str, **environment: str) -> Iterator[str]:
    """A web server; gives its address once it answers."""
    process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        _wait_for_answer(process, base)
        yield base
    finally:
        process.terminate()
        process.communicate()


def _wait_for_answer(process: subprocess.Popen[bytes], base: str) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            httpx.get(f"{base}/healthz", trust_env=False, timeout=PATIENCE)
        except httpx.TransportError:
            assert process.poll() is None, process.communicate()[0].decode()
            assert time.monotonic() < until
            time.sleep(0.02)
        else:
            return


def with_own(shipped: str, changes: dict[str, str]) -> str:
    """A shipped config with what its operator has to put in; each of these words stands in it once."""
    for theirs, ours in changes.items():
        assert shipped.count(theirs) == 1, theirs
        shipped = shipped.replace(theirs, ours)
    return shipped


@contextmanager
def nginx_before(running: Running, place: Place) -> Iterator[str]:
    port = free_port()
    site = with_own(
        (DEPLOY / "nginx.conf").read_text("utf-8"),
        {
            "server 127.0.0.1:8080;": f"server {running.base.removeprefix('http://')};",
            "listen 80;": f"listen 127.0.0.1:{port};",
            "/var/lib/aggregator/var/public": str(place.public),
        },
    )
    folder = place.folder / "nginx"
    folder.mkdir()
    (folder / "site.conf").write_text(site, "utf-8")
    user = "user root;" if os.geteuid() == 0 else ""
    places = "".join(
        f"{word}_temp_path {folder}/{word};" for word in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; {user} pid {folder}/pid; error_log stderr;\n"
        f"events {{}}\nhttp {{ access_log off; {places} include {folder}/site.conf; }}\n",
        "utf-8",
    )
    with started([str(NGINX), "-c", str(folder / "nginx.conf")], f"http://127.0.0.1:{port}") as base:
        yield base


@contextmanager
def caddy_before(running: Running, place: Place) -> Iterator[str]:
    port = free_port()
    site = with_own(
        (DEPLOY / "Caddyfile").read_text("utf-8"),
        {"news.example.org {": f"http://127.0.0.1:{port} {{", "127.0.0.1:8080": running.base.removeprefix("http://")},
    )
    path = place.folder / "Caddyfile"
    path.write_text("{\n\tadmin off\n}\n" + site, "utf-8")
    home = str(place.folder)
    command = [str(CADDY), "run", "--config", str(path), "--adapter", "caddyfile"]
    with started(command, f"http://127.0.0.1:{port}", HOME=home, XDG_DATA_HOME=home, XDG_CONFIG_HOME=home) as base:
        yield base


SERVERS = [
    pytest.param(
        nginx_before, id="nginx", marks=pytest.mark.skipif(NGINX is None, reason="NGINX IS NOT INSTALLED: not tried")
    ),
    pytest.param(
        caddy_before, id="caddy", marks=pytest.mark.skipif(CADDY is None, reason="CADDY IS NOT INSTALLED: not tried")
    ),
]


@pytest.mark.parametrize("before", SERVERS)
def test_a_web_server_before_the_program_passes_on_what_it_says(place: Place, web: ScriptedWeb, before: object) -> None:
    assert callable(before)
    with (
        run_of(place, web) as running,
        before(running, place) as base,
        httpx.Client(base_url=base, trust_env=False, timeout=PATIENCE) as through,
        httpx.Client(base_url=running.base, trust_env=False, timeout=PATIENCE) as direct,
    ):
        for coding in ("identity", "gzip", "br"):
            asked = {"Accept-Encoding": coding}
            theirs, ours = through.get(FEED, headers=asked), direct.get(FEED, headers=asked)
            assert theirs.content == ours.content
            for name in ours.headers.keys() - {"date", "server", "connection"}:
                assert theirs.headers.get(name) == ours.headers[name], name
            again = through.get(FEED, headers=asked | {"If-None-Match": ours.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
        assert through.head(FEED).headers["content-length"]
        assert through.get("/").headers["content-type"] == "text/html; charset=utf-8"
        moved = through.get("/feed.xml")
        assert (moved.status_code, moved.headers["location"]) == (308, "category/all/feed.atom")
        assert through.get("/nothing/here").text == "not found\n"
        assert through.get("/readyz").text == "ready"
        refused = through.post("/hub", data={"hub.mode": "subscribe"})
        assert refused.status_code == 400
        assert "hub.callback" in refused.text, "the hub itself said so"
        assert through.post("/hub/nobodys", content=b"x" * 1024**2).status_code == 410, "hubs bring whole feeds"
        assert '<th scope="row">one</th><td>ok</td>' in direct.get("/status/").text
        assert '\naggregator_sources{state="ok"} 1\n' in direct.get("/metrics").text
        for path in ("/status/", "/status", "/metrics"):
            assert through.get(path).status_code == 403, path


@pytest.mark.skipif(NGINX is None, reason="NGINX IS NOT INSTALLED: not tried")
def test_nginx_serves_the_folder_while_the_program_is_away(place: Place, web: ScriptedWeb) -> None:
    with run_of(place, web) as running, nginx_before(running, place) as base:
        running.stop()
        asked = {"Accept-Encoding": "gzip"}
        feed = httpx.get(base + FEED, headers=asked, trust_env=False, timeout=PATIENCE)
        assert feed.status_code == 200
        assert feed.headers["content-type"] == "application/atom+xml; charset=utf-8"
        assert feed.headers["content-encoding"] == "gzip"
        assert feed.content == (place.public / FEED[1:]).read_bytes()
        page = httpx.get(f"{base}/category/all/", trust_env=False, timeout=PATIENCE)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert page.content == (place.public / "category/all/index.html").read_bytes()
        assert page.headers["x-content-type-options"] == "nosniff"
        assert httpx.get(f"{base}/nothing/here", trust_env=False, timeout=PATIENCE).status_code == 404
        assert httpx.get(f"{base}/readyz", trust_env=False, timeout=PATIENCE).status_code == 502
