"""Trends tab of the page: text, tables, pictures and files, and nothing in them but what was written here."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from assistant.analysis.charts import Drawing
from assistant.analysis.trends import Share, Trend, Trends
from assistant.errors import LibraryError
from assistant.library import Library, upsert
from assistant.types import Paper, PaperFilter, Passage, Progress, Record
from assistant.ui.downloads import Downloads
from assistant.ui.trends import TrendsTab, figures, report
from tests.conftest import make_paper, store_vectors
from tests.fakes import HashingEmbedder

ATTACK = "</td><script>alert(1)</script><img src=x onerror=alert(2)> [a](javascript:alert(3)) \u202e"


def no_search(text: str, limit: int, filter: PaperFilter) -> list[Passage]:
    raise AssertionError("Nothing is searched for by meaning.")


def ignore(_: Progress) -> None:
    pass


def keep(library: Library, *papers: Paper) -> list[Paper]:
    upsert.store(library, [Record(paper, line) for line, paper in enumerate(papers, 1)], "papers.bib")
    kept = library.papers()
    store_vectors(library, [paper.id for paper in kept], HashingEmbedder().embed([paper.abstract for paper in kept]))
    return kept


@pytest.fixture
def tab(library: Library) -> TrendsTab:
    papers = [
        make_paper(
            f"Loom number {number}",
            "Punched cards weave a pattern of threads." if number % 2 else "Gears of brass carry numbers along.",
            authors=("Ada Lovelace", "Charles Babbage"),
            date=f"{2022 + number % 3}-05",
            categories=("CL",) if number % 2 else ("LG",),
            url=f"https://example.org/{number}",
        )
        for number in range(12)
    ]
    keep(library, *papers)
    return TrendsTab(library, no_search, Downloads())


class Page(HTMLParser):
    """The tags, the attributes and the text of a piece of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def trends_of(ids: Sequence[str], label: str) -> Trends:
    shares = (
        Share("2024", 1, 4, 0.25, 0.05, 0.7),
        Share("2025", 0, 0, 0.0, 0.0, 1.0),
        Share("2026", 3, 4, 0.75, 0.3, 0.95),
    )
    course = Trend(label, "t1", tuple(ids), "2024", "2026", shares, "unclear", f"1 paper; {label}", tuple(ids))
    return Trends(
        f"papers by {label}",
        "year",
        8,
        0,
        0,
        ("2024", "2025", "2026"),
        (("2024", 4), ("2025", 0), ("2026", 4)),
        (course,),
        (replace(course, theme_id=""),),
        (),
        (f"A remark on {label}.",),
    )


def test_text_comes_first_then_pictures_then_files(tab: TrendsTab) -> None:
    heard: list[Progress] = []
    first, *_, last = tab.show(heard.append, "Ada Lovelace", "", "", "", "", "year")
    assert "12 of 12 papers by Ada Lovelace, 2022 to 2024." in Page(first[0]).text
    assert "Drawing the plots" in first[1]
    assert first[2] == ""
    assert last[1].count('src="data:image/svg+xml;base64,') == 4
    assert last[2].count("download=") == 3
    assert heard


def test_fields_choose_the_papers(tab: TrendsTab) -> None:
    text = Page(next(tab.show(ignore, " ", "", "2023", "2024", "LG", "year"))[0]).text
    assert "4 of 4 papers" in text
    assert "2023" in text
    assert "2022" not in text


def test_topic_that_no_abstract_holds_is_searched_by_meaning_and_said(library: Library, tab: TrendsTab) -> None:
    near = [Passage(paper.id, 1.0, 0.9) for paper in library.papers()[:3]]
    searching = TrendsTab(library, lambda text, limit, filter: near, Downloads())
    text = Page(next(searching.show(ignore, "", "textile machines", "", "", "", "year"))[0]).text
    assert "3 of 3 papers" in text
    assert "near to “textile machines”" in text


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [("20x4", "", "“20x4” is not a year"), ("", "٢٠٢٤", "is not a year"), ("1", "", "is not a year")],
)
def test_what_is_not_a_year_is_said(tab: TrendsTab, since: str, until: str, said: str) -> None:
    (outputs,) = tab.show(ignore, "", "", since, until, "", "year")
    assert 'class="note error"' in outputs[0]
    assert said in outputs[0]


def test_no_papers_are_a_remark_without_plots(tab: TrendsTab) -> None:
    (outputs,) = tab.show(ignore, "Nobody Atall <b>", "", "", "", "", "year")
    assert 'class="note aside"' in outputs[0]
    assert "<b>" not in outputs[0]
    assert outputs[1:] == ("", "")


def test_error_of_the_search_is_a_note(library: Library, tab: TrendsTab) -> None:
    def fails(text: str, limit: int, chosen: PaperFilter) -> list[Passage]:
        raise LibraryError("The index is away <i>.")

    (outputs,) = TrendsTab(library, fails, Downloads()).show(ignore, "", "unheard of", "", "", "", "year")
    assert outputs[0] == '<div class="note error">The index is away &lt;i&gt;.</div>'


def test_text_of_papers_is_escaped_everywhere(library: Library) -> None:
    papers = keep(library, make_paper(ATTACK, url="javascript:alert(4)"), make_paper(f"{ATTACK} 2", "Other."))
    found = trends_of([paper.id for paper in papers], ATTACK)
    page = Page(report(found, {paper.id: paper for paper in papers}))
    assert not {"script", "img", "a"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "<script>alert(1)</script>" in page.text
    assert "\u202e" not in page.text
    shown = Page(figures([Drawing(ATTACK, ATTACK, {}, f"<svg>{ATTACK}</svg>")]))
    assert shown.tags.count("img") == 1
    assert not {"script", "svg"} & set(shown.tags)


def test_exemplars_are_links_to_safe_addresses(library: Library) -> None:
    papers = keep(library, make_paper("Looms", url="https://example.org/?a=1&b=%22"))
    page = Page(report(trends_of([papers[0].id], "weaving"), {papers[0].id: papers[0]}))
    assert ("href", "https://example.org/?a=1&b=%22") in page.attributes
    assert ("rel", "noopener noreferrer") in page.attributes


def test_table_shows_counts_shares_and_intervals_of_periods_with_papers() -> None:
    page = Page(report(trends_of([], "weaving"), {}))
    assert re.search(r"2026: 75 % 3 of 4; 30 to 95 %", page.text)
    assert "2025" not in page.text
    assert "A remark on weaving." in page.text


def test_files_are_served_to_be_saved_at_addresses_that_nobody_guesses(tab: TrendsTab) -> None:
    *_, last = tab.show(ignore, "", "", "", "", "", "month")
    client = TestClient(Starlette(routes=[tab._downloads.route]))
    addresses = re.findall(r'href="([^"]+)"', last[2])
    assert len(addresses) == 3
    for address in addresses:
        assert re.fullmatch(r"/downloads/[0-9a-f]{32}/trends\.(html|png|json)", address)
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert answer.headers["cache-control"] == "no-store"
    assert json.loads(client.get(addresses[2]).text)["by"] == "month"
    assert client.get("/downloads/" + "0" * 32 + "/trends.png").status_code == 404


def test_oldest_files_are_forgotten_when_there_are_too_many() -> None:
    downloads = Downloads(most_bytes=10)
    client = TestClient(Starlette(routes=[downloads.route]))
    first, second = downloads.store("a.png", b"12345678"), downloads.store("b.png", b"12345678")
    answer = client.get(first)
    assert answer.status_code == 404
    assert "create it again" in answer.text
    assert client.get(second).content == b"12345678"
