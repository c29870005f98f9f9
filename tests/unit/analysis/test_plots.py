"""Plots: four drawings of the trends of a set of papers, as a page, as a picture, and one by one."""

from __future__ import annotations

import re
import stat
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from assistant.analysis.charts import plots
from assistant.analysis.trends import By, Change, Share, Trend, Trends
from assistant.errors import AssistantError, UsageError
from assistant.library import Library, upsert
from assistant.types import Paper, PaperFilter, Record
from tests.conftest import make_paper, store_vectors
from tests.fakes import HashingEmbedder

ATTACK = "</script><script>alert(1)</script>\"'><img src=http://evil.example/x onerror=alert(2)> ${alert(3)} {{4}}"
PNG = b"\x89PNG\r\n\x1a\n"


def keep(library: Library, *papers: Paper) -> list[str]:
    """Put papers into the library with vectors, and return their ids."""
    upsert.store(library, [Record(paper, line) for line, paper in enumerate(papers, 1)], "papers.bib")
    kept = library.papers()
    assert len(kept) == len(papers)
    store_vectors(
        library,
        [paper.id for paper in kept],
        HashingEmbedder().embed([f"{paper.title} {paper.abstract}" for paper in kept]),
    )
    return [paper.id for paper in kept]


def share(period: str, count: int, papers: int) -> Share:
    part = count / max(papers, 1)
    return (
        Share(period, count, papers, part, max(0.0, part - 0.1), min(1.0, part + 0.1))
        if papers
        else Share(period, 0, 0, 0.0, 0.0, 1.0)
    )


def course(label: str, ids: Sequence[str], shares: Sequence[Share], change: Change = "unclear") -> Trend:
    return Trend(label, f"t-{label}", tuple(ids), "", "", tuple(shares), change, "few papers", tuple(ids[:1]))


def trends_of(
    ids: Sequence[str],
    periods: Sequence[tuple[str, int]],
    labels: Sequence[str] = ("weaving",),
    by: By = "year",
    undated: int = 0,
) -> Trends:
    shares = [share(period, papers // 2, papers) for period, papers in periods]
    size = max(1, len(ids) // max(1, len(labels)))
    themes = tuple(
        course(label, ids[place * size : (place + 1) * size], shares, ("rising", "falling", "unclear")[place % 3])
        for place, label in enumerate(labels)
    )
    return Trends(
        selected="papers",
        by=by,
        total=len(ids),
        undated=undated,
        unthemed=0,
        periods=tuple(period for period, _ in periods),
        publications=tuple(periods),
        themes=themes if ids and periods else (),
        terms=(),
        found=(),
        remarks=(),
        split=periods[-1][0] if periods else "",
    )


def many(count: int, **fields: object) -> list[Paper]:
    return [
        make_paper(f"Paper {number} of looms", f"Threads {number} weave {number % 7}.", **fields)
        for number in range(count)
    ]


class Tags(HTMLParser):
    """Collects the tags of a page, and what might fetch or run."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_page_holds_four_drawings_and_needs_nothing_else(library: Library, tmp_path: Path) -> None:
    ids = keep(library, *many(12, authors=("Ada Lovelace", "Charles Babbage")))
    file = tmp_path / "plots.html"
    plots.write(trends_of(ids, [("2023", 4), ("2024", 4), ("2025", 4)]), library, file, PaperFilter())
    page = file.read_text(encoding="utf-8")
    assert page.count("<svg") == page.count("<figure>") == 4
    assert not re.search(r"https?:|//\w|@import|url\((?!#)|<script|<link|<img|<iframe", page)
    tags = Tags(page)
    assert not tags.tags & {"script", "link", "img", "iframe", "object", "use", "image", "foreignobject", "a"}
    assert not {name for name in tags.attributes if name.startswith("on") or "href" in name or name == "src"}
    assert "default-src 'none'" in page


def test_text_of_papers_and_people_is_only_text_in_the_page(library: Library, tmp_path: Path) -> None:
    papers = [make_paper(f"{ATTACK} {n}", f"Threads {n}.", authors=(f"Eve {ATTACK}", "Ada B")) for n in range(4)]
    ids = keep(library, *papers)
    found = replace(trends_of(ids, [("2023", 2), ("2024", 1), ("2025", 1)], [ATTACK]), selected=f"papers by {ATTACK}")
    page = plots.draw(found, library, PaperFilter()).html()
    tags = Tags(page)
    assert not tags.tags & {"script", "img"}
    assert "onerror" not in tags.attributes
    assert "&lt;script&gt;alert(1)" in page
    assert plots.draw(found, library, PaperFilter()).png().startswith(PNG)


def test_drawings_of_one_page_share_no_ids(library: Library) -> None:
    ids = keep(library, *many(5))
    page = plots.draw(trends_of(ids, [("2023", 3), ("2024", 1), ("2025", 1)]), library, PaperFilter()).html()
    found = re.findall(r' id="([^"]+)"', page)
    assert len(found) == len(set(found))
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(found)


def test_hidden_and_long_text_is_cut_and_other_scripts_stay(library: Library) -> None:
    papers = [
        make_paper("织机 " + "很长" * 400, "Threads."),
        make_paper("Ο αργαλειός \u202egnp\x00\x1b[31m", "Looms."),
        make_paper("Plain", "Cards."),
    ]
    ids = keep(library, *papers)
    page = plots.draw(trends_of(ids, [("2024", 3)], ["织机的主题" * 30, "Υφαντική"]), library, PaperFilter()).html()
    assert "织机" in page
    assert "Ο αργαλειός" in page
    assert "Υφαντική" in page
    assert "很长" * 200 not in page
    assert not {"\u202e", "\x00", "\x1b"} & set(page)


def test_titles_are_tooltips_of_the_map_and_names_stand_in_the_network(library: Library) -> None:
    ids = keep(library, *many(3, authors=("Ada Lovelace", "Charles Babbage")))
    page = plots.draw(trends_of(ids, [("2024", 3)]), library, PaperFilter()).html()
    assert "<title>Paper 1 of looms</title>" in page
    assert ">Charles Babbage</text>" in page
    assert "<title>Ada Lovelace and Charles Babbage: 3 papers together</title>" in page


def test_picture_of_all_four_is_a_png(library: Library, tmp_path: Path) -> None:
    ids = keep(library, *many(4))
    file = tmp_path / "plots.PNG"
    plots.write(trends_of(ids, [("2023", 2), ("2024", 2)]), library, file, PaperFilter())
    assert file.read_bytes().startswith(PNG)


def test_drawings_have_titles_and_words(library: Library) -> None:
    ids = keep(library, *many(4, authors=("Ada Lovelace", "Charles Babbage")))
    found = plots.draw(trends_of(ids, [("2023", 2), ("2024", 2)], undated=1), library, PaperFilter())
    assert all(each.svg.startswith("<svg") for each in found.drawings)
    publications, themes, network, paper_map = (each.words for each in found.drawings)
    assert "2 in 2023 and 2 in 2024" in publications
    assert "1 paper without a date" in publications
    assert "Rising: weaving." in themes
    assert "Ada Lovelace and Charles Babbage: 4 papers" in network
    assert "4 of 4 papers, a point each" in paper_map


def test_same_trends_are_drawn_the_same(library: Library) -> None:
    ids = keep(library, *many(6, authors=("Ada Lovelace", "Charles Babbage", "Mary Somerville")))
    found = trends_of(ids, [("2023", 3), ("2024", 3)])
    assert plots.draw(found, library, PaperFilter()) == plots.draw(found, library, PaperFilter())


@pytest.mark.parametrize(
    ("count", "periods", "labels"),
    [
        (0, [], []),
        (1, [("2024", 1)], []),
        (2, [], []),
        (3, [("2024", 3)], ["one"]),
        (3, [("2023", 2), ("2024", 1)], ["one", "one"]),
        (40, [(f"{2000 + number}", 2) for number in range(20)], [f"theme number {number}" for number in range(20)]),
        (60, [(f"{2020 + n // 12}-{n % 12 + 1:02}", n % 3) for n in range(60)], [""]),
        (
            2,
            [(f"{1960 + n // 12}-{n % 12 + 1:02}", 1) for n in range(600)],
            [f"theme {number}" for number in range(16)],
        ),
        (5, [("2020", 2), ("2021", 0), ("2022", 0), ("2023", 3)], ["a gap"]),
    ],
)
def test_few_many_and_no_papers_are_drawn(
    library: Library, count: int, periods: list[tuple[str, int]], labels: list[str]
) -> None:
    ids = keep(library, *many(count)) if count else []
    by: By = "month" if periods and "-" in periods[0][0] else "year"
    drawn = plots.draw(trends_of(ids, periods, labels, by), library, PaperFilter())
    assert len(drawn.drawings) == 4
    assert all(each.words and each.svg for each in drawn.drawings)


def test_periods_with_next_to_no_papers_are_not_drawn_and_named(library: Library) -> None:
    ids = keep(library, *many(3))
    found = trends_of(ids, [("2010", 1), ("2011", 0), ("2023", 200), ("2024", 200), ("2025", 200)])
    words = plots.draw(found, library, PaperFilter()).drawings[1].words
    assert "less than a fiftieth of the papers of the fullest year: 2010." in words


def test_what_is_missing_is_said_in_place_of_a_chart(library: Library) -> None:
    for drawing in plots.draw(trends_of([], []), library, PaperFilter()).drawings:
        assert f">{drawing.words}</text>" in drawing.svg


def test_papers_of_no_theme_are_on_the_map(library: Library) -> None:
    ids = keep(library, *many(6))
    paper_map = plots.draw(trends_of(ids[:3], [("2024", 3)]), library, PaperFilter()).drawings[3]
    assert "6 of 6 papers, a point each:" in paper_map.words
    assert len(re.findall("<title>Paper . of looms</title>", paper_map.svg)) == 6


def test_themes_of_one_title_have_a_panel_each(library: Library) -> None:
    ids = keep(library, *many(4))
    periods = [("2022", 4), ("2023", 4), ("2024", 4)]
    shares = plots.draw(trends_of(ids, periods, ["looms", "looms"]), library, PaperFilter()).drawings[1]
    assert shares.svg.count(">looms<") == 2


@pytest.mark.parametrize("name", ["plots", "plots.svg", "plots.html.gz", ".png.txt"])
def test_other_endings_are_refused(library: Library, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"\.html or \.png"):
        plots.write(trends_of([], []), library, tmp_path / name, PaperFilter())
    assert not (tmp_path / name).exists()


def test_place_that_cannot_be_written_is_named(library: Library, tmp_path: Path) -> None:
    with pytest.raises(AssistantError, match="cannot be written"):
        plots.write(trends_of([], []), library, tmp_path / "no such folder" / "plots.html", PaperFilter())
    (tmp_path / "taken.html").mkdir()
    with pytest.raises(AssistantError, match=r"taken\.html"):
        plots.write(trends_of([], []), library, tmp_path / "taken.html", PaperFilter())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["library", "taken.html"]


def test_file_is_replaced_whole_and_can_be_read_by_others(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "plots.html"
    file.write_text("old")
    plots.write(trends_of([], []), library, file, PaperFilter())
    assert file.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert stat.S_IMODE(file.stat().st_mode) & 0o600 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["library", "plots.html"]
