"""Layouts on a plane: people near those they wrote with, and papers near those of like meaning."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import combinations

import networkx as nx
import numpy as np
from sqlalchemy import func, select

from assistant.catalogue import paper_counts
from assistant.library import Library, authors, papers, papers_passing
from assistant.protocols import Vectors
from assistant.text import one_line
from assistant.types import PaperFilter

MOST_PEOPLE = 30  # the names of more could not be read
MOST_PAPERS = 2000  # of more, a sample that the ids decide: points lie on each other otherwise
FEWEST_NEIGHBOURS = 30  # papers from which on neighbours say more than the directions in which the papers differ most
_UNLINKED = 1.8  # how far apart people are that are not linked; those that are, 1
_DIMENSIONS, _PERPLEXITY, _STEPS = 50, 30.0, 400
Places = dict[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Member:
    """A person with how many of the papers they wrote, and where to draw them, in no unit."""

    id: str
    name: str
    papers: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Network:
    """People, and how many papers two of them wrote together, most first. `people` counts all who wrote the papers.

    Of `cut` papers the source cut the list of authors; `crowded` ones have more authors than are linked.
    """

    members: tuple[Member, ...]
    links: tuple[tuple[Member, Member, int], ...]
    people: int
    cut: int
    crowded: int


def coauthor_network(library: Library, paper_ids: Collection[str]) -> Network:
    """Return the network of a set of papers: of the people who are linked most, at most `MOST_PEOPLE`.

    People are persons, not spellings. Where nobody is linked, those who wrote most stand alone. The layout is that of
    Kamada and Kawai (Information Processing Letters 31, 1989) with one distance for the linked and one for all others.
    """
    wanted = PaperFilter(among=tuple(sorted(paper_ids)))
    with library.transaction() as connection:
        people = paper_counts.per_author(connection, paper_counts.entries(connection, wanted))
        incomplete = select(func.count()).select_from(papers).where(papers.c.authors_complete == 0)
        cut = int(connection.execute(papers_passing(connection, incomplete, wanted)).scalar_one())
    writers: dict[str, list[str]] = defaultdict(list)
    for person in people:
        for paper_id in person.paper_ids:
            writers[paper_id].append(person.id)
    linked = [ids for ids in writers.values() if len(ids) <= authors.MOST_AUTHORS]
    known = {person.id: person for person in people[:200]}  # those who wrote most
    together = Counter(pair for ids in linked for pair in combinations(sorted(known.keys() & ids), 2))
    graph = nx.Graph()
    graph.add_nodes_from(known)
    graph.add_weighted_edges_from((*pair, count) for pair, count in together.items())
    weight = dict(graph.degree(weight="weight"))
    most = sorted(known, key=lambda each: (-weight[each], -known[each].count, known[each].name, each))[:MOST_PEOPLE]
    part = graph.subgraph(most)
    chosen = [each for each in most if part.degree[each]] or most
    apart = {one: {other: 1 if part.has_edge(one, other) else _UNLINKED for other in chosen} for one in chosen}
    places = nx.kamada_kawai_layout(nx.empty_graph(chosen), dist=apart)
    members = {
        each: Member(each, one_line(known[each].name), known[each].count, *places[each].round(6)) for each in chosen
    }
    ordered = sorted(together.items(), key=lambda link: (-link[1], link[0]))
    links = ((members[one], members[other], count) for (one, other), count in ordered if {one, other} <= members.keys())
    return Network(tuple(members.values()), tuple(links), len(people), cut, len(writers) - len(linked))


def paper_map(vectors: Mapping[str, Vectors]) -> Places:
    """Return a place for each paper by id, in no unit; the order of the papers changes nothing.

    `vectors` are unit vectors of one length. Few papers are projected on their two principal components, more are laid
    out by t-SNE (van der Maaten and Hinton, Journal of Machine Learning Research 9, 2008), which begins from the same
    projection, so that nothing in it is random (Kobak and Berens, Nature Communications 10, 2019).
    """
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    ids = sorted(sorted(vectors, key=lambda paper_id: hashlib.sha256(paper_id.encode()).digest())[:MOST_PAPERS])
    if not ids:
        return {}
    matrix = np.stack([vectors[paper_id] for paper_id in ids]).astype(np.float64)
    with threadpool_limits(1):  # several threads wait for each other on a busy machine, ten times as long as they work
        components, spreads, _ = np.linalg.svd(matrix - matrix.mean(axis=0), full_matrices=False)
        flat = np.pad((components * spreads)[:, :_DIMENSIONS], ((0, 0), (0, 2)))
        if len(ids) >= FEWEST_NEIGHBOURS and spreads[0] > 1e-6:
            perplexity = min(_PERPLEXITY, (len(ids) - 1) / 3)
            projection = TSNE(2, perplexity=perplexity, init="pca", random_state=0, max_iter=_STEPS, n_jobs=1)
            flat = projection.fit_transform(flat)
    return {paper_id: (x, y) for paper_id, (x, y) in zip(ids, flat[:, :2].round(6).tolist(), strict=True)}
