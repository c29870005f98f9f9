"""Exports in several formats behind one another in one file."""

import datetime
import itertools
from pathlib import Path

import pytest

from assistant.ingestion.readers import read
from assistant.types import Problem, ReaderItem, Record

AS_OF = datetime.date(2026, 11, 23)
PARTS = {
    "BibTeX": "@article{berg, title = {Lamps}, author = {Berg, Anna}, year = 2010}\n",
    "RIS": "TY  - JOUR\nTI  - Ropes\nAU  - Roe, Rick\nPY  - 2011\nER  - \n",
    "MEDLINE": "PMID- 30111222\nOWN - NLM\nTI  - Tides.\nFAU - Elm, Eva\nDP  - 2012 Aug\n",
    "Web of Science": "FN Clarivate\nVR 1.0\nPT J\nAU Oak, O\nAF Oak, Ole\nTI Gulls\nPY 2013\nER\n\nEF\n",
    "refer": "%0 Journal Article\n%T Buoys\n%A Ash, Ann\n%D 2014\n",
    "RefWorks": "RT Journal Article\nSR Electronic\nA1 Yew, Yan\nT1 Piers\nYR 2015\n",
    "JSON": '[{"title": "Ferries", "authors": ["Bo Fir"], "year": 2016},\n {"title": "Quays", "year": 2016}]\n',
    "table": "Title,Authors,Year\nHarbours,Sam Larch,2017\n",
    "YAML": "---\nreferences:\n- title: Docks\n  author: Kim Pine\n  issued: 2018\n",
}
LAST = ("table", "YAML")
"""What goes on to the end of a file."""

YEARS = {name: f"{2010 + place}" for place, name in enumerate(PARTS)}


def items_of(tmp_path: Path, text: str, name: str = "all.txt") -> list[ReaderItem]:
    path = tmp_path / name
    path.write_text(text)
    return list(read(path, as_of=AS_OF))


def records_of(tmp_path: Path, text: str, name: str = "all.txt") -> list[Record]:
    items = items_of(tmp_path, text, name)
    assert not [item for item in items if isinstance(item, Problem)]
    return [item for item in items if isinstance(item, Record)]


@pytest.mark.parametrize(
    ("first", "second"),
    [pair for pair in itertools.permutations(PARTS, 2) if pair[0] not in LAST and pair[1] != "YAML"],
)
def test_two_formats_behind_each_other_are_read_as_each_by_itself(tmp_path: Path, first: str, second: str) -> None:
    alone = [record.paper for name in (first, second) for record in records_of(tmp_path, PARTS[name])]
    found = records_of(tmp_path, f"{PARTS[first]}\n{PARTS[second]}")
    assert [record.paper for record in found] == alone
    assert {record.paper.date[:4] for record in found} == {YEARS[first], YEARS[second]}


def test_all_formats_stand_in_one_file_and_lines_are_those_of_the_file(tmp_path: Path) -> None:
    text = "\n".join(part for name, part in PARTS.items() if name != "YAML")
    found = records_of(tmp_path, text)
    assert len(found) == len(PARTS)
    lines = text.split("\n")
    for record in found:
        near = lines[record.line - 1 : record.line + 7]
        assert any(record.paper.title in line for line in near), record


def test_an_object_on_one_line_stands_before_another_format(tmp_path: Path) -> None:
    text = '{"title": "Ferries", "authors": ["Bo Fir"], "year": 2016}\n\n' + PARTS["BibTeX"]
    assert [record.paper.title for record in records_of(tmp_path, text)] == ["Ferries", "Lamps"]


def test_prose_and_fences_of_markdown_stand_around_records(tmp_path: Path) -> None:
    text = (
        "# Week 3\n\n- ropes:\n\n```\n" + PARTS["RIS"] + "```\n\nThen, from PubMed:\n\n```\n" + PARTS["MEDLINE"]
        + "```\n\nTo be read.\n\n```json\n" + PARTS["JSON"] + "```\n\nLast, a table.\n\n```\n" + PARTS["table"]
        + "```\n\nThat is all, for now, I think.\n"
    )  # fmt: skip
    assert [record.paper.title for record in records_of(tmp_path, text, "notes.md")] == [
        "Ropes", "Tides", "Ferries", "Quays", "Harbours",
    ]  # fmt: skip


@pytest.mark.parametrize("name", [name for name in PARTS if name != "YAML"])
@pytest.mark.parametrize("between", ["\f", "\n\f\n", "\ufeff"])
def test_pages_and_files_put_together_begin_with_their_marks(tmp_path: Path, name: str, between: str) -> None:
    first = "RIS" if name != "RIS" else "BibTeX"
    below = "\n" if name in ("JSON", "table") else ""
    found = records_of(tmp_path, f"{PARTS[first]}{below}{between}{PARTS[name]}")
    assert {record.paper.date[:4] for record in found} == {YEARS[first], YEARS[name]}


@pytest.mark.parametrize("between", ["\f", "\n\f\n"])
@pytest.mark.parametrize("name", ["BibTeX", "RIS", "MEDLINE", "refer"])
def test_pages_begin_between_records_of_one_format(tmp_path: Path, name: str, between: str) -> None:
    other = PARTS[name].replace("30111222", "30111223")
    found = records_of(tmp_path, f"{PARTS[name]}{between}{other}")
    assert len(found) == 2
    assert found[0].paper == found[1].paper or name == "MEDLINE"


@pytest.mark.parametrize("name", [name for name in PARTS if name != "YAML"])
def test_any_format_stands_within_notes(tmp_path: Path, name: str) -> None:
    text = f"On Tuesday we talked about this.\n\n```\n{PARTS[name]}```\n\nIt was, all in all, a good day.\n"
    alone = [record.paper for record in records_of(tmp_path, PARTS[name])]
    assert [record.paper for record in records_of(tmp_path, text)] == alone


def test_prose_with_fences_and_objects_that_are_no_papers_is_of_no_format(tmp_path: Path) -> None:
    for fenced in ("pip install lamps", '{\n "servers": {"a": 1}\n}', "a, b, c\n1, 2, 3"):
        (problem,) = items_of(tmp_path, f"# Lamps\n\nDo this:\n\n```\n{fenced}\n```\n\nThen that.\n")
        assert isinstance(problem, Problem)
        assert "format is not known" in problem.reason


def test_what_cannot_be_read_of_a_part_is_said_with_its_line(tmp_path: Path) -> None:
    items = items_of(tmp_path, PARTS["RIS"] + "\n@article{open, title = {Never\n closed,\n")
    assert [type(item) for item in items] == [Record, Problem]
    assert isinstance(items[1], Problem)
    assert items[1].line == 7
    rows = items_of(tmp_path, PARTS["RIS"] + '\nTitle,Authors,Year\nTides,Elm,2012\n"Open,Ash,2013\n,,\n')
    notices = [item for item in rows if not isinstance(item, Record)]
    assert "line 9" in str(notices)


@pytest.mark.parametrize(
    "inside",
    [
        'Title,Authors,Year,Note\nTides,Eva Elm,2012,"as BibTeX:\n\n@article{elm, title = {Tides}, year = 2012}\n"\n',
        "@article{a, title = {Tides}, year = 2012, abstract = {Title, Authors, Year\n\nTides, Elm, 2012}}\n",
        "TY  - JOUR\nTI  - Tides\nPY  - 2012\nAB  - We mail @berg{ and\n[this] and {that}.\nER  - \n",
        "references:\n- title: Tides\n  issued: 2012\n  note: |\n    @article{elm, title = {No}}\n\n  DOI: 10.1/1\n",
    ],
)
def test_what_only_looks_like_another_format_within_a_record_is_its_text(tmp_path: Path, inside: str) -> None:
    (record,) = records_of(tmp_path, inside)
    assert record.paper.title == "Tides"


@pytest.mark.parametrize("name", ["RIS", "BibTeX", "table", "MEDLINE"])
@pytest.mark.parametrize("mark", ["\f", "\ufeff", "\n\f", "\n\ufeff"])
def test_a_mark_at_the_end_of_a_file_is_nothing(tmp_path: Path, name: str, mark: str) -> None:
    assert records_of(tmp_path, PARTS[name] + mark) == records_of(tmp_path, PARTS[name])


RECORDS = {
    "BibTeX": "@article{{a, title={{Tides}}, year=2012, abstract={{We show:\n{}\nand more.}},\n doi={{10.1000/1}}}}\n",
    "RIS": "TY  - JOUR\nTI  - Tides\nPY  - 2012\nAB  - We show:\n{}\nand more.\nDO  - 10.1000/1\nER  - \n",
    "Web of Science": "PT J\nTI Tides\nPY 2012\nAB We show:\n   {}\n   and more.\nDI 10.1000/1\nER\n\nEF\n",
    "MEDLINE": "PMID- 7\nTI  - Tides.\nDP  - 2012\nAB  - We show:\n      {}\n      and more.\nLID - 10.1000/1 [doi]\n",
}  # fmt: skip
LIKE = {
    "BibTeX": "@article{lee2020, title={Paper one}, year={2020}}",
    "RIS": "TY  - JOUR\nTI  - Example\nAU  - Foo, Bar\nER  - ",
    "MEDLINE": "PMID- 123\nTI  - hello",
    "Web of Science": "PT J\nAU Lee, K",
    "JSON": '\n{"title": "an example", "value": 3}\n',
    "table": "\nKeywords, Title, Abstract\nwere screened, by two, reviewers\n",
    "YAML": "references:\n- Smith 2020",
}


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        *(("BibTeX", inner) for inner in LIKE if inner != "BibTeX"),
        *(("RIS", inner) for inner in ("BibTeX", "JSON", "table", "YAML")),
        *(("Web of Science", inner) for inner in ("BibTeX", "JSON", "table", "YAML")),
        *(("MEDLINE", inner) for inner in ("BibTeX", "YAML")),  # whose records end at an empty line
    ],
)
def test_a_record_of_another_format_within_an_abstract_ends_no_part(tmp_path: Path, outer: str, inner: str) -> None:
    record = RECORDS[outer].format(LIKE[inner])
    other = RECORDS[outer].format("nothing").replace("Tides", "Ropes").replace("PMID- 7", "PMID- 8")
    found = records_of(tmp_path, f"{record}\n{other}")
    assert [each.paper.title for each in found] == ["Tides", "Ropes"]
    assert (found[0].paper.date, found[0].paper.doi) == ("2012", "10.1000/1")


def test_of_very_many_parts_the_last_goes_on_which_is_said(tmp_path: Path) -> None:
    items = items_of(tmp_path, "\n".join(PARTS[name] for name in ("RIS", "BibTeX") * 150))
    (problem,) = [item for item in items if isinstance(item, Problem)]
    assert "only BibTeX is read" in problem.reason
    assert sum(isinstance(item, Record) for item in items) == 200 + 50
