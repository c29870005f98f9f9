import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ingestion.readers.tagged.tagged_formats import MEDLINE
from assistant.types import Authorship, Paper, Problem, ReaderItem, Record
from tests.conftest import SHARED

DATA = Path(__file__).parents[2] / "data"
FIXTURES = SHARED / "fixtures" / "zotero" / "MEDLINEnbib"


def items_of(text: str) -> list[ReaderItem]:
    return list(MEDLINE.parse(io.StringIO(text), "references.nbib"))


def paper_with(*lines: str) -> Paper:
    (item,) = items_of("\n".join(["PMID- 1", "TI  - Title.", "AB  - Wet.", *lines, ""]))
    assert isinstance(item, Record)
    return item.paper


def test_a_record_is_read_whole() -> None:
    text = (DATA / "references.nbib").read_text()
    first, *_ = items_of(text)
    assert MEDLINE.start(text) == 1
    assert first == Record(
        Paper(
            title="Gulls and lamps: a count of those that sleep by day",
            abstract="OBJECTIVES: To count gulls. RESULTS: There are 40.",
            authorships=(
                Authorship("Lena Berg", 1),
                Authorship("Harbour Research Group", 2),
                Authorship("Martin L King, Jr", 3),
                Authorship("C Ott", 4),
            ),
            authors_complete=False,
            date="1998-12-03",
            venue="Journal of harbours",
            doi="10.1000/gulls.17",
            pmid="31234567",
        ),
        line=2,
        source_key="31234567",
    )


def test_a_note_that_an_abstract_is_elsewhere_is_no_abstract() -> None:
    _, second, _ = items_of((DATA / "references.nbib").read_text())
    assert isinstance(second, Record)
    assert second.line == 29
    assert (second.paper.title, second.paper.abstract) == ("Ropes of the north", "")


def test_a_record_of_eric_is_read_though_its_tags_are_wider() -> None:
    *_, third = items_of((DATA / "references.nbib").read_text())
    assert third == Record(
        Paper(
            title="Teaching Knots to Beginners",
            abstract="Beginners tie knots.",
            authorships=(Authorship("Mina Okafor", 1),),
            date="2019-04",
            venue="Harbour School Reports",
            doi="10.1000/knots",
            url="http://eric.example.org/?id=EJ0000017",
        ),
        line=39,
        source_key="EJ0000017",
    )


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (["AU  - van der Meer JW"], ("JW van der Meer",)),
        (["AU  - King ML Jr"], ("ML King, Jr",)),
        (["FAU - King, Martin L 3rd", "AU  - King ML 3rd"], ("Martin L King, 3rd",)),
        (["AU  - Berg, Lena; And Others"], ("Lena Berg",)),
        (["FAU - Berg, Lena", "AD  - The Quay", "AU  - Berg L", "FED - Editor, Ed", "ED  - Editor E"], ("Lena Berg",)),
        (["FAU - Plato"], ("Plato",)),
        (["CN  - Harbour, Inc"], ("Harbour, Inc",)),
    ],
)
def test_names_are_given_as_they_are_spoken(lines: list[str], names: tuple[str, ...]) -> None:
    assert paper_with(*lines).authors == names


@pytest.mark.parametrize(
    ("lines", "date"),
    [
        (["DP  - 1996 Jul 9"], "1996-07-09"),
        (["DP  - 2015 May", "DEP - 20150303"], "2015-05"),
        (["DP  - 2021", "DEP - 20211227"], "2021-12-27"),
        (["DP  - 1998 Dec-1999 Jan"], "1998-12"),
        (["DP  - Article 10 2019"], "2019"),
        (["EDAT- 1996/07/09 06:00"], "1996-07-09"),
        (["DP  - unknown"], ""),
    ],
)
def test_the_date_is_the_issue_s_and_as_precise_as_can_be(lines: list[str], date: str) -> None:
    assert paper_with(*lines).date == date


def test_identifiers_are_told_apart() -> None:
    paper = paper_with("LID - e17 [pii]", "AID - arXiv:2304.02112v1 [pii]", "SO  - J Harb. 2023. doi: 10.1000/gulls.")
    assert (paper.doi, paper.arxiv_id) == ("10.1000/gulls", "2304.02112")
    assert paper_with("AID - NBK22 [bookaccession]").doi == ""


def test_records_without_an_empty_line_between_them_are_told_apart() -> None:
    text = "PMID- 1\nTI  - One\nAB  - First.\nPMID- 2\nTI  - Two\nAB  - Second.\n"
    assert [item.source_key for item in items_of(text) if isinstance(item, Record)] == ["1", "2"]


@pytest.mark.parametrize(
    "text", ["PMID- is a tag", "In PMID- 1\nTI  - x", "TY  - JOUR\nTI  - Title", "PMID- 1\nand prose", "OWN goal\n", ""]
)
def test_what_only_mentions_the_tags_is_no_medline(text: str) -> None:
    assert MEDLINE.start(text) is None


@given(st.text())
def test_nothing_that_follows_a_start_raises(text: str) -> None:
    for item in items_of(f"PMID- 1\n{text}\n      {text}"):
        assert isinstance(item, Record | Problem)


TAGGED = st.builds("{:<4}- {}".format, st.sampled_from(sorted(MEDLINE.dialects[0].wanted)), st.text(max_size=40))


@given(st.lists(TAGGED))
def test_no_value_of_any_tag_raises(lines: list[str]) -> None:
    assert items_of("\n".join(["PMID- 1", "TI  - Title", *lines]))


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the shared data folder is absent")
@pytest.mark.parametrize("number", range(9))
def test_real_files_are_read_as_others_read_them(number: int) -> None:
    text = (FIXTURES / f"{number:02}.txt").read_text(encoding="utf-8-sig")
    expected = json.loads((FIXTURES / f"{number:02}.items.json").read_text())
    items = items_of(text)
    assert MEDLINE.start(text) is not None
    assert all(isinstance(item, Record) for item in items)
    assert len(items) == len(expected)
    for item, other in zip(items, expected, strict=True):
        assert isinstance(item, Record)
        authors = [one for one in other["creators"] if one["creatorType"] == "author"]
        assert [name.split()[-1] for name in item.paper.authors] == [one["lastName"].split()[-1] for one in authors]
        assert item.paper.title == other.get("title", item.paper.title).removesuffix(".")
        assert item.paper.venue == other.get("publicationTitle", item.paper.venue)
        assert item.paper.doi == other.get("DOI", item.paper.doi)
        assert item.source_key in other["extra"]
