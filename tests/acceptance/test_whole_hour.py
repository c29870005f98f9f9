"""A new user's whole hour on the page, with the real models over the real author page."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from assistant import settings
from assistant.workspace import Workspace
from tests.acceptance.test_author_page import PAGE
from tests.integration.page.conftest import CHROMIUM, FLAGS
from tests.page_server import page_served

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(3000)]

LONG = 600_000
"""Milliseconds that an answer may take on a machine without bfloat16."""


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    if not PAGE.exists() and not os.environ.get("CI"):
        pytest.skip("the folder of real data is absent")
    with Workspace(settings.load(library=tmp_path / "library")) as workspace, page_served(workspace) as address:
        yield address


@pytest.fixture
def page() -> Iterator[Page]:
    if not Path(CHROMIUM).exists() and not os.environ.get("CI"):
        pytest.skip(f"{CHROMIUM} is not installed")
    said: list[str] = []
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        opened = browser.new_page(viewport={"width": 1366, "height": 768})
        opened.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        opened.on("pageerror", lambda error: said.append(str(error)))
        opened.on("request", lambda request: asked.append(request.url))
        yield opened
        browser.close()
    assert said == []
    assert [each for each in asked if not each.startswith("http://127.0.0.1:")] == []


def ask(page: Page, question: str) -> None:
    page.fill("#question", question)
    page.keyboard.press("Enter")


def expect_answered(page: Page, turns: int) -> None:
    expect(page.locator(".turn")).to_have_count(turns)
    expect(page.locator(".turn").last).to_have_attribute("data-state", re.compile("answered|failed"), timeout=LONG)


def test_a_new_user_s_whole_hour(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("link", name="Add papers").click()
    page.set_input_files("#files", [str(PAGE)])
    page.click("#add")
    expect(page.locator("#report")).to_contain_text("22", timeout=LONG)

    page.get_by_role("link", name="Chat", exact=True).click()
    ask(page, "what has Naibin Gu worked on in 2025?")
    expect_answered(page, 1)
    expect(page.locator(".turn")).to_contain_text("9 of 9 papers")

    page.locator(".source.cited summary").first.click()
    expect(page.locator(".source.cited .abstract").first).to_be_visible()
    expect(page.locator(".source.cited mark").first).to_be_visible()
    page.locator(".source").get_by_role("link", name="Naibin Gu").first.click()
    expect(page.locator("h1")).to_have_text("Naibin Gu")
    page.get_by_role("link", name="Chenxu Yang").first.click()
    expect(page.locator("h1")).to_have_text("Chenxu Yang")

    page.get_by_role("link", name="Papers", exact=True).first.click()
    for box in page.locator(".picking input[type=checkbox]").all()[:3]:
        box.check()
    page.get_by_text("Compare", exact=True).click()
    expect(page.locator("#composer .chip")).to_contain_text("3")
    page.focus("#question")
    page.keyboard.press("Enter")
    expect_answered(page, 1)
    expect(page.locator(".turn table tbody tr")).to_have_count(3)

    ask(page, "What do these papers say about training?")
    expect(page.locator("#stop")).to_be_visible()
    page.click("#stop")
    expect_answered(page, 2)
    last = page.locator(".turn").last
    last.get_by_role("button", name="Edit").click()
    last.locator(".edit textarea").fill("How many of these papers are there?")
    last.get_by_role("button", name="Ask again", exact=True).click()
    expect(page.locator(".turn").last).to_contain_text("Version 2 of 2", timeout=LONG)
    expect_answered(page, 2)
    page.reload()
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator(".turn").last).to_contain_text("Version 2 of 2")
    expect(page.locator("#listed li")).to_have_count(2)

    with page.expect_download() as taken:
        page.locator(".turn").first.get_by_text("BibTeX").click()
    assert taken.value.path().read_text(encoding="utf-8").count("@") >= 3
