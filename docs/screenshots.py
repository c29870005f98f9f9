"""Screenshots of every view for the documentation, by the real models over the sample library.

Run it from the root of the repository: `python docs/screenshots.py`. It needs Chromium and takes a few minutes.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from assistant import open_library
from assistant.ui.app import server

FOLDER = Path(__file__).with_name("screenshots")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
QUESTION = "What effect did reversing the source words have on BLEU?"
VIEWS = {
    "papers": "papers",
    "authors": "authors",
    "trends": "trends",
    "add": "add",
    "status": "status",
}
LARGE, SMALL = {"width": 1360, "height": 850}, {"width": 390, "height": 844}


def main() -> None:
    """Take them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="The browser's program.")
    chosen = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made, open_library(Path(made) / "library", read_ahead=False) as workspace:
        workspace.add_sample()
        addresses: list[str] = []
        ready = threading.Event()
        page_server = server(workspace, "127.0.0.1", 0, lambda url: (addresses.append(url), ready.set()))
        thread = threading.Thread(target=page_server.run, daemon=True)
        thread.start()
        ready.wait(60)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chosen.chromium, args=FLAGS)
            page = browser.new_page(viewport=LARGE, color_scheme="light")
            _take_all(page, addresses[0])
            browser.close()
        page_server.should_exit = True
        thread.join(10)


def _take_all(page: Page, url: str) -> None:
    page.goto(url)
    _save(page, "chat-empty")
    _ask(page, QUESTION, 1)
    page.locator(".sentence[tabindex]").first.hover()
    _save(page, "chat")
    conversation = page.url
    _ask(page, "papers per year", 2)
    _save(page, "chat-count")
    for name, path in VIEWS.items():
        page.goto(url + path)
        page.wait_for_load_state("networkidle")
        _save(page, name)
    page.goto(f"{url}papers?q=attention")
    page.locator("main a[href*='/paper/']").first.click()
    _save(page, "paper")
    page.locator("main a[href*='/author/']").first.click()
    _save(page, "author")
    page.emulate_media(color_scheme="dark")
    page.goto(conversation)
    _save(page, "chat-dark")
    page.goto(f"{url}trends")
    page.wait_for_load_state("networkidle")
    _save(page, "trends-dark")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(SMALL)
    page.goto(conversation)
    _save(page, "chat-phone")
    page.goto(f"{url}papers")
    _save(page, "papers-phone")


def _ask(page: Page, question: str, turns: int) -> None:
    page.fill("#question", question)
    page.keyboard.press("Enter")
    page.locator(".turn").nth(turns - 1).wait_for()
    page.locator(".turn[data-state=answered]").nth(turns - 1).wait_for(timeout=300_000)


def _save(page: Page, name: str) -> None:
    page.wait_for_timeout(600)
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
