"""Headless Chromium over its debugging pipe, with nothing but the standard library: pages opened, asked,
photographed."""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import time

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")


class Chromium:
    """The browser reads commands from its descriptor 3 and writes answers and events to 4, each ended by a zero
    byte."""

    def __init__(self, folder):
        commands, self.to_browser = os.pipe()
        self.from_browser, answers = os.pipe()

        def place_pipes():
            # by way of high numbers, as 3 and 4 may be among the four
            os.dup2(commands, 100), os.dup2(answers, 101)
            os.dup2(100, 3), os.dup2(101, 4)

        self.process = subprocess.Popen(
            [PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
             f"--user-data-dir={folder}", "about:blank"],
            preexec_fn=place_pipes, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(commands), os.close(answers)
        self.number, self.buffer, self.events, self.session = 0, b"", [], None
        target = self("Target.createTarget", url="about:blank")["targetId"]
        self.session = self("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self(f"{domain}.enable")

    def _read(self):
        while b"\0" not in self.buffer:
            part = os.read(self.from_browser, 1 << 16)
            assert part, "the browser went away"
            self.buffer += part
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def __call__(self, method, **parameters):
        self.number += 1
        command = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            command["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(command).encode() + b"\0")
        while True:
            message = self._read()
            if message.get("id") == self.number:
                assert "error" not in message, message
                return message["result"]
            self.events.append(message)

    def ask(self, expression):
        """The value of an expression of JavaScript in the page."""
        result = self("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def open(self, path, width, dark=False):
        """Loads a file at a width of the window; gives what was requested and what was logged."""
        self("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
        self("Emulation.setEmulatedMedia",
             features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.events.clear()
        self("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        while not (self.ask("document.readyState") == "complete" and any(
                event.get("method") == "Page.loadEventFired" for event in self.events)):
            time.sleep(0.05)  # a browser that has exited answers nothing
        requests = [event["params"]["request"]["url"] for event in self.events
                    if event.get("method") == "Network.requestWillBeSent"]
        logged = [event["params"] for event in self.events
                  if event.get("method") in ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")]
        return requests, logged

    def photograph(self, path):
        data = self("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))

    def close(self):
        self.session = None
        self("Browser.close")
        self.process.wait(30)
        os.close(self.to_browser), os.close(self.from_browser)
