import datetime
from collections import Counter
from pathlib import Path

import pytest

from assistant.ingestion.readers import read
from assistant.types import AuthorProfile, Authorship, Notice, Paper, Problem, ReaderItem, Record

DATA = Path(__file__).parents[2] / "data"
SEEDS = Path(__file__).parents[3].parent / "shared" / "seeds"
AS_OF = datetime.date(2026, 11, 23)

HEADER = "Ada Brandt\n\nCL\nh-index3\n2papers\n\n2 Papers\n\n"
FIRST = "LGJun 2\nLearning to Sail\n\nBo Li, Ada Brandt et al.\n\nSailing is learnt.\n\n"
SECOND = "CVAug 27, 2024Code\nSeeing Sails\n\nCy Ott\n\nSails are seen.\n"


def items_of(tmp_path: Path, text: str, as_of: datetime.date = AS_OF) -> list[ReaderItem]:
    path = tmp_path / "page.txt"
    path.write_bytes(text.encode())
    return list(read(path, as_of=as_of))


def papers_of(items: list[ReaderItem]) -> list[Paper]:
    return [item.paper for item in items if isinstance(item, Record)]


def problems_of(items: list[ReaderItem]) -> list[Problem]:
    return [item for item in items if isinstance(item, Problem)]


def test_the_profile_comes_first_and_keeps_the_figures_word_for_word() -> None:
    profile = next(read(DATA / "author_page.txt", as_of=AS_OF))
    assert profile == AuthorProfile(
        name="José Álvarez-Núñez",
        category="eess.AS",
        statistics=(
            ("h-index", "12"),
            ("papers", "4"),
            ("citations", "310"),
            ("Novelty", "61%"),
            ("AI Score", "7"),
        ),
        as_of="2026-11-23",
    )


def test_every_paper_of_a_page_is_read() -> None:
    items = list(read(DATA / "author_page.txt", as_of=AS_OF))
    papers = papers_of(items)
    assert [(paper.title, paper.date, paper.categories, paper.has_code) for paper in papers] == [
        ("Whispering Lighthouses: Fog-Robust Speech Recognition at Sea", "2026-03-03", ("eess.AS",), True),
        ("On Counting Gulls with Two Qubits", "2025-12-31", ("quant-ph",), False),
        ("Do Tide Tables Help Language Models?", "2024-02-29", ("CL",), False),
        ("A Note on Wave Heights", "2026-11-30", ("stat",), False),
    ]
    assert [item.line for item in items if isinstance(item, Record)] == [12, 21, 32, 39]
    assert not problems_of(items)
    assert not [item for item in items if isinstance(item, Notice)]


def test_an_abstract_keeps_its_paragraphs_and_its_mathematics() -> None:
    paper = papers_of(list(read(DATA / "author_page.txt", as_of=AS_OF)))[0]
    assert paper.abstract == (
        r"Fog horns mask speech. We propose beacon, which lowers the error rate by 1.3% on $\mathcal{F}$. "
        "A second paragraph says that the method needs $O(n^2)$ time."
    )


def test_a_line_of_an_abstract_that_looks_like_a_heading_stays_in_the_abstract() -> None:
    paper = papers_of(list(read(DATA / "author_page.txt", as_of=AS_OF)))[1]
    assert paper.abstract.endswith("reads as follows. CLMay 30, 2025 The gulls had left by then.")


def test_the_owner_is_an_author_of_every_paper_with_an_unknown_position_where_not_listed() -> None:
    papers = papers_of(list(read(DATA / "author_page.txt", as_of=AS_OF)))
    assert papers[0].authors == ("Mina Okafor", "Jose Alvarez Nunez", "Pál Erdős")
    assert papers[2].authorships == (
        Authorship("Lena Berg", 1),
        Authorship("Wei Zhang", 2),
        Authorship("Tom O'Hara", 3),
        Authorship("José Álvarez-Núñez", None),
    )
    assert [paper.authors_complete for paper in papers] == [False, True, True, True]


def test_a_date_without_a_year_is_in_the_year_of_the_page(tmp_path: Path) -> None:
    for year in (2025, 2031):
        papers = papers_of(items_of(tmp_path, HEADER + FIRST + SECOND, datetime.date(year, 1, 15)))
        assert [paper.date for paper in papers] == [f"{year}-06-02", "2024-08-27"]


def test_an_impossible_day_leaves_the_month(tmp_path: Path) -> None:
    papers = papers_of(items_of(tmp_path, HEADER + FIRST.replace("Jun 2", "Feb 29") + SECOND))
    assert papers[0].date == "2026-02"


@pytest.mark.parametrize("category", ["CL", "LG", "AI", "RO", "stat", "QM", "quant-ph", "eess.AS", "cs.CL", "MA"])
@pytest.mark.parametrize("date", ["Mar 5", "May 30, 2025", "Aug 1, 2019Code", "Sep 9Oral", "Apr 14Code"])
def test_any_category_may_be_glued_to_any_date(tmp_path: Path, category: str, date: str) -> None:
    items = items_of(tmp_path, HEADER + FIRST.replace("LGJun 2", category + date) + SECOND)
    paper = papers_of(items)[0]
    assert paper.categories == (category,)
    assert paper.has_code is date.endswith("Code")
    assert len(papers_of(items)) == 2


def test_windows_line_ends_and_extra_blank_lines_change_nothing(tmp_path: Path) -> None:
    expected = items_of(tmp_path, HEADER + FIRST + SECOND)
    assert papers_of(items_of(tmp_path, (HEADER + FIRST + SECOND).replace("\n", "\r\n"))) == papers_of(expected)
    assert papers_of(items_of(tmp_path, (HEADER + FIRST + SECOND).replace("\n\n", "\n \n\n\n"))) == papers_of(expected)
    assert papers_of(items_of(tmp_path, HEADER + (FIRST + SECOND).replace("\n\n", "\n"))) == papers_of(expected)


def test_a_page_cut_after_a_title_keeps_that_paper_and_says_so(tmp_path: Path) -> None:
    items = items_of(tmp_path, HEADER + FIRST + "CVAug 27, 2024Code\nSeeing Sails\n")
    assert [paper.title for paper in papers_of(items)] == ["Learning to Sail", "Seeing Sails"]
    assert (papers_of(items)[1].abstract, papers_of(items)[1].authors) == ("", ("Ada Brandt",))
    notices = [item.message for item in items if isinstance(item, Notice)]
    assert notices == ["The page ends before the abstract of “Seeing Sails”."]


def test_a_page_cut_after_the_authors_keeps_that_paper(tmp_path: Path) -> None:
    items = items_of(tmp_path, HEADER + FIRST + "CVAug 27, 2024\nSeeing Sails\n\nCy Ott, Ed Ray")
    assert papers_of(items)[1].authors == ("Cy Ott", "Ed Ray", "Ada Brandt")
    assert not papers_of(items)[1].abstract


def test_a_page_cut_after_a_heading_reports_its_line(tmp_path: Path) -> None:
    items = items_of(tmp_path, HEADER + FIRST + "CVAug 27, 2024Code\n")
    assert [problem.line for problem in problems_of(items)] == [16]
    assert len(papers_of(items)) == 1


def test_a_paper_without_an_abstract_in_the_middle_is_kept_and_spoils_not_the_next_one(tmp_path: Path) -> None:
    items = items_of(tmp_path, HEADER + "AIJan 5\nLost at Sea\n\n" + FIRST + SECOND)
    assert [(paper.title, bool(paper.abstract)) for paper in papers_of(items)] == [
        ("Lost at Sea", False),
        ("Learning to Sail", True),
        ("Seeing Sails", True),
    ]


def test_a_paper_without_a_title_is_reported_and_spoils_no_other(tmp_path: Path) -> None:
    items = items_of(tmp_path, HEADER + SECOND + "\n" + FIRST.replace("Learning to Sail\n", ""))
    assert [paper.abstract for paper in papers_of(items)] == ["Sails are seen."]
    (problem,) = problems_of(items)
    assert (problem.line, problem.reason.split(".")[0]) == (16, "“LGJun 2” has no title")


def test_a_page_that_ends_within_a_sentence_says_so(tmp_path: Path) -> None:
    items = items_of(tmp_path, HEADER + FIRST + SECOND.replace("Sails are seen.", "Sails are se"))
    assert len(papers_of(items)) == 2
    assert any("ends within a sentence" in item.message for item in items if isinstance(item, Notice))


def test_a_count_that_does_not_fit_is_said(tmp_path: Path) -> None:
    notices = [item for item in items_of(tmp_path, HEADER + FIRST) if isinstance(item, Notice)]
    assert [notice.message for notice in notices] == ["The page speaks of 2 papers; 1 could be read."]


def test_figures_may_come_in_any_order_or_not_at_all(tmp_path: Path) -> None:
    items = items_of(tmp_path, "Ada Brandt\n\n126citations\nh-index 45\nRO\n\n" + FIRST)
    assert items[0] == AuthorProfile("Ada Brandt", "RO", (("citations", "126"), ("h-index", "45")), "2026-11-23")
    assert items_of(tmp_path, "Ada Brandt\n\n" + FIRST)[0] == AuthorProfile("Ada Brandt", "", (), "2026-11-23")


def test_a_page_without_a_name_is_read_without_an_owner(tmp_path: Path) -> None:
    items = items_of(tmp_path, FIRST + SECOND)
    assert [paper.authors for paper in papers_of(items)] == [("Bo Li", "Ada Brandt"), ("Cy Ott",)]
    assert any("owner is not known" in item.message for item in items if isinstance(item, Notice))


def test_a_page_without_papers_is_reported(tmp_path: Path) -> None:
    items = items_of(tmp_path, HEADER)
    assert isinstance(items[0], AuthorProfile)
    assert "no papers" in problems_of(items)[0].reason


def test_many_authors_are_numbered_from_one(tmp_path: Path) -> None:
    names = [f"Given{chr(65 + n)} Family{chr(65 + n)}" for n in range(20)]
    paper = papers_of(items_of(tmp_path, HEADER + FIRST.replace("Bo Li, Ada Brandt et al.", ", ".join(names))))[0]
    assert paper.authorships[:20] == tuple(Authorship(name, n) for n, name in enumerate(names, start=1))
    assert paper.authorships[20] == Authorship("Ada Brandt", None)


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the shared data folder is absent")
def test_the_real_page_is_read_whole() -> None:
    (page,) = SEEDS.glob("*.txt")
    items = list(read(page, as_of=AS_OF))
    papers = papers_of(items)
    assert Counter(paper.year for paper in papers) == {2026: 10, 2025: 9, 2024: 3}
    assert not [item for item in items if isinstance(item, Notice | Problem)]
    assert all("Naibin Gu" in paper.authors for paper in papers)
    assert sum(paper.has_code is True for paper in papers) == page.read_text().count("Code\n")
    assert all("\\textbf" not in paper.abstract and "\\emph" not in paper.abstract for paper in papers)
