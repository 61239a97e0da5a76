"""Drives the dashboard as a person would.

    dashboard.py submit URL SCREENSHOTS IMAGE   submits a study from the page and watches it until it is over; prints the run
    dashboard.py replay URL SCREENSHOTS RUN     replays the run's dead letter, waits for its end, and looks through its slices
    dashboard.py training URL SCREENSHOTS ID    looks at a failed training and its curves, and takes it up again
    dashboard.py report FILE SCREENSHOTS        looks at a report
    dashboard.py token URL SCREENSHOTS TOKEN    is asked for a token, gives a wrong one, the right one, and has it forgotten

Each ends with exit code 0, or says what was wrong.
"""

import pathlib
import sys
import time

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from browser import Browser

READY = "return document.getElementById('main')?.dataset.ready === 'true'"


def go(browser, url, hash):
    browser.script("window.location.hash = arguments[0]", hash)
    browser.wait(f"the page {hash}", lambda: browser.script("return location.hash") == hash and browser.script(READY))


def state(browser):
    return browser.find("h1 + [role=status] .state").text


def submit(browser, url, image):
    browser.driver.get(url)
    browser.wait("the fleet", lambda: browser.script(READY))
    browser.tab_through("fleet")
    browser.find("nav a[href='#/submit']").click()
    model = browser.wait("the models", lambda: browser.find("#submit-model option") and browser.find("#submit-model"))
    Select(model).select_by_value("tissue")
    browser.look("submit")
    browser.tab_through("submit")
    browser.find("#submit-file-0").send_keys(image)
    browser.find("#submit-mirroring").click()
    browser.find("form button[type=submit]").click()
    browser.wait("the run's page", lambda: browser.script("return location.hash.startsWith('#/runs/')"))
    run = browser.script("return location.hash").split("/")[-1]

    # Progress, as it comes.
    seen = []
    pictures = 0

    def is_over():
        nonlocal pictures
        now = state(browser)
        done = browser.script("return document.querySelector('.facts progress')?.value ?? 0")
        if not seen or seen[-1] != (now, done):
            seen.append((now, done))
        if now == "predicting" and 0 < done and pictures == 0:
            pictures = 1
            browser.look("progress")
        return now in ("completed", "failed")

    browser.wait("the run's end", is_over, seconds=90)
    values = [done for _, done in seen]
    assert values == sorted(values) and len(set(values)) >= 3, f"progress must grow before one's eyes: {seen}"
    assert pictures == 1, f"no progress was seen: {seen}"
    print(run)


def replay(browser, url, run):
    browser.driver.get(f"{url}#/runs/{run}")
    browser.wait("the failure", lambda: state(browser) == "failed" and browser.find(".failure a[href='#/letters']"))
    browser.look("failed-run")
    count = browser.find("#open-letters")
    go(browser, url, "#/")
    browser.wait("the number of open letters", lambda: count.is_displayed() and count.text == "1")
    browser.look("fleet")
    go(browser, url, "#/runs")
    assert len(browser.all("tbody tr")) == 1
    browser.look("runs")
    go(browser, url, "#/letters")
    button = browser.wait("the letter", lambda: browser.find("td button"))
    browser.look("letters")
    browser.tab_through("letters")
    # By keyboard alone.
    browser.script("arguments[0].focus()", button)
    button.send_keys(Keys.ENTER)
    browser.wait("the replay", lambda: "is replayed" in browser.find("main [role=status]").text)
    browser.wait("no open letter", lambda: not browser.all("td button") and not count.is_displayed())
    go(browser, url, f"#/runs/{run}")
    browser.wait("the completed run", lambda: state(browser) == "completed", seconds=60)
    view(browser)
    go(browser, url, "#/")
    browser.wait("the chart", lambda: browser.all(".chart .column"))
    browser.find(".chart + details summary").click()
    browser.wait("the chart as a table", lambda: browser.all(".chart + details tbody tr"))
    for label in browser.all(".segments label"):
        label.click()
    browser.wait("the chart by hour", lambda: "an hour" in browser.find(".filters p").text)
    browser.look("fleet-after")


def shown(browser, plane):
    """The slice that a plane shows, once both layers are there."""
    stage = browser.find(f"[data-view={plane}] .stage")
    return int(stage.get_attribute("data-shown") or -1)


def view(browser):
    """Scrolls through the slices by keyboard, wheel, and finger."""
    planes = ("axial", "coronal", "sagittal")
    browser.wait("the slices", lambda: all(shown(browser, plane) >= 0 for plane in planes))
    loaded = "return [...document.querySelectorAll('.stage img:not([hidden])')].every((one) => one.complete && one.naturalWidth > 0)"
    browser.wait("the pictures", lambda: browser.script(loaded))
    browser.look("viewer")
    browser.tab_through("viewer")
    slider = browser.find("[data-view=axial] input[type=range]")
    start = shown(browser, "axial")
    for key, step in ((Keys.ARROW_RIGHT, 1), (Keys.ARROW_RIGHT, 2), (Keys.ARROW_LEFT, 1)):
        slider.send_keys(key)
        browser.wait(f"slice {start + step}", lambda: shown(browser, "axial") == start + step)
    slider.send_keys(Keys.HOME)
    browser.wait("the first slice", lambda: shown(browser, "axial") == 0)
    assert browser.find("[data-view=axial] output").text.startswith("1 of "), "people count from 1"

    stage = browser.find("[data-view=coronal] .stage")
    browser.script("arguments[0].scrollIntoView({block: 'center'})", stage)
    before = shown(browser, "coronal")
    box = browser.script("const box = arguments[0].getBoundingClientRect(); return [box.left + box.width / 2, box.top + box.height / 2]", stage)
    browser.command("Input.dispatchMouseEvent", type="mouseWheel", x=box[0], y=box[1], deltaX=0, deltaY=-240)
    browser.wait("the wheel's slices", lambda: shown(browser, "coronal") > before)

    browser.resize("phone", "light")
    browser.script("arguments[0].scrollIntoView({block: 'center'})", stage)
    before = shown(browser, "coronal")
    x, y, width = browser.script(
        "const box = arguments[0].getBoundingClientRect(); return [box.left + box.width / 2, box.top + box.height / 2, box.width]", stage)
    browser.command("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
    for share in (0.05, 0.1, 0.15, 0.2):
        browser.command("Input.dispatchTouchEvent", type="touchMove", touchPoints=[{"x": x - share * width, "y": y}])
    browser.command("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    browser.wait("the finger's slices", lambda: shown(browser, "coronal") < before)
    browser.resize("desktop", "light")

    # Labels on and off, each for itself, and other windows.
    browser.find(".viewer-controls input[type=checkbox]").click()
    assert browser.script("return getComputedStyle(document.querySelector('.stage img + img')).opacity") == "0"
    browser.find(".viewer-controls input[type=checkbox]").click()
    image = "return document.querySelector('[data-view=sagittal] .stage img').src"
    labels = "return document.querySelector('[data-view=sagittal] .stage img + img').src"
    before = browser.script(labels)
    browser.find(".viewer-legend input").click()
    browser.wait("the other labels", lambda: browser.script(labels) != before)
    windows = browser.all(".viewer-controls select")
    if windows:
        before = browser.script(image)
        Select(windows[0]).select_by_value("bone")
        browser.wait("the other window", lambda: browser.script(image) != before)


def training(browser, url, id):
    browser.driver.get(f"{url}#/trainings")
    link = browser.wait("the list", lambda: browser.script(READY) and browser.find("tbody th a"))
    browser.look("trainings")
    browser.tab_through("trainings")
    link.click()
    browser.wait("the curves", lambda: len(browser.all(".chart path.curve")) == 6)
    assert browser.script("return location.hash").endswith(id)
    assert state(browser) == "failed" and "The disk is full." in browser.find(".failure").text
    rows = [row.text for row in browser.all("tbody tr")]
    assert len(rows) == 5 and "best of all" in rows[4], rows
    assert len(browser.all(".curve-legend li")) == 6
    dice = browser.all("svg.chart")[1].get_attribute("aria-label")
    assert "over 40 epochs" in dice and "fold 0 0." in dice, dice
    for details in browser.all("details summary"):
        details.click()
    browser.wait("the curves as tables", lambda: len(browser.all("details tbody tr")) == 80)
    browser.look("training")
    browser.tab_through("training")
    for label in browser.all(".segments label")[1:]:
        label.click()
    browser.wait("the other configuration, of which nothing is trained", lambda: not browser.all(".chart path.curve") and len([one for one in browser.all(".empty") if one.is_displayed()]) == 2)
    [button] = [one for one in browser.all(".heading button") if one.text == "Retry"]
    button.send_keys(Keys.ENTER)
    browser.wait("the retry", lambda: state(browser) == "running" and "3 jobs go on." in browser.find("main").text)
    browser.wait("the other offer", lambda: [one.text for one in browser.all(".heading button")] == ["Cancel the training"])
    browser.wait("who asked for it", lambda: "Taken up again" in browser.find(".overview").text and " by " in browser.find(".overview").text)
    browser.look("training-retried")


def report(browser, file):
    browser.driver.get(pathlib.Path(file).resolve().as_uri())
    loaded = "return [...document.querySelectorAll('.stage img:not([hidden])')].every((one) => one.complete && one.naturalWidth > 0)"
    browser.wait("the slices", lambda: len(browser.all(".plane")) == 3 and browser.script(loaded))
    browser.look("report")
    browser.tab_through("report")
    for plane in ("axial", "coronal", "sagittal"):
        before = shown(browser, plane)
        browser.find(f"[data-view={plane}] input[type=range]").send_keys(Keys.ARROW_RIGHT)
        browser.wait("the next slice", lambda: shown(browser, plane) > before)
    asked = browser.script("return performance.getEntriesByType('resource').filter((one) => !one.name.startsWith('data:')).map((one) => one.name)")
    assert asked == [], f"a report asks nobody: {asked}"


def token(browser, url, secret):
    browser.driver.get(url)

    def asked():
        return browser.all("#token-dialog[open]")

    browser.wait("the question for a token", asked)
    field = browser.find("#token-input")
    assert field.get_attribute("type") == "password", "a token isn't shown"
    assert browser.script("return document.activeElement.id") == "token-input", "one types at once"
    browser.look("token")
    field.send_keys("wrong", Keys.ENTER)
    # The page asks the server with it, is refused, and says so in the server's words.
    browser.wait("the refusal", lambda: asked() and "isn't known" in browser.find("#token-hint").text)
    browser.look("token-refused")
    field.clear()
    field.send_keys(secret, Keys.ENTER)
    browser.wait("the fleet", lambda: not asked() and browser.script(READY) and browser.find("#token-button").text == "Token set")
    assert secret not in browser.driver.page_source and secret not in browser.script("return location.href"), "the page shows its token"
    browser.driver.refresh()
    browser.wait("the fleet again, unasked", lambda: browser.script(READY) and browser.find("#token-button").text == "Token set" and not asked())
    # Another tab knows nothing of it.
    assert browser.script("return Object.keys(localStorage).length + document.cookie.length") == 0, "the token outlives its tab"
    browser.find("#token-button").click()
    browser.wait("the dialog", asked)
    browser.find("#token-forget").click()
    browser.wait("the question again", lambda: asked() and browser.find("#token-button").text == "Token")
    browser.forgive("401")


def main():
    what, place, screenshots, *rest = sys.argv[1:]
    with Browser(screenshots) as browser:
        {"submit": submit, "replay": replay, "training": training, "report": report, "token": token}[what](browser, place, *rest)
        browser.finish()


if __name__ == "__main__":
    try:
        main()
    except AssertionError as error:
        sys.exit(f"{error}")
