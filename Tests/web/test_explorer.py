"""The explorer in a browser: test_explorer.py BROWSER FOLDER [SCREENSHOTS]

BROWSER is the path of Chromium or of Chrome, FOLDER what dev/build_explorer.py has made. Called by Tests/web/run.sh.
Needs playwright. With a second folder it leaves screenshots there, to be looked at.
"""

import sys
from pathlib import Path
from urllib.parse import urlencode

import stepsize
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "dev"))
from served import served  # noqa: E402

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
checks = 0


def check(condition: object, what: object = "") -> None:
    global checks
    checks += 1
    if not condition:
        frame = sys._getframe(1)
        sys.exit(f"test_explorer: line {frame.f_lineno}: failed {what}")


def opened(context, address: str, **state: object) -> Page:
    """The page with a state in the link; whatever it logs or throws, and each foreign address, ends the test."""
    page = context.new_page()
    page.on("console", lambda message: check(False, message.text))
    page.on("pageerror", lambda error: check(False, error))
    page.on("request", lambda request: check(request.url.startswith((address, "data:")), request.url))
    page.goto(f"{address}/index.html#{urlencode(state, doseq=True)}")
    page.wait_for_selector("html[data-ready]")
    return page


def type_schedule(page: Page, text: str, index: int = 0) -> None:
    page.locator("#list textarea").nth(index).fill(text)


def rates(page: Page) -> list[float]:
    return [float(word) for word in page.locator("#readout span b").all_inner_texts()[1:]]


def test_picture(page: Page) -> None:
    schedule = stepsize.parse("warmup(500) >> cosine(9500, floor=0.1)")
    check(page.locator("#chart path.curve").count() == 3)
    check(not any(page.locator(f"#{name}").is_visible() for name in ("onlyrun", "columns", "optimizers", "losses")))
    chart = page.locator("#chart")
    chart.focus()
    page.keyboard.press("Home")
    check(chart.get_attribute("aria-valuenow") == "0")
    check(rates(page)[0] == float(f"{1e-3 * schedule.at(0):.4g}"), rates(page))
    page.keyboard.press("ArrowRight")
    check(chart.get_attribute("aria-valuenow") == "1")
    page.keyboard.press("End")
    check(chart.get_attribute("aria-valuenow") == "9999")
    check(abs(rates(page)[0] / (1e-3 * schedule.at(9999)) - 1) < 1e-3, rates(page))
    check("9999" in chart.get_attribute("aria-valuetext"))
    page.hover("#chart", position={"x": 300, "y": 100})
    check(0 < int(chart.get_attribute("aria-valuenow")) < 9999)
    marks = page.locator("#chart text[text-anchor='end']").all_text_contents()
    check("0.001" in marks and not any("e" in mark for mark in marks), marks)
    before = page.locator("#chart").inner_html()
    page.check("#log")
    check(page.locator("#chart").inner_html() != before)
    check("log=1" in page.url)


def test_phases(page: Page) -> None:
    type_schedule(page, "warmup(400, phase='up') >> constant(500, phase='main') >> linear(100)")
    check(page.locator("#chart .phase title").all_text_contents() == ["up", "main"])
    widths = [float(band.get_attribute("width")) for band in page.locator("#chart .phase").all()]
    check(abs(widths[1] / widths[0] - 5 / 4) < 1e-3, widths)
    page.locator("#chart").focus()
    for key, phase in (("Home", " in up"), ("End", "")):
        page.keyboard.press(key)
        check(page.locator("#readout span").first.inner_text().endswith(f"{phase}") and
              ("in up" in page.locator("#chart").get_attribute("aria-valuetext")) == bool(phase), key)  # fmt: skip


def test_error(page: Page) -> None:
    type_schedule(page, "warmup(10) >> cosin(100)")
    about = page.locator("#about0")
    check('did you mean "cosine"' in about.inner_text(), about.inner_text())
    check(about.locator("mark").inner_text() == "cosin")
    check(page.locator("#list textarea").first.get_attribute("aria-invalid") == "true")
    type_schedule(page, "warmup(10) >> cosine(100)")
    check("110 updates" in about.inner_text())
    page.fill("#lr", "fast")
    check(page.locator("#problem").is_visible())
    page.fill("#lr", "0.1")
    check(not page.locator("#problem").is_visible())


def test_controls(page: Page) -> None:
    type_schedule(page, "linear(100)")
    text = page.locator("#list textarea").first
    page.select_option("#builder select[aria-label='Then …']", "cosine")
    check(text.input_value().startswith("linear(100) >> cosine("), text.input_value())
    page.locator("#builder input[aria-label='total, updates']").nth(1).fill("300")
    page.keyboard.press("Tab")
    check(text.input_value() == "linear(100) >> cosine(300)", text.input_value())
    page.locator("#builder button[aria-label='Remove linear']").click()
    check(text.input_value() == "cosine(300)", text.input_value())
    page.select_option("#builder select[aria-label='Controller …']", "plateau")
    check(text.input_value() == "plateau() * cosine(300)", text.input_value())
    page.locator("#builder button[aria-label='Remove plateau']").click()
    # Each schedule of the catalogue can be begun with.
    for entry in stepsize.catalogue.entries():
        page.select_option("#builder select[aria-label='Schedule'] >> nth=0", entry.name)
        check(text.input_value().startswith(entry.name), (entry.name, text.input_value()))
        check(page.locator("#about0").get_attribute("class") == "soft", page.locator("#about0").inner_text())
        type_schedule(page, "cosine(300)")


def test_scores(page: Page) -> None:
    cells = page.locator("#table td:not(.name)").all_inner_texts()
    wanted = [stepsize.score(text) for text in ("linear(1000)", "cosine(1000)")]
    check([float(cell.split()[0]) for cell in cells[0::3]] == [float(f"{each.omega:.4g}") for each in wanted], cells)
    check("★" in cells[0] and "★" not in cells[3])
    page.locator("#table button").first.click()
    check(page.input_value("#lr") == f"{wanted[0].gamma:.4g}")


def test_replay(page: Page) -> None:
    losses = [1 / (1 + update) for update in range(40)] + [0.5] * 60
    page.fill("#values", " ".join(map(repr, losses)))
    scheduler = stepsize.Scheduler(0.01, "greedy() * linear(1000)")
    decisions = []
    for loss in losses:
        scheduler.step(loss)
        decisions.append(scheduler.decision)
    outcome = page.locator("#outcome").inner_text()
    check(f"raised {decisions.count('raised')} times" in outcome, outcome)
    check(page.locator("#chart path.curve").count() == 3)
    check(page.locator("#losses svg").is_visible())
    page.click("#clear")
    check(page.locator("#chart path.curve").count() == 1 and page.input_value("#values") == "")
    page.evaluate("text => navigator.clipboard.writeText(text)", "\n".join(map(repr, losses)))
    page.click("#paste")
    page.wait_for_function("document.getElementById('values').value !== ''")
    check(page.locator("#outcome").inner_text() == outcome, outcome)
    page.locator("#outcome input").first.fill("greedy(patience=0.5)")
    page.keyboard.press("Tab")
    check("patience" in page.locator("#outcome .error").inner_text())

    page.set_input_files("#file", {"name": "run.csv", "mimeType": "text/csv", "buffer": b"step,grad_norm\n" + b"".join(
        f"{step},{4 if step < 20 else 1}\n".encode() for step in range(100))})
    page.check("input[value='norms']")
    check(page.locator("#column").input_value() == "1")
    refined = stepsize.refine([4.0] * 20 + [1.0] * 80, optimizer="adam")
    check(f"warm-up of {refined.warmup} updates" in page.locator("#outcome").inner_text())
    page.get_by_text("Add it to the schedules").click()
    check(page.locator("#list textarea").nth(1).input_value().startswith("knots("))


def test_links(context, page: Page, address: str) -> None:
    type_schedule(page, "greedy() * cosine(700)")
    page.fill("#lr", "0.25")
    page.get_by_role("tab", name="C", exact=True).click()
    check('"greedy() * cosine(700)"' in page.inner_text("#snippet"))
    other = context.new_page()
    other.goto(page.url)
    other.wait_for_selector("html[data-ready]")
    check(other.locator("#list textarea").first.input_value() == "greedy() * cosine(700)")
    check(other.input_value("#lr") == "0.25" and "stepsize_scheduler_parse" in other.inner_text("#snippet"))
    for name in page.get_by_role("tab").all_inner_texts():
        page.get_by_role("tab", name=name, exact=True).click()
        check("cosine(700)" in page.inner_text("#snippet"), name)
    page.click("#link")
    check(page.evaluate("navigator.clipboard.readText()") == page.url)


def test_width(page: Page) -> None:
    """Nothing is wider than the window, and each control has a name."""
    widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    check(widths[0] <= widths[1], widths)
    nameless = page.evaluate("""Array.from(document.querySelectorAll("button, input, select, textarea, [tabindex='0']"))
      .filter((e) => !e.hidden && !e.textContent.trim() && !e.getAttribute("aria-label") && !e.labels?.length)
      .map((e) => e.outerHTML.slice(0, 80))""")
    check(not nameless, nameless)


def main(executable: str, folder: str, screenshots: str | None) -> None:
    with served(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        # The tests ask the page questions of their own; what it loads is checked all the same.
        clipboard = ["clipboard-read", "clipboard-write"]
        context = browser.new_context(viewport=DESKTOP, bypass_csp=True, permissions=clipboard)
        context.set_default_timeout(10_000)
        test_picture(opened(context, address))
        test_phases(opened(context, address))
        test_error(opened(context, address))
        test_controls(opened(context, address, s="linear(100)"))
        test_scores(opened(context, address, s=["linear(1000)", "cosine(1000)"]))
        test_replay(opened(context, address, s="linear(1000)", lr="0.01"))
        page = opened(context, address)
        test_links(context, page, address)
        for name, size, scheme in (("desktop", DESKTOP, "light"), ("dark", DESKTOP, "dark"), ("phone", PHONE, "light")):
            view = browser.new_context(viewport=size, color_scheme=scheme, bypass_csp=True)
            page = opened(view, address)
            page.click("#sample")
            test_width(page)
            if screenshots:
                page.screenshot(path=Path(screenshots) / f"{name}.png", full_page=True)
        # The policy that forbids all but its own files holds.
        opened(browser.new_context(), address).close()
        browser.close()
    print(f"explorer: {checks} checks passed")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None)
