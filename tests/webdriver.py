# SPDX-License-Identifier: MIT
"""A headless Chromium, driven by the W3C WebDriver protocol with nothing but the standard library.

Every wait is for something to become true in the page, with a deadline that only a broken page
reaches.
"""
import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

DEADLINE = 20.0
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # W3C WebDriver, section 11: how one is written
DRIVER = shutil.which("chromedriver")
KEYS = {"Escape": "\ue00c", "Enter": "\ue007", "ArrowDown": "\ue015", "ArrowUp": "\ue013",
        "ArrowRight": "\ue014", "Delete": "\ue017", "F2": "\ue032", "Home": "\ue011",
        "Space": " ", "Tab": "\ue004"}


NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class WebDriverError(Exception):
    pass


class Browser:
    """One window. width, height: of the page in CSS pixels; dark: prefers-color-scheme."""

    def __init__(self, width=1280, height=900, dark=False, script=True):
        self.profile = tempfile.TemporaryDirectory(prefix="candor-browser-",
                                                   ignore_cleanup_errors=True)
        self.driver = subprocess.Popen([DRIVER, "--port=0"], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.port = None
        while self.port is None:
            line = self.driver.stdout.readline().decode()
            if not line:
                raise WebDriverError("chromedriver ended before it listened")
            found = re.search(r"successfully on port (\d+)", line)
            self.port = int(found.group(1)) if found else None
        arguments = ["--headless=new", "--no-first-run", "--disable-gpu",
                     "--disable-dev-shm-usage", f"--user-data-dir={self.profile.name}",
                     "--force-device-scale-factor=1"]
        if os.getuid() == 0:
            arguments.append("--no-sandbox")
        preferences = {"download.default_directory": self.profile.name}
        if not script:
            preferences["profile.managed_default_content_settings.javascript"] = 2
        options = {"args": arguments, "prefs": preferences}
        answer = self._call("POST", "", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"}, "unhandledPromptBehavior": "accept"}}})
        self.session = answer["sessionId"]
        # The page's own size, whatever frame a window has; and the scheme, as a person sets it.
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=1, mobile=width < 600)
        self.devtools("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def _call(self, method, path, body=None):
        base = f"http://127.0.0.1:{self.port}/session"
        if hasattr(self, "session"):
            base += f"/{self.session}"
        request = urllib.request.Request(base + path, method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        try:
            with NO_PROXY.open(request, timeout=60) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            told = json.load(error)["value"]
            raise WebDriverError(f"{told['error']}: {told['message']}") from None

    def devtools(self, command, **parameters):
        return self._call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, url):
        self._call("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        """The value of a function body in the page; a promise is waited for."""
        return self._call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, script, *arguments):
        """Waits until an expression is true in the page; its value."""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            value = self.run(f"return ({script})", *arguments)
            if value:
                return value
            time.sleep(0.02)
        raise AssertionError(f"never true: {script}\n{self.text()}")

    def text(self):
        return self.run("return document.body.innerText")

    def find(self, selector):
        """Waits for an element."""
        self.wait("document.querySelector(arguments[0]) !== null", selector)
        return self._call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self._call("POST", f"/element/{self.find(selector)}/click", {})

    def click_text(self, selector, text):
        """The element of that selector with exactly this text."""
        found = self.wait("[...document.querySelectorAll(arguments[0])].find((e) => "
                          "e.textContent.trim() === arguments[1])", selector, text)
        self._call("POST", f"/element/{found[ELEMENT]}/click", {})

    def type(self, selector, text):
        self._call("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def clear(self, selector):
        self._call("POST", f"/element/{self.find(selector)}/clear", {})

    def press(self, *keys):
        """Keys one after the other, to whatever has the focus."""
        actions = []
        for key in keys:
            value = KEYS.get(key, key)
            actions += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self._call("POST", "/actions", {"actions": [{"type": "key", "id": "keys",
                                                     "actions": actions}]})

    def log(self):
        """What the page complained of: script errors, refused loads, broken policy."""
        return [entry["message"] for entry in self._call("POST", "/se/log", {"type": "browser"})]

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self._call("GET", "/screenshot")))

    def close(self):
        try:
            self._call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(DEADLINE)
            self.driver.stdout.close()
            self.profile.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
