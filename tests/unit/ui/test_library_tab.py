"""Library tab of the page: adding papers, what became of each record, and the list of papers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from assistant.errors import LibraryError
from assistant.library import Library, papers_read, upsert
from assistant.types import AuthorProfile, IngestionReport, Notice, Paper, Problem, Progress, Record, SourceReport
from assistant.ui import library as tab
from tests.conftest import make_paper

REPORT = IngestionReport(
    added=2,
    failed=(Problem("/a/<b>.bib", 7, "The abstract is <missing>."),),
    pending=1,
    sources=(SourceReport("/a/<b>.bib", 2, 0, 0, 1),),
    notices=(Notice("/a/<b>.bib", "It is not UTF-8."),),
)


class Adding:
    """Remembers what it was asked to add."""

    def __init__(self) -> None:
        self.calls: list[tuple[Sequence[Any], dict[str, Any]]] = []

    def __call__(self, sources: Sequence[Any], **options: Any) -> IngestionReport:
        self.calls.append((sources, options))
        return REPORT


def ignore(_: Progress) -> None:
    pass


def store(library: Library, *papers: Paper) -> None:
    upsert.store(library, [Record(paper, line) for line, paper in enumerate(papers, 1)], "papers.bib")


def uploaded(folder: Path) -> Path:
    file = folder / "uploads" / "0" / "papers.bib"
    file.parent.mkdir(parents=True)
    file.touch()
    return file


def test_uploads_are_added_with_their_date_and_removed(tmp_path: Path) -> None:
    file, add = uploaded(tmp_path), Adding()
    shown = tab.add_uploads(add, [str(file)], "2025-02-19", ignore, tmp_path / "uploads")
    assert add.calls[0][0] == [file]
    assert add.calls[0][1]["as_of"] == date(2025, 2, 19)
    assert "<b>2</b><span>added</span>" in shown
    assert not file.parent.exists()


def test_a_file_from_elsewhere_is_never_removed(tmp_path: Path) -> None:
    file = tmp_path / "own.bib"
    file.touch()
    tab.add_uploads(Adding(), [str(file)], "", ignore, tmp_path / "uploads")
    assert file.exists()


@pytest.mark.parametrize(
    ("files", "day", "said"), [([], "", "Choose a file"), (["a.bib"], "soon", "“soon” is not a date")]
)
def test_an_upload_that_cannot_be_added_says_what_to_do(files: list[str], day: str, said: str, tmp_path: Path) -> None:
    add = Adding()
    assert said in tab.add_uploads(add, files, day, ignore, tmp_path)
    assert not add.calls


def test_an_error_of_the_library_is_a_note(tmp_path: Path) -> None:
    def fails(*_: Any, **__: Any) -> IngestionReport:
        raise LibraryError("The disk is <full>.")

    assert "The disk is &lt;full&gt;." in tab.add_uploads(fails, ["a.bib"], "", ignore, tmp_path)


def test_references_are_separated_by_spaces_and_commas_but_names_stay_whole() -> None:
    add = Adding()
    tab.add_references(add, 'arxiv:2502.13604, pmid:31452104\nauthor:"Naibin Gu"', ignore)
    assert [(each.kind, each.value) for each in add.calls[0][0]][-1] == ("author", "Naibin Gu")
    assert len(add.calls[0][0]) == 3


@pytest.mark.parametrize(
    ("words", "said"), [("", "Write an id first"), ("/etc/passwd", "cannot be read as a reference")]
)
def test_what_is_not_a_reference_is_said_and_no_file_is_read(words: str, said: str) -> None:
    add = Adding()
    assert said in tab.add_references(add, words, ignore)
    assert not add.calls


def test_report_counts_records_and_escapes_what_files_are_called() -> None:
    shown = tab.report(REPORT)
    assert "Not indexed yet: 1 paper." in shown
    assert "<td>&lt;b&gt;.bib</td><td>7</td><td>The abstract is &lt;missing&gt;.</td>" in shown
    assert "It is not UTF-8." in shown
    assert '<div class="bad"><b>1</b><span>failed</span></div>' in shown


def test_papers_are_listed_searched_and_counted(library: Library) -> None:
    assert "The library is empty." in tab.papers_table(library)
    store(library, make_paper("On Looms", url="https://example.org/x"), make_paper("Gears <b>", "Other words."))
    assert "2 papers" in tab.papers_table(library)
    assert "Gears &lt;b&gt;" in tab.papers_table(library)
    assert "1 of 2 papers" in tab.papers_table(library, "looms")
    assert 'href="https://example.org/x"' in tab.papers_table(library, "looms")
    assert "None of the 2 papers holds “zebra”." in tab.papers_table(library, "zebra")


def test_how_many_papers_the_model_has_read_ahead_is_said(library: Library) -> None:
    store(library, make_paper("Gears"), make_paper("Looms", "Other words."))
    assert "read ahead" not in tab.papers_table(library)
    (gears, _) = library.papers()
    with library.transaction() as connection:
        connection.execute(insert(papers_read), {"paper_id": gears.id, "model": "m", "digest": "d"})
    assert "2 papers, 1 of them read ahead by the model" in tab.papers_table(library)


def test_of_a_person_the_newest_page_is_shown(library: Library) -> None:
    assert tab.profiles_list(library) == ""
    for day, papers in (("2024-01-01", "3"), ("2025-01-01", "5")):
        library.save_profile(AuthorProfile("Naibin Gu", "CL", (("papers", papers),), day), f"{day}.txt")
    shown = tab.profiles_list(library)
    assert shown.count("Naibin Gu") == 1
    assert "CL · papers 5</span>" in shown.replace(" (as their page says, 2025-01-01)", "")


def test_example_questions_name_a_method_and_an_author_of_the_library(library: Library) -> None:
    assert tab.example_questions(library) == []
    store(
        library,
        make_paper("LoomNet: Weaving", authors=("Ada Lovelace",)),
        make_paper("Gears", "Other words.", authors=("Ada Lovelace",)),
    )
    assert tab.example_questions(library) == ["What does LoomNet propose?", "What has Ada Lovelace worked on?"]


def test_progress_of_embedding_says_its_pace() -> None:
    shown: list[str] = []
    times = iter((0.0, 0.0, 2.0))
    listen = tab.tracked(lambda step, desc, unit: shown.append(desc), lambda: next(times, 2.0))  # type: ignore[arg-type]
    listen(Progress(0, 100, "Embedding papers"))
    listen(Progress(50, 100, "Embedding papers"))
    assert shown[0] == "Embedding papers"
    assert "papers/s" in shown[1]
    assert "left" in shown[1]
