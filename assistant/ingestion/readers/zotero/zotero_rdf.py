"""Zotero's RDF: items, the journals that they point to, and the collections that point to them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO

from assistant.ingestion.readers.fields import find_doi, find_url, first_of
from assistant.ingestion.readers.xml.xml_elements import Element, local_name, read_elements, root_of, text_at, text_of
from assistant.ingestion.readers.zotero import zotero_items
from assistant.types import Problem, ReaderItem, Record

NAME = "Zotero RDF"
NOTHING_FOUND = "There is no item in this Zotero file. Export the collection again."

SIGN = "http://www.zotero.org/namespaces/export#"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
NO_ITEMS = {"Collection", "Attachment", "Memo", "Journal", "Series", "UserItem", "Person"}
PEOPLE = {f"{kind}s" for kind in zotero_items.AUTHORS}
ITEM_KEY = re.compile(r"zotero\.org/.*/items/([A-Z0-9]{8})$")


def start(head: str) -> int | None:
    """Return where the description begins; None if this is not RDF, or that of another program."""
    root = root_of(head)
    return root[0] if root and root[1] == "RDF" and SIGN in head else None


def parse(stream: BinaryIO, file: str) -> Iterator[ReaderItem]:
    """Yield one item for each reference, in order. The file is read twice: what is pointed to may stand behind."""
    named = _Named()
    for item in read_elements(stream, file, ("*",), named.note, are_outermost=True):
        del item  # the second reading says it again
    named.settle()
    stream.seek(0)
    return read_elements(stream, file, ("*",), named.read, are_outermost=True)


class _Named:
    """What the elements of a file are called by each other: journals, and collections with what lies in them."""

    def __init__(self) -> None:
        self._journals: dict[str, tuple[str, list[str]]] = {}
        self._pointed_at: Counter[str] = Counter()
        self._collections: dict[str, tuple[str, list[str]]] = {}
        self._labels: dict[str, list[str]] = {}

    def note(self, element: Element, file: str) -> None:
        """Remember a journal, a collection, or that an item points to a journal."""
        del file
        about = element.get(f"{RDF}about") or ""
        if local_name(element) == "Collection":
            parts = [part.get(f"{RDF}resource") or "" for part in element.findall("{*}hasPart")]
            self._collections[about] = text_at(element, "{*}title"), parts
        elif element.find("{*}itemType") is None:
            identifiers = [text_of(one) for one in element.findall("{*}identifier")]
            self._journals[about] = text_at(element, "{*}title"), identifiers
        else:
            self._pointed_at.update(part.get(f"{RDF}resource") or "" for part in element.findall("{*}isPartOf"))

    def read(self, element: Element, file: str) -> Record | Problem | None:
        """Return the paper that an item is; None for what is none."""
        kind = text_at(element, "{*}itemType")
        if (
            local_name(element) in NO_ITEMS
            or not (kind or element.find("{*}title") is not None)
            or kind in zotero_items.NO_PAPERS
        ):
            return None
        about = element.get(f"{RDF}about") or ""
        if not kind and about in self._journals and self._pointed_at[about]:
            return None
        identifiers = [text_of(one) for one in element.findall("{*}identifier")]
        venues = [text_at(one, "{*}title") for one in element.findall("{*}presentedAt/*")]
        for part in element.findall("{*}isPartOf"):
            target = part.get(f"{RDF}resource") or ""
            if target in self._journals:
                title, others = self._journals[target]
                venues.append(title)
                # A journal of several items has the DOIs of all of them, and none says whose it is.
                identifiers += others if self._pointed_at[target] == 1 else []
            venues += [text_at(one, "{*}title") for one in part if local_name(one) != "Series"]
            identifiers += [text_of(one) for one in part.findall("*/{*}identifier")]
        key = ITEM_KEY.search(about)
        item = {
            "itemType": kind or "document",
            "title": text_at(element, "{*}title"),
            "abstractNote": text_at(element, "{*}abstract"),
            "date": text_at(element, "{*}date"),
            "publicationTitle": first_of(*venues),
            "DOI": find_doi(*(one for one in identifiers if one.upper().startswith("DOI") or "doi.org/" in one)),
            "url": find_url(*identifiers),
            "extra": "\n".join("".join(one.itertext()) for one in element.findall("{*}description")),
            "archiveID": text_at(element, "{*}archiveID", "{*}number"),
            "citationKey": text_at(element, "{*}citationKey"),
            "key": key[1] if key else "",
            "creators": _creators(element),
            "tags": [text_of(one) for one in element.findall("{*}subject") if one.find("{*}LCC") is None],
        }
        line = element.sourceline or 0
        return zotero_items.read_item(item, file, line, labels=self._labels.get(about, ()))

    def settle(self) -> None:
        """Tell of each item the collections in which it lies, the outermost first, once all are known."""
        parents = {part: about for about, (_, parts) in self._collections.items() for part in parts}
        nested = {about: (name, parents.get(about, "")) for about, (name, _) in self._collections.items()}
        names = zotero_items.collection_labels(nested)
        for about, (_, parts) in self._collections.items():
            for part in parts:
                self._labels.setdefault(part, []).extend(names[about])


def _creators(element: Element) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for group in element:
        if local_name(group) not in PEOPLE:
            continue
        for person in group.iter("{*}Person"):
            family = text_at(person, "{*}surname", "{*}name")
            given = text_at(person, "{*}givenName", "{*}givenname")
            name = {"firstName": given, "lastName": family} if given else {"name": family}
            found.append({"creatorType": "author", **name})
    return found
