"""Papers: the list and its filters, what is picked of it, collections, and the page of one paper."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from assistant.library import curation, labels
from assistant.types import PaperFilter
from tests.integration.page.conftest import Running, assert_accessible

TITLES = ["LoomNet: Weaving with Punched Cards", "The Engine and its Gears"]


def titles(page: Page) -> Locator:
    return page.locator(".picking .title")


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def id_of(app: Running, title: str) -> str:
    return next(paper.id for paper in app.workspace.library.papers() if paper.title == title)


@pytest.fixture(autouse=True)
def without_collections(app: Running) -> None:
    for each in labels.listed(app.workspace.library):
        labels.delete_label(app.workspace.library, each.name)


def test_the_list_is_filtered_by_a_form_and_the_address_says_how(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(app.url + "papers")
    expect(titles(page)).to_have_text(TITLES)
    page.locator("summary", has_text="More filters").click()
    assert_accessible(page)
    page.get_by_label("Author", exact=True).fill("Charles Babbage")
    page.get_by_label("To year").fill("1840")
    page.get_by_role("button", name="Apply").click()
    expect(titles(page)).to_have_text(TITLES[1:])
    assert query(page) == {"author": ["Charles Babbage"], "until": ["1840"]}
    expect(page.locator(".count")).to_have_text("1 of 2 papers")
    page.get_by_role("link", name="Take away: up to 1840").click()
    expect(titles(page)).to_have_text(TITLES)
    page.go_back()
    expect(titles(page)).to_have_text(TITLES[1:])


def test_a_person_who_is_named_by_id_stays_that_person(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(app.url + "papers?author=ada-lovelace&with_authors=Babbage")
    page.locator("summary", has_text="More filters").click()
    expect(page.get_by_label("Author", exact=True)).to_have_value("Ada Lovelace")
    page.get_by_label("From year").fill("1843")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**since=1843**")
    assert query(page) == {"author": ["ada-lovelace"], "since": ["1843"], "with_authors": ["Babbage"]}
    expect(titles(page)).to_have_text(TITLES[:1])


def test_papers_are_found_by_words_and_ranked_by_meaning(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(app.url + "papers")
    page.get_by_label("Find papers").fill("babbage gear")
    page.keyboard.press("Enter")
    expect(titles(page)).to_have_text(TITLES[1:])
    page.get_by_label("Find papers").fill("gears of brass")
    page.get_by_label("Search by").select_option("meaning")
    page.get_by_role("button", name="Find").click()
    expect(titles(page)).to_have_text(TITLES[::-1])
    assert query(page) == {"topic": ["gears of brass"]}
    expect(page.locator(".count")).to_contain_text("ranking by meaning")
    page.get_by_role("link", name="Newest", exact=True).click()
    expect(titles(page)).to_have_text(TITLES)
    assert_accessible(page)


def test_what_stands_beside_the_list_narrows_it(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(app.url + "papers?sort=title")
    aside = page.get_by_role("complementary")
    expect(aside.get_by_role("listitem").filter(has_text="Charles Babbage")).to_contain_text("2")
    aside.get_by_role("link", name="Ada Lovelace").click()
    expect(titles(page)).to_have_text(TITLES[:1])
    page.go_back()
    page.get_by_role("link", name="1837: 1 paper").click()
    expect(titles(page)).to_have_text(TITLES[1:])
    assert query(page) == {"since": ["1837"], "until": ["1837"], "sort": ["title"]}


def test_fields_are_completed(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(app.url + "papers")
    page.locator("summary", has_text="More filters").click()
    page.get_by_label("Author", exact=True).press_sequentially("bab")
    expect(page.locator("#authors option")).to_have_count(1)
    assert page.locator("#authors option").get_attribute("value") == "Charles Babbage"


def test_papers_are_picked_across_lists_and_asked_about(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(app.url + "papers?q=loom")
    bar = page.get_by_label("Picked papers")
    page.get_by_label(re.compile("Pick “LoomNet")).check()
    expect(bar).to_contain_text("1 picked")
    page.goto(app.url + "papers?q=gears")
    page.get_by_label(re.compile("Pick “The Engine")).check()
    expect(bar).to_contain_text("2 picked")
    assert_accessible(page)
    bar.get_by_role("button", name="Compare").click()
    page.wait_for_url("**question=**")
    assert sorted(query(page)["among"]) == sorted(id_of(app, title) for title in TITLES)
    assert query(page)["question"] == ["Compare these papers."]
    page.goto(app.url + "papers")
    bar.get_by_role("button", name="Clear").click()
    expect(page.locator(".picking input:checked")).to_have_count(0)
    expect(bar).to_contain_text("Nothing picked")


def test_all_that_a_filter_shows_becomes_a_collection(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(app.url + "papers?author=Babbage")
    bar = page.get_by_label("Picked papers")
    bar.get_by_label("all 2 shown by this filter").check()
    bar.locator("summary", has_text="Collect").click()
    bar.get_by_label("Collection").fill("Old <machines>")
    bar.get_by_role("button", name="Add to it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Collection: Old <machines>")
    expect(titles(page)).to_have_text(TITLES)
    page.locator("summary", has_text="Rename or delete").click()
    assert_accessible(page)
    page.get_by_label("New name").fill("Machines")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Collection: Machines")
    page.get_by_role("link", name="Collections").click()
    expect(page.locator(".list li")).to_contain_text("2 papers")
    page.locator("summary", has_text="Rename or delete").click()
    assert_accessible(page)
    page.get_by_role("button", name="Delete “Machines”; its papers stay").click()
    expect(page.locator(".empty")).to_be_visible()
    assert app.workspace.library.count() == 2


@pytest.mark.parametrize(("words", "holds"), [("BibTeX", "@article{"), ("RIS", "TY  - "), ("CSV", "id,title")])
def test_what_is_picked_is_exported(app: Running, open_page: Callable[..., Page], words: str, holds: str) -> None:
    page = open_page(app.url + "papers")
    page.get_by_label(re.compile("Pick “The Engine")).check()
    bar = page.get_by_label("Picked papers")
    bar.locator("summary", has_text="Export").click()
    bar.get_by_label("Format").select_option(label=words)
    with page.expect_download() as saved:
        bar.get_by_role("button", name="Export").click()
    text = Path(saved.value.path()).read_text(encoding="utf-8")
    assert "Engine" in text
    assert "LoomNet" not in text
    assert (holds in text) or "@misc{" in text


def test_picking_works_without_scripts(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(app.url + "papers", java_script_enabled=False)
    page.get_by_label(re.compile("Pick “LoomNet")).check()
    page.get_by_role("button", name="Trends").click()
    assert urlsplit(page.url).path == "/trends"
    assert query(page) == {"among": [id_of(app, TITLES[0])]}
    page.goto(app.url + "papers")
    page.get_by_role("button", name="Ask about these").click()
    expect(page.locator(".note.error")).to_contain_text("No paper is picked")


def test_a_paper_stands_with_its_formulas_people_and_neighbours(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(app.url + "papers")
    titles(page).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLES[0])
    expect(page.locator(".abstract math")).to_have_count(1)
    expect(page.locator(".abstract")).to_contain_text("costs $5 and $6 at most")
    expect(page.locator(".byline a")).to_have_text(["Ada Lovelace", "Charles Babbage"])
    assert page.locator(".byline a").first.get_attribute("href") == "/author/ada-lovelace"
    expect(page.locator(".where a[target='_blank']")).to_have_attribute("rel", "noopener noreferrer")
    expect(page.locator("aside .near")).to_have_count(2)
    expect(page.locator("#bibtex")).to_contain_text("@misc{loom,")
    expect(page.locator(".where code")).to_have_text("loom")
    page.locator("summary", has_text="Where each field comes from").click()
    expect(page.locator("td.origin").first).to_contain_text("papers.bib")
    assert_accessible(page)
    page.get_by_label("Collection", exact=True).fill("To read")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".chips .open")).to_have_text("To read")
    page.get_by_role("button", name="Take out of “To read”").click()
    expect(page.locator(".chips .open")).to_have_count(0)
    page.get_by_role("button", name="Pick").click()
    page.get_by_role("link", name="Papers", exact=True).click()
    expect(page.get_by_label("Picked papers")).to_contain_text("1 picked")
    page.go_back()
    page.get_by_role("link", name="Ask about this paper").click()
    assert query(page) == {"among": [id_of(app, TITLES[0])]}


def test_a_paper_fits_a_small_dark_screen(app: Running, open_page: Callable[..., Page]) -> None:
    viewport = {"width": 360, "height": 700}
    page = open_page(f"{app.url}paper/{id_of(app, TITLES[0])}", viewport=viewport, color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert_accessible(page)


def test_a_paper_that_was_merged_leads_to_the_one_that_stayed(
    empty_app: Running, open_page: Callable[..., Page]
) -> None:
    workspace = empty_app.workspace
    file = workspace.library.folder / "two.bib"
    entries = "@article{{x, title={{{0}}}, author={{Ada Lovelace}}, year={{1843}}, abstract={{On {0}.}}}}\n"
    file.write_text(entries.format("Cards") + entries.format("Brass"), encoding="utf-8")
    workspace.add([file])
    one, other = sorted(paper.id for paper in workspace.library.papers())
    curation.merge(workspace.library, one, other)
    page = open_page(f"{empty_app.url}paper/{other}")
    assert page.url == f"{empty_app.url}paper/{one}"
    expect(page.locator(".note", has_text="merged")).to_contain_text(
        f"Another paper was merged into this one: {other}."
    )


def test_lists_of_nothing_say_what_to_do(app: Running, empty_app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(app.url + "papers?q=zebra")
    expect(page.locator(".empty")).to_contain_text("Take a condition away")
    page.goto(app.url + "collections")
    expect(page.locator(".empty")).to_contain_text("no collection yet")
    page.goto(empty_app.url + "papers")
    expect(page.locator(".empty")).to_contain_text("no papers yet")


def test_a_page_after_the_last_is_the_last(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(app.url + "papers?page=99")
    expect(titles(page)).to_have_text(TITLES)
    assert query(page) == {"page": ["1"]}


def test_a_picked_paper_that_is_gone_is_passed_over(app: Running, open_page: Callable[..., Page]) -> None:
    assert app.workspace.library.count(PaperFilter(among=("gone",))) == 0
    page = open_page(app.url + "papers?among=gone&among=" + id_of(app, TITLES[0]))
    expect(titles(page)).to_have_text(TITLES[:1])
