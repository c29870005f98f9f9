"""The views of people: the list with its pairs, a person's page, merging and splitting, and the kept summary."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from assistant.library import authors
from assistant.library.authors import Roster
from tests.integration.page.conftest import PAPERS, Running, assert_accessible

MORE = r"""
@article{notes, title={Notes on the Engine}, author={A. Lovelace and Charles Babbage and Menabrea, Luigi}, year={1842},
  abstract={The engine weaves algebraic patterns.}}
@article{dream, title={A Dream of Flying <script>alert(1)</script>}, author={Mary Lovelace}, year={1844},
  abstract={Wings of silk.}}
"""


def test_who_works_most_with_whom(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(app.url)
    page.get_by_role("link", name="Authors", exact=True).click()
    pairs = page.get_by_role("region", name="Who works most with whom").get_by_role("listitem")
    expect(pairs.first).to_contain_text("Charles Babbage")
    expect(pairs.first).to_contain_text("Ada Lovelace")
    expect(pairs.first.get_by_role("link", name="1 paper together")).to_have_attribute(
        "href", "/papers?author=ada-lovelace&with_authors=charles-babbage"
    )
    rows = page.locator("table.people tbody tr")
    expect(rows.first.get_by_role("rowheader")).to_have_text("Charles Babbage")
    page.get_by_role("columnheader", name="Name").get_by_role("link").click()
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "ascending")
    page.get_by_label("Name, in any spelling").fill("a love")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="1 person called “a love”")).to_be_visible()
    assert "q=a+love" in page.url
    page.goto(f"{app.url}authors?until=1840")
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="Take away").click()
    expect(rows).to_have_count(2)
    assert_accessible(page)


def test_a_person_s_page_leads_everywhere(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{app.url}author/Babbage")
    assert page.url.endswith("/author/charles-babbage")
    expect(page.locator("dl.figures dd")).to_have_text(["2", "1", "2", "1837–1843", "1"])
    expect(page.get_by_role("link", name="Ask about this author")).to_have_attribute("href", "/?author=charles-babbage")
    expect(page.get_by_role("link", name="1837: 1 paper")).to_be_visible()
    expect(page.locator("#themes .themes li").first).to_contain_text("2 papers")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export BibTeX").click()
    assert "The Engine and its Gears" in download.value.path().read_text()
    assert_accessible(page)
    page.get_by_role("region", name="Wrote with").get_by_role("link", name="Ada Lovelace").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada Lovelace")


@pytest.mark.parametrize("width", [360, 3840])
def test_a_person_s_page_fits_the_screen(app: Running, open_page: Callable[..., Page], width: int) -> None:
    page = open_page(
        f"{app.url}author/charles-babbage?merge=ada", viewport={"width": width, "height": 800}, color_scheme="dark"
    )
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert_accessible(page)


def test_names_are_merged_split_and_both_undone(empty_app: Running, open_page: Callable[..., Page]) -> None:
    fill(empty_app, PAPERS + MORE)
    page = open_page(f"{empty_app.url}author/Lovelace")
    expect(page.get_by_role("heading", name="Which “Lovelace”?")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Ada Lovelace").click()
    page.get_by_label("Name of another person").fill("mary")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("button", name="Mary Lovelace is the same person").click()
    expect(page.get_by_text("Made one person with Mary Lovelace.")).to_be_visible()
    expect(page.locator("dl.figures dd").first).to_have_text("3")
    assert_accessible(page)
    page.get_by_role("button", name="Undo", exact=True).first.click()
    expect(page.locator("dl.figures dd").first).to_have_text("2")
    page.get_by_role("checkbox", name="A. Lovelace").check()
    page.get_by_role("button", name="The ticked ones are somebody else", exact=True).click()
    expect(page.get_by_text("Set apart: A. Lovelace")).to_be_visible()
    expect(page.locator("dl.figures dd").first).to_have_text("1")
    page.get_by_role("button", name="Undo: A. Lovelace").click()
    expect(page.locator("dl.figures dd").first).to_have_text("2")


def test_an_unknown_name_is_told_kindly(app: Running, open_page: Callable[..., Page]) -> None:
    response = open_page(app.url).request.get(f"{app.url}author/Nobody")
    assert response.status == 404
    assert "Nobody here is called “Nobody”" in response.text()
    assert 'name="q"' in response.text()


def test_a_summary_is_written_and_kept(empty_app: Running, open_page: Callable[..., Page]) -> None:
    fill(empty_app, PAPERS)
    empty_app.model.will_say(*["The engine carries numbers by gears of brass."] * 4)
    page = open_page(f"{empty_app.url}author/charles-babbage")
    summary = page.get_by_role("region", name="Summary")
    expect(summary).to_contain_text("None was written yet. It covers all 2 papers")
    summary.get_by_role("button", name="Write a summary").click()
    expect(summary).to_contain_text("Covers all 2 papers, 1837 – 1843")
    page.reload()
    expect(summary).to_contain_text("Covers all 2 papers")
    assert_accessible(page)
    fill(empty_app, PAPERS + MORE)
    page.reload()
    expect(summary).to_contain_text("Since then: 1 paper was added.")
    empty_app.model.will_say(*["The engine weaves algebraic patterns."] * 4)
    summary.get_by_role("button", name="Write it anew").click()
    expect(summary).to_contain_text("Covers all 3 papers")


def test_the_writing_of_a_summary_is_stopped(empty_app: Running, open_page: Callable[..., Page]) -> None:
    fill(empty_app, PAPERS)
    empty_app.model.will_say(*["word " * 400] * 8, delay=0.05)
    page = open_page(f"{empty_app.url}author/charles-babbage")
    summary = page.get_by_role("region", name="Summary")
    summary.get_by_role("button", name="Write a summary").click()
    summary.get_by_role("button", name="Stop").click()
    expect(summary.get_by_role("status")).to_contain_text("Stopped.")
    page.reload()
    expect(summary).to_contain_text("None was written yet.")


def test_a_large_library_is_counted_in_the_background(
    empty_app: Running, open_page: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.ui.views.authors._LARGE", 1)
    fill(empty_app, PAPERS)
    page = open_page(f"{empty_app.url}authors")
    expect(page.get_by_role("heading", name="2 people")).to_be_visible()
    fill(empty_app, PAPERS + MORE)
    former = page.request.get(f"{empty_app.url}authors").text()
    assert "It is being counted anew" in former
    assert "2 people" in former
    for _ in range(100):
        page.reload()
        if not page.get_by_text("It is being counted anew").count():
            break
    expect(page.get_by_role("heading", name="4 people")).to_be_visible()
    with empty_app.workspace.library.transaction() as connection:
        assert Roster.kept(connection, authors.version(connection))


def fill(running: Running, papers: str) -> None:
    file = running.workspace.settings.library / "papers.bib"
    file.write_text(papers, encoding="utf-8")
    running.workspace.add([file])
