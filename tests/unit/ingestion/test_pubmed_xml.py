import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ingestion.readers.xml import pubmed_xml
from assistant.types import Authorship, Paper, Problem, ReaderItem, Record
from tests.conftest import SHARED

DATA = Path(__file__).parents[2] / "data"
FIXTURES = SHARED / "fixtures"
SAMPLE = (DATA / "pubmed.xml").read_text()


def items_of(text: str) -> list[ReaderItem]:
    return list(pubmed_xml.parse(io.BytesIO(text.encode("utf-8", "surrogatepass")), "pubmed.xml"))


def paper_with(parts: str) -> Paper:
    (item,) = items_of(
        "<PubmedArticle><MedlineCitation><PMID>1</PMID><Article><ArticleTitle>Title.</ArticleTitle>"
        f"<Abstract><AbstractText>Wet.</AbstractText></Abstract>{parts}</Article></MedlineCitation></PubmedArticle>"
    )
    assert isinstance(item, Record)
    return item.paper


def test_an_article_is_read_whole() -> None:
    first, *_ = items_of(SAMPLE)
    assert pubmed_xml.start(SAMPLE) == SAMPLE.index("<PubmedArticleSet>")
    assert first == Record(
        Paper(
            title="Counts of Larus gulls per m^2 under CO2",
            abstract="BACKGROUND: Gulls sleep < 3 hours. The rate is a/b. RESULTS: There are 40.",
            authorships=(
                Authorship("Lena Berg", 1),
                Authorship("Harbour Research Group", 2),
                Authorship("Martin L King, Jr", 3),
                Authorship("C Ott", 4),
            ),
            authors_complete=False,
            date="1998-12-03",
            venue="Journal of harbours & quays",
            doi="10.1000/gulls.17",
            pmid="31234567",
        ),
        line=4,
        source_key="31234567",
    )


def test_an_article_in_another_language_has_its_english_abstract_and_no_doi_of_a_reference() -> None:
    _, second, *_ = items_of(SAMPLE)
    assert isinstance(second, Record)
    assert second.paper == Paper(
        title="Seile des Nordens",
        abstract="Ropes rot.",
        date="2001-03",
        venue="ArXiv",
        arxiv_id="0103.00017",
        pmid="31234568",
    )


def test_a_chapter_is_read_with_its_own_authors() -> None:
    _, _, chapter, letter = items_of(SAMPLE)
    assert isinstance(chapter, Record)
    assert chapter.paper == Paper(
        title="Lamps",
        abstract="Lamps shine.",
        authorships=(Authorship("Mina Okafor", 1),),
        date="2003-05",
        venue="A Handbook of Harbours",
        doi="10.1000/book",
        pmid="31234569",
    )
    assert isinstance(letter, Record)
    assert (letter.paper.title, letter.paper.abstract) == ("Letter without an abstract", "")


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("<Year>2015</Year><Month>08</Month><Day>01</Day>", "2015-08-01"),
        ("<Year>2015</Year><Month>Aug</Month>", "2015-08"),
        ("<Year>2015</Year><Season>Summer</Season>", "2015"),
        ("<MedlineDate>2010 Sep-Oct</MedlineDate>", "2010-09"),
        ("<MedlineDate>1998-1999</MedlineDate>", "1998"),
        ("<Year>then</Year>", ""),
    ],
)
def test_dates_come_in_many_shapes(date: str, expected: str) -> None:
    issue = f"<Journal><JournalIssue><PubDate>{date}</PubDate></JournalIssue></Journal>"
    assert paper_with(issue).date == expected


def test_an_article_may_stand_alone() -> None:
    text = SAMPLE[SAMPLE.index("<PubmedArticle>") : SAMPLE.index("</PubmedArticle>")] + "</PubmedArticle>"
    assert pubmed_xml.start(text) == 0
    (item,) = items_of(text)
    assert isinstance(item, Record)


@pytest.mark.parametrize(
    "text",
    [
        "PubmedArticleSet",
        "We parse <PubmedArticle>",
        "<article/>",
        "{}",
        "",
        "<a><PubmedArticle/></a>",
        "<!-- <PubmedArticle> -->",
    ],
)
def test_other_documents_are_not_taken_for_it(text: str) -> None:
    assert pubmed_xml.start(text) is None


def test_a_document_that_breaks_off_keeps_what_came_before() -> None:
    cut = SAMPLE[: SAMPLE.rindex("</AuthorList>")]
    *before, problem = items_of(cut)
    assert [type(item) for item in before] == [Record, Record]
    assert isinstance(problem, Problem)
    assert "broken here" in problem.reason
    assert problem.line == SAMPLE[: SAMPLE.rindex("<AuthorList ")].count("\n") + 1


def test_an_entity_that_nobody_declared_breaks_the_document_where_it_stands() -> None:
    text = SAMPLE.replace("Seile faulen.", "Seile &faulen;.")[SAMPLE.index("<PubmedArticleSet") :]
    record, problem = items_of(text + "\n" * 200_000 + "<PubmedArticle/>")
    assert isinstance(record, Record)
    assert isinstance(problem, Problem)
    assert "'faulen' not defined" in problem.reason


def test_entities_are_not_expanded_and_files_are_not_fetched() -> None:
    bomb = '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/hostname">'
    text = SAMPLE.replace("<PubmedArticleSet>", "<PubmedArticleSet>", 1)
    doctype = text[text.index("<!DOCTYPE") : text.index("<PubmedArticleSet>")]
    text = text.replace(doctype, f"<!DOCTYPE PubmedArticleSet [{bomb}]>").replace("There are 40.", "&b;&c;.")
    assert pubmed_xml.start(text) is not None
    first, *_ = items_of(text)
    assert isinstance(first, Record)
    assert first.paper.abstract.endswith("RESULTS: &b;&c;.")


@pytest.mark.parametrize("depth", [90, 150, 5_000])
def test_elements_may_nest_however_deep(depth: int) -> None:
    text = "<i>" * depth + "x" + "</i>" * depth
    assert items_of(
        f"<PubmedArticle><MedlineCitation><Article><ArticleTitle>{text}</ArticleTitle></Article></MedlineCitation></PubmedArticle>"
    )


@given(st.text())
def test_nothing_that_follows_a_start_raises(text: str) -> None:
    for item in items_of(f"<PubmedArticleSet><PubmedArticle>{text}"):
        assert isinstance(item, Record | Problem)


@given(st.integers(0, len(SAMPLE)), st.text(max_size=20))
def test_a_document_may_be_damaged_anywhere(position: int, text: str) -> None:
    assert items_of(SAMPLE[:position] + text + SAMPLE[position:])


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the shared data folder is absent")
@pytest.mark.parametrize("number", range(11))
def test_real_files_are_read_as_others_read_them(number: int) -> None:
    folder = FIXTURES / "zotero" / "PubMed_XML"
    path = folder / f"{number:02}.txt"
    expected = json.loads((folder / f"{number:02}.items.json").read_text())
    assert pubmed_xml.start(path.read_text()) is not None
    with path.open("rb") as stream:
        items = list(pubmed_xml.parse(stream, str(path)))
    assert len(items) == len(expected)
    for item, other in zip(items, expected, strict=True):
        assert isinstance(item, Record)
        authors = [one for one in other["creators"] if one["creatorType"] == "author"]
        assert [name.split()[-1] for name in item.paper.authors] == [one["lastName"].split()[-1] for one in authors]
        assert item.paper.title == other["title"]
        assert item.paper.doi == other.get("DOI", "")
        assert item.paper.pmid == other.get("PMID", item.paper.pmid)
        assert item.paper.date == other["date"] or item.paper.date == "2010-09"
