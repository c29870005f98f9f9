import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from assistant.ingestion.readers import read
from assistant.types import Authorship, Paper, Problem, ReaderItem, Record

SHARED = Path(__file__).parents[3].parent / "shared"
AS_OF = datetime.date(2026, 11, 23)
PLAIN = {"title": "Title", "abstract": "Wet."}


def items_of(tmp_path: Path, text: str, name: str = "papers.jsonl") -> list[ReaderItem]:
    path = tmp_path / name
    path.write_text(text)
    return list(read(path, as_of=AS_OF))


def paper_with(tmp_path: Path, **fields: Any) -> Paper:
    (item,) = items_of(tmp_path, json.dumps(PLAIN | fields) + "\n")
    assert isinstance(item, Record)
    return item.paper


def test_a_line_is_read_whole(tmp_path: Path) -> None:
    line = {
        "id": "x:1",
        "title": "Counting {G}ulls",
        "abstract": "We count \\emph{gulls}.",
        "authors": ["Lena Berg", "Okafor, Mina"],
        "year": 2024,
        "venue": "Night Workshop",
        "categories": ["cs.CL", "stat"],
        "doi": "https://doi.org/10.1000/182",
        "arxiv_id": "2401.00001v3",
        "url": "https://example.org/1",
        "has_code": True,
    }
    (item,) = items_of(tmp_path, json.dumps(line))
    assert item == Record(
        Paper(
            title="Counting Gulls",
            abstract="We count gulls.",
            authorships=(Authorship("Lena Berg", 1), Authorship("Mina Okafor", 2)),
            date="2024",
            categories=("cs.CL", "stat"),
            venue="Night Workshop",
            doi="10.1000/182",
            arxiv_id="2401.00001",
            url="https://example.org/1",
            has_code=True,
        ),
        line=1,
        source_key="x:1",
    )


@pytest.mark.parametrize(
    ("authors", "names"),
    [
        (["Comaromi, J.P."], ("J.P. Comaromi",)),
        (["King, Jr., Martin"], ("Martin King, Jr.",)),
        ([{"name": "Lena Berg"}, {"name": "Ott, Cy"}], ("Lena Berg", "Cy Ott")),
        ([{"given": "Lena", "family": "Berg"}, {"first": "Cy", "last": "Ott"}], ("Lena Berg", "Cy Ott")),
        ("Lena Berg; Ott, Cy", ("Lena Berg", "Cy Ott")),
        ("Lena Berg and Cy Ott", ("Lena Berg", "Cy Ott")),
        ("Lena Berg, Cy Ott, and Ed Ray", ("Lena Berg", "Cy Ott", "Ed Ray")),
        ("P. G\\'omez, C. Ott", ("P. Gómez", "C. Ott")),
        ([None, 3, "", {}, "Lena Berg"], ("Lena Berg",)),
        (None, ()),
        (7, ()),
    ],
)
def test_authors_may_be_strings_objects_or_one_string(tmp_path: Path, authors: Any, names: tuple[str, ...]) -> None:
    assert paper_with(tmp_path, authors=authors).authors == names


def test_a_cut_list_of_authors_is_known_to_be_cut(tmp_path: Path) -> None:
    paper = paper_with(tmp_path, authors=["Lena Berg", "et al."])
    assert (paper.authors, paper.authors_complete) == (("Lena Berg",), False)
    assert paper_with(tmp_path, authors="Lena Berg et al.").authors_complete is False


@pytest.mark.parametrize(
    ("fields", "date"),
    [
        ({"year": 2024}, "2024"),
        ({"year": "2024"}, "2024"),
        ({"year": 2024.0}, "2024"),
        ({"year": None}, ""),
        ({"date": "2024-03-09T12:00:00Z"}, "2024-03-09"),
        ({"published": "9 March 2024"}, "2024-03-09"),
        ({"publicationDate": "2024-03", "year": 2024}, "2024-03"),
        ({"versions": [{"created": "Mon, 2 Apr 2007 19:18:42 GMT"}], "update_date": "2008-11-26"}, "2007-04-02"),
        ({"year": 1e300}, ""),
        ({"year": [2024]}, ""),
    ],
)
def test_dates_come_in_many_shapes(tmp_path: Path, fields: dict[str, Any], date: str) -> None:
    assert paper_with(tmp_path, **fields).date == date


@pytest.mark.parametrize(
    ("value", "has_code"),
    [(True, True), (False, False), (None, None), ("https://example.org/repository", True), ("", None), ("no", False)],
)
def test_code_may_be_a_truth_value_or_an_address(tmp_path: Path, value: Any, has_code: bool | None) -> None:
    assert paper_with(tmp_path, code=value).has_code is has_code


def test_a_venue_is_no_category(tmp_path: Path) -> None:
    assert paper_with(tmp_path, venue="ACL").categories == ()


def test_categories_may_be_one_string(tmp_path: Path) -> None:
    assert paper_with(tmp_path, categories="hep-ph cs.CL").categories == ("hep-ph", "cs.CL")
    assert paper_with(tmp_path, category="Machine Learning").categories == ("Machine Learning",)


def test_bad_lines_are_reported_and_the_rest_goes_on(tmp_path: Path) -> None:
    good = json.dumps(PLAIN)
    deep = "[" * 100_000
    lines = [good, '{"title": "Cut', "[1, 2]", "", json.dumps({"title": "Lonely"}), json.dumps({"id": 7}), deep, good]
    items = items_of(tmp_path, "\n".join(lines))
    problems = [item for item in items if isinstance(item, Problem)]
    assert [item.line for item in items if isinstance(item, Record)] == [1, 8]
    assert [problem.line for problem in problems] == [2, 3, 5, 6, 7]
    assert "not valid JSON" in problems[0].reason
    assert "not a JSON object" in problems[1].reason
    assert "“Lonely” has a title and nothing else" in problems[2].reason
    assert "“7” has no title" in problems[3].reason
    assert "not valid JSON" in problems[4].reason


def test_an_array_gives_each_element_its_line(tmp_path: Path) -> None:
    text = json.dumps([PLAIN, PLAIN | {"abstract": ""}, PLAIN | {"title": "Third"}], indent=1)
    items = items_of(tmp_path, text, "papers.json")
    assert [(type(item), item.line) for item in items if isinstance(item, Record | Problem)] == [
        (Record, 2),
        (Problem, 6),
        (Record, 10),
    ]


def test_a_broken_array_keeps_what_came_before(tmp_path: Path) -> None:
    items = items_of(tmp_path, f"[{json.dumps(PLAIN)},\n{{'title'}}, {json.dumps(PLAIN)}]", "papers.json")
    assert isinstance(items[0], Record)
    assert isinstance(items[1], Problem)
    assert items[1].line == 2
    assert len(items) == 2


def test_one_object_over_several_lines_is_read(tmp_path: Path) -> None:
    (item,) = items_of(tmp_path, json.dumps(PLAIN, indent=2), "paper.json")
    assert isinstance(item, Record)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data folder is absent")
@pytest.mark.parametrize(
    ("path", "read_count", "bad_count"),
    [
        ("corpora/acl-10k.jsonl.gz", 10_000, 0),
        ("benchmarks/cisi/corpus.jsonl", 1460, 0),
        ("benchmarks/cranfield/corpus.jsonl", 1398, 2),
    ],
)
def test_real_collections_are_read(path: str, read_count: int, bad_count: int) -> None:
    items = list(read(SHARED / path, as_of=AS_OF))
    assert sum(isinstance(item, Record) for item in items) == read_count
    assert sum(isinstance(item, Problem) for item in items) == bad_count
    assert all(item.paper.authors for item in items[:5] if isinstance(item, Record))


def test_an_object_spread_over_lines_is_one_record(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text('{"title": "Spread out",\n "abstract": "Over several lines.",\n "year": 2024}\n')
    (item,) = read(path, as_of=datetime.date(2026, 11, 23))
    assert isinstance(item, Record)
    assert item.paper.title == "Spread out"


def test_a_file_with_nothing_in_it_is_reported(tmp_path: Path) -> None:
    (item,) = items_of(tmp_path, "[]", "papers.json")
    assert isinstance(item, Problem)
    assert "no paper in this JSON file" in item.reason
