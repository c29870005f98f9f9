"""Full-text search over titles and abstracts: the one place that speaks SQLite FTS5."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, text

from assistant.words import content_words

TITLE_WEIGHT = 2.0
"""How much a word in the title counts beside one in the abstract, in BM25."""


def search(
    connection: Connection, question: str, limit: int, allowed: set[str] | None = None
) -> list[tuple[str, float]]:
    """Return up to `limit` (paper id, BM25 score) pairs, best first; higher is better, every score is above 0.

    A paper matches when it holds any content word of the question. `allowed` restricts the result to these papers.
    """
    words = content_words(question)
    if not words:
        return []
    rows = connection.execute(
        text(
            "SELECT papers.id, -bm25(papers_text, :title, 1.0) AS score FROM papers_text "
            "JOIN papers ON papers.number = papers_text.rowid "
            "WHERE papers_text MATCH :query ORDER BY score DESC" + ("" if allowed is not None else " LIMIT :limit")
        ),
        {"query": _any_of(words), "title": TITLE_WEIGHT, "limit": limit},
    )
    found = ((str(row.id), float(row.score)) for row in rows)
    return [pair for pair in found if allowed is None or pair[0] in allowed][:limit]


def holders(connection: Connection, word: str) -> set[str]:
    """Return the ids of the papers in which a word (or a word of the same stem) occurs."""
    rows = connection.execute(
        text(
            "SELECT papers.id FROM papers_text JOIN papers ON papers.number = papers_text.rowid "
            "WHERE papers_text MATCH :query"
        ),
        {"query": _any_of([word])},
    )
    return {str(row.id) for row in rows}


def write(connection: Connection, rows: Iterable[Mapping[str, object]]) -> None:
    """Put papers into the index, replacing earlier text; each row has number, title and abstract."""
    rows = list(rows)
    if rows:
        connection.execute(text("DELETE FROM papers_text WHERE rowid = :number"), rows)
        connection.execute(
            text("INSERT INTO papers_text (rowid, title, abstract) VALUES (:number, :title, :abstract)"), rows
        )


def _any_of(words: Sequence[str]) -> str:
    """Quote each word, so that nothing in a question is read as query syntax."""
    return " OR ".join('"' + word.replace('"', '""') + '"' for word in words)
