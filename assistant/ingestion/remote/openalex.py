"""Papers of OpenAlex by id, all papers of an author, and authors by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from assistant.errors import NotThere
from assistant.ingestion.readers.fields import first_of
from assistant.ingestion.readers.objects import named_fields
from assistant.ingestion.readers.objects.json_values import list_of, object_of
from assistant.ingestion.remote.client import Client, decode_json, decode_list, papers_by_page
from assistant.ingestion.remote.references import Reference
from assistant.ingestion.remote.services import Service
from assistant.text import same_person
from assistant.types import Problem, ReaderItem, Record

_PAGE = 100
_CANDIDATES = 50
_LONGEST = 200
_IN_FILTERS = re.compile(r"[|,]")  # what has a meaning of its own there


@dataclass(frozen=True, slots=True)
class AuthorCandidate:
    """A person who may be meant by a name. `id` is a reference ("openalex:A..."); unknown texts are ""."""

    id: str
    name: str
    works: int
    affiliation: str
    orcid: str


def work(client: Client, service: Service, name: str, file: str) -> Record | Problem:
    """Return a paper: `name` is its OpenAlex id, or "doi:..." or "pmid:...". Raises NotThere, RemoteError."""
    return named_fields.read_fields(client.get(service, f"/works/{name}", {}, decode_json), file, 1)


def works(client: Client, service: Service, condition: str, file: str) -> Iterator[ReaderItem]:
    """Yield every paper that fulfils a filter of OpenAlex, in its language. Raises as `papers_by_page` does."""

    def page(place: str) -> tuple[list[Any], str, int]:
        where = {"cursor" if service.has_key else "page": place}
        parameters = {"filter": condition, "per_page": str(_PAGE), **where}
        answer = client.get(service, "/works", parameters, decode_list("results"), wanted="author")
        about = object_of(answer.get("meta"))
        total, cursor = _number(about.get("count")), about.get("next_cursor")
        if service.has_key:
            return answer["results"], cursor if isinstance(cursor, str) else "", total
        return answer["results"], str(int(place) + 1) if int(place) * _PAGE < total else "", total

    # Paging by cursor is refused without a key (HTTP 401), and paging by number ends at 10,000.
    first, most = ("*", 200_000) if service.has_key else ("1", 10_000)
    return papers_by_page(service, file, page, named_fields.read_fields, first=first, most=most)


def works_by_id(client: Client, service: Service, wanted: Mapping[str, Sequence[Reference]]) -> Mapping[str, Record]:
    """Return the papers that OpenAlex has of those that are wanted, each by one of its references, by their keys.

    Raises NotThere, RemoteError.
    """
    found: dict[str, Record] = {}
    for kind in ("doi", "pmid"):
        names = {
            each.value: key
            for key, references in wanted.items()
            for each in references
            if each.kind == kind and key not in found and not _IN_FILTERS.search(each.value)
        }
        if not names:
            continue
        parameters = {"filter": f"{kind}:{'|'.join(names)}", "per_page": str(_PAGE)}
        with suppress(NotThere):
            answer = client.get(service, "/works", parameters, decode_list("results"))
            read = (
                named_fields.read_fields(value, service.name, 0)
                for value in answer["results"]
                if isinstance(value, dict)
            )
            for item in read:
                if isinstance(item, Record) and item.paper.abstract:
                    name = getattr(item.paper, kind).lower()
                    found.update({names[name]: item} if name in names else {})
    return found


def find_authors(client: Client, service: Service, name: str) -> tuple[AuthorCandidate, ...]:
    """Return the people whom OpenAlex finds for a name, the likeliest first; those of that very name, if there are any.

    Raises RemoteError.
    """
    parameters = {"search": name, "per_page": str(_CANDIDATES)}
    answer = client.get(service, "/authors", parameters, decode_list("results"), wanted="author")
    found = [(candidate, names) for candidate, names in map(_candidate, answer["results"]) if candidate]
    fitting = [candidate for candidate, names in found if any(same_person(name, other) for other in names)]
    return tuple(fitting or [candidate for candidate, _ in found])


def _candidate(value: Any) -> tuple[AuthorCandidate | None, tuple[str, ...]]:
    """Return the candidate, None where the value is not one, and all names that the person goes by."""
    fields = object_of(value)
    number = re.fullmatch(r"https://openalex\.org/(A\d{1,15})", _text(fields.get("id")))
    name = _text(fields.get("display_name"))
    if not number or not name:
        return None, ()
    orcid = re.fullmatch(r"(?:https?://orcid\.org/)?((?:\d{4}-){3}\d{3}[\dX])", _text(fields.get("orcid")))
    # The last known institutions stand before the others.
    institutions = list_of(fields.get("last_known_institutions"))
    institutions += [object_of(one).get("institution") for one in list_of(fields.get("affiliations"))]
    candidate = AuthorCandidate(
        id=f"openalex:{number[1]}",
        name=name,
        works=_number(fields.get("works_count")),
        affiliation=first_of(*(_text(object_of(one).get("display_name")) for one in institutions)),
        orcid=orcid[1] if orcid else "",
    )
    return candidate, (name, *map(_text, list_of(fields.get("display_name_alternatives"))))


def _text(value: Any) -> str:
    """Return a text as one short line that a terminal may show."""
    if not isinstance(value, str):
        return ""
    plain = "".join(letter if letter.isprintable() else " " for letter in value[: 4 * _LONGEST])
    return " ".join(plain.split())[:_LONGEST]


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12 else 0
