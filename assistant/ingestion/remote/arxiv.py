"""Papers of arXiv by id, a hundred in one request, since it asks for three seconds between two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import BytesIO

from lxml import etree  # type: ignore[import-untyped]

from assistant.errors import NotThere
from assistant.ingestion.readers import arxiv_atom
from assistant.ingestion.remote.client import Client, Unusable
from assistant.ingestion.remote.services import Service
from assistant.types import Problem, ReaderItem, Record

_PAGE = 100
_FEED = "{http://www.w3.org/2005/Atom}feed"
_ENTRY = "{http://www.w3.org/2005/Atom}entry"


def papers(client: Client, service: Service, ids: Sequence[str]) -> Iterator[tuple[str, ReaderItem]]:
    """Yield each id with its paper, or with the Problem that there is none; those of one page come in arXiv's order.

    Raises RemoteError where arXiv does not answer; what was yielded before holds.
    """
    distinct = list(dict.fromkeys(ids))
    for start in range(0, len(distinct), _PAGE):
        yield from _page(client, service, distinct[start : start + _PAGE])


def _page(client: Client, service: Service, ids: Sequence[str]) -> Iterator[tuple[str, ReaderItem]]:
    parameters = {"id_list": ",".join(ids), "start": "0", "max_results": str(len(ids))}
    try:
        # arXiv now and then answers with fewer papers than it has: such an answer is not kept.
        items = client.get(service, "", parameters, _decode, keep=lambda found: _count(found) == len(ids))
    except NotThere as error:
        if len(ids) == 1:
            yield ids[0], Problem(_file(ids[0]), 0, str(error))
            return
        for one in ids:  # one id that it does not accept spoils the others
            yield from _page(client, service, [one])
        return
    waiting: dict[str, list[str]] = {}
    for one in ids:
        waiting.setdefault(_without_version(one), []).append(one)
    unclear: list[ReaderItem] = []
    for item in items:
        same = waiting.get(_without_version(item.paper.arxiv_id.lower())) if isinstance(item, Record) else None
        if same:
            yield same.pop(0), item
        else:
            unclear.append(item)
    missing = [one for same in waiting.values() for one in same]
    for one in missing:
        item = unclear.pop(0) if unclear else Problem("", 0, f"There is no such paper at {service.name}. Check the id.")
        yield one, replace(item, file=_file(one), line=0) if isinstance(item, Problem) else item


def _decode(body: bytes) -> tuple[ReaderItem, ...]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Unusable("it is no whole Atom feed") from None
    if root is None or root.tag != _FEED:
        raise Unusable("it is no Atom feed")
    if root.find(_ENTRY) is None:
        return ()
    return tuple(arxiv_atom.parse(BytesIO(body), "arXiv"))


def _count(items: Sequence[ReaderItem]) -> int:
    return sum(isinstance(item, Record) for item in items)


def _file(arxiv_id: str) -> str:
    return f"arxiv:{arxiv_id}"


def _without_version(arxiv_id: str) -> str:
    base, separator, version = arxiv_id.rpartition("v")
    return base if separator and version.isdigit() else arxiv_id
