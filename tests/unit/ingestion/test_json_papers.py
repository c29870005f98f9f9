import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from assistant.ingestion.readers import read
from assistant.ingestion.readers.objects.named_fields import read_fields
from assistant.types import Authorship, Paper, Problem, ReaderItem, Record

AS_OF = datetime.date(2026, 11, 23)
PLAIN = {"title": "Title", "abstract": "Wet."}
WORK = {
    "id": "https://openalex.org/W1",
    "doi": "https://doi.org/10.48550/arxiv.2401.00001",
    "title": "Counting <i>Gulls</i>",
    "publication_date": "2024-01-09",
    "publication_year": 2024,
    "ids": {"openalex": "https://openalex.org/W1", "pmid": "https://pubmed.ncbi.nlm.nih.gov/30000001"},
    "primary_location": {
        "landing_page_url": "https://example.org/gulls",
        "source": {"display_name": "Journal of Lighthouse Work"},
    },
    "locations": [{"landing_page_url": "https://arxiv.org/abs/2401.00001", "source": None}, None],
    "authorships": [
        {"raw_author_name": "Okafor, Mina", "author": {"display_name": "M. Okafor"}},
        {"raw_author_name": None, "author": {"display_name": "José Nuñez"}},
    ],
    "abstract_inverted_index": {"We": [0], "count": [1, 3], "gulls,": [2], "ducks.": [4]},
}
SCHOLAR_PAPER = {
    "paperId": "abc",
    "externalIds": {"DOI": "10.1000/1", "ArXiv": "2401.00001", "PubMed": "30000001", "CorpusId": 7},
    "url": "https://www.semanticscholar.org/paper/abc",
    "title": "Counting Gulls",
    "abstract": "We count gulls.",
    "venue": "",
    "journal": {"name": "Journal of Lighthouse Work"},
    "year": 2024,
    "publicationDate": "2024-01-09",
    "fieldsOfStudy": ["Biology"],
    "authors": [{"authorId": "1", "name": "M. Okafor"}],
}
ITEM = {
    "type": "article-journal",
    "id": "okafor2024",
    "title": "Counting Gulls",
    "abstract": "<jats:p>We count gulls.</jats:p>",
    "container-title": "Journal of Lighthouse Work",
    "issued": {"date-parts": [["2024", 1, "9"]]},
    "author": [
        {"family": "Meer", "non-dropping-particle": "van der", "given": "Jan", "suffix": "Jr."},
        {"literal": "Harbour Research Group"},
    ],
    "DOI": "10.1000/1",
    "PMID": "30000001",
    "URL": "https://example.org/gulls",
}


def items_of(tmp_path: Path, text: str, name: str = "papers.json") -> list[ReaderItem]:
    path = tmp_path / name
    path.write_text(text)
    return list(read(path, as_of=AS_OF))


def titles_of(items: list[ReaderItem]) -> list[str]:
    return [item.paper.title for item in items if isinstance(item, Record)]


def test_a_work_of_openalex_is_read_whole() -> None:
    assert read_fields(WORK, "file", 3) == Record(
        Paper(
            title="Counting Gulls",
            abstract="We count gulls, count ducks.",
            authorships=(Authorship("Mina Okafor", 1), Authorship("José Nuñez", 2)),
            date="2024-01-09",
            venue="Journal of Lighthouse Work",
            doi="10.48550/arxiv.2401.00001",
            arxiv_id="2401.00001",
            pmid="30000001",
            url="https://example.org/gulls",
        ),
        line=3,
        source_key="W1",
    )


def test_a_work_without_an_abstract_is_a_paper_without_one() -> None:
    item = read_fields({**WORK, "abstract_inverted_index": None}, "file", 3)
    assert isinstance(item, Record)
    assert (item.paper.title, item.paper.abstract) == ("Counting Gulls", "")


@pytest.mark.parametrize("index", [[], "x", {"a": "b"}, {"a": [-1, 10**12, "2", None]}, {"a": None}])
def test_a_damaged_index_gives_no_abstract(index: Any) -> None:
    item = read_fields({**WORK, "abstract_inverted_index": index}, "file", 1)
    assert isinstance(item, Record)
    assert not item.paper.abstract


def test_a_paper_of_semantic_scholar_is_read_whole() -> None:
    assert read_fields(SCHOLAR_PAPER, "file", 3) == Record(
        Paper(
            title="Counting Gulls",
            abstract="We count gulls.",
            authorships=(Authorship("M. Okafor", 1),),
            date="2024-01-09",
            categories=("Biology",),
            venue="Journal of Lighthouse Work",
            doi="10.1000/1",
            arxiv_id="2401.00001",
            pmid="30000001",
            url="https://www.semanticscholar.org/paper/abc",
        ),
        line=3,
        source_key="abc",
    )


def test_a_paper_whose_abstract_is_withheld_is_read_without_it() -> None:
    item = read_fields({**SCHOLAR_PAPER, "abstract": None}, "file", 1)
    assert isinstance(item, Record)
    assert (item.paper.doi, item.paper.abstract) == ("10.1000/1", "")


def test_an_item_of_csl_is_read_whole() -> None:
    assert read_fields(ITEM, "file", 3) == Record(
        Paper(
            title="Counting Gulls",
            abstract="We count gulls.",
            authorships=(Authorship("Jan van der Meer, Jr.", 1), Authorship("Harbour Research Group", 2)),
            date="2024-01-09",
            venue="Journal of Lighthouse Work",
            doi="10.1000/1",
            pmid="30000001",
            url="https://example.org/gulls",
        ),
        line=3,
        source_key="okafor2024",
    )


@pytest.mark.parametrize(
    ("issued", "date"),
    [
        ({"date-parts": [[2024, 13]]}, "2024"),
        ({"date-parts": [[2024, 2], [2024, 3]]}, "2024-02"),
        ({"date-parts": [[None]]}, ""),
        ({"date-parts": []}, ""),
        ({"raw": "May 2024"}, "2024-05"),
        ("2024-05-01", "2024-05-01"),
        (None, ""),
    ],
)
def test_dates_of_csl_come_in_many_shapes(issued: Any, date: str) -> None:
    item = read_fields({**ITEM, "issued": issued}, "file", 1)
    assert isinstance(item, Record)
    assert item.paper.date == date


def test_a_work_of_crossref_is_an_item_of_csl(tmp_path: Path) -> None:
    work = {**ITEM, "title": ["Counting"], "subtitle": ["Gulls"], "container-title": ["A", "B"], "id": None}
    (item,) = items_of(tmp_path, json.dumps({"status": "ok", "message": {"total-results": 1, "items": [work]}}))
    assert isinstance(item, Record)
    assert (item.paper.title, item.paper.venue, item.source_key) == ("Counting: Gulls", "A", "10.1000/1")


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda papers: papers,
        lambda papers: {"meta": {"count": 3}, "results": papers},
        lambda papers: {"total": 3, "offset": 0, "data": papers},
        lambda papers: {"items": papers},
        lambda papers: {"authorId": "1", "name": "Ada", "papers": papers},
        lambda papers: {"message": {"items": papers}},
        lambda papers: [{"results": papers[:1]}, {"results": papers[1:]}],
        lambda papers: {"data": [{"name": "Ada", "papers": papers}]},
    ],
)
def test_papers_are_found_in_what_wraps_them(tmp_path: Path, wrap: Any, indent: int | None) -> None:
    papers = [{"title": f"Title {number}", "abstract": "Wet."} for number in range(3)]
    items = items_of(tmp_path, json.dumps(wrap(papers), indent=indent))
    assert titles_of(items) == ["Title 0", "Title 1", "Title 2"]
    assert len(items) == 3


def test_lists_within_a_paper_are_no_papers(tmp_path: Path) -> None:
    paper = {**PLAIN, "references": [PLAIN, PLAIN], "data": [PLAIN]}
    assert titles_of(items_of(tmp_path, json.dumps(paper, indent=1))) == ["Title"]
    assert titles_of(items_of(tmp_path, json.dumps(paper))) == ["Title"]


def test_objects_that_follow_one_another_are_read_with_their_lines(tmp_path: Path) -> None:
    text = json.dumps(PLAIN, indent=1)
    items = items_of(tmp_path, f"{text}\n\n{text}{text}\n")
    assert [item.line for item in items if isinstance(item, Record)] == [1, 6, 9]


def test_each_object_goes_to_the_reader_of_its_shape(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps(value) for value in (WORK, SCHOLAR_PAPER, ITEM, PLAIN))
    items = items_of(tmp_path, lines, "papers.jsonl")
    assert [item.source_key for item in items if isinstance(item, Record)] == ["W1", "abc", "okafor2024", ""]


def test_an_export_of_zotero_is_read_without_its_editors(tmp_path: Path) -> None:
    people = [
        {"creatorType": "author", "firstName": "Lena", "lastName": "Berg"},
        {"creatorType": "editor", "firstName": "Cy", "lastName": "Ott"},
    ]
    entry = {"itemType": "journalArticle", "title": "Tides", "abstractNote": "Wet.", "creators": people, "date": "2020"}
    (item,) = items_of(tmp_path, json.dumps({"items": [entry]}))
    assert isinstance(item, Record)
    assert (item.paper.abstract, item.paper.authors, item.paper.date) == ("Wet.", ("Lena Berg",), "2020")


def test_a_recorded_answer_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (item,) = items_of(tmp_path, json.dumps({"url": "https://example.org", "status_code": 200, "body": "<feed/>"}))
    assert isinstance(item, Problem)
    assert "recorded answer" in item.reason
    assert "Save its body" in item.reason


def test_a_cut_document_keeps_what_came_before(tmp_path: Path) -> None:
    items = items_of(tmp_path, json.dumps({"results": [PLAIN, PLAIN, PLAIN]}, indent=1)[:-20])
    assert [type(item) for item in items] == [Record, Record, Problem]
    assert isinstance(items[-1], Problem)
    assert "ends here in the middle" in items[-1].reason


def test_an_enormous_object_costs_only_itself(tmp_path: Path) -> None:
    huge = {"title": "Huge", "abstract": "x", "numbers": ["y" * 1000] * 11_000}
    items = items_of(tmp_path, json.dumps([PLAIN, huge, PLAIN], indent=1))
    assert [type(item) for item in items] == [Record, Problem, Record]
    assert isinstance(items[1], Problem)
    assert "larger than 10 MB" in items[1].reason


def test_an_endless_text_ends_the_reading_with_a_reason(tmp_path: Path) -> None:
    items = items_of(tmp_path, json.dumps([PLAIN, {"title": "x" * 12_000_000}, PLAIN]))
    assert [type(item) for item in items] == [Record, Problem]


def test_values_that_nest_without_end_are_refused(tmp_path: Path) -> None:
    items = items_of(tmp_path, f'[{{"title": {"[" * 100_000}{"]" * 100_000}}}, {json.dumps(PLAIN)}]')
    assert isinstance(items[0], Problem)


TIDES = {"title": "Tides", "authors": ["Ada Voss"], "abstract": "The sea comes and goes.", "year": 2020}
REEDS = {**TIDES, "title": "Reeds"}


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize(
    ("other", "title"),
    [
        ({"Title": "Reeds", "Abstract": "Tall.", "Authors": ["Cy Ott"]}, "Reeds"),
        ({"title": {"en": "Reeds"}, "abstract": "Tall."}, "Reeds"),
        ({"title": "Reeds", "summary": "Tall."}, "Reeds"),
        ({"title": None, "abstract": "Tall."}, ""),
        ({"abstract": "Tall.", "year": 2020}, ""),
        ({"title": "Reeds"}, ""),
    ],
)
def test_no_sibling_of_papers_under_ids_vanishes(
    tmp_path: Path, other: dict[str, Any], title: str, indent: int | None
) -> None:
    items = items_of(tmp_path, json.dumps({"k1": other, "k2": TIDES, "k3": TIDES, "k4": other}, indent=indent))
    assert titles_of(items) == ([title, "Tides", "Tides", title] if title else ["Tides", "Tides"])
    assert sum(isinstance(item, Problem) for item in items) == (0 if title else 2)


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda tides, reeds: {"sea": [tides], "shore": [reeds]},
        lambda tides, reeds: {"exported": "2026-01-01", "reading list": [tides, reeds]},
        lambda tides, reeds: {"folders": [{"name": "Sea", "papers": [tides]}, {"name": "Shore", "papers": [reeds]}]},
        lambda tides, reeds: {"by year": {"2020": [tides], "2021": [reeds]}},
        lambda tides, reeds: [{"topic": "Sea", "read": [tides]}, {"topic": "Shore", "read": [reeds]}],
        lambda tides, reeds: {"title": "Reading list", "sea": [tides, reeds]},
        lambda tides, reeds: {"metadata": {"title": "Reading list", "date": "2020"}, "sea": [tides, reeds]},
        lambda tides, reeds: {"sea": [tides], "items": [reeds]},
        lambda tides, reeds: {"sea": [tides], "k2": reeds},
        lambda tides, reeds: {"sea": {"k1": tides}, "shore": {"k2": reeds}},
        lambda tides, reeds: {"only": {key.title(): value for key, value in tides.items()}, "other": reeds},
    ],
)
def test_lists_under_names_of_ones_own_are_read(tmp_path: Path, wrap: Any, indent: int | None) -> None:
    items = items_of(tmp_path, json.dumps(wrap(TIDES, REEDS), indent=indent))
    assert sorted(titles_of(items)) == ["Reeds", "Tides"]
    assert len(items) == 2


def test_what_is_no_paper_in_a_list_of_papers_is_a_problem(tmp_path: Path) -> None:
    items = items_of(tmp_path, json.dumps({"sea": [{"abstract": "Wet."}, TIDES, {"abstract": "Wet."}]}, indent=1))
    assert [type(item) for item in items] == [Problem, Record, Problem]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize(
    "paper",
    [
        {**TIDES, "cited": [REEDS, REEDS]},
        {"abstract": "Wet.", "cited": [REEDS], "title": "Tides"},
        {"doi": "10.1000/1", "journal": {"title": "Sea", "year": 2020}, "title": "Tides"},
    ],
)
def test_lists_of_a_papers_own_are_no_papers(tmp_path: Path, paper: dict[str, Any], indent: int | None) -> None:
    assert titles_of(items_of(tmp_path, json.dumps(paper, indent=indent))) == ["Tides"]
    assert titles_of(items_of(tmp_path, json.dumps([paper], indent=indent))) == ["Tides"]


def test_a_paper_whose_lists_stand_before_its_title_is_not_lost(tmp_path: Path) -> None:
    paper = {"cited": [REEDS], "title": "Tides", "year": 2020}
    assert "Tides" in titles_of(items_of(tmp_path, json.dumps(paper, indent=1)))


def test_a_list_under_a_name_of_ones_own_is_read_as_a_stream(tmp_path: Path) -> None:
    paper = {**TIDES, "abstract": "x" * 100_000}
    items = items_of(tmp_path, json.dumps({"sea": [paper] * 120, "shore": [REEDS]}, indent=1))
    assert titles_of(items) == ["Tides"] * 120 + ["Reeds"]


def test_authors_that_an_answer_embeds_are_read_and_those_that_it_only_links_are_not_all() -> None:
    person = {"embeds": {"users": {"data": {"attributes": {"full_name": "Ada Voss"}}}}, "attributes": {"index": 0}}
    record = {"attributes": {"title": "Tides", "description": "Wet."}}
    item = read_fields({**record, "embeds": {"contributors": {"data": [person]}}}, "file", 1)
    assert isinstance(item, Record)
    assert (item.paper.authors, item.paper.authors_complete) == (("Ada Voss",), True)
    item = read_fields({**record, "relationships": {"contributors": {"links": {"related": "x"}}}}, "file", 1)
    assert isinstance(item, Record)
    assert (item.paper.authors, item.paper.authors_complete) == ((), False)


@pytest.mark.parametrize("indent", [None, 1])
def test_a_list_of_nothing_but_titles_is_named(tmp_path: Path, indent: int | None) -> None:
    (item,) = items_of(tmp_path, json.dumps({"sea": [{"title": "Tides"}, {"title": "Reeds"}]}, indent=indent))
    assert isinstance(item, Problem)
    assert "list “sea”" in item.reason


COLUMNS = {"title": ["Tides", "Ebbs"], "abstract": ["Wet.", "Dry."], "year": [2020, None]}


@pytest.mark.parametrize(
    "table",
    [
        COLUMNS,
        {name: dict(zip("01", column, strict=True)) for name, column in COLUMNS.items()},
        {"columns": list(COLUMNS), "index": [0, 1], "data": list(map(list, zip(*COLUMNS.values(), strict=True)))},
    ],
)
def test_tables_that_are_kept_column_by_column_are_read(tmp_path: Path, table: object) -> None:
    path = tmp_path / "papers.json"
    path.write_text(json.dumps(table))
    papers = [item.paper for item in read(path, as_of=AS_OF) if isinstance(item, Record)]
    assert [(paper.title, paper.abstract, paper.date) for paper in papers] == [
        ("Tides", "Wet.", "2020"),
        ("Ebbs", "Dry.", ""),
    ]


LISTS = {"title": ["Tides", "Gezeiten"], "author": ["Lena Berg", "Cy Ott"]}


@pytest.mark.parametrize(
    "stated",
    [
        LISTS,
        [LISTS],
        [{**COLUMNS, "title": ["Tides", "Gezeiten"]}],
        {"items": [LISTS]},
        {"title": {"en": "Tides", "de": "Gezeiten"}, "abstract": {"en": "Wet.", "de": "Nass."}},
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_lists_and_languages_of_one_paper_are_no_columns(tmp_path: Path, stated: object, indent: int | None) -> None:
    (item,) = items_of(tmp_path, json.dumps(stated, indent=indent))
    assert isinstance(item, Record)
    assert item.paper.title == "Tides"


def test_columns_whose_rows_have_ids_are_papers_and_languages_are_none(tmp_path: Path) -> None:
    stated = {"title": {"berg19": "Tides", "roe20": "Waves"}, "authors": {"berg19": "A. Berg", "roe20": "R. Roe"}}
    items = items_of(tmp_path, json.dumps(stated))
    assert [item.paper.title for item in items if isinstance(item, Record)] == ["Tides", "Waves"]
    assert [item.source_key for item in items if isinstance(item, Record)] == ["berg19", "roe20"]
    (item,) = items_of(
        tmp_path, json.dumps({"title": {"en": "Tides", "de": "Ebbe"}, "abstract": {"en": "A", "de": "B"}})
    )
    assert isinstance(item, Record | Problem)


@pytest.mark.parametrize(("key", "count"), [("level", 1), ("part_", 1), ("paper", 2), ("W", 2), ("berg201", 2)])
def test_numbered_parts_of_one_title_are_no_papers(tmp_path: Path, key: str, count: int) -> None:
    one, two = f"{key}1", f"{key}2"
    stated = {"title": {one: "Lamp", two: "of walls"}, "authors": {one: "A. Berg", two: "R. Roe"}}
    assert len(items_of(tmp_path, json.dumps(stated))) == count


def test_lists_of_papers_line_by_line_are_no_columns(tmp_path: Path) -> None:
    items = items_of(tmp_path, f"{json.dumps(LISTS)}\n" * 2)
    assert [isinstance(item, Record) for item in items] == [True, True]


def test_a_column_of_more_titles_than_one_paper_has_is_a_table(tmp_path: Path) -> None:
    numbers = range(20)
    table = {"title": [f"Tide {each}" for each in numbers], "author": [f"Anna Oak {each}" for each in numbers]}
    assert len(items_of(tmp_path, json.dumps(table))) == 20


def test_a_paper_of_lists_is_one_paper() -> None:
    stated = {"title": ["Tides"], "author": ["Berg, Lena", "Ott, Cy"], "abstract": ["Wet."]}
    record = read_fields(stated, "papers.json", 1)
    assert isinstance(record, Record)
    assert (record.paper.title, record.paper.authors) == ("Tides", ("Lena Berg", "Cy Ott"))


def test_objects_with_commas_between_them_may_stand_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "papers.json"
    path.write_text(",\n".join(json.dumps({**PLAIN, "title": title}) for title in ("Tides", "Ebbs")) + "\n")
    items = list(read(path, as_of=AS_OF))
    assert [item.paper.title for item in items if isinstance(item, Record)] == ["Tides", "Ebbs"]
    assert len(items) == 2


@pytest.mark.parametrize("envelope", ["metadata", "paper"])
def test_what_wraps_a_paper_may_say_its_title_too(envelope: str) -> None:
    inner = {**PLAIN, "authors": [{"name": "Lena Berg"}], "publishedAt": "2024-01-03T00:00:00.000Z"}
    record = read_fields({"title": PLAIN["title"], envelope: inner, "source": {"title": "Letters"}}, "papers.json", 1)
    assert isinstance(record, Record)
    assert (record.paper.abstract, record.paper.authors) == ("Wet.", ("Lena Berg",))
    assert (record.paper.date, record.paper.venue) == ("2024-01-03", "Letters")


def test_services_that_name_fields_in_their_own_way_are_read() -> None:
    people = [{"displayName": "Berg, Lena", "wosStandard": "Berg, L"}]
    clarivate = {
        "title": "Tides",
        "names": {"authors": people},
        "source": {"sourceTitle": "LETTERS", "publishYear": 2020},
    }
    solr = {"id": "10.1000/1", "title_display": "Tides", "author_display": ["Lena Berg"], "publication_date": "2020"}
    eppi = {"Title": "Tides", "ParentTitle": "LETTERS", "Authors": "Berg, Lena ;", "Year": "2020"}
    for stated in (clarivate, solr, eppi):
        record = read_fields(stated, "papers.json", 1)
        assert isinstance(record, Record)
        assert (record.paper.title, record.paper.authors, record.paper.date) == ("Tides", ("Lena Berg",), "2020")
        assert record.paper.venue == ("" if stated is solr else "LETTERS")
        assert record.paper.doi == ("10.1000/1" if stated is solr else "")
