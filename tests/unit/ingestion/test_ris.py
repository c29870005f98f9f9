import datetime
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ingestion.readers import read
from assistant.ingestion.readers.tagged import tagged_lines
from assistant.ingestion.readers.tagged.ris import RIS, TAGS
from assistant.types import Authorship, Paper, Problem, ReaderItem, Record
from tests.conftest import SHARED
from tests.unit.ingestion.conftest import Import

AS_OF = datetime.date(2026, 11, 29)

DATA = Path(__file__).parents[2] / "data"
FIXTURES = SHARED / "fixtures" / "rispy" / "tests" / "data"


def items_of(text: str) -> list[ReaderItem]:
    return list(RIS.parse(io.StringIO(text), "references.ris"))


def paper_with(*lines: str) -> Paper:
    text = "\n".join(["TY  - JOUR", "TI  - Title", "AB  - Wet.", *lines, "ER  - ", ""])
    (item,) = items_of(text)
    assert isinstance(item, Record)
    return item.paper


def test_a_record_between_lines_of_a_provider_is_read_whole() -> None:
    text = (DATA / "references.ris").read_text()
    first, *_ = items_of(text)
    assert RIS.start(text) == text.index("TY  -")
    assert first == Record(
        Paper(
            title="Counting gulls by night",
            abstract="AIMS: We count gulls. Lamps are off for three hours. RESULTS: There are 40.",
            authorships=(Authorship("Lena Berg", 1), Authorship("Martin King, Jr.", 2), Authorship("M. Okafor", 3)),
            date="2019-03-05",
            venue="Journal of Harbours",
            doi="10.1000/Gulls.17",
            pmid="31234567",
            url="https://example.org/gulls;v=2",
        ),
        line=6,
        source_key="harbour-17",
    )


def test_a_record_that_is_never_closed_ends_where_the_next_begins() -> None:
    _, second, third = items_of((DATA / "references.ris").read_text())
    assert isinstance(second, Record)
    assert isinstance(third, Record)
    assert (second.paper.title, second.paper.venue) == ("Tides without an end mark", "Night Workshop")
    assert second.paper.date == "2020-03-05"
    assert third.line == 41
    assert third.paper.venue == "University of the Quay"
    assert (third.paper.authors, third.paper.authors_complete) == (("Ed Ray", "Lena Berg"), False)


@pytest.mark.parametrize(
    "text",
    [
        "We met TY  - JOUR in a book.\nAU  - is a tag too.",
        "@article{a,\n note = {TY  - JOUR}\n}",
        "TY  - JOUR",
        "TY  - JOUR\nand then prose",
        "PMID- 1\nTI  - Title\n",
        "",
    ],
)
def test_what_only_mentions_the_tags_is_no_ris(text: str) -> None:
    assert RIS.start(text) is None


@pytest.mark.parametrize(
    "text", ["TY  - JOUR\nAU  - Berg", "\n\nTY - JOUR\nTI - Title", "TY  -\nID  -", "1.\nTY  - JOUR\n\nT1  - Title"]
)
def test_the_first_record_tells_the_format(text: str) -> None:
    assert RIS.start(text) == text.index("TY")


@pytest.mark.parametrize(
    ("lines", "date"),
    [
        (["PY  - 1948/07//"], "1948-07"),
        (["Y1  - 2014//"], "2014"),
        (["PY  - 2014/03/05/"], "2014-03-05"),
        (["PY  - 2014///Spring"], "2014"),
        (["PY  - 2014", "DA  - 2014/03/05"], "2014-03-05"),
        (["PY  - 2014", "DA  - 2013/12/30"], "2014"),
        (["PY  - 2014", "DA  - March"], "2014-03"),
        (["DA  - 2014-03"], "2014-03"),
        (["Y2  - 2020/01/01"], ""),
        (["PY  - in press"], ""),
    ],
)
def test_dates_come_in_many_shapes(lines: list[str], date: str) -> None:
    assert paper_with(*lines).date == date


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (["AU  - Shannon,Claude E."], ("Claude E. Shannon",)),
        (["AU  - King, Martin, Jr."], ("Martin King, Jr.",)),
        (["AU  - King, Jr., Martin"], ("Martin King, Jr.",)),
        (["AU  - Fanning E."], ("E. Fanning",)),
        (["AU  - van der Meer J.-W. A."], ("J.-W. A. van der Meer",)),
        (["AU  - M&uuml;ller, Jo; Ott, Cy"], ("Jo Müller", "Cy Ott")),
        (["A1  - Ott, Cy", "AU  - Ott, Cy"], ("Cy Ott",)),
        (["AU  - Harbour Research Group"], ("Harbour Research Group",)),
        (["AU  - The Very Long Collaboration", "      of Harbours"], ("The Very Long Collaboration of Harbours",)),
        (["A2  - Editor, Ed", "ED  - Editor, Ed"], ()),
        (["AU  - "], ()),
    ],
)
def test_names_are_given_as_they_are_spoken(lines: list[str], names: tuple[str, ...]) -> None:
    assert paper_with(*lines).authors == names


@pytest.mark.parametrize(
    ("lines", "pmid"),
    [
        (["DB  - PubMed", "AN  - 31234567"], "31234567"),
        (["DP  - NLM", "AN  - 31234567"], "31234567"),
        (["DB  - Ovid MEDLINE(R)", "ID  - 31234567"], "31234567"),
        (["DB  - Embase", "ID  - 31234567"], ""),
        (["DB  - Scopus", "C2  - 31234567"], "31234567"),
        (["C2  - 31234567"], ""),
        (["UR  - https://pubmed.ncbi.nlm.nih.gov/31234567/"], "31234567"),
        (["N1  - PMID: 31234567"], "31234567"),
        (["AN  - 31234567"], ""),
    ],
)
def test_the_number_in_pubmed_is_taken_only_where_it_is_one(lines: list[str], pmid: str) -> None:
    assert paper_with(*lines).pmid == pmid


@pytest.mark.parametrize(
    ("lines", "arxiv_id"),
    [
        (["UR  - http://arxiv.org/abs/1706.03762v5"], "1706.03762"),
        (["AN  - arXiv:hep-th/9901001"], "hep-th/9901001"),
        (["N1  - arXiv:1706.03762 [cs]"], "1706.03762"),
        (["N1  - We build on arXiv:1706.03762"], ""),
        (["DO  - 10.48550/arXiv.1706.03762"], "1706.03762"),
    ],
)
def test_an_arxiv_id_is_found_where_exporters_put_it(lines: list[str], arxiv_id: str) -> None:
    assert paper_with(*lines).arxiv_id == arxiv_id


def test_a_doi_may_stand_in_an_address_and_other_schemes_are_not_let_through() -> None:
    assert paper_with("UR  - https://doi.org/10.1000/182").doi == "10.1000/182"
    assert paper_with("M3  - 10.1000/182").doi == "10.1000/182"
    assert paper_with("UR  - javascript:alert(1)", "L2  - https://example.org/a").url == "https://example.org/a"


def test_tags_with_one_space_are_read_and_lines_of_an_abstract_are_no_tags() -> None:
    (narrow,) = items_of("TY - JOUR\nTI - Title\nAB - Wet.\nER -\n")
    assert isinstance(narrow, Record)
    assert paper_with("AB  - Abstract of", "AI - and its ends.", "ER follows").abstract == (
        "Wet. Abstract of AI - and its ends. ER follows"
    )


def test_a_record_too_long_for_memory_is_left_out_and_the_rest_is_read() -> None:
    line = "word " * 1_000 + "\n"
    endless = "TY  - JOUR\nTI  - Endless\nAB  - " + line * (tagged_lines.LONGEST_RECORD // len(line) + 1)
    problem, record = items_of(f"{endless}ER  - \nTY  - JOUR\nTI  - Title\nAB  - Wet.\nER  - \n")
    assert isinstance(problem, Problem)
    assert "longer than 2 MB" in problem.reason
    assert isinstance(record, Record)


def test_a_type_without_a_space_before_it_still_begins_a_record() -> None:
    (record,) = items_of("TY -JOUR\nTI  - Title\nAB  - Wet.\nER  - \n")
    assert isinstance(record, Record)


@given(st.text())
def test_nothing_that_follows_a_start_raises(text: str) -> None:
    for item in items_of(f"TY  - JOUR\nTI  - Title\n{text}"):
        assert isinstance(item, Record | Problem)


TAGGED = st.builds(
    "{}{}{}".format, st.sampled_from(sorted(TAGS.all())), st.sampled_from(["  - ", " - ", " "]), st.text(max_size=40)
)


@given(st.lists(TAGGED), st.sampled_from(["TY  - JOUR", "TY - JOUR", "ty  - JOUR"]))
def test_no_value_of_any_tag_raises(lines: list[str], first: str) -> None:
    items = items_of("\n".join([first, *lines, "ER", first, "TI  - Last", "AB  - Wet."]))
    assert items


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the shared data folder is absent")
@pytest.mark.parametrize(
    ("name", "record_count", "bad_count"),
    [
        ("example_full.ris", 2, 0),
        ("example_full_without_whitespace.ris", 2, 0),
        ("example_extraneous_data.ris", 2, 0),
        ("example_empty_tag.ris", 1, 0),
        ("example_utf_chars.ris", 1, 0),
        ("example_basic.ris", 1, 0),
        ("example_multiline.ris", 0, 3),
        ("example_urls.ris", 4, 0),
    ],
)
def test_real_files_are_read(name: str, record_count: int, bad_count: int) -> None:
    text = (FIXTURES / name).read_text(encoding="utf-8-sig")
    assert RIS.start(text) is not None
    items = items_of(text)
    assert sum(isinstance(item, Record) for item in items) == record_count
    assert sum(isinstance(item, Problem) for item in items) == bad_count


def test_a_type_that_does_not_stand_first_is_of_its_record(shared_import: Callable[[str], Import]) -> None:
    found = shared_import("49")
    assert not found.problems
    assert [(paper.title, paper.date) for paper in found.papers] == [
        ("Baboons on the Cliff", "2006"),
        ("Herons at the Weir", "2007"),
    ]
    assert found.authors == [("A. J. Marsh", "L. R. Brow"), ("B. Hill",)]
    assert all(paper.abstract for paper in found.papers)


FIRST = "TI  - Lamps drift\nAU  - Berg, Anna\nPY  - 2020\nAB  - Lamps drift by night."
SECOND = "TI  - Wells fill\nAU  - Roe, Rick\nAU  - Elm, C.\nPY  - 2021\nAB  - Wells fill by day."


@pytest.mark.parametrize(
    "text",
    [
        f"TY  - JOUR\n{FIRST}\nER  - \nTY  - JOUR\n{SECOND}\nER  - \n",
        f"TY  - JOUR\n{FIRST}\nTY  - JOUR\n{SECOND}\n",
        f"DB  - Base\n{FIRST}\nTY  - JOUR\nER  - \nDB  - Base\n{SECOND}\nTY  - JOUR\nER  - \n",
        f"A1  - Berg, Anna\n{FIRST}\nTY  - JOUR\nER  - \n\nA1  - Roe, Rick\n{SECOND}\nTY  - JOUR\nER  -\n",
        f"DB  - Base\n{FIRST}\nTY  - JOUR\n\nDB  - Base\n{SECOND}\nTY  - JOUR\n",
        f"DB  - Base\n{FIRST}\nTY  - JOUR\nDB  - Base\n{SECOND}\nTY  - JOUR\n",
        f"{FIRST}\nER  - \n{SECOND}\nER  - \n",
        f"{FIRST}\n\n{SECOND}\n",
        f"C1  - 17\n{FIRST}\nC8  -\nER  - \n\nC1  - 18\n{SECOND}\nC8  -\nER  - \n",
        f"TY  - JOUR\n{FIRST}\nER  - \nER  - \n\n\n{SECOND}\nTY  - JOUR\nER  - \n",
        f"TY  - JOUR\n{FIRST}\nER  - \n\ufeffTY  - JOUR\n{SECOND}\nER  - \n",
        f"Provider: Base\nDatabase: Lamps\n\n\nTY  - JOUR\n{FIRST}\n\nProvider: Base\nTY  - JOUR\n{SECOND}\n",
        f"1.\nTY  - JOUR\n{FIRST}\nER  - \n\n2.\nTY  - JOUR\n{SECOND}\nER  - \n",
        f"TY - JOUR\n{FIRST}\nER -\nTY - JOUR\n{SECOND}\nER -\n".replace("  - ", " - "),
        f"TY- JOUR\n{FIRST}\nER-\nTY- JOUR\n{SECOND}\nER-\n".replace("  - ", "- "),
        f"DB  - Base\n{FIRST}\nTY  - JOUR\nER  -\nDB  - Base\n{SECOND}\nTY  - JOUR\nER  -\n".replace("  - ", " - "),
        f"TY  - JOUR\n{FIRST}\nER  - \nTY  - JOUR\n{SECOND}\nER  - \n".replace("  - ", "\t-\t"),
        f"TY  - JOUR\n{FIRST}\nER  - \nTY  - JOUR\n{SECOND}\nER  - \n".replace("  - ", "  \u2013 "),
        f"   TY  - JOUR\n{FIRST}\nER  - \nTY  - JOUR\n{SECOND}\nER  - \n".replace("\n", "\n   "),
        "".join(
            line[:2].lower() + line[2:]
            for line in f"TY  - JOUR\n{FIRST}\nER  - \nTY  - JOUR\n{SECOND}\nER  - \n".splitlines(keepends=True)
        ),
        f"TY  - JOUR\n{FIRST}\nER  - \nTY - JOUR\nTI - Wells fill\n{SECOND}\nER -\n",
        f"TY  - JOUR\n{FIRST}\nTY - JOUR\nTI - Wells fill\n{SECOND}\nER -\n",
        f"TY  - JOUR\n\n{FIRST}\n\nER  - \n\nTY  - JOUR\n\n{SECOND}\n\nER  - \n".replace("\nAU", "\n\nAU"),
    ],
)
def test_however_records_begin_and_end_there_are_two(text: str, tmp_path: Path) -> None:
    for number, content in enumerate((text, text.replace("\n", "\r\n"), text.replace("\n", "\r"), f"\ufeff{text}")):
        file = tmp_path / f"references{number}.txt"
        file.write_bytes(content.encode())
        papers = [item.paper for item in read(file, as_of=AS_OF) if isinstance(item, Record)]
        assert [(paper.title, paper.date, paper.abstract) for paper in papers] == [
            ("Lamps drift", "2020", "Lamps drift by night."),
            ("Wells fill", "2021", "Wells fill by day."),
        ]
        assert [paper.authors for paper in papers] == [("Anna Berg",), ("Rick Roe", "C. Elm")]


@pytest.mark.parametrize(
    ("lines", "abstract"),
    [
        (["AB  - Lamps", "drift", "      slowly."], "Lamps drift slowly."),
        (
            ["AB  - Lamps drift.", "", "They do.", "", "", "And so on.", "KW  - lamps"],
            "Lamps drift. They do. And so on.",
        ),
        (["AB  - Lamps drift.", "AB  - They do."], "Lamps drift. They do."),
        (["N2  - Lamps drift."], "Lamps drift."),
        (["N2  - They do.", "AB  - Lamps drift."], "Lamps drift."),
    ],
)
def test_an_abstract_may_be_wrapped_repeated_and_have_empty_lines(lines: list[str], abstract: str) -> None:
    (item,) = items_of("\n".join(["TY  - JOUR", "TI  - Title", "PY  - 2020", *lines, "ER  - "]))
    assert isinstance(item, Record)
    assert item.paper.abstract == abstract


@pytest.mark.parametrize(
    ("lines", "labels"),
    [
        (["KW  - lamps", "KW  - ropes, knots"], ("lamps", "ropes, knots")),
        (["KW  - lamps", "ropes and knots", "  wells"], ("lamps", "ropes and knots", "wells")),
        (["KW  - lamps; ropes and knots;wells"], ("lamps", "ropes and knots", "wells")),
        (["KW  - lamps, ropes, wells"], ("lamps", "ropes", "wells")),
        (["KW  - Lamps, electric"], ("Lamps, electric",)),
        (["KW  - *Lamps/adverse effects", "KW  - Wells/*history", "KW  - and/or", "KW  - lamps"],
         ("Lamps", "Wells", "and/or", "lamps")),
        (["KW  - ", "KW  - lamps", "KW  - lamps"], ("lamps",)),
    ],
)  # fmt: skip
def test_keywords_are_labels(lines: list[str], labels: tuple[str, ...]) -> None:
    paper = paper_with(*lines)
    assert (paper.labels, paper.categories) == (labels, ())


def test_numbers_of_papers_that_are_only_mentioned_are_not_the_papers_own() -> None:
    paper = paper_with("M1  - Berg (2018). https://pubmed.ncbi.nlm.nih.gov/29761836", "C2  - 17")
    assert paper.pmid == ""


@pytest.mark.parametrize(
    ("key", "keys"), [("berg2020", ("berg2020",)), ("Berg-2020.a", ("Berg-2020.a",)), ("17", ()), ("WOS:000017", ())]
)
def test_a_key_that_looks_like_one_is_what_texts_cite(key: str, keys: tuple[str, ...]) -> None:
    assert paper_with(f"ID  - {key}").citation_keys == keys


def test_a_book_is_not_published_in_itself() -> None:
    assert paper_with("T2  - Title", "JA  - J. Lamps").venue == "J. Lamps"


@pytest.mark.parametrize(
    "lines",
    [
        "UR  - https://link.example.com/article/10.1000/lamp.1",
        "N1  - doi: 10.1000/lamp.1",
        "N1  - PMID: 12; DOI: 10.1000/lamp.1\nUR  - https://example.org/",
    ],
)
def test_a_doi_is_found_in_odd_places(tmp_path: Path, lines: str) -> None:
    path = tmp_path / "export.ris"
    path.write_text(f"TY  - JOUR\nTI  - Lamps\nAU  - Berg, Anna\n{lines}\nER  - \n", encoding="utf-8")
    (record,) = read(path, as_of=datetime.date(2026, 7, 30))
    assert isinstance(record, Record)
    assert record.paper.doi == "10.1000/lamp.1"
