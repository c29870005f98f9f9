import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ingestion.readers.xml import arxiv_atom
from assistant.types import Authorship, Paper, Problem, ReaderItem, Record
from tests.conftest import SHARED

DATA = Path(__file__).parents[2] / "data"
FIXTURES = SHARED / "fixtures" / "arxiv_py" / "tests" / "fixtures"
SAMPLE = (DATA / "arxiv_feed.xml").read_text()


def items_of(text: str) -> list[ReaderItem]:
    return list(arxiv_atom.parse(io.BytesIO(text.encode("utf-8", "surrogatepass")), "feed.xml"))


def test_an_entry_is_read_whole() -> None:
    first, *_ = items_of(SAMPLE)
    assert arxiv_atom.start(SAMPLE) == SAMPLE.index("<feed")
    assert first == Record(
        Paper(
            title="Counting gulls by night",
            abstract="We count $n^2$ gulls with p < 0.05.",
            authorships=(Authorship("Lena Berg", 1), Authorship("Dirk Wübben", 2)),
            date="2019-01-02",
            categories=("cs.CL", "stat.AP"),
            venue="Journal of Harbours 4 (2020)",
            doi="10.1000/gulls.17",
            arxiv_id="1901.00017",
            url="https://arxiv.org/abs/1901.00017v3",
        ),
        line=6,
        source_key="1901.00017",
    )


def test_an_old_identifier_and_a_doi_in_a_link_are_found() -> None:
    *_, last = items_of(SAMPLE)
    assert isinstance(last, Record)
    assert (last.source_key, last.paper.doi) == ("hep-th/9901001", "10.1000/strings")
    assert last.paper.url == "http://arxiv.org/abs/hep-th/9901001v1"


def test_an_error_report_is_no_paper() -> None:
    _, problem, _ = items_of(SAMPLE)
    assert isinstance(problem, Problem)
    assert problem.line == 25
    assert "arXiv reports an error: incorrect id format for gull." in problem.reason


def test_the_head_of_an_announcement_is_no_abstract() -> None:
    text = SAMPLE.replace("  We count", "arXiv:1901.00017v3 Announce Type: replace-cross \nAbstract: We count")
    first, *_ = items_of(text)
    assert isinstance(first, Record)
    assert first.paper.abstract.startswith("We count")


def test_a_feed_that_breaks_off_keeps_what_came_before() -> None:
    record, problem = items_of(SAMPLE[: SAMPLE.index("<title>Error")])
    assert isinstance(record, Record)
    assert isinstance(problem, Problem)
    assert "broken here" in problem.reason


@pytest.mark.parametrize(
    "text",
    [
        "<feed xmlns='http://www.w3.org/2005/Atom'><id>https://example.org/</id></feed>",
        "<feed>arxiv.org/</feed>",
        "x",
        "",
    ],
)
def test_other_feeds_are_not_taken_for_it(text: str) -> None:
    assert arxiv_atom.start(text) is None


@given(st.integers(0, len(SAMPLE)), st.text(max_size=20))
def test_a_feed_may_be_damaged_anywhere(position: int, text: str) -> None:
    assert items_of(SAMPLE[:position] + text + SAMPLE[position:])


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the shared data folder is absent")
def test_real_answers_are_read() -> None:
    papers = 0
    for path in FIXTURES.glob("*.json"):
        # The bodies were recorded as if each byte were a character.
        body = json.loads(path.read_text())["body"].encode("latin-1").decode()
        assert arxiv_atom.start(body) is not None
        items = items_of(body)
        records = [item for item in items if isinstance(item, Record)]
        papers += len(records)
        assert len(records) == body.count("<entry>") - body.count("/api/errors#") // 2
        assert len(items) == body.count("<entry>")
        for record in records:
            assert all([record.paper.arxiv_id, record.paper.date, record.paper.authors, record.paper.categories])
            assert record.paper.arxiv_id == record.source_key
    assert papers > 200
