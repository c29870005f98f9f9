"""First version, to be replaced by the author-identity work: persons by folded name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from assistant.names import fold, same_person
from assistant.paper_rows import pages
from assistant.schema import authorships, name_words, papers


@dataclass(frozen=True, slots=True)
class Variant:
    name: str
    papers: int
    reason: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str
    variants: tuple[Variant, ...]
    paper_ids: tuple[str, ...]


def find(connection: Connection, words: str) -> list[Person]:
    said = fold(words.replace("-", " ") if words.islower() else words).split()
    long = [w for w in said if len(w) > 1]
    if not long:
        return []
    q = select(name_words.c.folded).where(name_words.c.word.in_([*long, *[w[0] for w in long]])).distinct()
    names = [n for n in connection.execute(q).scalars() if same_person(" ".join(said), n)]
    found = []
    for n in names:
        rows = connection.execute(select(authorships.c.paper_id, authorships.c.name).join(papers, papers.c.id == authorships.c.paper_id).where(authorships.c.folded == n).order_by(papers.c.date.desc())).all()
        if rows:
            found.append(Person(n.replace(" ", "-"), rows[0].name, (), tuple(r.paper_id for r in rows)))
    return sorted(found, key=lambda p: -len(p.paper_ids))


def among(connection: Connection, paper_ids: Sequence[str]) -> list[Person]:
    held = defaultdict(list)
    spelt = {}
    for page in pages(list(paper_ids)):
        for r in connection.execute(select(authorships).where(authorships.c.paper_id.in_(page))):
            held[r.folded].append(r.paper_id)
            spelt[r.folded] = r.name
    return sorted((Person(n.replace(" ", "-"), spelt[n], (), tuple(i)) for n, i in held.items()), key=lambda p: -len(p.paper_ids))
