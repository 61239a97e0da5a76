"""A headless Chromium, driven over WebDriver: sizes, schemes, screenshots, and checks of what it shows."""

import base64
import os
import pathlib
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

SIZES = {"desktop": (1280, 800, False), "phone": (390, 844, True), "small": (360, 640, True)}
# What is kept as pictures; the smallest is only checked.
PICTURED = ("desktop", "phone")
SCHEMES = ("light", "dark")
CHECKS = pathlib.Path(__file__).with_name("checks.js").read_text()


class Browser:
    def __init__(self, screenshots):
        self.screenshots = pathlib.Path(screenshots)
        self.screenshots.mkdir(parents=True, exist_ok=True)
        self.profile = tempfile.TemporaryDirectory()
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for argument in (
            "--headless=new", "--disable-gpu", "--hide-scrollbars", "--force-color-profile=srgb", "--disable-dev-shm-usage",
            "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-default-apps", f"--user-data-dir={self.profile.name}",
        ):
            options.add_argument(argument)
        if os.geteuid() == 0:
            options.add_argument("--no-sandbox")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.problems = []
        self.forgiven = ["favicon"]
        self.resize("desktop", "light")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()
        self.profile.cleanup()

    def resize(self, size, scheme):
        width, height, mobile = SIZES[size]
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        self.command("Emulation.setTouchEmulationEnabled", enabled=mobile)
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def command(self, name, **parameters):
        return self.driver.execute_cdp_cmd(name, parameters)

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def wait(self, what, condition, seconds=30):
        """Waits until `condition` answers something true, and returns it."""
        end = time.monotonic() + seconds
        last = None
        while time.monotonic() < end:
            try:
                answer = condition()
                if answer:
                    return answer
            except Exception as error:  # The page changes while it is looked at.
                last = error
            time.sleep(0.03)
        self.screenshot("failed")
        raise AssertionError(f"waited in vain for {what}: {last or self.find('body').text[:400]}")

    def screenshot(self, name):
        picture = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        (self.screenshots / f"{name}.png").write_bytes(base64.b64decode(picture["data"]))

    def look(self, name):
        """Takes screenshots at each size in light and dark, and checks each."""
        for size in SIZES:
            for scheme in SCHEMES:
                self.resize(size, scheme)
                # A frame for the style, one for what watches sizes.
                self.driver.execute_async_script("const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 60)))")
                for problem in self.script("return " + CHECKS.strip().split("\n", 2)[2].rstrip()):
                    self.problems.append(f"{name}, {size}, {scheme}: {problem}")
                if size in PICTURED:
                    self.screenshot(f"{name}-{scheme}-{size}")
        self.resize("desktop", "light")

    def tab_through(self, name, most=80):
        """Goes through the page by the Tab key: each control must be reached, and show that it has the focus."""
        wanted = self.script(
            """return [...document.querySelectorAll("a[href], button, input, select, summary")]
                 .filter((one) => one.checkVisibility() && !one.disabled && one.tabIndex >= 0 && !(one.type === "radio" && !one.checked)).length"""
        )
        # From the page's beginning: a focus that only goes leaves the place where Tab goes on.
        self.script("document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex'); window.scrollTo(0, 0)")
        reached = set()
        for _ in range(most):
            for kind in ("keyDown", "keyUp"):
                self.command("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
            at = self.script(
                """const one = document.activeElement;
                   if (!one || one === document.body) return null;
                   const shown = one.matches(".segments input") ? one.nextElementSibling : one;
                   const style = getComputedStyle(shown);
                   one.dataset.visit ??= String(Math.random());
                   return [one.dataset.visit, one.outerHTML.slice(0, 80), style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1]"""
            )
            if at is None or at[0] in reached:
                break
            reached.add(at[0])
            if not at[2]:
                self.problems.append(f"{name}: the focus isn't seen on {at[1]}")
        if len(reached) < wanted:
            self.problems.append(f"{name}: Tab reaches {len(reached)} of {wanted} controls")

    def forgive(self, word):
        """The browser may say this: it was meant to happen."""
        self.forgiven.append(word)

    def finish(self):
        """Fails if anything was found, or if the page's scripts have complained."""
        for entry in self.driver.get_log("browser"):
            if entry["level"] in ("SEVERE", "WARNING") and not any(word in entry["message"] for word in self.forgiven):
                self.problems.append(f"the browser says: {entry['message']}")
        assert not self.problems, "\n".join(dict.fromkeys(self.problems))
