"""Papers of Semantic Scholar by id, and all papers of an author."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assistant.ingestion.readers.objects import named_fields
from assistant.ingestion.remote.client import Client, decode_array, decode_json, decode_list, papers_by_page
from assistant.ingestion.remote.references import Reference
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
    return named_fields.read_fields(value, file, 1)


def papers_by_id(client: Client, service: Service, wanted: Mapping[str, Sequence[Reference]]) -> Mapping[str, Record]:
    """Return the papers that Semantic Scholar has of those that are wanted, each by its last reference, by their keys.

    Raises NotThere, RemoteError.
    """
    names = [f"{references[-1].kind.upper()}:{references[-1].value}" for references in wanted.values()]
    values = client.get(service, "/paper/batch", {"fields": _FIELDS}, decode_array(len(names)), posted={"ids": names})
    read = (named_fields.read_fields(value, service.name, 0) if isinstance(value, dict) else None for value in values)
    return {key: item for key, item in zip(wanted, read, strict=True) if isinstance(item, Record)}


def papers(client: Client, service: Service, author: str, file: str) -> Iterator[ReaderItem]:
    """Yield every paper of an author. Raises as `papers_by_page` does."""

    def page(place: str) -> tuple[list[Any], str, int]:
        parameters = {"fields": _FIELDS, "offset": place, "limit": "100"}
        answer = client.get(service, f"/author/{author}/papers", parameters, decode_list("data"), wanted="author")
        following = answer.get("next")
        is_onward = isinstance(following, int) and following is not True and following > int(place)
        return answer["data"], str(following) if is_onward else "", 0

    return papers_by_page(service, file, page, named_fields.read_fields, first="0", most=200_000)
