"""Records of a reference: which service is asked for what, and who is asked next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from assistant.errors import NotThere, RemoteError, UsageError
from assistant.ingestion.remote import arxiv, openalex, semantic_scholar
from assistant.ingestion.remote.client import Client
from assistant.ingestion.remote.openalex import AuthorCandidate
from assistant.ingestion.remote.references import Reference
from assistant.ingestion.remote.services import Services
from assistant.types import Notice, Problem, ReaderItem, Record

_MOST_SHOWN = 8


def fetch(reference: Reference, services: Services) -> Iterator[ReaderItem]:
    """Yield the paper that is meant, or all papers of the author who is; a paper that is not there is a Problem.

    Raises RemoteError where a service cannot be used now, and UsageError where a name fits several people. Where pages
    came before the failure, their papers are yielded and the failure is a Problem.
    """
    with Client(services) as client:
        try:
            yield from _items(client, services, reference)
        except NotThere as error:
            yield Problem(str(reference), 0, str(error))


def find_authors(name: str, services: Services) -> tuple[AuthorCandidate, ...]:
    """Return the people who may be meant by a name, the likeliest first. Raises RemoteError."""
    with Client(services) as client:
        return openalex.find_authors(client, services.openalex, name)


def _items(client: Client, services: Services, reference: Reference) -> Iterator[ReaderItem]:
    file, value = str(reference), reference.value
    match reference.kind:
        case "arxiv":
            yield arxiv.paper(client, services.arxiv, value, file)
        case "doi" | "pmid":
            yield from _with_abstract(client, services, reference)
        case "openalex work":
            yield openalex.work(client, services.openalex, value, file)
        case "openalex author":
            yield from openalex.works(client, services.openalex, f"authorships.author.id:{value}", file)
        case "orcid":
            yield from openalex.works(client, services.openalex, f"authorships.author.orcid:{value}", file)
        case "s2 paper":
            yield semantic_scholar.paper(client, services.semantic_scholar, value, file)
        case "s2 author":
            yield from semantic_scholar.papers(client, services.semantic_scholar, value, file)
        case "author":
            author = _the_one(openalex.find_authors(client, services.openalex, value), reference)
            number = author.id.removeprefix("openalex:")
            yield from openalex.works(client, services.openalex, f"authorships.author.id:{number}", file)


def _with_abstract(client: Client, services: Services, reference: Reference) -> Iterator[ReaderItem]:
    """Yield the paper as OpenAlex states it; where that has no abstract, with the one of Semantic Scholar, if any.

    Publishers have had their abstracts taken out of OpenAlex, and some of them not out of Semantic Scholar.
    """
    file, name = str(reference), f"{reference.kind}:{reference.value}"
    first = second = None
    with suppress(NotThere):
        first = openalex.work(client, services.openalex, name, file)
    if isinstance(first, Record) and first.paper.abstract:
        yield first
        return
    prefix = "DOI" if reference.kind == "doi" else "PMID"
    try:
        second = semantic_scholar.paper(client, services.semantic_scholar, f"{prefix}:{reference.value}", file)
    except NotThere:
        if first is None:
            raise NotThere("There is no such paper at OpenAlex, nor at Semantic Scholar. Check the id.") from None
    except RemoteError as error:
        if not isinstance(first, Record):
            raise
        yield Notice(file, f"OpenAlex has no abstract of this paper. {error}")
    if isinstance(first, Record) and isinstance(second, Record):  # authors and date of OpenAlex are the better ones
        yield replace(first, paper=replace(first.paper, abstract=second.paper.abstract))
    else:
        yield from (item for item in (second if isinstance(second, Record) else first or second,) if item)


def _the_one(candidates: Sequence[AuthorCandidate], reference: Reference) -> AuthorCandidate:
    """Return the only candidate. Raises NotThere when there is none, UsageError that names them when there are more."""
    if not candidates:
        raise NotThere(f"OpenAlex knows nobody of the name {reference.value}. Check the spelling, or use an id.")
    if len(candidates) > 1:
        shown = "; ".join(
            f"{one.id} ({', '.join(filter(None, [one.name, f'{one.works} papers', one.affiliation]))})"
            for one in candidates[:_MOST_SHOWN]
        )
        more = f"; and {len(candidates) - _MOST_SHOWN} more" if len(candidates) > _MOST_SHOWN else ""
        raise UsageError(f"{reference} fits several people. Add the one who is meant: {shown}{more}.")
    return candidates[0]
