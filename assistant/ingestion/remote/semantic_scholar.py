"""Papers of Semantic Scholar by id, and all papers of an author."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assistant.errors import RemoteError
from assistant.ingestion.readers import semantic_scholar
from assistant.ingestion.remote.client import Client, Unusable, decode_json
from assistant.ingestion.remote.services import Service
from assistant.types import Problem, ReaderItem, Record

_PAGE = 100
_MOST = 200_000
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
    """Yield every paper of an author.

    Raises NotThere for an author who is not there, and RemoteError where the first page does not come; a later page
    that does not come ends with a Problem.
    """
    offset: int | None = 0
    done = 0
    while offset is not None:
        parameters = {"fields": _FIELDS, "offset": str(offset), "limit": str(_PAGE)}
        try:
            results, following = client.get(
                service, f"/author/{author}/papers", parameters, _decode_page, wanted="author"
            )
        except RemoteError as error:
            if not done:
                raise
            yield Problem(file, done, f"Only the first {done} papers came. {error}")
            return
        for value in results:
            done += 1
            yield _read(value, file, done)
        offset = following if results and following is not None and offset < following < _MOST else None
    if not done:
        yield Problem(file, 0, f"{service.name} knows no papers of this author. Check the id.")


def _read(value: Any, file: str, line: int) -> Record | Problem:
    if not isinstance(value, dict):
        return Problem(file, line, f"Entry {line} of the answer is no paper. Run the same command again later.")
    return semantic_scholar.read_paper(value, file, line)


def _decode_page(body: bytes) -> tuple[list[Any], int | None]:
    """Return the papers of this page, and where the next one begins; None after the last."""
    value = decode_json(body)
    results, following = value.get("data"), value.get("next")
    if not isinstance(results, list):
        raise Unusable("it holds no list of papers")
    return results, following if isinstance(following, int) and not isinstance(following, bool) else None
