"""Papers of Semantic Scholar by id, and all papers of an author."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assistant.ingestion.readers import semantic_scholar
from assistant.ingestion.remote.client import Client, decode_json, decode_list, papers_by_page
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
    """Yield every paper of an author. Raises as `papers_by_page` does."""

    def page(place: str) -> tuple[list[Any], str, int]:
        parameters = {"fields": _FIELDS, "offset": place, "limit": "100"}
        answer = client.get(service, f"/author/{author}/papers", parameters, decode_list("data"), wanted="author")
        following = answer.get("next")
        is_onward = isinstance(following, int) and following is not True and following > int(place)
        return answer["data"], str(following) if is_onward else "", 0

    return papers_by_page(service, file, page, semantic_scholar.read_paper, first="0", most=200_000)
