"""Papers of OpenAlex by id, all papers of an author, and authors by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from assistant.errors import RemoteError
from assistant.ingestion.readers import openalex
from assistant.ingestion.remote.client import Client, Unusable, decode_json
from assistant.ingestion.remote.services import Service
from assistant.text import same_person
from assistant.types import Problem, ReaderItem, Record

_PAGE = 100
_MOST_WITHOUT_KEY = 10_000
"""Paging by number ends here, and paging by cursor is refused without a key (HTTP 401)."""

_MOST = 200_000
_CANDIDATES = 50
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class AuthorCandidate:
    """A person who may be meant by a name. `id` is a reference ("openalex:A..."); unknown texts are ""."""

    id: str
    name: str
    works: int
    affiliation: str
    orcid: str


def work(client: Client, service: Service, name: str, file: str, *, abstract: str = "") -> Record | Problem:
    """Return a paper: `name` is its OpenAlex id, or "doi:..." or "pmid:...".

    Where OpenAlex has no abstract of it, `abstract` stands in; without either it is a Problem. Raises NotThere,
    RemoteError.
    """
    value = client.get(service, f"/works/{name}", {}, decode_json)
    return openalex.read_work({**value, "abstract": abstract} if abstract else value, file, 1)


def works(client: Client, service: Service, condition: str, file: str) -> Iterator[ReaderItem]:
    """Yield every paper that fulfils a condition in the language of OpenAlex's filters.

    Raises RemoteError where the first page does not come; a later page that does not come ends with a Problem.
    """
    cursor, page, done, total = "*", 1, 0, 0
    seen: set[str] = set()
    while True:
        place = {"cursor": cursor} if service.has_key else {"page": str(page)}
        parameters = {"filter": condition, "per_page": str(_PAGE), **place}
        try:
            total, results, following = client.get(service, "/works", parameters, _decode_page, wanted="author")
        except RemoteError as error:
            if not done:
                raise
            yield Problem(file, done, f"Only {done} of {total} papers came. {error}")
            return
        for value in results:
            done += 1
            yield _read(value, file, done)
        if not results or (done >= total if not service.has_key else not following):
            break
        if following in seen or done >= (_MOST if service.has_key else _MOST_WITHOUT_KEY):
            hint = "" if service.has_key else f" With a key in the setting {service.key_setting} all of them come."
            yield Problem(file, done, f"Only {done} of {total} papers came: {service.name} gave no more.{hint}")
            break
        if service.has_key:
            seen.add(following)
            cursor = following
        page += 1
    if not done:
        yield Problem(file, 0, f"{service.name} knows no papers of this author. Check the id.")


def find_authors(client: Client, service: Service, name: str) -> tuple[AuthorCandidate, ...]:
    """Return the people whom OpenAlex finds for a name, the likeliest first; those of that very name, if there are any.

    Raises RemoteError.
    """
    parameters = {"search": name, "per_page": str(_CANDIDATES)}
    _, results, _ = client.get(service, "/authors", parameters, _decode_page, wanted="author")
    found = [(candidate, names) for candidate, names in map(_candidate, results) if candidate]
    fitting = [candidate for candidate, names in found if any(same_person(name, other) for other in names)]
    return tuple(fitting or [candidate for candidate, _ in found])


def _read(value: Any, file: str, line: int) -> Record | Problem:
    if not isinstance(value, dict):
        return Problem(file, line, f"Entry {line} of the answer is no paper. Run the same command again later.")
    return openalex.read_work(value, file, line)


def _decode_page(body: bytes) -> tuple[int, list[Any], str]:
    """Return how many results there are in all, those of this page, and the cursor of the next one or ""."""
    value = decode_json(body)
    results, about = value.get("results"), value.get("meta")
    if not isinstance(results, list):
        raise Unusable("it holds no list of results")
    about = about if isinstance(about, dict) else {}
    following = about.get("next_cursor")
    return _number(about.get("count")), results, following if isinstance(following, str) else ""


def _candidate(value: Any) -> tuple[AuthorCandidate | None, tuple[str, ...]]:
    """Return the candidate, None where the value is none, and all names that the person goes by."""
    fields = value if isinstance(value, Mapping) else {}
    number = re.fullmatch(r"https://openalex\.org/(A\d{1,15})", _text(fields.get("id")))
    name = _text(fields.get("display_name"))
    if not number or not name:
        return None, ()
    others = fields.get("display_name_alternatives")
    orcid = re.fullmatch(r"(?:https?://orcid\.org/)?((?:\d{4}-){3}\d{3}[\dX])", _text(fields.get("orcid")))
    candidate = AuthorCandidate(
        id=f"openalex:{number[1]}",
        name=name,
        works=_number(fields.get("works_count")),
        affiliation=_affiliation(fields),
        orcid=orcid[1] if orcid else "",
    )
    return candidate, (name, *map(_text, others if isinstance(others, list) else ()))


def _affiliation(fields: Mapping[str, Any]) -> str:
    """Return the first institution that is named: the last known ones stand before the others."""
    known, all_of_them = fields.get("last_known_institutions"), fields.get("affiliations")
    institutions = list(known) if isinstance(known, list) else []
    if isinstance(all_of_them, list):
        institutions += [one.get("institution") for one in all_of_them if isinstance(one, Mapping)]
    names = (_text(one.get("display_name")) for one in institutions if isinstance(one, Mapping))
    return next(filter(None, names), "")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    plain = "".join(letter if letter.isprintable() else " " for letter in value[: 4 * _LONGEST])
    return " ".join(plain.split())[:_LONGEST]


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12 else 0
