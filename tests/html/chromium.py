"""A real browser without a window, driven over a pipe by its DevTools protocol.

The protocol: https://chromedevtools.github.io/devtools-protocol/. Chromium reads
commands from file descriptor 3 and answers on 4, each a JSON object and a zero byte.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def find() -> str | None:
    """Return the browser's path, None if there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next(filter(None, map(shutil.which, names)), None)


def _beyond_ten(descriptor: int) -> int:
    """Move a descriptor out of the way of the two that Chromium uses."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return moved


class Chromium:
    """One page at a time; what it asked for and complained about is kept."""

    def __init__(self, path: str, profile: Path) -> None:
        ours_out, theirs_in = map(_beyond_ten, os.pipe())  # the browser writes
        theirs_out, ours_in = map(_beyond_ten, os.pipe())  # the browser reads
        flags = (
            "--headless",
            "--no-sandbox",  # containers run as root
            "--disable-gpu",
            "--hide-scrollbars",
            "--no-first-run",
            "--disable-background-networking",
            "--remote-debugging-pipe",
            f"--user-data-dir={profile}",
        )
        # The shell puts the two ends where Chromium looks for them.
        redirect = f'exec "$@" 3<&{theirs_out} 4>&{theirs_in}'
        self._process = subprocess.Popen(
            ["bash", "-c", redirect, "bash", path, *flags, "about:blank"],
            pass_fds=(theirs_out, theirs_in),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._in = os.fdopen(ours_in, "wb", buffering=0)
        self._out = os.fdopen(ours_out, "rb")
        self._buffer = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []
        targets = self._call("Target.getTargets", session=None)["targetInfos"]
        page = next(t["targetId"] for t in targets if t["type"] == "page")
        self._session = self._call(
            "Target.attachToTarget", session=None, targetId=page, flatten=True
        )["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)

    def close(self) -> None:
        """End the browser."""
        self._call("Browser.close", session=None)
        self._process.wait(20)
        self._in.close()
        self._out.close()

    def open(self, path: Path, *, width: int = 1280, dark: bool = False) -> None:
        """Load a file into a window of that width."""
        self.events.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="", features=[scheme])
        self.call("Page.navigate", url=path.as_uri())
        while not any(e["method"] == "Page.loadEventFired" for e in self.events):
            self.events.append(self._read())

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command to the page and return its result."""
        return self._call(method, session=self._session, **params)

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def requests(self) -> list[str]:
        """Return the URLs that the page asked for."""
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def complaints(self) -> list[str]:
        """Return what the console holds: errors, warnings, messages."""
        names = (
            "Runtime.consoleAPICalled",
            "Runtime.exceptionThrown",
            "Log.entryAdded",
        )
        return [json.dumps(e["params"]) for e in self.events if e["method"] in names]

    def screenshot(self, path: Path, height: int | None = None) -> None:
        """Write a PNG of the page, or of its first ``height`` pixels."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {**size, "height": height or size["height"], "scale": 1}
        data = self.call(
            "Page.captureScreenshot", clip=clip, captureBeyondViewport=True
        )
        path.write_bytes(base64.b64decode(data["data"]))

    def _call(self, method: str, *, session: str | None, **params: Any) -> Any:
        self._number += 1
        command: dict[str, Any] = {
            "id": self._number,
            "method": method,
            "params": params,
        }
        if session is not None:
            command["sessionId"] = session
        self._in.write(json.dumps(command).encode() + b"\0")
        while True:
            message = self._read()
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]
            self.events.append(message)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            data = os.read(self._out.fileno(), 1 << 20)
            assert data, "the browser ended"
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)
