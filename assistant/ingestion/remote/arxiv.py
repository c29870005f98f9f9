"""Papers of arXiv by id."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import BytesIO

from lxml import etree  # type: ignore[import-untyped]

from assistant.errors import NotThere
from assistant.ingestion.readers.xml import arxiv_atom
from assistant.ingestion.remote.client import Client, Unusable
from assistant.ingestion.remote.references import Reference
from assistant.ingestion.remote.services import Service
from assistant.types import Problem, ReaderItem, Record

_VERSION = re.compile(r"v\d+$")
_FEED = "{http://www.w3.org/2005/Atom}feed"
_ENTRY = "{http://www.w3.org/2005/Atom}entry"


def paper(client: Client, service: Service, arxiv_id: str, file: str) -> ReaderItem:
    """Return a paper, or the Problem that arXiv reports. Raises NotThere, RemoteError."""
    parameters = {"id_list": arxiv_id, "start": "0", "max_results": "1"}
    # arXiv now and then answers without a paper that it has: such an answer is not stored.
    items = client.get(
        service, "", parameters, _decode, is_final=lambda items: isinstance(next(iter(items), None), Record)
    )
    if not items:
        raise NotThere(f"There is no such paper at {service.name}. Check the id.")
    return replace(items[0], file=file, line=0) if isinstance(items[0], Problem) else items[0]


def papers_by_id(client: Client, service: Service, wanted: Mapping[str, Sequence[Reference]]) -> Mapping[str, Record]:
    """Return the papers that arXiv has of those that are wanted, each by one of its references, by the keys of these.

    Raises NotThere, RemoteError.
    """
    names = {
        _bare(each.value): key for key, references in wanted.items() for each in references if each.kind == "arxiv"
    }
    parameters = {"id_list": ",".join(names), "start": "0", "max_results": str(len(names))}
    items = client.get(
        service,
        "",
        parameters,
        _decode,
        is_final=lambda items: sum(isinstance(item, Record) for item in items) == len(names),
    )
    found = [item for item in items if isinstance(item, Record)]
    return {names[name]: item for item in found if (name := _bare(item.paper.arxiv_id)) in names}


def _bare(arxiv_id: str) -> str:
    return _VERSION.sub("", arxiv_id.lower())


def _decode(body: bytes) -> tuple[ReaderItem, ...]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Unusable("it is not a whole Atom feed") from None
    if root is None or root.tag != _FEED:
        raise Unusable("it is not an Atom feed")
    return tuple(arxiv_atom.parse(BytesIO(body), "arXiv")) if root.find(_ENTRY) is not None else ()
