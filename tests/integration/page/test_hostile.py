"""Hostile papers, questions and models: nothing of theirs runs, asks another host, or breaks the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from assistant.library import upsert
from assistant.types import Authorship, Paper, Record
from assistant.ui.site import author_path, paper_path
from tests.hostile import strings
from tests.integration.page.conftest import Running, running

VIEWS = ("papers", "papers?q=zebra", "authors", "trends", "add", "status", "duplicates")


@pytest.fixture(scope="module")
def hostile_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A library of papers that hold every hostile string in title, abstract, names, venue and address."""
    for app in running(tmp_path_factory.mktemp("hostile"), ""):
        records = [
            Record(
                Paper(
                    title=f"{number} {text}",
                    abstract=f"A zebra has stripes. {text} It is so.",
                    authorships=(Authorship(text[:200], 1), Authorship(f"Mallory {text[:200]}", 2)),
                    date="2020",
                    venue=text[:300],
                    categories=(text[:60],),
                    url=text[:300],
                ),
                number,
            )
            for number, text in enumerate(strings())
        ]
        upsert.store(app.workspace.library, records, "hostile")
        yield app


def expect_harmless(page: Page) -> None:
    expect(page.locator("h1")).not_to_have_count(0)
    assert page.evaluate("window.hacked") is None
    foreign = "a[href^='javascript:'], [onerror], [onload], [onclick], [onmouseover], iframe, object, embed, base"
    assert page.locator(foreign).count() == 0


@pytest.mark.parametrize("view", VIEWS)
def test_views_show_hostile_papers_as_text(hostile_app: Running, open_page: Callable[..., Page], view: str) -> None:
    page = open_page(hostile_app.url + view)
    expect_harmless(page)


def test_pages_of_hostile_papers_and_people_run_nothing(hostile_app: Running, open_page: Callable[..., Page]) -> None:
    library = hostile_app.workspace.library
    page = open_page(hostile_app.url)
    for paper in library.papers()[::25]:
        page.goto(hostile_app.url.rstrip("/") + paper_path(paper.id))
        expect_harmless(page)
        page.goto(hostile_app.url.rstrip("/") + author_path(paper.authors[0]))
        expect_harmless(page)


def test_hostile_questions_and_models_reach_nobody(hostile_app: Running, open_page: Callable[..., Page]) -> None:
    hostile_app.model.will_say(*["A zebra has stripes. " + " ".join(strings()[start::5])[:6000] for start in range(5)])
    page = open_page(hostile_app.url)
    for number, question in enumerate(strings()[:50:10], 1):
        page.fill("#question", f"Has a zebra stripes? {question}"[:3900])
        page.keyboard.press("Enter")
        expect(page.locator(".turn")).to_have_count(number)
        expect(page.locator("#send")).to_be_visible()
        expect_harmless(page)
    page.reload()
    expect_harmless(page)
