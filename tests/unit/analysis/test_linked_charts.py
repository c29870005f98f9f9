"""Charts whose marks are links: each to its own, hostile names and titles inert, none without being asked for."""

from __future__ import annotations

from lxml import etree  # type: ignore[import-untyped]

from assistant.analysis import charts
from assistant.analysis.trends import Trends
from assistant.library import Library, upsert
from assistant.types import PaperFilter, Record
from tests.conftest import make_paper, store_vectors
from tests.fakes import HashingEmbedder

ALL = PaperFilter()
ATTACK = '"><script>alert(1)</script>'
NUMBERED = "0|Ada"
SVG = {"svg": "http://www.w3.org/2000/svg"}


def links(svg: str) -> dict[str, str]:
    found = etree.fromstring(svg).xpath("//svg:a", namespaces=SVG)
    return {link.get("href"): link.get("aria-label") for link in found}


def put_in(library: Library) -> list[str]:
    papers = [
        make_paper(f"{ATTACK} {NUMBERED} $x|y$", authors=(ATTACK, "Charles Babbage"), date="2024"),
        make_paper("1|Gears", authors=("Charles Babbage", NUMBERED), date="2025"),
    ]
    upsert.store(library, [Record(paper, line) for line, paper in enumerate(papers, 1)], "papers.bib")
    ids = [paper.id for paper in library.papers()]
    store_vectors(library, ids, HashingEmbedder().embed(["looms", "gears"]))
    return ids


def test_each_person_and_each_pair_leads_to_its_own(library: Library) -> None:
    put_in(library)
    network, drawn = charts.draw_people(library, ALL, lambda one: f"/author/{one}", lambda one, two: f"/{one}+{two}")
    found = links(drawn.svg)
    assert {
        f"/author/{each.id}": f"{each.name}: {each.papers} paper{'s' * (each.papers > 1)}" for each in network.members
    }.items() <= found.items()
    for one, other, _ in network.links:
        assert found[f"/{one.id}+{other.id}"] == f"{one.name} and {other.name}: 1 paper together"
    assert "<script" not in drawn.svg


def test_each_point_of_the_map_leads_to_its_paper(library: Library) -> None:
    ids = put_in(library)
    nothing = Trends("papers", "year", 2, 0, 2, (), (), (), (), (), ())
    found = links(charts.draw_map(nothing, library, ALL, lambda paper: f"/paper/{paper}").svg)
    titles = {f"/paper/{paper.id}": paper.title for paper in library.papers_by_id(ids)}
    assert found == titles


def test_charts_to_take_away_have_no_links(library: Library) -> None:
    put_in(library)
    assert links(charts.draw_people(library, ALL)[1].svg) == {}
    assert "0|Ada" in charts.draw_people(library, ALL)[1].svg
