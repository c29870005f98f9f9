import datetime
from pathlib import Path

import pytest

from assistant.ingestion.readers import read
from assistant.types import Notice, Paper, Problem, ReaderItem, Record

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
    problem = only_problem(items_of(tmp_path, "Title,Abstract\nTides,Wet.\n", abstract="Kurzfassung"))
    assert problem.line == 1
    assert "no column “Kurzfassung”" in problem.reason
    assert "“Title”, “Abstract”" in problem.reason


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
    assert "This row has 1 cells, the header 3." in problem.reason


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
