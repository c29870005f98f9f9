"""Papers of the library as text and as files that are whole or not there."""

import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from assistant.errors import ExportError, UsageError
from assistant.export import papers as export
from assistant.ingestion import readers
from assistant.library import Library, curation, labels, upsert
from assistant.types import PaperFilter, Record
from tests.conftest import make_paper


@pytest.fixture
def filled(library: Library) -> Library:
    papers = [make_paper(f"Paper {n}", f"About {n}.", authors=(f"Ada Name{n}",), date=f"20{10 + n}") for n in range(5)]
    upsert.store(library, [Record(paper, 1) for paper in papers], "x")
    return library


def test_papers_come_in_the_order_in_which_they_are_listed(filled: Library) -> None:
    assert list(export.stream(filled, PaperFilter())) == filled.papers()
    assert list(export.stream(filled, PaperFilter(since=2013))) == filled.papers(PaperFilter(since=2013))


@pytest.mark.parametrize("name", export.FORMATS)
def test_every_format_gives_text_piece_by_piece(filled: Library, name: str) -> None:
    pieces = list(export.text(export.stream(filled, PaperFilter()), name))
    assert len(pieces) >= 5
    assert all(f"Paper {n}" in "".join(pieces) for n in range(5))


def test_a_format_that_there_is_not_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="bibtex, ris"):
        list(export.text([], "word"))
    with pytest.raises(UsageError, match="bibtex, ris"):
        export.format_for("word", None)


def test_the_format_is_the_one_asked_for_else_the_ending_s() -> None:
    for name, expected in {
        "a.bib": "bibtex", "A.BIB": "bibtex", "a.json": "csl-json", "a.jsonl": "jsonl", "a.md": "markdown",
        "a.csv": "csv", "a.ris": "ris",
    }.items():  # fmt: skip
        assert export.format_for("", Path(name)) == expected
    assert export.format_for("ris", Path("a.bib")) == "ris"
    for file in (None, Path("a.txt"), Path("a")):
        with pytest.raises(UsageError, match="--format"):
            export.format_for("", file)


def test_a_file_is_replaced_whole_or_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "papers.bib"
    file.write_text("old")
    file.chmod(0o640)

    def broken() -> Iterator[str]:
        yield "new"
        raise RuntimeError("midway")

    with pytest.raises(RuntimeError):
        export.save(broken(), file)
    assert file.read_text() == "old"
    export.save(["new", " ä"], file)
    assert file.read_text(encoding="utf-8") == "new ä"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["papers.bib"]


def test_a_link_stays_a_link_to_the_new_content(tmp_path: Path) -> None:
    (tmp_path / "there.bib").write_text("old")
    (tmp_path / "here.bib").symlink_to(tmp_path / "there.bib")
    export.save(["new"], tmp_path / "here.bib")
    assert (tmp_path / "here.bib").is_symlink()
    assert (tmp_path / "there.bib").read_text() == "new"


def test_a_place_that_cannot_be_written_is_an_error_for_people(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        export.save(["new"], tmp_path)
    with pytest.raises(ExportError, match="as it was"):
        export.save(["new"], tmp_path / "nowhere" / "papers.bib")


@pytest.mark.parametrize("name", ["bibtex", "ris", "csl-json", "csv", "jsonl"])
def test_what_was_exported_is_the_same_papers_to_any_library(filled: Library, tmp_path: Path, name: str) -> None:
    export.save(export.text(export.stream(filled, PaperFilter()), name), tmp_path / "papers")
    records = [item for item in readers.read(tmp_path / "papers", as_of=date(2026, 1, 1)) if isinstance(item, Record)]
    other = Library(tmp_path / "other")
    assert upsert.store(other, records, "y") == ["added"] * 5
    assert other.papers() == filled.papers()
    other.close()
    assert upsert.store(filled, records, "y") == ["unchanged"] * 5


def keys(library: Library, filter: PaperFilter = PaperFilter()) -> list[str]:
    return [paper.citation_keys[0] for paper in export.stream(library, filter)]


def test_papers_go_by_their_own_keys_where_these_are_one_paper_s_alone(library: Library) -> None:
    papers = {
        "a.bib": make_paper("Lamps of old", date="2026", citation_keys=("shared",)),
        "b.bib": make_paper("Bees in spring", date="2025", citation_keys=("Shared",)),
        "c.bib": make_paper("Clocks", date="2024", citation_keys=("lovelace2023drums",)),
        "d.ris": make_paper("Drums", date="2023"),
    }
    for origin, paper in papers.items():
        upsert.store(library, [Record(paper, 1, next(iter(paper.citation_keys), ""))], origin)
    assert keys(library) == ["lovelace2026lamps", "lovelace2025bees", "lovelace2023drums", "lovelace2023drumsb"]
    assert keys(library, PaperFilter(source="b.bib")) == ["Shared"]
    one, other = library.papers(PaperFilter(since=2025))
    curation.merge(library, one.id, other.id)
    assert keys(library)[0] == "shared"


def test_the_papers_of_a_label_are_exported_with_it(filled: Library) -> None:
    labels.add(filled, "PhD/Chapter 2; draft", PaperFilter(since=2013))
    for name in export.FORMATS:
        text = "".join(export.text(export.stream(filled, PaperFilter(label="phd/chapter 2; draft")), name))
        assert [f"Paper {n}" in text for n in range(5)] == [False, False, False, True, True]
        assert name == "markdown" or "PhD/Chapter 2; draft" in text
