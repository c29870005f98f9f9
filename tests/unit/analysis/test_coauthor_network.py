"""Who wrote with whom: people instead of spellings, counted links, and places that stay."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np

from assistant.analysis.charts.drawings import coauthors
from assistant.analysis.charts.layouts import MOST_PEOPLE, Network, coauthor_network
from assistant.library import Library, upsert
from assistant.types import Paper, Record
from tests.conftest import make_paper


def keep(library: Library, *papers: Paper) -> list[str]:
    upsert.store(library, [Record(paper, line) for line, paper in enumerate(papers, 1)], "papers.bib")
    return [paper.id for paper in library.papers()]


def together(network: Network) -> dict[frozenset[str], int]:
    return {frozenset((one.name, other.name)): papers for one, other, papers in network.links}


def test_papers_together_are_counted_for_each_pair(library: Library) -> None:
    ids = keep(
        library,
        make_paper("Looms", authors=("Ada Lovelace", "Charles Babbage")),
        make_paper("Gears", authors=("Charles Babbage", "Ada Lovelace", "Mary Somerville")),
        make_paper("Alone", authors=("Mary Somerville",)),
    )
    network = coauthor_network(library, ids)
    assert together(network) == {
        frozenset(("Ada Lovelace", "Charles Babbage")): 2,
        frozenset(("Ada Lovelace", "Mary Somerville")): 1,
        frozenset(("Charles Babbage", "Mary Somerville")): 1,
    }
    assert {member.name: member.papers for member in network.members} == {
        "Ada Lovelace": 2,
        "Charles Babbage": 2,
        "Mary Somerville": 2,
    }


def test_spellings_of_one_person_are_one(library: Library) -> None:
    ids = keep(
        library,
        make_paper("Looms", authors=("Ada Lovelace", "Charles Babbage")),
        make_paper("Gears", authors=("A. Lovelace", "Charles Babbage")),
    )
    network = coauthor_network(library, ids)
    assert [papers for *_, papers in network.links] == [2]
    assert network.people == 2


def test_only_the_papers_that_are_meant_count(library: Library) -> None:
    keep(
        library,
        make_paper("Looms", authors=("Ada Lovelace", "Charles Babbage")),
        make_paper("Gears", authors=("Ada Lovelace", "Mary Somerville")),
    )
    meant = [paper.id for paper in library.papers() if paper.title == "Looms"]
    assert together(coauthor_network(library, meant)) == {frozenset(("Ada Lovelace", "Charles Babbage")): 1}


def test_order_of_the_papers_changes_nothing(library: Library) -> None:
    ids = keep(library, *(make_paper(f"P{n}", authors=(f"Ann A{n % 3}", f"Bob B{n % 4}", "Cy C")) for n in range(9)))
    assert coauthor_network(library, ids) == coauthor_network(library, ids[::-1])


def test_one_author_stands_alone_and_no_papers_have_nobody(library: Library) -> None:
    ids = keep(library, make_paper("Looms", authors=("Ada Lovelace",)))
    network = coauthor_network(library, ids)
    assert [(member.name, member.papers) for member in network.members] == [("Ada Lovelace", 1)]
    assert network.links == ()
    assert coauthor_network(library, []) == Network((), (), 0, 0, 0)


def test_of_many_co_authors_those_who_are_linked_most_are_drawn(library: Library) -> None:
    crowd = tuple(f"Person{chr(97 + n // 26)}{chr(97 + n % 26)} Loom" for n in range(60))
    ids = keep(
        library,
        make_paper("Crowd", authors=crowd),
        *(make_paper(f"Pair {n}", authors=("Zoe Last", "Yan Next")) for n in range(70)),
    )
    network = coauthor_network(library, ids)
    assert len(network.members) == MOST_PEOPLE
    assert {"Zoe Last", "Yan Next"} <= {member.name for member in network.members}
    assert together(network)[frozenset(("Zoe Last", "Yan Next"))] == 70
    assert len({(member.x, member.y) for member in network.members}) == MOST_PEOPLE


def test_paper_of_two_hundred_authors_links_nobody_and_is_counted(library: Library) -> None:
    crowd = tuple(f"Person{chr(97 + n // 26)}{chr(97 + n % 26)} Loom" for n in range(200))
    network = coauthor_network(library, keep(library, make_paper("Crowd", authors=crowd)))
    assert network.links == ()
    assert network.crowded == 1
    assert network.people == 200


def test_cut_lists_of_authors_are_counted(library: Library) -> None:
    network = coauthor_network(library, keep(library, make_paper("Looms", authors_complete=False), make_paper("Gears")))
    assert network.cut == 1


def test_groups_that_never_wrote_together_lie_apart(library: Library) -> None:
    ids = keep(
        library,
        make_paper("Looms", authors=("Ada Lovelace", "Charles Babbage", "Mary Somerville")),
        make_paper("Gears", authors=("Zoe Last", "Yan Next")),
    )
    network = coauthor_network(library, ids)
    place = {member.name: np.array([member.x, member.y]) for member in network.members}
    linked = {frozenset((one.name, other.name)) for one, other, _ in network.links}
    distance = {
        frozenset((one, other)): np.linalg.norm(place[one] - place[other]) for one, other in combinations(place, 2)
    }
    assert max(distance[pair] for pair in linked) < min(distance[pair] for pair in distance.keys() - linked)


def test_names_of_thirty_people_hardly_overlap(library: Library) -> None:
    groups = [tuple(f"Person{chr(97 + n)} {family}" for n in range(10)) for family in ("Weaver", "Spinner", "Carder")]
    ids = keep(library, *(make_paper(f"Paper {n}", authors=group) for n, group in enumerate(groups)))
    svg = coauthors(coauthor_network(library, ids), len(ids)).svg
    found = re.findall(r'translate\(([\d.]+),([\d.]+)\)"[^>]*>(Person[^<]+)</text>', svg)
    places = {name: (float(x), float(y), 6 * len(name)) for x, y, name in found}
    assert len(places) == 30
    touching = [
        (one, other)
        for one, other in combinations(places, 2)
        if abs(places[one][1] - places[other][1]) < 12
        and abs(places[one][0] - places[other][0]) < (places[one][2] + places[other][2]) / 2
    ]
    assert len(touching) <= 3, touching
