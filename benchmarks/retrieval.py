"""Quality of search on collections with relevance judgements.

`python -m benchmarks.retrieval FOLDER...` prints nDCG@10 and recall@100 of dense search alone, lexical search alone and
their combinations. A FOLDER holds corpus.jsonl, queries.jsonl and qrels.tsv (query, document, grade; grades above 0 are
relevant). How long searches take is measured by `benchmarks.search_speed`.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import ir_measures
from ir_measures import R, nDCG

from assistant.evaluation import question_files
from assistant.search import Retriever
from benchmarks import measuring

DEPTH = 100
MEASURES = [nDCG @ 10, R @ 100]
RECIPROCAL_RANK_CONSTANT = 60

Search = Callable[[str], list[tuple[str, float]]]
"""A question to (paper id, score) pairs, best first."""


def searches(retriever: Retriever) -> dict[str, Search]:
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


def judgements(folder: Path) -> Iterator[ir_measures.Qrel]:
    """Yield a collection's relevance judgements; a grade below 0 counts as 0."""
    with (folder / "qrels.tsv").open(encoding="utf-8", newline="") as file:
        for query, document, grade in list(csv.reader(file, delimiter="\t"))[1:]:
            yield ir_measures.Qrel(query, document, max(0, int(grade)))


def main(folders: list[Path]) -> None:
    """Print a table for each collection; a paper counts under every id that its sources gave it."""
    for folder in folders:
        queries, relevant = question_files.read(folder / "queries.jsonl"), list(judgements(folder))
        with measuring.library_with(folder / "corpus.jsonl") as workspace:
            print(f"{folder.name}: {workspace.library.count()} papers, {len(queries)} queries")
            source_ids = workspace.library.source_keys([paper.id for paper in workspace.library.papers()])
            for name, search in searches(workspace.assistant.retriever).items():
                scored = [
                    ir_measures.ScoredDoc(query.id, source_id, score)
                    for query in queries
                    for paper_id, score in search(query.text)
                    for source_id in source_ids[paper_id]
                ]
                values = ir_measures.calc_aggregate(MEASURES, relevant, scored)
                print(f"  {name:16}" + "".join(f"  {measure} {values[measure]:.4f}" for measure in MEASURES))


if __name__ == "__main__":
    measuring.run(main, __doc__)
