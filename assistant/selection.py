"""Which papers a filter chooses, as conditions of a query: what can be said in SQL is not fetched."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, intersect, select

from assistant import lexical
from assistant.names import fold, same_person
from assistant.schema import authorships, categories, name_words, papers, records
from assistant.types import PaperFilter


def passing(connection: Connection, query: Select[Any], chosen: PaperFilter) -> Select[Any]:
    """Add a filter's conditions to a query over `papers`."""
    if chosen.author:
        query = query.where(papers.c.id.in_(_papers_of(connection, chosen.author)))
    if chosen.category:
        query = query.where(
            papers.c.id.in_(select(categories.c.paper_id).where(categories.c.folded == fold(chosen.category)))
        )
    if chosen.since is not None:
        query = query.where(papers.c.year >= chosen.since)
    if chosen.until is not None:
        query = query.where(papers.c.year <= chosen.until)
    if chosen.has_code is not None:
        query = query.where(papers.c.has_code == int(chosen.has_code))
    if chosen.source:
        is_named = (records.c.origin == chosen.source) | records.c.origin.endswith(f"/{chosen.source}", autoescape=True)
        query = query.where(papers.c.id.in_(select(records.c.paper_id).where(is_named)))
    return query


def holding(query: Select[Any], words: str) -> Select[Any]:
    """Add to a query over `papers` that each of the words begins a word of title, authors, venue, category or date."""
    listed = lexical.listed(words)
    return query if listed is None else query.where(papers.c.number.in_(listed))


def _papers_of(connection: Connection, author: str) -> Select[Any]:
    """Return a query for the ids of an author's papers.

    By `same_person` each word of two letters or more is a word of the name in full or stands for an initial of it.
    """
    words = fold(author).split()
    long_words = [word for word in words if len(word) > 1]
    fitting = [select(name_words.c.folded).where(name_words.c.word.in_((word, word[0]))) for word in long_words]
    if len(words) == len(long_words) == 1:
        names: Any = select(name_words.c.folded).where(name_words.c.word == words[0])
    elif fitting:
        rows = connection.execute(intersect(*fitting) if len(fitting) > 1 else fitting[0]).scalars()
        names = [name for name in rows if same_person(author, name)]
    else:
        names = []  # initials alone name nobody
    return select(authorships.c.paper_id).where(authorships.c.folded.in_(names))
