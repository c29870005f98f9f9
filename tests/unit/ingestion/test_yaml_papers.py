import datetime
from pathlib import Path

import pytest

from assistant.ingestion.readers import read
from assistant.types import Authorship, Paper, Problem, ReaderItem, Record

AS_OF = datetime.date(2026, 11, 23)

PANDOC = """\
---
# made by pandoc
references:
- id: berg2020
  type: article-journal
  title: "Ropes fray: a study"
  abstract: >
    We pull ropes
    until they fray.
  author:
  - family: Berg
    given: Lena
    non-dropping-particle: van der
  - literal: Rope Group
  issued:
    date-parts:
    - - 2020
      - 5
      - 4
  container-title: Journal of Ropes
  DOI: 10.1000/rope.1
  keyword: knots, tension
  note: "PMID: 30000001"
- id: ott2019
  type: book
  title: Knots hold
  author: [{family: Ott, given: Cy}]
  issued: 2019-02
  publisher: Harbour
...
"""


def items_of(tmp_path: Path, text: str, name: str = "references.yaml") -> list[ReaderItem]:
    path = tmp_path / name
    path.write_text(text)
    return list(read(path, as_of=AS_OF))


@pytest.mark.parametrize("name", ["references.yaml", "references.yml", "references.txt"])
def test_references_of_pandoc_are_read_whole(tmp_path: Path, name: str) -> None:
    first, second = items_of(tmp_path, PANDOC, name)
    assert first == Record(
        Paper(
            title="Ropes fray: a study",
            abstract="We pull ropes until they fray.",
            authorships=(Authorship("Lena van der Berg", 1), Authorship("Rope Group", 2)),
            date="2020-05-04",
            venue="Journal of Ropes",
            doi="10.1000/rope.1",
            pmid="30000001",
            labels=("knots", "tension"),
        ),
        line=4,
        source_key="berg2020",
    )
    assert isinstance(second, Record)
    assert (second.paper.title, second.paper.date, second.line) == ("Knots hold", "2019-02", 24)


@pytest.mark.parametrize(
    "issued", ["issued:\n    year: 2020\n    month: 5", "issued:\n  - year: 2020\n    month: 5", "issued: 2020-05"]
)
def test_a_list_of_items_is_read_with_older_dates(tmp_path: Path, issued: str) -> None:
    (item,) = items_of(tmp_path, f"- id: a\n  title: Ropes\n  type: book\n  {issued}\n", "list.txt")
    assert isinstance(item, Record)
    assert item.paper.date == "2020-05"


def test_a_record_of_papis_is_read(tmp_path: Path) -> None:
    text = (
        "abstract: We pull ropes.\nauthor: Berg, Lena and Ott, Cy\nauthor_list:\n- family: Berg\n  given: Lena\n"
        "- family: Ott\n  given: Cy\ndoi: 10.1000/rope.1\nfiles:\n- a.pdf\njournal: Journal of Ropes\nmonth: 5\n"
        "ref: Ropes_Berg_2020\ntags:\n- knots\ntitle: Ropes fray\nyear: 2020\n"
    )
    (item,) = items_of(tmp_path, text, "info.yaml")
    assert isinstance(item, Record)
    paper = item.paper
    assert (paper.authors, paper.date, paper.venue) == (("Lena Berg", "Cy Ott"), "2020-05", "Journal of Ropes")
    assert (paper.labels, paper.doi, paper.citation_keys) == (("knots",), "10.1000/rope.1", ("Ropes_Berg_2020",))


def test_references_of_typst_are_read(tmp_path: Path) -> None:
    text = (
        'ropes:\n  type: article\n  title: Ropes fray\n  author: ["Berg, Lena", "Ott, Cy"]\n  date: 2020-05-04\n'
        "  serial-number:\n    doi: 10.1000/rope.1\n  parent:\n    type: periodical\n    title: Journal of Ropes\n"
        "knots:\n  type: web\n  title: Knots hold\n  author: Ott, Cy\n"
    )
    first, second = items_of(tmp_path, text, "references.yml")
    assert isinstance(first, Record)
    paper = first.paper
    assert (paper.title, paper.authors, paper.date) == ("Ropes fray", ("Lena Berg", "Cy Ott"), "2020-05-04")
    assert (paper.venue, paper.doi, paper.citation_keys) == ("Journal of Ropes", "10.1000/rope.1", ("ropes",))
    assert isinstance(second, Record)
    assert second.paper.authors == ("Cy Ott",)


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: Notes\nauthor: Lena\n---\n\n# Ropes\n\nreferences: none\n",
        "references: see below\n- one\n- two\n",
        "- a list\n- of things\n",
    ],
)
def test_a_text_with_front_matter_or_a_list_is_no_yaml(tmp_path: Path, text: str) -> None:
    (problem,) = items_of(tmp_path, text, "notes.txt")
    assert isinstance(problem, Problem)
    assert "format is not known" in problem.reason


def test_an_alias_is_refused(tmp_path: Path) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    (problem,) = items_of(tmp_path, bomb + "title: Ropes\n")
    assert isinstance(problem, Problem)
    assert "uses the alias “*a”" in problem.reason


@pytest.mark.parametrize(
    "text",
    [
        "title: " + "[" * 100_000,
        "references:\n" + "- " * 5000 + "x",
        "? [a]\n: b\ntitle: x\n",
        "title: \x07\n",
        "\ttitle: x\n",
    ],
)
def test_what_is_no_yaml_is_refused_with_a_reason(tmp_path: Path, text: str) -> None:
    items = items_of(tmp_path, text)
    assert items
    assert all(isinstance(item, Problem) and len(item.reason) > 20 for item in items)


def test_a_broken_reference_keeps_what_came_before(tmp_path: Path) -> None:
    items = items_of(tmp_path, PANDOC + "---\nreferences:\n- title: [\n")
    assert [type(item) for item in items] == [Record, Record, Problem]
    assert isinstance(items[-1], Problem)
    assert "not valid YAML" in items[-1].reason


def test_one_reference_is_in_memory_at_a_time(tmp_path: Path) -> None:
    """All of them together are larger than one may be."""
    one = "- id: a\n  title: Ropes\n  abstract: {}\n".format("We pull ropes. " * 1000)
    items = items_of(tmp_path, "references:\n" + one * 800)
    assert sum(isinstance(item, Record) for item in items) == len(items) == 800
