#!/usr/bin/env python3
"""The site that `make docs` makes: test_site.py FOLDER [SCREENSHOTS]

Links, anchors and pictures; markup that was left over; and, in Chromium where it is installed, the search, and pages on
a phone. With a second folder it leaves screenshots there, to be looked at. Called by dev/test_docs.py.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from served import served

ROOT = Path(__file__).resolve().parent.parent

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
# The pages of which one has to be among the first results.
SEARCHES = {
    "finder": ("finder.html", "core-finder.html"), "resume": ("recipes.html",), "llrd": ("recipes.html",),
    "nanogpt": ("peers.nanogpt.html",), "warm restart": ("recipes.html",),
    "GreedyLR": ("controllers.html", "core-controllers.html"),
    "install": ("install.html",), "stepsize_scheduler_next": ("6-schedulers.html",),
}  # fmt: skip
SEEN = (
    "index", "which", "auto", "recipes", "schedules", "tutorial-c", "c/index", "c/6-schedulers", "api/core-scheduler",
)  # fmt: skip
# What Markdown has not understood.
LEFT_OVER = {
    "::": r"::(?!\w)", "double backticks": r"``", "a role": r":[a-z]+:`", "a fence": r"^```", "a link": r"\]\(",
    "bold": r"(?<!\w)\*\*\w",
}  # fmt: skip


class Page(HTMLParser):
    """A page's anchors, targets, and text outside of programs."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.targets: list[str] = []
        self.text: list[str] = []
        self.inside: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        self.anchors |= {values[name] or "" for name in ("id", "name") if name in values}
        self.targets += [values[name] or "" for name in ("href", "src") if name in values]
        if tag in ("pre", "code", "script", "style"):
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.text.append(data)


def check_files(site: Path) -> int:
    """Returns the number of pages."""
    pages = {path: Page(path) for path in sorted(site.rglob("*.html"))}
    problems = []
    for path, page in pages.items():
        name = path.relative_to(site)
        for target in page.targets:
            if re.match(r"https?:|mailto:|data:|javascript:", target):
                continue
            file, _, anchor = target.partition("#")
            file = unquote(file.partition("?")[0])
            # The page for unknown addresses has absolute ones.
            start = site if file.startswith("/") else path.parent
            other = (start / file.lstrip("/")).resolve() if file else path
            other = other / "index.html" if other.is_dir() else other
            if not other.exists():
                problems.append(f"{name}: no file {target}")
            elif anchor and other in pages and unquote(anchor) not in pages[other].anchors | {"__top"}:
                if "explorer" not in other.parts:  # there it is the state of the page
                    problems.append(f"{name}: no anchor {target}")
        text = " ".join(page.text)
        for what, pattern in LEFT_OVER.items():
            for match in re.finditer(pattern, text, re.MULTILINE):
                near = " ".join(text[max(0, match.start() - 40) : match.end() + 30].split())
                problems.append(f"{name}: {what} in ‘{near}’")
        source = path.read_text(encoding="utf-8")
        problems += [f"{name}: {each} comes from elsewhere" for each in re.findall(r'src="(https?:[^"]*)"', source)]
    index = json.loads((site / "search/search_index.json").read_text(encoding="utf-8"))
    titles = {entry["title"] for entry in index["docs"]}
    for word in ("needs_loss", "Cosine", "GreedyLR", "OneCycleLR", "refine", "Chebyshev", "stepsize_scheduler_step"):
        if not any(word in title for title in titles):
            problems.append(f"the search does not know {word}")
    if problems:
        sys.exit("test_site:\n" + "\n".join(problems[:60]) + f"\n{len(problems)} problems")
    return len(pages)


def check_in_browser(executable: str, site: Path, screenshots: Path | None) -> None:
    from playwright.sync_api import sync_playwright

    with served(str(site)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        page = browser.new_page(viewport=DESKTOP)
        page.set_default_timeout(20_000)
        page.goto(f"{address}/index.html")
        page.frame_locator(".explorer").locator("path.curve").first.wait_for()
        for words, wanted in SEARCHES.items():
            page.goto(f"{address}/which.html")
            page.click("label.md-search__icon, .md-search__input")
            page.fill(".md-search__input", words)
            page.wait_for_selector(".md-search-result__link")
            page.wait_for_timeout(300)
            results = page.locator(".md-search-result__item").all()[:3]
            links = [each.locator("a").first.get_attribute("href") or "" for each in results]
            found = [re.sub(r"[?#].*", "", link).rsplit("/", 1)[-1] for link in links]
            assert any(name in found for name in wanted), f"test_site: {words!r} finds {found}, not {wanted}"
        # A heading sorts its table.
        page.goto(f"{address}/rates.html")
        heading = page.locator("th.sortable", has_text="geometric mean").first
        first = "() => document.querySelector('article table tbody tr').cells[0].textContent"
        before = page.evaluate(first)
        heading.click()
        heading.click()
        assert heading.get_attribute("aria-sort") == "descending" and page.evaluate(first) != before
        for size, scheme in ((PHONE, "light"), (PHONE, "dark"), (DESKTOP, "light"), (DESKTOP, "dark")):
            view = browser.new_context(viewport=size, color_scheme=scheme)
            for name in SEEN:
                page = view.new_page()
                page.goto(f"{address}/{name}.html")
                widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
                assert widths[0] <= widths[1], f"test_site: {name} is {widths[0]} wide in a window of {widths[1]}"
                if screenshots:
                    page.wait_for_timeout(700)
                    kind = "phone" if size is PHONE else "desktop"
                    page.screenshot(path=screenshots / f"{name.replace('/', '-')}-{kind}-{scheme}.png")
                page.close()
        browser.close()


def main(folder: str, screenshots: str | None = None) -> None:
    site = Path(folder).resolve()
    pages = check_files(site)
    try:
        import playwright  # noqa: F401
    except ImportError:
        print("site: SKIPPED in the browser: playwright is not installed")
    else:
        browser = subprocess.run([ROOT / "dev/browser.sh"], capture_output=True, text=True, check=True).stdout.strip()
        if browser:
            check_in_browser(browser, site, Path(screenshots) if screenshots else None)
        else:
            print("site: SKIPPED in the browser: chromium is not installed (dev/setup_web.sh)")
    print(f"site: {pages} pages passed")


if __name__ == "__main__":
    main(*sys.argv[1:])
