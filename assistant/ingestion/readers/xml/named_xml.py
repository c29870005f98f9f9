"""XML whose elements are called as fields are: DBLP, Crossref, what OAI-PMH carries, Word's sources, ACL Anthology.

Each record becomes named fields, of which `named_fields` knows what they hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, BinaryIO

from assistant.ingestion.readers.objects import named_fields
from assistant.ingestion.readers.objects.json_values import list_of, object_of
from assistant.ingestion.readers.xml.xml_elements import Element, local_name, read_elements, root_of, text_at, text_of
from assistant.types import ReaderItem

NAME = "XML of DBLP, Crossref, OAI-PMH, Word or ACL Anthology"
NOTHING_FOUND = "There is no paper in this XML file. Check what was asked for, and save it again."

PUBLICATIONS = ("article", "inproceedings", "incollection", "book", "phdthesis", "mastersthesis")
WORKS = (
    "journal_article",
    "conference_paper",
    "content_item",
    "posted_content",
    "dissertation",
    "report-paper_metadata",
)
RECORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "dblp": PUBLICATIONS,
        "dblpperson": PUBLICATIONS,
        "bht": PUBLICATIONS,
        "OAI-PMH": ("arXiv", "arXivRaw", "dc"),
        "dc": ("dc",),
        "Sources": ("Source",),
        "collection": ("paper",),
        "doi_records": WORKS,
        "doi_record": WORKS,
        "doi_batch": WORKS,
        "crossref_result": WORKS,
    }
)
"""Name of the root element -> names of the elements that are records."""

SIGNS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "OAI-PMH": re.compile(r"<(?:\w+:)?(?:arXiv|arXivRaw|dc)[\s>]"),
        "Sources": re.compile(r"schemas\.openxmlformats\.org/officeDocument/"),
        "collection": re.compile(r"<volume\b"),
    }
)
"""What must stand in the beginning, too, where others have a root of that name."""

INLINE = set("i b u em strong italic bold sub sup tt scp fixed-case tex-math math url ref p sec title".split())
TITLES = (
    "{*}journal_metadata/{*}full_title",
    "{*}proceedings_metadata/{*}proceedings_title",
    "{*}book_metadata/{*}titles/{*}title",
    "{*}meta/{*}booktitle",
)
YEARS = ("{*}book_metadata/{*}publication_date/{*}year", "{*}meta/{*}year")
CONTRIBUTORS = "contributors"  # of Crossref: people and groups by turns
DEEPEST = 6  # elements within a record


def start(head: str) -> int | None:
    """Return where the records begin; None if the document is something else."""
    root = root_of(head)
    if not root or root[1] not in RECORDS:
        return None
    sign = SIGNS.get(root[1])
    return root[0] if sign is None or sign.search(head) else None


def parse(stream: BinaryIO, file: str) -> Iterator[ReaderItem]:
    """Yield one item for each record, in the file's order."""
    names = tuple(dict.fromkeys(name for records in RECORDS.values() for name in records))
    return read_elements(stream, file, names, _Reader().read)


class _Reader:
    """Reads records, and remembers of the volume in which they stand what it is called."""

    def __init__(self) -> None:
        self._volume: Element = None
        self._stated: dict[str, str] = {}

    def read(self, element: Element, file: str) -> ReaderItem | None:
        """Return the paper that a record states; None for an element that only another kind calls so."""
        name, parent = local_name(element), element.getparent()
        if name not in RECORDS.get(local_name(element.getroottree().getroot()), ()):
            return None
        if parent is not None and parent is not self._volume:
            self._volume = parent
            month = text_at(parent, "{*}meta/{*}month")
            stated = {"container-title": text_at(parent, *TITLES), "year": text_at(parent, *YEARS), "month": month}
            self._stated = {key: text for key, text in stated.items() if text}
        found = _fields(element, 0)
        fields = found if isinstance(found, dict) else {}
        versions = fields.get("version", [])
        known = {
            "citekey": fields.get("Tag"),  # Word
            "versions": [
                {"created": object_of(one).get("date")} for one in list_of(versions) or [versions]
            ],  # arXivRaw
        }
        return named_fields.read_fields(self._stated | fields | known, file, element.sourceline or 0)


def _fields(element: Element, depth: int) -> Any:
    """Return an element as named fields if it has elements that are some, else its text."""
    children = [child for child in element if local_name(child)]
    is_text = (element.text or "").strip() or all(local_name(child) in INLINE for child in children)
    if depth > DEEPEST or (is_text and (depth or not children)):
        return text_of(element)
    if local_name(element) == CONTRIBUTORS:
        return [_contributor(child, depth + 1) for child in children]
    found: dict[str, list[Any]] = {}
    for child in children:
        found.setdefault(local_name(child), []).append(_fields(child, depth + 1))
    stated = {name.rpartition("}")[2]: value for name, value in element.attrib.items() if name != "type"}
    return stated | {name: values if len(values) > 1 else values[0] for name, values in found.items()}


def _contributor(element: Element, depth: int) -> Any:
    """Return a person as named fields, and so a group, of which only the name is said."""
    found = _fields(element, depth)
    return found if isinstance(found, dict) else {"literal": found, **element.attrib}
