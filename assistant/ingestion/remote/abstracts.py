"""Abstracts of papers that are known by title and identifier, asked for many at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from assistant.errors import NotThere, RemoteError, UsageError
from assistant.ingestion.remote import arxiv, openalex, semantic_scholar
from assistant.ingestion.remote.client import Client
from assistant.ingestion.remote.references import Reference, parse_reference
from assistant.ingestion.remote.services import Service, Services
from assistant.types import Paper, Problem, Record

AT_ONCE = 50
"""Papers of one request: as many as OpenAlex takes."""


@dataclass(frozen=True, slots=True)
class FetchedAbstracts:
    """What the services said of some papers: of those in `found`, by their ids, which service, and its record.

    `asked` are those of which no other service need be asked. A service that cannot be used is a problem.
    """

    asked: tuple[Paper, ...]
    found: Mapping[str, tuple[str, Record]]
    problems: tuple[Problem, ...]


def references_of(paper: Paper) -> tuple[Reference, ...]:
    """Return what a paper can be asked for by, the surest first: arXiv has the abstract of every paper of its own."""
    found: list[Reference] = []
    for kind, value in (("arxiv", paper.arxiv_id), ("doi", paper.doi), ("pmid", paper.pmid)):
        with suppress(UsageError):  # what cannot be asked for
            reference = parse_reference(f"{kind}:{value}") if value else None
            found += [reference] if reference else []
    return tuple(sorted(dict.fromkeys(found), key=lambda each: each.kind != "arxiv"))


def fetch_abstracts(papers: Sequence[Paper], services: Services) -> Iterator[FetchedAbstracts]:
    """Yield what arXiv, OpenAlex and Semantic Scholar say of papers, a few papers at a time, as soon as each answers.

    The second and the third are asked for what the one before lacks. A service that cannot be used is not asked again;
    it ends where none is left.
    """
    steps: Sequence[tuple[Service, _Ask]] = (
        (services.arxiv, arxiv.papers_by_id),
        (services.openalex, openalex.works_by_id),
        (services.semantic_scholar, semantic_scholar.papers_by_id),
    )
    away: set[str] = set()
    remaining = iter(papers)
    with Client(services) as client:
        while (batch := list(islice(remaining, AT_ONCE))) and len(away) < len(steps):
            known = {paper.id: references_of(paper) for paper in batch}
            found: set[str] = set()
            unasked: set[str] = set()
            for service, ask in steps:
                is_arxiv = service == services.arxiv
                left = {
                    paper_id: references
                    for paper_id, references in known.items()
                    if paper_id not in found and any(not is_arxiv or each.kind == "arxiv" for each in references)
                }
                problems: tuple[Problem, ...] = ()
                try:
                    answered = ask(client, service, left) if left and service.name not in away else {}
                except NotThere:  # none of them is
                    answered = {}
                except RemoteError as error:
                    answered = {}
                    away.add(service.name)
                    problems = (Problem(service.name, 0, str(error)),)
                said = {
                    paper_id: (service.name, record) for paper_id, record in answered.items() if record.paper.abstract
                }
                if said or problems:
                    yield FetchedAbstracts(tuple(paper for paper in batch if paper.id in said), said, problems)
                found |= said.keys()
                unasked |= left.keys() if service.name in away else set()
            yield FetchedAbstracts(tuple(paper for paper in batch if paper.id not in found | unasked), {}, ())


_Ask = Callable[[Client, Service, Mapping[str, Sequence[Reference]]], Mapping[str, Record]]
"""Asks a service for papers, each by its references, and returns the records of those that it has."""
