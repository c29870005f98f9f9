import csv
import datetime
import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from assistant.export.writers.table import write
from assistant.ingestion.readers import read
from assistant.ingestion.readers.tables import workbook
from assistant.types import Authorship, Paper, Problem, ReaderItem, Record

DATA = Path(__file__).parents[2] / "data"
AS_OF = datetime.date(2026, 11, 23)
SHARED_STRINGS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
HEADER = ("Title", "Abstract", "Authors", "Year", "PMID", "Date")
DATES = {"2020-05-01": datetime.date(2020, 5, 1)}
TIDES = ("Tides", "Wet.", "Berg, Lena; Ott, Cy", 2020, 30000001, datetime.date(2020, 5, 1))


def book_of(path: Path, sheets: Mapping[str, Iterable[Iterable[Any]]], *, hidden: str = "") -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        if name == hidden:
            sheet.sheet_state = "hidden"
    book.save(path)
    return path


def items_of(path: Path, **columns: str) -> list[ReaderItem]:
    return list(read(path, as_of=AS_OF, columns=columns))


def papers_of(items: list[ReaderItem]) -> list[Paper]:
    return [item.paper for item in items if isinstance(item, Record)]


def messages_of(items: list[ReaderItem]) -> list[str]:
    return [
        item.reason if isinstance(item, Problem) else item.message for item in items if not isinstance(item, Record)
    ]


def test_rows_of_a_workbook_are_papers_with_whole_numbers_and_dates(tmp_path: Path) -> None:
    (record,) = items_of(book_of(tmp_path / "a.xlsx", {"Papers": [HEADER, TIDES]}))
    assert isinstance(record, Record)
    assert record.line == 2
    assert record.paper == Paper("Tides", "Wet.", record.paper.authorships, date="2020-05-01", pmid="30000001")
    assert record.paper.authors == ("Lena Berg", "Cy Ott")


def test_an_xls_of_web_of_science_is_read() -> None:
    first, second = papers_of(items_of(DATA / "savedrecs.xls"))
    assert (first.title, first.date, first.doi, first.pmid) == (
        "Counting gulls at night",
        "2020-03-05",
        "10.1000/gulls.1",
        "30000001",
    )
    assert first.authors == ("Lena Berg", "Cy Ott")
    assert first.labels == ("gulls", "night")
    assert (second.title, second.abstract, second.date) == ("Ducks are few", "", "2021")


def test_the_ending_of_a_workbook_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "savedrecs.txt"
    path.write_bytes((DATA / "savedrecs.xls").read_bytes())
    assert len(papers_of(items_of(path))) == 2


def test_an_xls_that_is_a_table_of_text_is_read_as_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "savedrecs.xls"
    path.write_text("TI\tAB\tPY\nTides\tWet.\t2020\n")
    assert [paper.title for paper in papers_of(items_of(path))] == ["Tides"]


def test_the_sheets_of_papers_are_found_and_the_others_named(tmp_path: Path) -> None:
    sheets = {
        "Read me": [["Searched on", "1 May"]],
        "2020": [["Exported by hand"], [], HEADER, TIDES, [], ("Waves", "High.", "", 2021)],
        "2021": [HEADER, ("Gulls", None, None, None, None, None)],
        "Old": [HEADER, ("Ducks", "Few.", "", 2020)],
        "Nothing": [],
    }
    items = items_of(book_of(tmp_path / "a.xlsx", sheets, hidden="Old"))
    assert [paper.title for paper in papers_of(items)] == ["Tides", "Waves"]
    assert [item.line for item in items if isinstance(item, Record)] == [4, 6]
    (problem,) = [item for item in items if isinstance(item, Problem)]
    assert problem.line == 2
    assert "“Gulls” has a title and nothing else" in problem.reason
    assert "Sheet “2021”" in problem.reason
    assert [message for message in messages_of(items) if "passed over" in message] == [
        "Sheets whose columns are not those of papers were passed over: “Read me”.",
        "Hidden sheets were passed over: “Old”. Show them and add the file again.",
    ]


def test_a_workbook_without_papers_says_what_its_first_row_holds(tmp_path: Path) -> None:
    (message,) = messages_of(items_of(book_of(tmp_path / "a.xlsx", {"A": [["a", "b"], [1, 2]]})))
    assert "No row names a column “title”. The first row holds: “a”, “b”" in message


def test_columns_of_a_workbook_can_be_named(tmp_path: Path) -> None:
    path = book_of(tmp_path / "a.xlsx", {"A": [["Ding", "Jahr"], ["Gezeiten", 2020]]})
    assert [paper.title for paper in papers_of(items_of(path, title="Ding", year="Jahr"))] == ["Gezeiten"]
    assert "There is no column “Dinge”" in messages_of(items_of(path, title="Dinge"))[0]


def test_links_of_cells_tell_identifiers_and_addresses(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    rows = (
        ("Title", "Authors", "Year", "Link"),
        ("Tides", "Berg, Lena", 2020, None),
        ("Waves", "Berg, Lena", 2021, "link"),
        ("Foam", "Berg, Lena", 2022, "https://example.org/foam"),
        ('=HYPERLINK("https://arxiv.org/abs/2401.00001", "Ebbs")', "Berg, Lena", 2023, None),
    )
    for row in rows:
        sheet.append(row)
    sheet["A2"].hyperlink = "https://doi.org/10.1000/tides"
    sheet["B2"].hyperlink = "https://doi.org/10.1000/of.somebody"
    sheet["D3"].hyperlink = "https://doi.org/10.1000/waves"
    sheet["A4"].hyperlink = "https://example.org/other"
    book.save(tmp_path / "a.xlsx")
    tides, waves, foam, ebbs = papers_of(items_of(tmp_path / "a.xlsx"))
    assert (tides.doi, waves.doi, foam.doi) == ("10.1000/tides", "10.1000/waves", "")
    assert (foam.url, waves.url) == ("https://example.org/foam", "https://doi.org/10.1000/waves")
    assert (ebbs.title, ebbs.arxiv_id) == ("Ebbs", "2401.00001")


def test_a_link_to_another_doi_than_the_rows_own_is_not_its_address(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(("Title", "Authors", "DOI"))
    for number, target in enumerate(("10.1000/other", "10.1000/OWN", "10.1000/tides"), 2):
        sheet.append(("Tides", "Berg, Lena", "10.1000/own" if number < 4 else None))
        sheet[f"A{number}"].hyperlink = f"https://doi.org/{target}"
    book.save(tmp_path / "a.xlsx")
    other, own, only = papers_of(items_of(tmp_path / "a.xlsx"))
    assert (other.doi, other.url) == ("10.1000/own", "")
    assert (own.doi, own.url) == ("10.1000/own", "https://doi.org/10.1000/OWN")
    assert (only.doi, only.url) == ("10.1000/tides", "https://doi.org/10.1000/tides")


def test_only_a_link_is_read_without_its_value(tmp_path: Path) -> None:
    rows = [
        HEADER,
        ('=CONCATENATE("Two"," x")', "Wet.", "Berg, Lena", 2020),
        ('=hyperlink("https://a.org","Ebbs")', "Dry."),
    ]
    items = items_of(book_of(tmp_path / "a.xlsx", {"A": rows}))
    assert [paper.title for paper in papers_of(items)] == ["Ebbs"]
    assert "1 cell(s) hold a formula without its value, the first in row 2" in messages_of(items)[0]


def test_a_formula_whose_result_is_an_empty_text_has_a_value(tmp_path: Path) -> None:
    header = "".join(cell(f"{place}1", name) for place, name in zip("ABC", ("Title", "Abstract", "Year"), strict=True))
    empty = '<c r="B2" t="str"><f>IF(A2="","x","")</f><v></v></c>'
    title = '<c r="A2" t="str"><f>HYPERLINK("https://a.org","Tides")</f></c>'
    rows = f'<row r="1">{header}</row><row r="2">{title}{empty}<c r="C2"><v>2020</v></c></row>'
    items = items_of(raw_book(tmp_path / "a.xlsx", rows))
    assert [(paper.title, paper.abstract) for paper in papers_of(items)] == [("Tides", "")]
    assert not any("formula" in message for message in messages_of(items))


def test_formulas_in_columns_that_hold_no_field_are_not_said(tmp_path: Path) -> None:
    rows = [(None, "Title", "Abstract", "Authors", "Score"), (None, "Tides", "Wet.", "Berg, Lena", "=1+1")]
    items = items_of(book_of(tmp_path / "a.xlsx", {"A": rows}))
    assert not any("formula" in message for message in messages_of(items))


def test_formulas_without_a_value_are_said(tmp_path: Path) -> None:
    rows = [HEADER, TIDES, ("Waves", "Wet.", "Berg, Lena", "=2000+21", None, None)]
    items = items_of(book_of(tmp_path / "a.xlsx", {"A": rows}))
    assert [paper.date for paper in papers_of(items)] == ["2020-05-01", ""]
    assert "1 cell(s) hold a formula without its value, the first in row 3" in messages_of(items)[0]


def test_an_empty_workbook_is_reported(tmp_path: Path) -> None:
    assert messages_of(items_of(book_of(tmp_path / "a.xlsx", {"A": []}))) == [
        "The workbook holds no rows. Save it again, or add another one."
    ]


def test_a_table_of_opendocument_is_read(tmp_path: Path) -> None:
    def row(*cells: str) -> str:
        texts = "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in cells
        )
        return f"<table:table-row>{texts}</table:table-row>"

    names = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = (
        f"<office:document-content{names}><office:body><office:spreadsheet><table:table table:name='A'>"
        + row("Title", "Abstract")
        + row("Tides", "Wet.")
        + "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    path = tmp_path / "a.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    assert [paper.abstract for paper in papers_of(items_of(path))] == ["Wet."]


def test_what_this_program_wrote_comes_back_from_a_workbook(tmp_path: Path) -> None:
    papers = [
        Paper(
            'Tides; and "waves"',
            "Wet, very.",
            (Authorship("Lena Berg", 1), Authorship("Cy Ott, Jr.", 2)),
            date="2020-05-01",
            doi="10.1000/1",
            arxiv_id="2001.00030",
            pmid="30000001",
            has_code=True,
            labels=("to; read", "thesis"),
        ),
        Paper("=Formula {x} $y$", "-5 dB", (Authorship("A B", 3), Authorship("C D", None)), False, date="2020"),
    ]
    rows = list(csv.reader(io.StringIO("".join(write(papers)))))
    typed = [[int(cell) if cell.isdigit() else DATES.get(cell, cell or None) for cell in row] for row in rows]
    items = papers_of(items_of(book_of(tmp_path / "a.xlsx", {"A": typed})))
    assert items == papers
    assert items[0].labels == papers[0].labels


# Workbooks that are not well meant.


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def raw_book(path: Path, rows: str, shared: str = "") -> Path:
    """Write a workbook whose one sheet holds these rows as they stand, and whose cells may share a text."""
    book_of(path, {"A": []})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts["xl/worksheets/sheet1.xml"] = f'<worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>'.encode()
    if shared:
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{space}"><si><t>{shared}</t></si></sst>'.encode()
        relation = f'<Relationship Id="rId99" Type="{SHARED_STRINGS}" Target="sharedStrings.xml"/></Relationships>'
        name = "xl/_rels/workbook.xml.rels"
        parts[name] = parts[name].replace(b"</Relationships>", relation.encode())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("corner", ["XFD1048576", "ZZZZ4000000000"])
def test_a_cell_far_out_ends_the_process_that_unpacks_and_not_this_one(tmp_path: Path, corner: str) -> None:
    rows = f'<row r="1">{cell("A1", "Title")}{cell("B1", "Abstract")}</row><row r="2">{cell(corner, "x")}</row>'
    items = items_of(raw_book(tmp_path / "a.xlsx", rows))
    assert not papers_of(items)
    assert "takes more memory than is given to one" in messages_of(items)[-1]


def test_a_row_far_down_costs_nothing(tmp_path: Path) -> None:
    rows = (
        f'<row r="1">{cell("A1", "Title")}{cell("B1", "Abstract")}</row>'
        f'<row r="1048576">{cell("A1048576", "Tides")}{cell("B1048576", "Wet.")}</row>'
    )
    (record,) = items_of(raw_book(tmp_path / "a.xlsx", rows))
    assert isinstance(record, Record)
    assert (record.line, record.paper.title) == (1_048_576, "Tides")


def test_one_text_in_very_many_cells_ends_the_process_that_unpacks_and_not_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "LARGEST_MEMORY", 500_000_000)
    cells = "".join(f'<row r="{number}"><c r="A{number}" t="s"><v>0</v></c></row>' for number in range(1, 20_000))
    items = items_of(raw_book(tmp_path / "a.xlsx", cells, "x" * 30_000))
    assert "takes more memory than is given to one" in messages_of(items)[-1]


def test_cells_that_are_errors_formulas_and_truths_are_harmless(tmp_path: Path) -> None:
    rows = [[*HEADER, "Has code"], ["Tides", "=A1", "#N/A", 2020.0, "#REF!", "2020-05", True], ["x" * 32_767, "Wet."]]
    first, second = papers_of(items_of(book_of(tmp_path / "a.xlsx", {"A": rows})))
    assert (first.title, first.date, first.has_code) == ("Tides", "2020-05", True)
    assert len(second.title) == 32_767


def test_a_damaged_workbook_and_another_document_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    path.write_bytes((DATA / "savedrecs.xls").read_bytes()[:3_000])
    (message,) = messages_of(items_of(path))
    assert "The workbook cannot be read" in message
    assert "save it as .xlsx or CSV" in message


def test_a_word_document_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<x/>")
    assert not workbook.is_written(path, path.read_bytes()[:100])


def test_reading_can_be_left_in_the_middle(tmp_path: Path) -> None:
    rows = ([f"Paper {number}", "Text. " * 100] for number in range(2_000))
    items = read(book_of(tmp_path / "a.xlsx", {"A": [["Title", "Abstract"], *rows]}), as_of=AS_OF)
    assert isinstance(next(items), Record)
    items.close()  # type: ignore[attr-defined]


# What is called a workbook and is a page or an older kind of XML.

PAGE = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta charset="utf-8"></head><body>
<table border=1><tr><td colspan=2>Exported</td></tr>
<tr><th>Title-题名</th><th>Author-作者</th><th>Summary-摘要</th><th>Year-年</th></tr>
<tr><td>Tides &amp; waves</td><td>Berg, Lena</td><td>Wet.<br>Very <b>wet</b>.</td><td>2020</td></tr>
<tr><td>Gulls<td>Ott, Cy<td>Löud.<td>2021
</table></body></html>"""
SPREADSHEET = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Worksheet ss:Name="A"><Table>
<Row><Cell><Data ss:Type="String">Title</Data></Cell><Cell><Data ss:Type="String">Authors</Data></Cell>
<Cell><Data ss:Type="String">Abstract</Data></Cell><Cell><Data ss:Type="String">Year</Data></Cell></Row>
<Row><Cell><Data ss:Type="String">Tides &amp; waves</Data></Cell><Cell/>
<Cell><Data ss:Type="String">Wet. Very wet.</Data></Cell>
<Cell><Data ss:Type="Number">2020</Data></Cell></Row>
<Row><Cell><Data ss:Type="String">Gulls</Data></Cell><Cell ss:Index="3"><Data ss:Type="String">Löud.</Data></Cell>
<Cell><Data ss:Type="Number">2021</Data></Cell></Row>
</Table></Worksheet></Workbook>"""


@pytest.mark.parametrize("text", [PAGE, SPREADSHEET, PAGE.lower().replace("<html", "\n<HTML")])
@pytest.mark.parametrize("name", ["a.xls", "a.html", "a"])
def test_a_workbook_that_is_a_page_is_read_as_what_it_is(tmp_path: Path, text: str, name: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    papers = papers_of(items_of(path))
    assert [(paper.title.lower(), paper.abstract.lower(), paper.date) for paper in papers] == [
        ("tides & waves", "wet. very wet.", "2020"),
        ("gulls", "löud.", "2021"),
    ]


def test_a_page_without_a_table_of_papers_is_a_web_page(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("<html><table><tr><td>Home</td><td>Title</td></tr></table></html>")
    assert "It looks like a web page" in messages_of(items_of(path))[0]


def test_columns_of_a_page_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    path.write_text("<table><tr><td>Ding</td><td>Jahr</td></tr><tr><td>Gezeiten</td><td>2020</td></tr></table>")
    assert [paper.title for paper in papers_of(items_of(path, title="Ding", year="Jahr"))] == ["Gezeiten"]


@pytest.mark.parametrize(
    "rows", ["<tr>" * 50_000, "<td>" * 200_000, "<table><tr><td>" * 20_000, '<tr><td colspan="99999">x' * 500]
)
def test_a_hostile_page_is_read_or_reported(tmp_path: Path, rows: str) -> None:
    path = tmp_path / "a.xls"
    path.write_text(f"<table><tr><td>Title</td><td>Abstract</td></tr><tr><td>Tides</td><td>Wet.</td></tr>{rows}")
    assert [paper.title for paper in papers_of(items_of(path))][:1] == ["Tides"]


def test_a_cell_that_was_merged_over_rows_holds_for_all_of_them(tmp_path: Path) -> None:
    path = tmp_path / "papers.xlsx"
    rows = [("Year", "Title", "Abstract"), (2020, "Tides", "Wet."), (None, "Ebbs", "Dry."), (None, "Foam", "White.")]
    book_of(path, {"Papers": rows})
    book = openpyxl.load_workbook(path)
    book["Papers"].merge_cells("A2:A3")
    book.save(path)
    assert [(paper.title, paper.date) for paper in papers_of(items_of(path))] == [
        ("Tides", "2020"),
        ("Ebbs", "2020"),
        ("Foam", ""),
    ]


def test_another_table_may_begin_below_in_a_sheet(tmp_path: Path) -> None:
    rows = [("Title", "Year", "Abstract"), ("Tides", 2020, "Wet."), (), ("Title", "Authors", "Year")]
    path = book_of(tmp_path / "papers.xlsx", {"Papers": [*rows, ("Ebbs", "Lena Berg", 2021)]})
    first, second = papers_of(items_of(path))
    assert (first.title, second.title, second.authors, second.date) == ("Tides", "Ebbs", ("Lena Berg",), "2021")


def test_merged_cells_hold_in_their_columns_and_give_no_paper_the_text_of_another(tmp_path: Path) -> None:
    path = tmp_path / "papers.xlsx"
    rows = [(None, "Year", "Title", "Abstract"), (None, 2020, "Tides", "Wet."), (None, None, "Ebbs", None)]
    book_of(path, {"Papers": rows})
    book = openpyxl.load_workbook(path)
    book["Papers"].merge_cells("B2:B3")
    book["Papers"].merge_cells("D2:D3")
    book.save(path)
    first, second = papers_of(items_of(path))
    assert (first.title, first.abstract, first.date) == ("Tides", "Wet.", "2020")
    assert (second.title, second.abstract, second.date) == ("Ebbs", "", "2020")


def test_a_year_that_a_sheet_shows_as_a_day_is_that_year(tmp_path: Path) -> None:
    path = book_of(tmp_path / "a.xlsx", {"A": [("Title", "Abstract", "Year"), ("Tides", "Wet.", "1905-07-11")]})
    assert papers_of(items_of(path))[0].date == "2019"
