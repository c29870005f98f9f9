"""Names on papers, read from the library for those who tell people apart."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from assistant.library.authors.same_name import content
from assistant.library.rows import pages
from assistant.library.schema import authorships, papers

_SAMPLE = 2000
"""Papers, the first of the library, whose words say how common each word is."""


@dataclass(frozen=True, slots=True)
class Written:
    """A paper as far as it tells who wrote it: `names` are (ordinal, spelling), in order."""

    number: int
    id: str
    date: str
    names: tuple[tuple[int, str], ...]

    @property
    def year(self) -> int | None:
        """Return the year of publication; None where no date is known."""
        return int(self.date[:4]) if self.date else None


class AuthorshipRows:
    """Papers by the names on them. Read when asked for, or all at once; kept until thrown away."""

    def __init__(self) -> None:
        self._papers: dict[str, Written] = {}
        self._of_name: dict[str, list[str]] = {}
        self._contents: dict[str, frozenset[str]] = {}
        self._is_whole = False
        self._holders: tuple[Counter[str], int] | None = None

    def read_all(self, connection: Connection) -> None:
        """Read every paper: faster than name by name where most are needed."""
        if self._is_whole:
            return
        names: dict[str, list[tuple[int, str]]] = defaultdict(list)
        of_name: dict[str, list[str]] = defaultdict(list)
        query = select(authorships.c.paper_id, authorships.c.ordinal, authorships.c.name).order_by(
            authorships.c.paper_id, authorships.c.ordinal
        )
        for paper_id, ordinal, name in connection.execute(query):
            names[paper_id].append((ordinal, name))
            of_name[name].append(paper_id)
        for number, paper_id, date in connection.execute(select(papers.c.number, papers.c.id, papers.c.date)):
            self._papers[paper_id] = Written(number, paper_id, date, tuple(names.get(paper_id, ())))
        self._of_name = {name: list(dict.fromkeys(ids)) for name, ids in of_name.items()}
        self._is_whole = True

    def of_names(self, connection: Connection, names: Sequence[str]) -> list[Written]:
        """Return the papers on which one of these spellings stands, in the order in which they were added."""
        missing = [] if self._is_whole else [name for name in names if name not in self._of_name]
        for page in pages(missing):
            self._of_name.update((name, []) for name in page)
            query = select(authorships.c.name, authorships.c.paper_id).where(authorships.c.name.in_(page)).distinct()
            for name, paper_id in connection.execute(query):
                self._of_name[name].append(paper_id)
        ids = dict.fromkeys(paper_id for name in names for paper_id in self._of_name.get(name, ()))
        return sorted(self.of_ids(connection, ids), key=lambda paper: paper.number)

    def of_ids(self, connection: Connection, ids: Iterable[str]) -> list[Written]:
        """Return these papers; unknown ids are left out."""
        wanted = list(ids)
        for page in pages(paper_id for paper_id in wanted if paper_id not in self._papers):
            names: dict[str, list[tuple[int, str]]] = defaultdict(list)
            query = select(authorships.c.paper_id, authorships.c.ordinal, authorships.c.name).where(
                authorships.c.paper_id.in_(page)
            )
            for paper_id, ordinal, name in connection.execute(query.order_by(authorships.c.ordinal)):
                names[paper_id].append((ordinal, name))
            rows = connection.execute(select(papers.c.number, papers.c.id, papers.c.date).where(papers.c.id.in_(page)))
            for number, paper_id, date in rows:
                self._papers[paper_id] = Written(number, paper_id, date, tuple(names.get(paper_id, ())))
        return [self._papers[paper_id] for paper_id in wanted if paper_id in self._papers]

    def contents(self, connection: Connection, ids: Iterable[str]) -> list[frozenset[str]]:
        """Return the words of title and abstract of each of these papers."""
        wanted = list(ids)
        missing = [paper_id for paper_id in wanted if paper_id not in self._contents]
        for page in pages(missing):
            rows = connection.execute(
                select(papers.c.id, papers.c.title, papers.c.abstract).where(papers.c.id.in_(page))
            )
            self._contents.update((row.id, content(f"{row.title} {row.abstract}")) for row in rows)
        return [self._contents[paper_id] for paper_id in wanted if paper_id in self._contents]

    def holders(self, connection: Connection) -> tuple[Counter[str], int]:
        """Return in how many papers of a sample each word stands, and how many papers the sample holds."""
        if self._holders is None:
            counts: Counter[str] = Counter()
            query = select(papers.c.title, papers.c.abstract).order_by(papers.c.number).limit(_SAMPLE)
            rows = connection.execute(query).all()
            for title, abstract in rows:
                counts.update(content(f"{title} {abstract}"))
            self._holders = counts, len(rows)
        return self._holders
