import datetime
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.ingestion import parse_columns
from assistant.ingestion.readers import read
from assistant.types import Notice, Paper, Problem, ReaderItem, Record
from tests.unit.ingestion.conftest import Import

DATA = Path(__file__).parents[2] / "data"
AS_OF = datetime.date(2026, 11, 23)


def items_of(tmp_path: Path, text: str, name: str = "papers.csv", **columns: str) -> list[ReaderItem]:
    path = tmp_path / name
    path.write_text(text)
    return list(read(path, as_of=AS_OF, columns=columns))


def papers_of(items: list[ReaderItem]) -> list[Paper]:
    return [item.paper for item in items if isinstance(item, Record)]


def only_problem(items: list[ReaderItem]) -> Problem:
    (item,) = items
    assert isinstance(item, Problem)
    return item


def test_an_export_of_scopus_is_read_whole() -> None:
    records = [item for item in read(DATA / "scopus.csv", as_of=AS_OF) if isinstance(item, Record)]
    (first, second) = records
    assert (first.line, second.line) == (2, 4)
    assert first.source_key == "2-s2.0-85000000001"
    assert first.paper.title == "Counting Gulls, at Night"
    assert first.paper.abstract == 'We count gulls. They are "many", we find; ducks are few.'
    assert first.paper.authors == ("Mina Okafor", "Jan van der Meer")
    assert (first.paper.date, first.paper.venue) == ("2021", "Journal of Lighthouse Work")
    assert (first.paper.doi, first.paper.pmid) == ("10.1000/gulls.1", "30000001")
    assert second.paper.authors == ("L. Berg", "C. Ott")


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        (
            "Key,Item Type,Publication Year,Author,Title,Publication Title,DOI,Url,Abstract Note,Date",
            'K1,journalArticle,2020,"Berg, Lena; Ott, Cy",Tides,Harbour Letters,10.1000/1,https://example.org/1,Wet.,2020-03',
            Paper(
                "Tides", "Wet.", date="2020-03", venue="Harbour Letters", doi="10.1000/1", url="https://example.org/1"
            ),
        ),
        (
            "PT\tAU\tTI\tSO\tAB\tDI\tPY\tPM\tUT",
            "J\tBerg, L; Ott, C\tTides\tHarbour Letters\tWet.\t10.1000/1\t2020\t123\tWOS:1",
            Paper("Tides", "Wet.", date="2020", venue="Harbour Letters", doi="10.1000/1", pmid="123"),
        ),
        (
            '"Document Title";"Authors";"Publication Title";"Publication Year";"Abstract";"DOI"',
            '"Tides";"Lena Berg; Cy Ott";"Harbour Letters";"2020";"Wet.";"10.1000/1"',
            Paper("Tides", "Wet.", date="2020", venue="Harbour Letters", doi="10.1000/1"),
        ),
    ],
)
def test_columns_are_told_from_their_names(tmp_path: Path, header: str, row: str, expected: Paper) -> None:
    (paper,) = papers_of(items_of(tmp_path, f"{header}\n{row}\n", "export.txt"))
    assert [name.split()[-1] for name in paper.authors] == ["Berg", "Ott"]
    for name in ("title", "abstract", "date", "venue", "doi", "pmid", "url"):
        assert getattr(paper, name) == getattr(expected, name)


def test_lines_above_the_header_are_passed_over(tmp_path: Path) -> None:
    text = '"About the data: exported on 1 May"\nTitle,Abstract,PubYear\nTides,Wet.,2020\n'
    (paper,) = papers_of(items_of(tmp_path, text))
    assert (paper.title, paper.date) == ("Tides", "2020")


def test_named_columns_win_over_guessed_ones(tmp_path: Path) -> None:
    text = "Titel,Kurzfassung,Verfasser,Abstract\nGezeiten,Nass.,Lena Berg,Wet.\n"
    (paper,) = papers_of(items_of(tmp_path, text, title="Titel", abstract="Kurzfassung", authors="Verfasser"))
    assert (paper.title, paper.abstract, paper.authors) == ("Gezeiten", "Nass.", ("Lena Berg",))


def test_a_named_column_that_is_not_there_is_reported_with_those_that_are(tmp_path: Path) -> None:
    items = items_of(tmp_path, "Title,Abstract\nTides,Wet.\n", abstract="Kurzfassung")
    assert [paper.abstract for paper in papers_of(items)] == ["Wet."]
    said = next(item.message for item in items if isinstance(item, Notice))
    assert "no column “Kurzfassung”" in said
    assert "“Title”, “Abstract”" in said
    problem = only_problem(items_of(tmp_path, "Ding,Nummer\nTides,12\n", title="Sache"))
    assert problem.line == 1
    assert "no column “Sache”" in problem.reason
    assert "“Ding”, “Nummer”" in problem.reason


def test_several_columns_are_named_for_a_field_and_each_table_has_its_own(tmp_path: Path) -> None:
    columns = parse_columns(["title=Ding", "title=Sache", "authors=Wer"])
    for text, unmet in (
        ("Ding,Wer,Year\nTides,Lena Berg,2020\n", False),
        ("Notes of mine,,\nTitle,Authors,Year\nWaves,no,2000\nSache,Wer,Year\nTides,Lena Berg,2020\n", False),
        ("Sache,Author,Year\nTides,Lena Berg,2020\n", True),
        ("Title,Author,Year\nTides,Lena Berg,2020\n", True),
        ('[{"Sache": "Tides", "Wer": "Lena Berg", "year": 2020}]', False),
        ('[{"title": "Tides", "author": "Lena Berg", "year": 2020}]', True),
    ):
        path = tmp_path / "a.txt"
        path.write_text(text)
        items = list(read(path, as_of=AS_OF, columns=columns))
        (paper,) = papers_of(items)
        assert (paper.title, paper.authors, paper.date) == ("Tides", ("Lena Berg",), "2020")
        said = [item.message for item in items if isinstance(item, Notice) and "“Wer”" in item.message]
        assert len([text for text in said if "There is no column" in text or "No object" in text]) == unmet


def test_a_field_that_no_paper_has_is_reported_with_the_known_ones(tmp_path: Path) -> None:
    problem = only_problem(items_of(tmp_path, "Title,Abstract\nTides,Wet.\n", titel="Title"))
    assert "“titel” is not a field of a paper" in problem.reason
    assert "title, abstract, authors" in problem.reason


def test_of_a_table_without_abstracts_the_papers_are_read_and_its_columns_listed(tmp_path: Path) -> None:
    items = items_of(tmp_path, "PMID,Title,Authors,DOI\n1,Tides,Berg L,10.1000/1\n2,Waves,Ott C,\n")
    assert [(paper.title, paper.pmid, paper.abstract) for paper in papers_of(items)] == [
        ("Tides", "1", ""),
        ("Waves", "2", ""),
    ]
    (notice,) = [item for item in items if isinstance(item, Notice)]
    assert "No column is called “abstract”" in notice.message
    assert "“PMID”, “Title”" in notice.message


def test_a_table_without_known_columns_says_what_its_first_row_holds(tmp_path: Path) -> None:
    problem = only_problem(items_of(tmp_path, "a,b\n1,2\n"))
    assert "The first row holds: “a”, “b”" in problem.reason


def test_ragged_rows_are_reported_where_they_lack_something(tmp_path: Path) -> None:
    items = items_of(tmp_path, "Title,Abstract,Year\nTides,Wet.\nWaves\n\nGulls,Loud.,2020,more\n")
    assert [paper.title for paper in papers_of(items)] == ["Tides", "Gulls"]
    (problem,) = [item for item in items if isinstance(item, Problem)]
    assert problem.line == 3
    assert "“Waves” has a title and nothing else" in problem.reason
    assert "This row has 1 cell, the header 3." in problem.reason


def test_a_huge_cell_costs_only_its_row(tmp_path: Path) -> None:
    items = items_of(tmp_path, f"Title,Abstract\nHuge,{'x' * 1_000_000}\nTides,Wet.\n")
    assert [paper.title for paper in papers_of(items)] == ["Tides"]
    (problem,) = [item for item in items if isinstance(item, Problem)]
    assert (problem.line, "cannot be read" in problem.reason) == (2, True)


def test_a_quotation_mark_that_is_never_closed_does_not_swallow_the_file(tmp_path: Path) -> None:
    rows = "".join(f"Paper {number},Abstract {number}.\n" for number in range(20_000))
    items = items_of(tmp_path, f'Title,Abstract\nOpen,"never closed\n{rows}')
    assert len(papers_of(items)) == 20_001
    (notice,) = [item for item in items if isinstance(item, Notice)]
    assert "1 row(s) have a quotation mark that is never closed, the first in line 2" in notice.message


@pytest.mark.parametrize(
    ("authors", "names"),
    [
        ("Berg L., van der Meer J.", ("L. Berg", "J. van der Meer")),
        ("Berg, L., Ott, C.D.", ("L. Berg", "C.D. Ott")),
        ("Berg, Lena (57190000001); Ott, Cy (57190000002)", ("Lena Berg", "Cy Ott")),
        ("Berg L, Ott CD", ("L Berg", "CD Ott")),
        ("Lena Berg, Cy Ott", ("Lena Berg", "Cy Ott")),
        ("Lena Berg", ("Lena Berg",)),
    ],
)
def test_names_of_a_cell_are_parted_and_turned_round(tmp_path: Path, authors: str, names: tuple[str, ...]) -> None:
    (paper,) = papers_of(items_of(tmp_path, f'Title,Abstract,Authors\nTides,Wet.,"{authors}"\n'))
    assert paper.authors == names


def test_columns_may_be_named_for_json_too(tmp_path: Path) -> None:
    text = '{"titel": "Gezeiten", "kurzfassung": "Nass.", "year": 2020}\n'
    (paper,) = papers_of(items_of(tmp_path, text, "a.jsonl", title="titel", abstract="kurzfassung"))
    assert (paper.title, paper.abstract, paper.date) == ("Gezeiten", "Nass.", "2020")


# What exports look like: each line a header, a row, and what is in it.

PLAIN = Paper("Tides", "Wet.", date="2020-03", venue="Harbour Letters", doi="10.1000/1", url="https://example.org/1")


@pytest.mark.parametrize(
    ("header", "row", "key", "labels"),
    [
        pytest.param(
            "id,doi,display_name,abstract_inverted_index,authorships.author.display_name,publication_date,"
            "publication_year,primary_location.source.display_name,primary_location.landing_page_url",
            'https://openalex.org/W1,https://doi.org/10.1000/1,Tides,"{""Wet."": [0]}",Lena Berg,2020-03,2020,'
            "Harbour Letters,https://example.org/1",
            "W1",
            (),
            id="OpenAlex",
        ),
        pytest.param(
            "Publication ID,DOI,Title,Abstract,Source title/Anthology title,PubYear,Publication Date,Authors,"
            "Dimensions URL,MeSH terms",
            "pub.1,10.1000/1,Tides,Wet.,Harbour Letters,2020,2020-03,Lena Berg,https://example.org/1,Moon; Sea",
            "pub.1",
            ("Moon", "Sea"),
            id="Dimensions",
        ),
        pytest.param(
            "Lens ID,Title,Date Published,Publication Year,Source Title,Author/s,Abstract,Keywords,DOI,External URL",
            "000-1,Tides,2020-03,2020,Harbour Letters,Lena Berg,Wet.,moon; sea,10.1000/1,https://example.org/1",
            "000-1",
            ("moon", "sea"),
            id="Lens",
        ),
        pytest.param(
            "key,title,year,month,day,journal,authors,url,abstract,notes,doi,keywords",
            "r1,Tides,2020,3,,Harbour Letters,Lena Berg,https://example.org/1,Wet.,"
            '"RAYYAN-INCLUSION: {""Rick""=>""Included""} | RAYYAN-LABELS: moon,sea",10.1000/1,',
            "r1",
            ("included", "moon", "sea"),
            id="Rayyan",
        ),
        pytest.param(
            "Title,Authors,Abstract,Published Year,Published Month,Journal,DOI,URL,Covidence #,Tags",
            "Tides,Lena Berg,Wet.,2020,March,Harbour Letters,10.1000/1,https://example.org/1,#1,moon",
            "",
            ("moon",),
            id="Covidence",
        ),
        pytest.param(
            "cord_uid,title,doi,abstract,publish_time,authors,journal,url",
            "c1,Tides,10.1000/1,Wet.,2020-03,Lena Berg,Harbour Letters,https://example.org/1",
            "c1",
            (),
            id="CORD-19",
        ),
        pytest.param(
            "Article Title\tAuthor Full Names\tSource Title\tAuthor Keywords\tKeywords Plus\tAbstract\t"
            "Publication Date\tPublication Year\tDOI\tDOI Link\tUT (Unique WOS ID)\tPubmed Id\tURL",
            "Tides\tLena Berg\tHarbour Letters\tmoon; sea\tSEA\tWet.\tMAR\t2020\t10.1000/1\t\tWOS:1\t\t"
            "https://example.org/1",
            "WOS:1",
            ("moon", "sea", "SEA"),
            id="Web of Science",
        ),
        pytest.param(
            "AU\tTI\tSO\tDE\tID\tAB\tPD\tPY\tDI\tUT\tURL",
            "Lena Berg\tTides\tHarbour Letters\tmoon\tSEA\tWet.\tMAR\t2020\t10.1000/1\tWOS:1\thttps://example.org/1",
            "WOS:1",
            ("moon", "SEA"),
            id="Web of Science, short names",
        ),
        pytest.param(
            "title,authors,abstract,date,journal,doi,url,included",
            "Tides,Lena Berg,Wet.,2020-03,Harbour Letters,10.1000/1,https://example.org/1,0.0",
            "",
            ("excluded",),
            id="ASReview",
        ),
        pytest.param(
            "Reference Id\tAuthors, Primary\tTitle Primary\tPeriodical Full\tPub Year\tPub Month & Day\t"
            "Abstract\tDOI\tURL",
            "1\tLena Berg\tTides\tHarbour Letters\t2020\tMarch\tWet.\t10.1000/1\thttps://example.org/1",
            "1",
            (),
            id="RefWorks",
        ),
        pytest.param(
            "Article Title,Author,Journal Title,Publication Date,DOI,Abstract,PLink,Accession Number",
            '"Tides","Lena Berg","Harbour Letters",="Mar2020",10.1000/1,Wet.,https://example.org/1,="0042"',
            "0042",
            (),
            id="CINAHL, numbers as formulas",
        ),
        pytest.param(
            "作者,文献标题,年份,来源出版物名称,DOI,链接,摘要,作者关键字,Date,Url",
            "Lena Berg,Tides,2020,Harbour Letters,10.1000/1,,Wet.,moon; sea,2020-03,https://example.org/1",
            "",
            ("moon", "sea"),
            id="Scopus in Chinese",
        ),
    ],
)
def test_what_products_export_is_read_by_the_names_of_its_columns(
    tmp_path: Path, header: str, row: str, key: str, labels: tuple[str, ...]
) -> None:
    (record,) = [item for item in items_of(tmp_path, f"{header}\n{row}\n") if isinstance(item, Record)]
    for name in ("title", "abstract", "date", "venue", "doi", "url"):
        assert getattr(record.paper, name) == getattr(PLAIN, name), name
    assert record.paper.authors == ("Lena Berg",)
    assert (record.source_key, record.paper.labels) == (key, labels)


@pytest.mark.parametrize(
    ("extra", "number", "expected"),
    [
        ("PMID: 123456", "", ("", "", "123456")),
        ("DOI: 10.1000/book", "", ("10.1000/book", "", "")),
        ("Publisher: X\nPMID: 7\nDOI: 10.1000/b", "", ("10.1000/b", "", "7")),
        ("arXiv: 2001.00003 [cs]", "", ("", "2001.00003", "")),
        ("tex.eprint: 2001.00003", "", ("", "2001.00003", "")),
        ("", "arXiv:2001.00003", ("", "2001.00003", "")),
        ("", "7", ("", "", "")),
        ("cited 123456 times", "", ("", "", "")),
    ],
)
def test_identifiers_stand_in_the_extra_and_the_number_of_zotero(
    tmp_path: Path, extra: str, number: str, expected: tuple[str, str, str]
) -> None:
    text = f'"Key","Title","Author","Date","Extra","Number"\n"K1","Tides","Berg, Lena","2020","{extra}","{number}"\n'
    (paper,) = papers_of(items_of(tmp_path, text))
    assert (paper.doi, paper.arxiv_id, paper.pmid) == expected


def test_a_citation_key_in_the_extra_of_zotero_is_the_key(tmp_path: Path) -> None:
    text = "Key,Title,Date,Extra\nK1,Tides,2020,Citation Key: berg2020\n"
    (record,) = [item for item in items_of(tmp_path, text) if isinstance(item, Record)]
    assert record.source_key == "berg2020"


@pytest.mark.parametrize(
    "cell",
    ["moon; sea", "moon;sea;", "moon|sea", "moon, sea", '"moon\nsea"', "\"['moon', 'sea']\"", '"[""moon"", ""sea""]"'],
)
def test_keywords_are_parted_by_what_parts_them(tmp_path: Path, cell: str) -> None:
    cell = cell if cell.startswith('"') else f'"{cell}"'
    (paper,) = papers_of(items_of(tmp_path, f"Title,Abstract,Keywords\nTides,Wet.,{cell}\n"))
    assert paper.labels == ("moon", "sea")


@pytest.mark.parametrize(
    ("cell", "labels"),
    [("1", ("included",)), ("0.0", ("excluded",)), ("I", ("included",)), ("-1", ()), ("", ()), ("yes", ("included",))],
)
def test_a_decision_of_screening_becomes_a_label(tmp_path: Path, cell: str, labels: tuple[str, ...]) -> None:
    (paper,) = papers_of(items_of(tmp_path, f"Title,Abstract,Included\nTides,Wet.,{cell}\n"))
    assert paper.labels == labels


@pytest.mark.parametrize(
    ("name", "cell"), [("URL", "https://doi.org/10.1000/x"), ("Identifier", "doi:10.1000/x"), ("DOI Link", "10.1000/x")]
)
def test_a_doi_stands_in_addresses_and_identifiers_too(tmp_path: Path, name: str, cell: str) -> None:
    (paper,) = papers_of(items_of(tmp_path, f"Title,Abstract,{name}\nTides,Wet.,{cell}\n"))
    assert paper.doi == "10.1000/x"


def test_the_second_of_two_columns_of_one_name_counts_where_the_first_is_empty(tmp_path: Path) -> None:
    papers = papers_of(items_of(tmp_path, "Title,Abstract,Title,Year\nTides,Wet.,,2020\n,Loud.,Gulls,2020\n"))
    assert [paper.title for paper in papers] == ["Tides", "Gulls"]


def test_a_title_and_one_telling_column_make_papers_of_a_table(tmp_path: Path) -> None:
    assert [paper.doi for paper in papers_of(items_of(tmp_path, "Title,DOI\nTides,10.1000/1\n"))] == ["10.1000/1"]


def test_the_message_of_a_table_with_a_title_alone_says_what_is_missing(tmp_path: Path) -> None:
    problem = only_problem(items_of(tmp_path, "Title,Rating\nTides,5\n"))
    assert "The columns name a title, and nothing that makes a paper of it" in problem.reason
    assert "“Title”, “Rating”" in problem.reason


# Rows that are written wrongly.

FOUR = "title,abstract,authors,year\nTides,Wet.,Lena Berg,2020\n{}\nGulls,Loud.,Cy Ott,2021\nWaves,High.,Cy Ott,2022\n"


@pytest.mark.parametrize(
    ("row", "abstract"),
    [
        ('Wells,"Open here,Lena Berg,2020', "Open here"),
        ('Wells,"Open here, and here,Lena Berg,2020', None),
        ('Wells,"Two\nlines,Lena Berg,2020', "Two\nlines"),
        ('Wells,"He says "aha" to us",Lena Berg,2020', 'He says "aha" to us'),
        ('Wells,"He says \\"aha\\", and goes",Lena Berg,2020', 'He says "aha", and goes'),
        ('Wells,"He says ""aha"", and goes",Lena Berg,2020', 'He says "aha", and goes'),
        ('Wells,"He says "aha"\nto us",Lena Berg,2020', 'He says "aha"\nto us'),
        ('Wells, "Quoted, with a space",Lena Berg,2020', "Quoted, with a space"),
        ("Wells,Not quoted, but spaced,Lena Berg,2020", "Not quoted, but spaced"),
        ("Wells,Trailing,Lena Berg,2020,,,", "Trailing"),
        ("Wells,Broken\nin two,Lena Berg,2020", "Broken in two"),
        ("Wells,Broken\nin\nthree,Lena Berg,2020", "Broken in three"),
        ("Wells,Shifted,by one,Lena Berg,2020", None),
        ("Wells,Lena Berg,2020", None),
    ],
)
def test_a_row_with_wrong_marks_or_cells_is_put_right_or_reported_and_costs_no_other(
    tmp_path: Path, row: str, abstract: str | None
) -> None:
    items = items_of(tmp_path, FOUR.format(row))
    papers = papers_of(items)
    titles = ["Tides", "Wells", "Gulls", "Waves"]
    if abstract is None:
        titles.remove("Wells")
        (problem,) = [item for item in items if isinstance(item, Problem)]
        assert problem.line == 3
        assert "Wells" in problem.reason
    else:
        assert (papers[1].abstract, papers[1].authors, papers[1].date) == (
            " ".join(abstract.split()),
            ("Lena Berg",),
            "2020",
        )
    assert [paper.title for paper in papers] == titles


@pytest.mark.parametrize("row", ['Wells,"Open,Lena Berg,2020', 'Wells,"Open, wide,Lena Berg,2020'])
def test_a_mark_that_is_left_open_does_not_swallow_rows_that_are_quoted(tmp_path: Path, row: str) -> None:
    text = f'title,abstract,authors,year\n{row}\nGulls,"Loud, very.",Cy Ott,2021\nWaves,"High.","Cy Ott",2022\n'
    items = items_of(tmp_path, text)
    assert [paper.title for paper in papers_of(items)][-2:] == ["Gulls", "Waves"]
    assert len(items) == 3 + ("wide" not in row)  # the row itself, and that a mark is open; or a problem


def test_two_marks_left_open_in_tables_without_marks_are_two_rows(tmp_path: Path) -> None:
    text = 'Title\tAbstract\tYear\n"Tides\tWet.\t2020\nWaves\tHigh."\t2021\nGulls\tLoud.\t2022\n'
    papers = papers_of(items_of(tmp_path, text))
    assert [paper.title for paper in papers] == ["Tides", "Waves", "Gulls"]
    assert [paper.date for paper in papers] == ["2020", "2021", "2022"]


def test_rows_that_end_early_are_not_put_together(tmp_path: Path) -> None:
    papers = papers_of(items_of(tmp_path, "Title,Abstract,Authors,Year\nTides,Wet.\nWaves,High.\nGulls,Loud.\n"))
    assert [paper.title for paper in papers] == ["Tides", "Waves", "Gulls"]


def test_cells_beyond_the_columns_are_told(tmp_path: Path) -> None:
    items = items_of(tmp_path, "Title,Abstract,Year\nTides,Wet.,2020,more\n")
    (notice,) = [item for item in items if isinstance(item, Notice)]
    assert "1 row(s) have more cells than there are columns, the first in line 2" in notice.message
    assert len(papers_of(items)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\nTitle;Abstract;Year\nTides;Wet.;2020\n",
        '\ufeff"Title","Abstract","Year"\n"Tides","Wet.","2020"\n',
        "Title,Abstract,Year\n,,\n\nTides,Wet.,2020\n-,-,-\n",
        "Title,Abstract,Year\nTides,Wet.,2020\nTitle,Abstract,Year\n",
        '"Title","The abstract\nof the paper, if any",Abstract,Year\nTides,,Wet.,2020\n',
        "Title|Abstract|Year\r\nTides|Wet.|2020\r\n",
        "SEARCH QUERY;tides;\n-----;;\n;;\nTitle;Abstract;Year\nTides;Wet.;2020\n",
        '"Title", "Abstract", "Year"\n"Tides", "Wet.", "2020"\n',
    ],
)
def test_headers_and_rows_stand_in_many_places(tmp_path: Path, text: str) -> None:
    items = items_of(tmp_path, text)
    assert [(paper.title, paper.abstract, paper.date) for paper in papers_of(items)] == [("Tides", "Wet.", "2020")]
    assert not [item for item in items if isinstance(item, Problem)]


@pytest.mark.parametrize(
    ("cell", "date"),
    [
        ("01.05.2020", "2020-05-01"),
        ("13/5/2020", "2020-05-13"),
        ("5/13/2020", "2020-05-13"),
        ("1/5/2020", "2020"),
        ("May-20", ""),
        ("40.40.2020", "2020"),
    ],
)
def test_dates_that_a_spreadsheet_turned_round(tmp_path: Path, cell: str, date: str) -> None:
    own = "title;abstract;date;exporter\nTides;Wet.;{};Abstract Assistant\n"
    for text in ("Title;Abstract;Date\nTides;Wet.;{}\n", own):
        assert [paper.date for paper in papers_of(items_of(tmp_path, text.format(cell)))] == [date]


def test_a_large_cell_that_no_paper_takes_costs_nothing(tmp_path: Path) -> None:
    text = f'Title,Abstract,References,Year\nTides,Wet.,"{"Berg, L.; " * 30_000}",2020\nGulls,Loud.,,2021\n'
    assert [paper.title for paper in papers_of(items_of(tmp_path, text))] == ["Tides", "Gulls"]


def test_lists_of_json_between_marks_as_they_are(tmp_path: Path) -> None:
    text = 'id,title,keywords,year\n1,"Tides","["moon","sea, the"]",2020\n2,Gulls,"["loud"]",2021\n'
    assert [paper.labels for paper in papers_of(items_of(tmp_path, text))] == [("moon", "sea, the"), ("loud",)]


@pytest.mark.parametrize(
    "text",
    [
        '"a,b\n' * 2_000,
        ',"["a' * 20_000,
        '"a"b,' * 20_000,
        '"' * 40_001,
        "," * 300_000,
        'x,"a\n' + 'x,""y,2020\n' * 2_000,
    ],
)
def test_nothing_hostile_takes_more_than_its_size(tmp_path: Path, text: str) -> None:
    items_of(tmp_path, f"title,abstract,year\n{text}\nTides,Wet.,2020\n")


@pytest.mark.parametrize(
    ("number", "count"),
    [("06", 4), ("15", 1), ("17", 1), ("32", 7), ("38", 3)],
)
def test_the_shared_inputs_are_read_whole(shared_import: Callable[[str], Import], number: str, count: int) -> None:
    given = shared_import(number)
    assert not given.problems
    assert len(given.papers) == count
    assert all(paper.abstract for paper in given.papers)


def test_the_shared_input_of_openalex_has_its_venue_and_key(shared_import: Callable[[str], Import]) -> None:
    (record,) = shared_import("17").records
    assert (record.paper.title, record.paper.venue, record.paper.doi) == (
        "Lamps drift",
        "Journal of Lamps",
        "10.1000/x",
    )
    assert record.source_key == "W1"


def test_the_shared_input_of_zotero_has_its_numbers(shared_import: Callable[[str], Import]) -> None:
    papers = shared_import("38").papers
    assert [(paper.doi, paper.arxiv_id, paper.pmid) for paper in papers] == [
        ("", "", "123456"),
        ("10.1000/book", "", ""),
        ("", "2001.00003", ""),
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "[{'name': 'Lena Berg'}, {'name': 'Cy Ott'}]",
        "[{'authorId': '7', 'name': 'Lena Berg'}, {'authorId': None, 'name': 'Cy Ott'}]",
        '[{""name"": ""Lena Berg""}, {""name"": ""Cy Ott""}]',
        "[{'given': 'Lena', 'family': 'Berg'}, {'given': 'Cy', 'family': 'Ott'}]",
        "[{'author': {'display_name': 'Lena Berg'}} {'author': {'display_name': 'Cy Ott'}}]",
        "{'name': 'Lena Berg'}, {'name': 'Cy Ott'}",
    ],
)
def test_people_may_be_objects_in_a_cell(tmp_path: Path, cell: str) -> None:
    (paper,) = papers_of(items_of(tmp_path, f'title,abstract,authors,year\nTides,Wet.,"{cell}",2020\n'))
    assert (paper.authors, paper.authors_complete) == (("Lena Berg", "Cy Ott"), True)


@pytest.mark.parametrize("cell", ["[{'authorId': '7'}]", "[{'name': 'Lena Berg'}, {'na", "[{'nom': Unknown()}]"])
def test_people_whom_nothing_names_are_not_all_authors(tmp_path: Path, cell: str) -> None:
    (paper,) = papers_of(items_of(tmp_path, f'title,abstract,authors,year\nTides,Wet.,"{cell}",2020\n'))
    assert not paper.authors_complete
    assert not [name for name in paper.authors if "{" in name]


@pytest.mark.parametrize(
    ("header", "row", "authors", "are_all"),
    [
        ("Author 1,Author 2,Author 3", "Lena Berg,Cy Ott,", ("Lena Berg", "Cy Ott"), True),
        ("author,author.1", "Lena Berg,Cy Ott", ("Lena Berg", "Cy Ott"), True),
        ("Author,Author", "Lena Berg,Cy Ott", ("Lena Berg", "Cy Ott"), True),
        ("authors/0/name,authors/1/name", "Lena Berg,Cy Ott", ("Lena Berg", "Cy Ott"), True),
        ("Author Last Name,Author First Name", "Berg; Ott,Lena; Cy", ("Lena Berg", "Cy Ott"), True),
        ("First Name 1,Surname 1,First Name 2,Surname 2", "Lena,Berg,Cy,Ott", ("Lena Berg", "Cy Ott"), True),
        ("Vorname,Nachname", "Lena,Berg", ("Lena Berg",), True),
        ("First Author", '"Berg, Lena"', ("Lena Berg",), False),
        ("First Author Last Name,First Author First Name", "Berg,Lena", ("Lena Berg",), False),
        ("First author,Co-authors", "Lena Berg,Cy Ott; Mina Okafor", ("Lena Berg", "Cy Ott", "Mina Okafor"), True),
        ("First Author,Authors", "Lena Berg,Lena Berg; Cy Ott", ("Lena Berg", "Cy Ott"), True),
    ],
)
def test_authors_may_stand_in_several_columns(
    tmp_path: Path, header: str, row: str, authors: tuple[str, ...], are_all: bool
) -> None:
    (paper,) = papers_of(items_of(tmp_path, f"Title,{header},Year\nTides,{row},2020\n"))
    assert (paper.authors, paper.authors_complete) == (authors, are_all)


@pytest.mark.parametrize(
    "header",
    [
        "Titel;Verfasser/in;Erscheinungsjahr;Zeitschrift;Kurzfassung;Schlagwörter",
        "Titel;Autor(en);Veröffentlichungsjahr;Quelle;Zusammenfassung;Stichwörter",
        "Titre;Auteur(s);Année de publication;Titre de la revue;Résumé;Mots-clés",
        "Título;Autores;Año de publicación;Revista;Resumen;Palabras clave",
        "Título;Autoria;Ano;Periódico;Resumo;Palavras-chave",
        "Titolo;Autori;Anno;Rivista;Riassunto;Parole chiave",
        "Название;Авторы;Год;Журнал;Аннотация;Ключевые слова",
        "题目;作者;年份;期刊名称;中文摘要;关键字",
        "標題;作者;年份;期刊;摘要;關鍵字",
    ],
)
def test_columns_are_told_from_their_names_in_other_languages(tmp_path: Path, header: str) -> None:
    items = items_of(tmp_path, f"{header}\nTides;Lena Berg;2020;Harbour Letters;Wet.;sea\n")
    (paper,) = papers_of(items)
    assert len(items) == 1
    assert (paper.title, paper.authors, paper.date, paper.venue, paper.abstract, paper.labels) == (
        "Tides",
        ("Lena Berg",),
        "2020",
        "Harbour Letters",
        "Wet.",
        ("sea",),
    )


def test_columns_that_are_missing_are_named(tmp_path: Path) -> None:
    notice, _ = items_of(tmp_path, "Title,Abstract,People,When\nTides,Wet.,Lena Berg,2020\n")
    assert isinstance(notice, Notice)
    assert "No column is called “authors” or “year”" in notice.message
    assert "--column authors=NAME" in notice.message


def test_terms_of_indexers_are_labels(tmp_path: Path) -> None:
    (paper,) = papers_of(items_of(tmp_path, "TI\tAU\tSO\tDE\tID\tAB\nTides\tBerg, L\tSea\tmud\tTIDAL FLAT\tWet.\n"))
    assert paper.labels == ("mud", "TIDAL FLAT")
    header = "Document Title,Authors,Abstract,Author Keywords,IEEE Terms,INSPEC Controlled Terms"
    (paper,) = papers_of(items_of(tmp_path, f"{header}\nTides,L. Berg,Wet.,mud,Sea level;Water,waves\n"))
    assert paper.labels == ("mud", "Sea level", "Water", "waves")


@pytest.mark.parametrize("name", ["papers.csv", "papers.tsv"])
def test_a_table_without_a_row_says_so(tmp_path: Path, name: str) -> None:
    assert "no row" in only_problem(items_of(tmp_path, "title,authors,year,abstract\n", name)).reason
    assert "no row" in only_problem(items_of(tmp_path, "title,authors\n", name)).reason


@pytest.mark.parametrize("header", ["title,authors,year,abstract", '"title","authors","year","abstract"'])
def test_the_header_of_a_table_that_was_put_behind_another_is_no_row(tmp_path: Path, header: str) -> None:
    text = f"\ufeff{header}\nTides,Lena Berg,2020,Wet.\n\ufeff{header}\nGulls,Cy Ott,2021,Loud.\n"
    items = items_of(tmp_path, text)
    assert [paper.title for paper in papers_of(items)] == ["Tides", "Gulls"]
    assert len(items) == 2


def test_a_header_whose_first_name_is_empty_may_come_again(tmp_path: Path) -> None:
    text = ",title,authors,year\n0,Tides,Lena Berg,2020\n,title,authors,year\n0,Gulls,Cy Ott,2021\n"
    assert [paper.title for paper in papers_of(items_of(tmp_path, text))] == ["Tides", "Gulls"]


def test_a_venue_and_fields_of_study_may_be_objects_and_lists_in_a_cell(tmp_path: Path) -> None:
    row = "Tides,Lena Berg,\"{'name': 'Sea Letters', 'volume': '3'}\",\"['Biology', 'Physics']\",2020"
    (paper,) = papers_of(items_of(tmp_path, f"title,authors,journal,fieldsOfStudy,year\n{row}\n"))
    assert (paper.venue, paper.categories) == ("Sea Letters", ("Biology", "Physics"))


@pytest.mark.parametrize(
    "header",
    [
        "Tytuł;Autorzy;Rok wydania;Czasopismo;Streszczenie",
        "Başlık;Yazarlar;Yıl;Dergi;Özet",
        "제목;저자명;발행연도;학술지명;국문초록",
        "Judul;Penulis;Tahun;Jurnal;Abstrak",
        "Titel;Författare;Utgivningsår;Tidskrift;Sammanfattning",
        "Τίτλος;Συγγραφείς;Έτος;Περιοδικό;Περίληψη",
        "NM_PRODUCAO;NM_DISCENTE;AN_BASE;NM_ENTIDADE_ENSINO;DS_RESUMO",
        "Title of the article;Author(s);Year (of print);Journal*;Abstract [copied]",
    ],
)
def test_columns_are_told_from_their_names_with_remarks_and_in_many_languages(tmp_path: Path, header: str) -> None:
    (paper,) = papers_of(items_of(tmp_path, f"{header}\nTides;Berg, Lena;2020;Harbour Letters;Wet.\n"))
    assert (paper.title, paper.abstract, paper.authors) == ("Tides", "Wet.", ("Lena Berg",))
    assert (paper.date, paper.venue) == ("2020", "Harbour Letters")


@pytest.mark.parametrize(
    "header",
    [
        "Title *;Authors (separated by comma);Year (YYYY);Journal (full name);Abstract [EN];DOI (if any)",
        "Titel (Pflichtfeld);Autoren (mit Komma getrennt);Jahr (JJJJ);Zeitschrift;Kurzfassung {engl.};DOI (falls da)",
        "Titre *;Auteurs (séparés par ,);Année (AAAA);Revue;Résumé [EN];DOI (si disponible)",
        "Título *;Autores (separados por ,);Año (AAAA);Revista;Resumen [EN];DOI (si existe)",
        "标题 *;作者（用,分隔）;年份（YYYY）;期刊;摘要【英文】;DOI（如有）",
        "タイトル（必須）;著者（カンマ区切り）;年（西暦）;雑誌名;要旨［英語］;DOI（あれば）",
        "1. Title;2. Author(s) - in full;3. Year - 4 digits;4. Journal / Book;5. Abstract (300 words);6. DOI / URL",
        "Title: required;List of authors;*Year;Name of journal;Abstract text;DOI number",
        'Title (in English);"Authors (separated by ;)";Year (yyyy-mm-dd);Venue / Journal;Abstract / Summary;DOI (x)',
        "Titolo [in italiano];Autori (punto e virgola);Anno (AAAA);Rivista;Riassunto (facoltativo);DOI",
        '"Title\n(as printed)";"Authors\n(last, first)";"Year\n(4 digits)";Journal;"Abstract\n(English)";DOI',
    ],
)
def test_columns_are_told_from_their_names_whatever_is_remarked_beside_them(tmp_path: Path, header: str) -> None:
    (paper,) = papers_of(items_of(tmp_path, f"{header}\nTides;Berg, Lena;2020;Harbour Letters;Wet.;10.1000/1\n"))
    assert (paper.title, paper.abstract, paper.authors) == ("Tides", "Wet.", ("Lena Berg",))
    assert (paper.date, paper.venue, paper.doi) == ("2020", "Harbour Letters", "10.1000/1")


def test_author_and_year_may_share_a_column(tmp_path: Path) -> None:
    rows = 'Berg & Ott (2020),Tides\n"Berg et al., 2019b",Ebbs\nBerg_2018,Foam\n'
    first, second, third = papers_of(items_of(tmp_path, f"Author (Year),Title\n{rows}"))
    assert (first.authors, first.date) == (("Berg", "Ott"), "2020")
    assert (second.authors, second.authors_complete, second.date) == (("Berg",), False, "2019")
    assert (third.authors, third.date) == (("Berg",), "2018")


@pytest.mark.parametrize(
    ("column", "cell", "date"),
    [
        ("Publication date", "43525", "2019-03-01"),
        ("Date", "43525.5", "2019-03-01"),
        ("Year", "1905-07-11", "1905"),
        ("Year", "1905-09-31", "1905"),
        ("Year", "1905-02-11", "1905"),
    ],
)
def test_days_as_spreadsheets_keep_them(tmp_path: Path, column: str, cell: str, date: str) -> None:
    (paper,) = papers_of(items_of(tmp_path, f"Title,Abstract,{column}\nTides,Wet.,{cell}\n"))
    assert paper.date[: len(date)] == date


@pytest.mark.parametrize("cell", ["#N/A", "#REF!", "<NA>", r"\N"])
def test_what_stands_for_an_empty_cell_is_none(tmp_path: Path, cell: str) -> None:
    row = f"Tides,{cell},{cell},2020,{cell},{cell}"
    assert papers_of(items_of(tmp_path, f"Title,Abstract,Authors,Year,Journal,DOI\n{row}\n")) == [
        Paper("Tides", date="2020")
    ]


def test_formulas_show_a_text_and_hold_an_address(tmp_path: Path) -> None:
    formula = '"=HYPERLINK(""https://doi.org/10.1000/1"",""{}"")"'
    (paper,) = papers_of(
        items_of(tmp_path, f"Title,Abstract,DOI\n{formula.format('Tides')},Wet.,{formula.format('link')}\n")
    )
    assert (paper.title, paper.doi) == ("Tides", "10.1000/1")


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("Lena BergCy T. Ott", ("Lena Berg", "Cy T. Ott")),
        ("Ann McDowellLi WuDr. Cy Ott", ("Ann McDowell", "Li Wu", "Cy Ott")),
        ("L. BergC. Ott", ("L. Berg", "C. Ott")),
        ("Lena Berg", ("Lena Berg",)),
        ("Ann McDowell BergÖrn Ott", ("Ann McDowell Berg", "Örn Ott")),
    ],
)
def test_names_of_springer_stand_behind_each_other_with_nothing_between(
    tmp_path: Path, cell: str, names: tuple[str, ...]
) -> None:
    header = "Item Title,Publication Title,Item DOI,Authors,Publication Year,URL,Content Type"
    (paper,) = papers_of(items_of(tmp_path, f"{header}\nTides,Harbour Letters,10.1000/1,{cell},2020,,Article\n"))
    assert paper.authors == names


def test_groups_of_web_of_science_are_authors_too(tmp_path: Path) -> None:
    header = "Authors\tAuthor Full Names\tGroup Authors\tArticle Title\tPublication Year"
    (paper,) = papers_of(items_of(tmp_path, f"{header}\nBerg, L\tBerg, Lena\tTIDE Group; EBB Net\tTides\t2020\n"))
    assert paper.authors == ("Lena Berg", "TIDE Group", "EBB Net")


def test_the_source_of_embase_is_a_journal_and_a_date(tmp_path: Path) -> None:
    row = '"Tides","Berg L., Ott C.","Harbour Letters (2020) 3:4 (12-19). Date of Publication: 1 May 2020"'
    (paper,) = papers_of(items_of(tmp_path, f"Title,Author Names,Source\n{row}\n"))
    assert (paper.venue, paper.date) == ("Harbour Letters", "2020-05-01")


def test_objects_that_programs_print_into_cells_are_read(tmp_path: Path) -> None:
    header = "title,abstract_inverted_index,authorships,externalIds"
    index = "\"{'Wet': [0], 'sand.': [1]}\""
    people = "\"[{'author_position': 'first', 'author': {'id': None, 'display_name': 'Lena Berg'}}]\""
    numbers = "\"{'DOI': '10.1000/1', 'ArXiv': None, 'PubMed': 123}\""
    (paper,) = papers_of(items_of(tmp_path, f"{header}\nTides,{index},{people},{numbers}\n"))
    assert (paper.abstract, paper.authors, paper.doi, paper.pmid) == ("Wet sand.", ("Lena Berg",), "10.1000/1", "123")


def test_a_description_is_an_abstract_beside_authors_only(tmp_path: Path) -> None:
    (paper,) = papers_of(items_of(tmp_path, "Title,Author,Description\nTides,Lena Berg,Wet sand.\n"))
    assert paper.abstract == "Wet sand."
    assert not papers_of(items_of(tmp_path, "Title,Description,Price\nHose,Green hose with a brass end.,3\n"))


def test_titles_are_without_signs_of_their_sources(tmp_path: Path) -> None:
    (paper,) = papers_of(items_of(tmp_path, "Title,Authors,Year\n[PDF][PDF] Tides,L Berg,2020\n"))
    assert paper.title == "Tides"
    (paper,) = papers_of(items_of(tmp_path, "PMID,Title,Authors,Journal/Book\n123,Tides.,Berg L.,Harb Lett\n"))
    assert paper.title == "Tides"


def test_marks_around_a_word_are_those_of_the_text(tmp_path: Path) -> None:
    rows = '"Late" tides\tThe "spring" tide was 4" high.\t2020\nEbbs\t"Wet" sand.\t2021\n'
    first, second = papers_of(items_of(tmp_path, f"title\tabstract\tyear\n{rows}", "papers.tsv"))
    assert (first.title, first.abstract) == ('"Late" tides', 'The "spring" tide was 4" high.')
    assert second.abstract == '"Wet" sand.'


@pytest.mark.parametrize("end", ["", ";;", ";;;"])
def test_rows_that_a_spreadsheet_took_for_single_cells_are_read(tmp_path: Path, end: str) -> None:
    rows = ['"Title,Year,Abstract"', '"Tides,2020,""Wet, grey', 'sand."""', '"Ebbs,2021,Dry."']
    lines = [f"{row}{end}" if row != rows[1] else row for row in rows]
    first, second = papers_of(items_of(tmp_path, "\n".join(lines) + "\n"))
    assert (first.title, first.date, " ".join(first.abstract.split())) == ("Tides", "2020", "Wet, grey sand.")
    assert (second.title, second.date, second.abstract) == ("Ebbs", "2021", "Dry.")


def test_separators_that_a_spreadsheet_put_behind_rows_are_no_text(tmp_path: Path) -> None:
    (paper,) = papers_of(items_of(tmp_path, "Title,Year,Abstract;;;\nTides,2020,Wet.;;;\n"))
    assert paper.abstract == "Wet."


@pytest.mark.parametrize("gap", ["", "\n\n", ",,\nStudies of ebbs,,\n"])
def test_another_table_may_begin_below(tmp_path: Path, gap: str) -> None:
    tables = (
        f"Title,Year,Abstract\nTides,2020,Wet.\n{gap}Authors,Title,Journal,Year\nLena Berg,Ebbs,Harbour Letters,2021\n"
    )
    first, second = papers_of(items_of(tmp_path, tables))
    assert (first.title, first.abstract) == ("Tides", "Wet.")
    assert (second.title, second.authors, second.venue, second.date) == (
        "Ebbs",
        ("Lena Berg",),
        "Harbour Letters",
        "2021",
    )


def test_a_paper_called_like_a_column_is_no_header(tmp_path: Path) -> None:
    rows = "Title 1,Author 1,2020,Journal 1,Abstract 1\nAbstract,Lena Berg,2021,Harbour Letters,Wet.\n"
    papers = papers_of(items_of(tmp_path, f"title,author,year,journal,abstract\n{rows}"))
    assert [paper.title for paper in papers] == ["Title 1", "Abstract"]


@pytest.mark.parametrize("row", ["Title,Abstract.,,", "Summary,Abstract,Author!,", "Title,Abstract,,"])
def test_a_row_that_is_no_heading_beyond_doubt_is_read_as_a_paper(tmp_path: Path, row: str) -> None:
    items = items_of(tmp_path, f"title,abstract,authors,year\n{row}\nTides,Wet.,Lena Berg,2020\n")
    assert [item.line for item in items if isinstance(item, Problem)] == [2]  # it has a title and nothing else
    assert [(paper.title, paper.authors) for paper in papers_of(items)] == [("Tides", ("Lena Berg",))]


def test_semicolons_behind_rows_cost_no_text(tmp_path: Path) -> None:
    rows = "Tides,Lena Berg,2020,A gauge; it works;\nEbbs; part two,Cy Ott,2021,Dry.\n"
    first, second = papers_of(items_of(tmp_path, f"Title,Authors,Year,Abstract;\n{rows}"))
    assert (first.abstract, second.title, second.abstract) == ("A gauge; it works", "Ebbs; part two", "Dry.")
    rows = '"Tides,Lena Berg,2020";;\nEbbs,Cy Ott,2021,Dry; it is.\n'
    first, second = papers_of(items_of(tmp_path, f'"Title,Authors,Year,Abstract";;\n{rows}'))
    assert (first.title, second.abstract) == ("Tides", "Dry; it is.")


def test_an_open_mark_among_rows_that_are_single_cells_costs_no_other(tmp_path: Path) -> None:
    rows = '"Tides,Lena Berg,2020"\n"Ebbs,Cy Ott,2021\n' + "Foam,Lena Berg,2019\n" * 8000
    papers = papers_of(items_of(tmp_path, f'"Title,Authors,Year"\n{rows}'))
    assert len(papers) >= 8001
    assert papers[0].title == "Tides"


def test_columns_whose_remarks_say_something_else_are_others(tmp_path: Path) -> None:
    header = "Title,Authors,Date (accessed),Source (database),CA"
    (paper,) = papers_of(items_of(tmp_path, f"{header}\nTides,Lena Berg,2024-05-03,Index,l.berg@example.org\n"))
    assert (paper.date, paper.venue, paper.authors) == ("", "", ("Lena Berg",))
    header = "Title,Author (number),Year (of birth),Abstract (y/n),Authors (affiliation),DOI"
    (paper,) = papers_of(items_of(tmp_path, f"{header}\nTides,12,1950,y,Bremen,10.1000/1\n"))
    assert (paper.title, paper.date, paper.abstract, paper.authors) == ("Tides", "", "", ())
    header = "Title,Author (last name),Author (first name),Year"
    (paper,) = papers_of(items_of(tmp_path, f"{header}\nTides,Berg,Lena,1950\n"))
    assert paper.authors == ("Lena Berg",)


@pytest.mark.parametrize(
    ("remarked", "cell"),
    [
        *((name, cell) for cell in ("yes", "3") for name in (
            "Abstract (include?)", "Abstract (included)", "Abstract (quality)", "Abstract (score)", "Abstract (1-5)",
            "Abstract / exclusion reason", "Abstract - relevant", "Abstract (y/n)", "Abstract (Qualität)",
            "Authors (institutions)", "Author (gender)", "Authors (affiliations)",
        )),
        *((name, "2018") for name in (
            "Date (of extraction)", "Year (sample)", "Year (data)", "Year - of data collection", "Year (accessed)",
        )),
    ],
)  # fmt: skip
def test_a_column_about_a_field_is_not_the_field(tmp_path: Path, remarked: str, cell: str) -> None:
    field = {"A": "abstract", "D": "year", "Y": "year"}[remarked[0]] if "uthor" not in remarked else "authors"
    others = [name for name in ("Authors", "Abstract", "Year") if name.lower() != field]
    items = items_of(tmp_path, f"Title,DOI,{','.join(others)},{remarked}\nTides,10.1000/1,,,{cell}\n")
    (paper,) = papers_of(items)
    assert (paper.abstract, paper.authors, paper.date) == ("", (), "")
    assert [f"No column is called “{field}”" in item.message for item in items if isinstance(item, Notice)] == [True]


@pytest.mark.parametrize("remarked", ["Title (score)", "Title (relevant)", "Title - decision"])
def test_a_column_about_titles_is_not_the_title(tmp_path: Path, remarked: str) -> None:
    problem = only_problem(items_of(tmp_path, f"{remarked},Abstract,Authors,Year\nyes,Wet.,Lena Berg,2020\n"))
    assert f"“{remarked}”" in problem.reason


def test_a_formula_of_two_texts_is_no_link(tmp_path: Path) -> None:
    text = 'Title,Abstract,Year\n"=CONCATENATE(""Two"","" x"")",Wet.,2020\n'
    (paper,) = papers_of(items_of(tmp_path, text))
    assert paper.title.startswith("=CONCATENATE")


def test_a_formula_within_a_text_is_part_of_it(tmp_path: Path) -> None:
    row = 'Tides,"We set height=max(""low"", ""high"") here.","=""10.1000/1"""'
    (paper,) = papers_of(items_of(tmp_path, f"Title,Abstract,DOI\n{row}\n"))
    assert (paper.abstract, paper.doi) == ('We set height=max("low", "high") here.', "10.1000/1")


def test_many_commas_and_years_in_a_cell_take_no_time(tmp_path: Path) -> None:
    row = f'{"," * 60_000}x",Tides,"{"x (2019) " * 10_000}"'
    began = time.process_time()
    items_of(tmp_path, f'Author (Year),Title,Source\n"{row}\n')
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "header",
    [
        "Title (Chinese),Title (English),Authors,Year,Abstract (Chinese),Abstract (English)",
        "Title (pt),Title (en),Authors,Year,Abstract (pt),Abstract (en)",
        "Titel (deutsch),Title (English),Authors,Year,Abstract (deutsch),Abstract (English)",
        "Title (original language),Title (English),Authors,Year,Abstract (French),Abstract (English)",
    ],
)
def test_of_columns_in_two_languages_the_english_ones_are_read(tmp_path: Path, header: str) -> None:
    row = "O ruído,Noise,Ana Berg,2020,Medimos o ruído.,We measured noise."
    (record,) = [item for item in items_of(tmp_path, f"{header}\n{row}\n") if isinstance(item, Record)]
    assert (record.paper.title, record.paper.abstract) == ("Noise", "We measured noise.")


@pytest.mark.parametrize("address", ["papers/a.pdf", "doi.org/10.1000/1", "#Sheet2!A1", "", "https://example.org/a"])
def test_a_link_shows_its_text_wherever_it_leads(tmp_path: Path, address: str) -> None:
    cell = f'"=HYPERLINK(""{address}"",""A study of noise"")"'
    records = [
        item for item in items_of(tmp_path, f"Title,Authors,Year\n{cell},Ana Berg,2020\n") if isinstance(item, Record)
    ]
    assert [record.paper.title for record in records] == ["A study of noise"]
