"""Who wrote with whom: people instead of spellings, counted links, and places that stay."""

from __future__ import annotations

from assistant.analysis.charts import coauthor_network
from assistant.analysis.charts.coauthor_network import MOST_PEOPLE, Network, find
from assistant.library import Library, upsert
from assistant.types import Paper, Record
from tests.conftest import make_paper


def keep(library: Library, *papers: Paper) -> list[str]:
    upsert.keep(library, [Record(paper, line) for line, paper in enumerate(papers, 1)], "papers.bib")
    return [paper.id for paper in library.papers()]


def together(network: Network) -> dict[frozenset[str], int]:
    names = {member.id: member.name for member in network.members}
    return {frozenset((names[link.one], names[link.other])): link.papers for link in network.links}


def test_papers_together_are_counted_for_each_pair(library: Library) -> None:
    ids = keep(
        library,
        make_paper("Looms", authors=("Ada Lovelace", "Charles Babbage")),
        make_paper("Gears", authors=("Charles Babbage", "Ada Lovelace", "Mary Somerville")),
        make_paper("Alone", authors=("Mary Somerville",)),
    )
    network = find(library, ids)
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
    network = find(library, ids)
    assert [link.papers for link in network.links] == [2]
    assert network.names == 3


def test_only_the_papers_that_are_meant_count(library: Library) -> None:
    keep(
        library,
        make_paper("Looms", authors=("Ada Lovelace", "Charles Babbage")),
        make_paper("Gears", authors=("Ada Lovelace", "Mary Somerville")),
    )
    meant = [paper.id for paper in library.papers() if paper.title == "Looms"]
    assert together(find(library, meant)) == {frozenset(("Ada Lovelace", "Charles Babbage")): 1}


def test_order_of_the_papers_changes_nothing(library: Library) -> None:
    ids = keep(library, *(make_paper(f"P{n}", authors=(f"Ann A{n % 3}", f"Bob B{n % 4}", "Cy C")) for n in range(9)))
    assert find(library, ids) == find(library, ids[::-1])


def test_one_author_stands_alone_and_no_papers_have_nobody(library: Library) -> None:
    ids = keep(library, make_paper("Looms", authors=("Ada Lovelace",)))
    network = find(library, ids)
    assert [(member.name, member.papers) for member in network.members] == [("Ada Lovelace", 1)]
    assert network.links == ()
    assert find(library, []) == Network((), (), 0, 0, 0)


def test_of_many_co_authors_those_who_are_linked_most_are_drawn(library: Library) -> None:
    crowd = tuple(f"Person{chr(97 + n // 26)}{chr(97 + n % 26)} Loom" for n in range(60))
    ids = keep(
        library,
        make_paper("Crowd", authors=crowd),
        *(make_paper(f"Pair {n}", authors=("Zoe Last", "Yan Next")) for n in range(70)),
    )
    network = find(library, ids)
    assert len(network.members) == MOST_PEOPLE
    assert {"Zoe Last", "Yan Next"} <= {member.name for member in network.members}
    assert together(network)[frozenset(("Zoe Last", "Yan Next"))] == 70
    assert all(0 <= member.x <= 1 and 0 <= member.y <= 1 for member in network.members)


def test_paper_of_two_hundred_authors_links_nobody_and_is_counted(library: Library) -> None:
    crowd = tuple(f"Person{chr(97 + n // 26)}{chr(97 + n % 26)} Loom" for n in range(200))
    network = find(library, keep(library, make_paper("Crowd", authors=crowd)))
    assert network.links == ()
    assert network.crowded == 1
    assert network.names == 200


def test_cut_lists_of_authors_are_counted(library: Library) -> None:
    network = find(library, keep(library, make_paper("Looms", authors_complete=False), make_paper("Gears")))
    assert network.cut == 1


def test_of_many_papers_people_with_frequent_names_are_found_alike(library: Library, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    ids = keep(
        library,
        *(
            make_paper(f"P{n}", authors=("Ada Lovelace", "Charles Babbage", f"Once{chr(97 + n)} Seen"))
            for n in range(9)
        ),
        make_paper("Q", authors=("A. Lovelace", "Mary Somerville")),
        make_paper("R", authors=("Ada Lovelace", "Mary Somerville")),
    )
    whole = together(find(library, ids))
    monkeypatch.setattr(coauthor_network, "_MANY_PAPERS", 5)
    frequent = together(find(library, ids))
    assert frequent == {pair: count for pair, count in whole.items() if count > 1}
