"""The view of trends: there at once, kept, every mark a link to its papers, hostile names inert."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from assistant.analysis import trends
from assistant.analysis.themes import themes
from assistant.analysis.themes.themes import Theme
from assistant.protocols import Vectors
from assistant.types import Paper, PaperFilter
from tests.integration.page.conftest import Running, assert_accessible, running

ATTACK = "<img src=x onerror=alert(1)> looms $\\alpha$"
REAL_FIND = trends.find_and_keep


def papers() -> str:
    """Return looms of 2022 to 2024, ever more of them, and as many engines each year."""
    entries = [
        (f"{kind}{year}x{number}", kind, year)
        for year, looms in ((2022, 2), (2023, 6), (2024, 20))
        for kind, count in (("Loom", looms), ("Engine", 8))
        for number in range(count)
    ]
    return "\n".join(
        f"@article{{{key}, title={{{kind} {key} if a <img src=x onerror=alert and 1 < 2}}, year={{{year}}}, "
        f"author={{{'Ada Lovelace' if kind == 'Loom' else 'Mary Somerville'} and Charles Babbage}}, "
        f"abstract={{The {kind.lower()} named {key} works.}}}}"
        for key, kind, year in entries
    )


def by_first_word(given: Sequence[Paper], vectors: Mapping[str, Vectors]) -> list[Theme]:
    """Group papers by the first word of their titles."""
    groups: dict[str, list[str]] = {}
    for paper in given:
        groups.setdefault(paper.title.split()[0], []).append(paper.id)
    labels = {"Loom": ATTACK, "Engine": "engines"}
    return [Theme(f"id{word.lower()}", labels.get(word, word), (word,), tuple(ids)) for word, ids in groups.items()]


@pytest.fixture(scope="module")
def woven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(themes, "discover", by_first_word)
        yield from running(tmp_path_factory.mktemp("woven"), papers())


@pytest.fixture
def held_up(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Hold up the finding of trends until the event is set."""
    go_on = threading.Event()

    def find(*asked: Any, **options: Any) -> Any:
        assert go_on.wait(60)
        return REAL_FIND(*asked, **options)

    monkeypatch.setattr(trends, "find_and_keep", find)
    return go_on


def test_the_picture_is_there_at_once_and_themes_take_their_place(
    woven: Running, open_page: Callable[..., Page], held_up: threading.Event
) -> None:
    page = open_page(f"{woven.url}trends")
    expect(page.get_by_text("52 of 52 papers, 2022 to 2024.")).to_be_visible()
    expect(page.get_by_role("link", name="2024: 28 papers")).to_have_attribute(
        "href", re.compile("/papers[?]since=2024&until=2024$")
    )
    expect(page.locator(".finding")).to_be_visible()
    expect(page.get_by_text("Who wrote with whom")).to_have_count(0)  # nothing is drawn of what is not found yet
    assert_accessible(page)
    held_up.set()
    row = page.get_by_role("row").filter(has_text="onerror=alert(1)")
    expect(row).to_contain_text("28 papers")
    expect(page.locator(".finding")).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="The trends are found.")).to_be_visible()
    expect(page.get_by_role("region", name="Rising")).to_contain_text("33 % → 71 %")
    assert page.locator("img").count() == 0
    assert_accessible(page)


def test_the_second_time_it_is_kept_and_every_mark_is_a_link_to_its_papers(
    woven: Running, open_page: Callable[..., Page], held_up: threading.Event
) -> None:
    REAL_FIND(woven.workspace.library, "", filter=PaperFilter(), by="year", search=woven.workspace.nearest)
    page = open_page(f"{woven.url}trends")  # nothing is found: that is held up for good
    row = page.get_by_role("row").filter(has_text="onerror=alert(1)")
    row.get_by_role("link", name=re.compile("^2023: 6 of 14 papers, 43 %")).click()
    expect(page.get_by_role("heading", name=re.compile("6 papers, 2023"))).to_be_visible()
    expect(page.locator(".list > li")).to_have_count(6)
    expect(page.locator(".list > li").first).to_contain_text("<img src=x onerror=alert")
    expect(page.get_by_role("link", name="Ask about these papers")).to_be_visible()
    assert_accessible(page)
    page.go_back()
    row.get_by_role("link", name="28 papers", exact=True).click()
    expect(page.locator(".list > li")).to_have_count(28)
    held_up.set()


def test_papers_that_came_since_are_said_and_counted_anew(
    woven: Running, open_page: Callable[..., Page], held_up: threading.Event
) -> None:
    library, filter = woven.workspace.library, PaperFilter(author="Mary Somerville")
    REAL_FIND(library, "", filter=filter, by="year", search=woven.workspace.nearest)
    file = library.folder / "more.bib"
    file.write_text("@article{new, title={Engine anew}, author={Mary Somerville}, year={2024}, abstract={An engine.}}")
    woven.workspace.add([file])
    page = open_page(f"{woven.url}trends?author=Mary+Somerville")
    expect(page.locator(".lead")).to_have_text("24 of 24 papers by Mary Somerville, 2022 to 2024.")
    expect(page.locator(".finding")).to_be_visible()
    held_up.set()
    expect(page.locator(".lead")).to_have_text("25 of 25 papers by Mary Somerville, 2022 to 2024.")
    expect(page.locator(".finding")).to_have_count(0)


def test_papers_are_narrowed_by_a_form_and_widened_by_a_chip(woven: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{woven.url}trends?by=month")
    page.get_by_text("Narrow to some papers").click()
    page.get_by_label("Author").fill("Ada Lovelace")
    page.get_by_label("From year").fill("2023")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".lead")).to_contain_text("26 of 26 papers by Ada Lovelace from 2023")
    expect(page.get_by_role("link", name="By month")).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="Take away: from 2023").click()
    expect(page.locator(".lead")).to_contain_text("28 of 28 papers by Ada Lovelace")
    page.goto(f"{woven.url}trends/papers?theme=idloom&until=1999")  # of papers whose trends nobody has found
    expect(page).to_have_url(re.compile("/trends[?]until=1999$"))
    page.goto(f"{woven.url}trends?topic=engine&author=nobody")
    expect(page.get_by_text("no such papers")).to_be_visible()


def test_who_wrote_with_whom_the_map_and_files_are_made_when_asked_for(
    woven: Running, open_page: Callable[..., Page]
) -> None:
    page = open_page(f"{woven.url}trends?until=2023")
    page.get_by_text("Who wrote with whom").click()
    expect(page.get_by_role("row").filter(has_text="Charles Babbage and Mary Somerville")).to_contain_text("16")
    expect(
        page.locator("[data-draw=people] svg").get_by_role("link", name="Charles Babbage: 24 papers")
    ).to_have_attribute("href", re.compile("/author/."))
    page.get_by_text("Map of the papers").click()
    expect(page.locator("[data-draw=map] svg a").first).to_have_attribute("href", re.compile("/paper/."))
    assert_accessible(page)
    page.get_by_role("button", name="Make the files").click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Figures (JSON)").click()
    assert saved.value.suggested_filename == "trends.json"


def test_an_empty_library_leads_to_adding(empty_app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{empty_app.url}trends")
    expect(page.get_by_role("link", name="Add papers")).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize("width", [360, 3840])
def test_what_was_found_fits_the_screen(woven: Running, open_page: Callable[..., Page], width: int) -> None:
    page = open_page(f"{woven.url}trends", viewport={"width": width, "height": 800}, color_scheme="dark")
    expect(page.get_by_role("heading", name="Themes")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert_accessible(page)
