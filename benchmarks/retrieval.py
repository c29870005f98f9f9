"""Searching: its quality on collections with relevance judgements, its speed and its memory at size.

`python -m benchmarks.retrieval FOLDER...` prints nDCG@10 and recall@100 of dense search alone, lexical search alone
and their combinations; a FOLDER holds corpus.jsonl, queries.jsonl and qrels.tsv. Without a FOLDER it prints how long
searches take in libraries of several sizes, made out of the papers of one file (see `benchmarks.search_speed`).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import ir_measures
from ir_measures import R, nDCG

from assistant.library import Library
from assistant.search import Retriever
from assistant.wiring import quiet_environment
from benchmarks import search_speed
from benchmarks.collections import Collection

PAPERS = Path("..", "shared", "corpora", "mlanthology-30k.jsonl.gz")
DEPTH = 100
MEASURES = [nDCG @ 10, R @ 100]
RECIPROCAL_RANK_CONSTANT = 60

Run = Callable[[str], list[tuple[str, float]]]
"""A question to (paper id, score) pairs, best first."""


def runs(retriever: Retriever) -> dict[str, Run]:
    """Return the searches that are compared, by name."""

    def dense(question: str) -> list[tuple[str, float]]:
        vector = retriever.embedder.embed([question])[0]
        return [(match.id, match.similarity) for match in retriever.index.query(vector, DEPTH)]

    def lexical(question: str) -> list[tuple[str, float]]:
        return retriever.library.text_search(question, DEPTH)

    def reciprocal_rank(question: str) -> list[tuple[str, float]]:
        scores: dict[str, float] = {}
        for found in (dense(question), lexical(question)):
            for rank, (paper_id, _) in enumerate(found, 1):
                scores[paper_id] = scores.get(paper_id, 0.0) + 1 / (RECIPROCAL_RANK_CONSTANT + rank)
        return sorted(scores.items(), key=lambda pair: -pair[1])[:DEPTH]

    def combined(question: str) -> list[tuple[str, float]]:
        return [(passage.paper_id, passage.score) for passage in retriever.search(question, DEPTH)]

    return {"dense": dense, "lexical": lexical, "reciprocal rank": reciprocal_rank, "combined": combined}


def evaluate(collection: Collection, library: Library, run: Run) -> dict[str, float]:
    """Return each measure's mean over the queries; a paper counts under every id that its sources gave it."""
    own_ids = library.own_ids([paper.id for paper in library.papers()])
    scored = [
        ir_measures.ScoredDoc(query.id, own_id, score)
        for query in collection.queries
        for paper_id, score in run(query.text)
        for own_id in own_ids[paper_id]
    ]
    values = ir_measures.calc_aggregate(MEASURES, collection.judgements, scored)
    return {str(measure): float(values[measure]) for measure in MEASURES}


def compare(collection: Collection) -> None:
    """Print the measures of each search on a collection."""
    with collection.workspace() as workspace:
        print(f"{collection.folder.name}: {workspace.library.count()} papers, {len(collection.queries)} queries")
        for search, run in runs(workspace.assistant.retriever).items():
            values = evaluate(collection, workspace.library, run)
            print(f"  {search:16}" + "".join(f"  {measure} {value:.4f}" for measure, value in values.items()))


def main() -> None:
    """Print a table for each collection named on the command line, or of the speed at several sizes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval", description=__doc__)
    parser.add_argument("collections", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--papers", type=Path, default=PAPERS, help="file of papers to make libraries of")
    parser.add_argument("--sizes", type=int, nargs="+", default=search_speed.SIZES, help="papers in each library")
    parser.add_argument("--embed", type=int, default=30_000, help="how many of the papers are embedded for real")
    parser.add_argument("--keep", type=Path, help="folder that keeps vectors and libraries for the next time")
    chosen = parser.parse_args()
    quiet_environment()
    for folder in chosen.collections:
        compare(Collection(folder))
    if not chosen.collections:
        with TemporaryDirectory() as temporary:
            search_speed.run(chosen.papers, chosen.keep or Path(temporary), sorted(chosen.sizes), chosen.embed)


if __name__ == "__main__":
    main()
