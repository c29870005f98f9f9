"""Papers of Semantic Scholar by id, and all papers of an author."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assistant.ingestion.readers import semantic_scholar
from assistant.ingestion.remote.client import Client, decode_json, papers_of_list
from assistant.ingestion.remote.services import Service
from assistant.types import Problem, ReaderItem, Record

_FIELDS = (
    "paperId,externalIds,url,title,abstract,venue,publicationVenue,journal,year,publicationDate,authors,"
    "fieldsOfStudy,s2FieldsOfStudy,publicationTypes"
)


def paper(client: Client, service: Service, name: str, file: str) -> Record | Problem:
    """Return a paper: `name` is its 40 digits, or "CorpusId:...", "DOI:..." or "PMID:...".

    Raises NotThere, RemoteError.
    """
    value = client.get(service, f"/paper/{name}", {"fields": _FIELDS}, decode_json)
    return semantic_scholar.read_paper(value, file, 1)


def papers(client: Client, service: Service, author: str, file: str) -> Iterator[ReaderItem]:
    """Yield every paper of an author. Raises as `papers_of_list` does."""
    return papers_of_list(
        client,
        service,
        f"/author/{author}/papers",
        {"fields": _FIELDS, "limit": "100"},
        file,
        entries="data",
        first={"offset": "0"},
        following=_following,
        read=semantic_scholar.read_paper,
        most=200_000,
    )


def _following(answer: Mapping[str, Any], place: Mapping[str, str], done: int) -> Mapping[str, str]:
    offset = answer.get("next")
    is_onward = isinstance(offset, int) and not isinstance(offset, bool) and offset > int(place["offset"])
    return {"offset": str(offset)} if is_onward else {}
