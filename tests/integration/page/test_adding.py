"""Adding as a user does it: files, pasted text and names, what became of each record, and duplicates to decide."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from assistant.ingestion.remote import AuthorCandidate
from assistant.library import insert_papers
from assistant.types import IngestionReport, Paper, Problem, Progress, Record
from tests.conftest import SHARED
from tests.integration.page.conftest import PAPERS, Running, assert_accessible

ALIKE = r"""
@article{one, title={Weaving Large Patterns on Old Looms}, author={Ada Lovelace}, year={2020}, doi={10.1000/one},
  abstract={Large patterns are woven on old looms by hand.}}
@article{other, title={Weaving Large Patterns on Old Looms}, author={Ada Lovelace}, year={2021}, doi={10.1000/other},
  abstract={Large patterns are woven on old looms by hand and by machine.}}
"""


def add(page: Page, *files: Path) -> None:
    page.set_input_files("#files", [str(file) for file in files])
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#report h2")).to_be_visible()


def figures(page: Page) -> list[str]:
    return page.locator("#report .figures dd").all_inner_texts()


def test_an_author_page_is_dropped_anywhere(empty_app: Running, open_page: Callable[..., Page]) -> None:
    file = next((SHARED / "seeds").iterdir())
    page = open_page(empty_app.url + "add")
    expect(page.get_by_role("button", name="Add the sample library")).to_be_visible()
    page.evaluate(
        """([name, text]) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([text], name));
          for (const kind of ["dragenter", "dragover", "drop"])
            document.querySelector("h1").dispatchEvent(new DragEvent(kind, {dataTransfer, bubbles: true}));
        }""",
        [file.name, file.read_text(encoding="utf-8")],
    )
    expect(page.locator("#chosen")).to_contain_text(file.name)
    page.keyboard.press("Enter")  # the button has the focus
    expect(page.locator("#report h2")).to_have_text(f"Added: {file.name}")
    assert figures(page) == ["22", "0", "0", "0"]
    expect(page.locator(".top .size")).to_have_text("22 papers")
    expect(page.get_by_role("link", name="Show the papers")).to_have_attribute("href", f"/papers?source={file.name}")
    assert list((empty_app.workspace.library.folder / "uploads").rglob("*.txt")) == []
    assert_accessible(page)
    page.reload()
    assert figures(page) == ["22", "0", "0", "0"]
    page.goto(empty_app.url + "add")
    add(page, file)
    assert figures(page) == ["0", "0", "22", "0"]


def test_a_pasted_text_is_read_before_anything_happens(empty_app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(empty_app.url + "add")
    pasted = page.get_by_label("Or paste ids")
    pasted.fill(f"see https://doi.org/10.1000/xyz arxiv:2502.13604 {PAPERS}")
    read = page.locator("#read")
    expect(read).to_contain_text("1 DOI, 1 arXiv id and 2 records of BibTeX")
    expect(read).to_contain_text("asks arXiv, OpenAlex (and Semantic Scholar where that has no abstract)")
    expect(read).to_contain_text("Not read: see.")
    assert_accessible(page)
    assert empty_app.workspace.library.count() == 0
    pasted.fill(PAPERS)
    expect(read).to_contain_text("nothing is asked of anyone")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#report .figures")).to_contain_text("added")
    assert figures(page)[0] == "2"
    assert empty_app.workspace.library.count() == 2
    expect(pasted).to_have_value("")


def test_nobody_is_asked_who_has_a_name_until_one_says_so(
    empty_app: Running, open_page: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def find_authors(name: str) -> tuple[AuthorCandidate, ...]:
        asked.append(name)
        return (
            AuthorCandidate("openalex:A1", "Naibin Gu", 1, "Institute <b>of</b> Looms", ""),
            AuthorCandidate("openalex:A2", "N. Gu", 300, "", "0000-0002-1825-0097"),
        )

    def fetch(reference: object, _: object) -> Iterator[Record]:
        yield Record(Paper(title=f"By {reference}", abstract="It weaves."), 0)

    monkeypatch.setattr(empty_app.workspace, "find_authors", find_authors)
    monkeypatch.setattr("assistant.ingestion.remote.fetch", fetch)
    page = open_page(empty_app.url + "add")
    page.get_by_label("Or paste ids").fill("Naibin Gu")
    expect(page.locator("#read")).to_contain_text("reads like a person's name")
    expect(page.get_by_role("button", name="Add", exact=True)).to_be_disabled()
    assert asked == []
    page.get_by_role("button", name="Ask OpenAlex").click()
    expect(page.locator("#people")).to_contain_text("Institute <b>of</b> Looms")
    assert asked == ["Naibin Gu"]
    assert_accessible(page)
    page.get_by_role("button", name="Add 300 papers").click()
    expect(page.locator("#report h2")).to_have_text("Added: openalex:A2")
    assert [paper.title for paper in empty_app.workspace.library.papers()] == ["By openalex:A2"]


def test_each_problem_is_said_once_and_record_by_record(
    app: Running, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    bad = tmp_path / "<img src=x onerror=window.hacked=1> bad.jsonl"
    bad.write_text('{"title": "One"}\n{"abstract": "<script>window.hacked=1</script>"\n{"no": "t"\n', encoding="utf-8")
    (tmp_path / "picture.pdf").write_bytes(b"%PDF-1.4 \0")
    (tmp_path / "good.bib").write_text(PAPERS, encoding="utf-8")
    page = open_page(app.url + "add")
    add(page, bad, tmp_path / "picture.pdf", tmp_path / "good.bib")
    assert figures(page)[2] == "2"
    expect(page.locator("#report .kinds")).to_contain_text("This line is not valid JSON")
    expect(page.locator("#report .kinds")).to_contain_text("This is a PDF")
    page.get_by_text("Record by record").click()
    rows = page.locator("#report details tbody tr")
    assert rows.count() == int(figures(page)[3].replace(",", ""))
    assert_accessible(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Report as JSON").click()
    report = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    with page.expect_download() as download:
        page.get_by_role("link", name="All problems, one a line").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == report["failed"]
    assert sum(kind["count"] for kind in report["kinds"]) == len(lines)
    assert page.request.get(app.url + "add/problems/gone").status == 404
    assert report["unchanged"] == 2
    assert "picture.pdf" in [problem["file"] for problem in report["failed"]]
    assert app.workspace.library.count() == 2
    assert page.evaluate("window.hacked") is None
    calls = f"{app.url}gradio_api/call/add"
    event = page.request.post(calls, data={"data": [[str(tmp_path / "good.bib")], "", ""]}).json()["event_id"]
    assert "is not among the uploaded files" in page.request.get(f"{calls}/{event}").text()
    assert (tmp_path / "good.bib").exists()
    gone = page.request.get(app.url + "add?job=gone")
    assert (gone.status, "no longer kept" in gone.text()) == (404, True)


def test_a_job_outlives_the_page_and_stops(
    app: Running, open_page: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[object] = []

    def slow(sources: Any, *, on_progress: Any, stop: threading.Event, **_: object) -> IngestionReport:
        begun.append(sources)
        on_progress(Progress(100, 400, "Embedding"))
        assert stop.wait(30)
        return IngestionReport(added=3)

    monkeypatch.setattr(app.workspace, "add", slow)
    first, second = open_page(app.url + "add"), open_page(app.url + "add")
    for page in (first, second):
        page.get_by_label("Or paste ids").fill(PAPERS)
        expect(page.locator("#read")).to_contain_text("2 records")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(first.locator("#how-far")).to_contain_text("100 of 400 papers")
    expect(first.get_by_role("progressbar")).to_have_attribute("value", "100")
    expect(second.locator("#how-far")).to_contain_text("Waits for 1 other to end")
    assert_accessible(first)
    first.reload()
    expect(first.locator("#how-far")).to_contain_text("100 of 400 papers")
    assert len(begun) == 1
    for page in (first, second):
        expect(page.locator("#how-far")).to_contain_text("100 of 400 papers")
        page.get_by_role("button", name="Stop").click()
        expect(page.locator("#report h2")).to_contain_text("Stopped")
        assert figures(page)[0] == "3"
    assert len(begun) == 2


def test_a_pair_is_merged_or_kept_apart_and_that_is_undone(
    empty_app: Running, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    (tmp_path / "alike.bib").write_text(ALIKE, encoding="utf-8")
    library = empty_app.workspace.library
    empty_app.workspace.add([tmp_path / "alike.bib"])
    before = library.ids_of({paper.id: paper for paper in library.papers()})
    page = open_page(empty_app.url + "add")
    page.get_by_role("link", name="1 pair to decide").click()
    expect(page.locator(".pair .differs")).to_have_count(2)
    page.get_by_text("Abstracts: ").click()
    assert page.locator(".pair mark").all_inner_texts() == [
        *("2020", "2021", "10.1000/one", "10.1000/other"),
        *("hand.", "hand and by machine."),
    ]
    assert_accessible(page)
    page.get_by_role("button", name="Merge").click()
    expect(page.get_by_text("There is no pair to decide")).to_be_visible()
    assert library.count() == 1
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".pair")).to_have_count(1)
    assert library.ids_of({paper.id: paper for paper in library.papers()}) == before
    page.get_by_role("button", name="Keep apart").click()
    expect(page.get_by_text("There is no pair to decide")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".pair")).to_have_count(1)


def test_abstracts_that_are_missing_are_fetched(
    empty_app: Running, open_page: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    with empty_app.workspace.library.transaction() as connection:
        insert_papers(connection, [Paper(title="Bare", abstract="", doi="10.1000/bare", id="doi:10.1000/bare")])

    def complete(*, preview: bool = False, on_progress: Any = None, stop: Any = None) -> SimpleNamespace:
        report = SimpleNamespace(missing=1, without_id=0, asked_lately=0, asked=1, found=0, failed=(), notices=())
        if not preview:
            on_progress(Progress(0, 1, "Asking for abstracts"))
            report.found = 1
            report.failed = (Problem("doi:10.1000/bare", 0, "Another paper has this <b>identifier</b>."),)
        return report

    monkeypatch.setattr(empty_app.workspace, "complete", complete)
    page = open_page(empty_app.url + "add")
    page.get_by_role("link", name="1 paper", exact=True).click()
    expect(page.locator(".list")).to_contain_text("DOI 10.1000/bare")
    expect(page.locator("form")).to_contain_text("over the network for 1 paper")
    assert_accessible(page)
    page.get_by_role("button", name="Fetch the abstracts").click()
    expect(page.locator("#report .figures")).to_be_visible()
    assert figures(page) == ["1", "1", "0", "1"]
    expect(page.locator("#report")).to_contain_text("Another paper has this <b>identifier</b>.")


def test_the_sample_library_is_added_by_a_button(empty_app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(empty_app.url + "add")
    page.get_by_role("button", name="Add the sample library").click()
    expect(page.locator("#report h2")).to_have_text("Added: the sample library")
    assert empty_app.workspace.library.count() == int(figures(page)[0])
    assert page.get_by_role("button", name="Add the sample library").count() == 0


def test_a_stop_leaves_papers_that_wait_for_their_vectors(empty_app: Running, tmp_path: Path) -> None:
    (tmp_path / "papers.bib").write_text(PAPERS, encoding="utf-8")
    stop = threading.Event()

    def stop_at_the_vectors(progress: Progress) -> None:
        if progress.message == "Read":
            stop.set()

    report = empty_app.workspace.add([tmp_path / "papers.bib"], on_progress=stop_at_the_vectors, stop=stop)
    assert (report.added, report.pending, report.notices) == (2, 2, ())
    assert empty_app.workspace.add([tmp_path / "papers.bib"]).pending == 0
