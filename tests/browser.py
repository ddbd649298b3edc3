"""A headless Chromium that tells every script it runs, over the DevTools protocol on a pipe."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from select import select
from typing import Any

from conftest import PATIENCE

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-quic", "--disable-dev-shm-usage", "--mute-audio"),
    # It reaches this machine and nothing else, whatever a page asks of it.
    *("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--remote-debugging-pipe"),
)
WHEN_LOADED = "done => document.readyState == 'complete' ? done() : addEventListener('load', () => done())"
OF_THE_BROWSER = "chrome-error://"  # what it shows where an address leads nowhere, as that of a page that moved
ASKED = "asked-by-the-test"  # the name of what is no script of the page


@dataclass
class Browser:
    """One tab. `ran` holds the source of every script that was compiled in it, handlers and `javascript:` included.

    `complaints` are what the browser's console says of the pages: errors and warnings, one line each.
    """

    to: int
    from_it: int
    session: str = ""
    ran: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _astray: set[str] = field(default_factory=set)  # the frames that show a page of the browser's own
    _number: int = 0
    _left: bytes = b""

    def open(self, url: str) -> None:
        """Load a page, and wait until it and all it shows is there."""
        self.call("Page.navigate", url=url)
        # Not the next event that says so: it may be that of the page before.
        self.evaluate(f"new Promise({WHEN_LOADED})\n//# sourceURL={ASKED}")

    def look(self, width: int, height: int = 800, *, dark: bool = False) -> None:
        """Be a screen of this many pixels, of somebody who likes it dark or light."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page, awaited; itself it is no script that ran there."""
        told = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What a method of the protocol answers."""
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != number:
            pass
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def _read(self) -> dict[str, Any]:
        """The next message; of events, what matters is remembered."""
        while b"\0" not in self._left:
            assert select([self.from_it], [], [], PATIENCE)[0], "the browser said nothing for too long"
            piece = os.read(self.from_it, 1 << 20)
            assert piece, "the browser ended"
            self._left += piece
        told, _, self._left = self._left.partition(b"\0")
        message: dict[str, Any] = json.loads(told)
        match message.get("method"):
            case "Page.javascriptDialogOpening":
                self.ran.append(f"a dialog: {message['params']['message']}")
                # Not awaited: whoever reads now waits for something else.
                self._number += 1
                closing = {"id": self._number, "method": "Page.handleJavaScriptDialog", "params": {"accept": False}}
                os.write(self.to, json.dumps({**closing, "sessionId": self.session}).encode() + b"\0")
            case "Page.frameNavigated":
                frame = message["params"]["frame"]
                (self._astray.discard, self._astray.add)[frame["url"].startswith(OF_THE_BROWSER)](frame["id"])
            case "Log.entryAdded":
                entry = message["params"]["entry"]
                if entry["level"] in ("warning", "error"):
                    self.complaints.append(f"{entry['level']}: {entry['text']} {entry.get('url', '')}")
            case "Debugger.scriptParsed":
                script = message["params"]
                frame = script.get("executionContextAuxData", {}).get("frameId")
                if script["url"] != ASKED and frame not in self._astray:
                    self.ran.append(f"{script['url']}:{script['startLine']}:{script['startColumn']} {script['length']}")
        return message


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A browser with an empty profile in this folder."""
    assert CHROMIUM
    to_read, to_write = os.pipe()
    from_read, from_write = os.pipe()
    # The protocol is spoken on 3 and 4.
    command = [
        "bash",
        "-c",
        f'exec "$@" 3<&{to_read} 4>&{from_write}',
        "bash",
        CHROMIUM,
        *FLAGS,
        f"--user-data-dir={profile}",
    ]
    with (profile.with_suffix(".log")).open("w") as log:
        process = subprocess.Popen(command, pass_fds=(to_read, from_write), stdout=log, stderr=log)
    os.close(to_read)
    os.close(from_write)
    try:
        one = Browser(to_write, from_read)
        target = one.call("Target.createTarget", url="about:blank")["targetId"]
        one.session = one.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Debugger", "Log"):
            one.call(f"{domain}.enable")
        yield one
    finally:
        os.close(to_write)
        os.close(from_read)
        process.terminate()
        process.wait(PATIENCE)
