"""Who wrote with whom in a set of papers: the people who wrote most together, and where to draw them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import networkx as nx
from sqlalchemy import Connection, func, select

from assistant.catalogue import PaperCount as Tally
from assistant.catalogue import paper_counts
from assistant.library import Library, authors, authorships, pages, papers, passing
from assistant.types import PaperFilter

MOST_PEOPLE = 30
"""People that are drawn: of more, the names could not be read."""

_MOST_WRITERS = 100
"""Authors of a paper up to which it links them; see `tallies.pairs`."""

_MANY_PAPERS = 400
"""Papers from which on only people with frequent names are looked for: who everybody is would take a minute."""

_FREQUENT_NAMES = 80
_CANDIDATES = 200

_Frame = tuple[float, float, float, float]
"""Left, top, width, height."""


@dataclass(frozen=True, slots=True)
class Member:
    """A person with how many of the papers they wrote, and where to draw them: both from 0 to 1."""

    id: str
    name: str
    papers: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Link:
    """How many of the papers two people, by id, wrote together."""

    one: str
    other: str
    papers: int


@dataclass(frozen=True, slots=True)
class Network:
    """The people and their links, those who wrote most first. `names` counts the different names on the papers.

    Of `cut` papers the source cut the list of authors; `crowded` ones have more authors than are linked.
    """

    members: tuple[Member, ...]
    links: tuple[Link, ...]
    names: int
    cut: int
    crowded: int


def find(library: Library, paper_ids: Collection[str]) -> Network:
    """Return the network of a set of papers: of the people who are linked most, at most `MOST_PEOPLE`.

    People are persons, not spellings (see `assistant.authors`). Where nobody is linked, those who wrote most stand
    alone. The layout is that of Kamada and Kawai (Information Processing Letters 31, 1989), each group by itself.
    """
    wanted = PaperFilter(among=tuple(sorted(paper_ids)))
    with library.transaction() as connection:
        entries = paper_counts.entries(connection, wanted)
        names = _names(connection, [entry.id for entry in entries])
        is_much = len(entries) > _MANY_PAPERS
        people = _frequent(connection, names) if is_much else paper_counts.per_author(connection, entries)
        cut_ones = select(func.count()).select_from(papers).where(papers.c.authors_complete == 0)
        cut = int(connection.execute(passing(connection, cut_ones, wanted)).scalar_one())
    crowded = {paper_id for paper_id, held in names.items() if len(held) > _MOST_WRITERS}
    together = _together(people, crowded)
    chosen = _most_linked(people, together)
    ids = {person.id for person in chosen}
    links = tuple(
        Link(one, other, count)
        for (one, other), count in sorted(together.items(), key=lambda pair: (-pair[1], pair[0]))
        if one in ids and other in ids
    )
    places = _places([person.id for person in chosen], links)
    members = tuple(Member(person.id, person.name, person.count, *places[person.id]) for person in chosen)
    everyone = {name for held in names.values() for name in held}
    return Network(members, links, len(everyone), cut, len(crowded))


def _names(connection: Connection, paper_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return for each paper the names of its authors: as it is compared, and as it is spelt there."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    columns = authorships.c.paper_id, authorships.c.folded, authorships.c.name
    for page in pages(paper_ids):
        query = select(*columns).where(authorships.c.paper_id.in_(page)).order_by(*columns)
        for paper_id, folded, name in connection.execute(query):
            found[paper_id][folded] = name
    return found


def _frequent(connection: Connection, names: Mapping[str, Mapping[str, str]]) -> list[Tally]:
    """Return the people who have the most frequent names, with those of the papers that they wrote."""
    spelt: dict[str, dict[str, str]] = defaultdict(dict)
    for paper_id, held in names.items():
        for folded, name in held.items():
            spelt[folded][paper_id] = name
    often = sorted((name for name, uses in spelt.items() if len(uses) > 1), key=lambda name: (-len(spelt[name]), name))
    found: dict[str, Tally] = {}
    for folded in often[:_FREQUENT_NAMES]:
        left = dict(spelt[folded])
        while left:  # one name may be several people's
            paper_id, name = left.popitem()
            person = authors.holder(connection, paper_id, name)
            if person is not None:
                ids = tuple(each for each in person.paper_ids if each in names)
                found.setdefault(person.id, Tally(person.name, ids, person.id))
                left = {each: name for each, name in left.items() if each not in ids}
    return sorted(found.values(), key=lambda person: (-person.count, person.name, person.id))


def _together(people: Sequence[Tally], crowded: Collection[str]) -> Counter[tuple[str, str]]:
    """Count the papers that each two of the most frequent people wrote together, by their ids in order."""
    writers: dict[str, list[str]] = defaultdict(list)
    for person in people[:_CANDIDATES]:
        for paper_id in person.paper_ids:
            writers[paper_id].append(person.id)
    found: Counter[tuple[str, str]] = Counter()
    for paper_id, ids in writers.items():
        if paper_id not in crowded:
            found.update(combinations(sorted(set(ids)), 2))
    return found


def _most_linked(people: Sequence[Tally], together: Mapping[tuple[str, str], int]) -> list[Tally]:
    """Choose those who wrote most papers with others, counted once for each other; where nobody did, who wrote most."""
    weight: Counter[str] = Counter()
    for (one, other), count in together.items():
        weight[one] += count
        weight[other] += count
    linked = [person for person in people if weight[person.id]] or list(people)
    most = sorted(linked, key=lambda person: (-weight[person.id], -person.count, person.name, person.id))[:MOST_PEOPLE]
    ids = {person.id for person in most}
    bound = {person_id for pair in together if ids.issuperset(pair) for person_id in pair}
    return [person for person in most if person.id in bound or not bound]


def _places(ids: Sequence[str], links: Iterable[Link]) -> dict[str, tuple[float, float]]:
    """Return a place for each person: each group that is linked is laid out by itself, in a part of its size."""
    graph = nx.Graph()
    graph.add_nodes_from(ids)
    for link in links:
        graph.add_edge(link.one, link.other, length=1 / link.papers**0.5)
    rank = {person_id: place for place, person_id in enumerate(ids)}
    groups = [sorted(group, key=rank.__getitem__) for group in nx.connected_components(graph)]
    groups.sort(key=lambda group: (-len(group), rank[group[0]]))
    places: dict[str, tuple[float, float]] = {}
    for group, (left, top, width, height) in _parts(groups, (0.0, 0.0, 1.0, 1.0)):
        part = nx.Graph()  # made anew: a view would hand on the nodes in the order of their hashes
        part.add_nodes_from(group)
        part.add_edges_from(sorted(graph.subgraph(group).edges(data=True), key=lambda edge: sorted(edge[:2])))
        flat = nx.kamada_kawai_layout(part, weight="length") if len(group) > 1 else {group[0]: (0.0, 0.0)}
        for person_id, (x, y) in _filling(flat).items():
            places[person_id] = left + width * (0.1 + 0.8 * x), top + height * (0.1 + 0.8 * y)
    return places


def _parts(groups: Sequence[Sequence[str]], frame: _Frame) -> list[tuple[Sequence[str], _Frame]]:
    """Cut a frame into a part for each group, by their sizes, along its longer side."""
    if len(groups) < 2:
        return [(group, frame) for group in groups]
    total, first, count = sum(map(len, groups)), 0, 0
    while count < len(groups) - 1 and (count == 0 or first + len(groups[count]) <= total / 2):
        first += len(groups[count])
        count += 1
    left, top, width, height = frame
    share = first / total
    if width >= height:
        one, other = (left, top, width * share, height), (left + width * share, top, width * (1 - share), height)
    else:
        one, other = (left, top, width, height * share), (left, top + height * share, width, height * (1 - share))
    return [*_parts(groups[:count], one), *_parts(groups[count:], other)]


def _filling(places: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """Return the places so that they fill the square from 0 to 1; what does not spread stays in the middle."""
    found: dict[str, list[float]] = {person_id: [] for person_id in places}
    for side in (0, 1):
        values = [float(place[side]) for place in places.values()]
        low, spread = min(values), max(values) - min(values)
        for person_id, value in zip(places, values, strict=True):
            found[person_id].append((value - low) / spread if spread > 1e-6 else 0.5)
    return {person_id: (x, y) for person_id, (x, y) in found.items()}
