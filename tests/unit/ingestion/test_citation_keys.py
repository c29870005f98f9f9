"""Keys by which texts cite papers, in the files that state them."""

import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest

from assistant.ingestion import readers
from assistant.types import ReaderItem, Record
from tests.unit.ingestion.conftest import Import

CSL = {"type": "article-journal", "title": "Lamps", "issued": {"date-parts": [[2020]]}}
ZOTERO = {"itemType": "journalArticle", "title": "Bees", "date": "2020", "key": "ABCD2345"}


def keys(items: Sequence[ReaderItem]) -> list[tuple[str, ...]]:
    return [item.paper.citation_keys for item in items if isinstance(item, Record)]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.bib", "@book{Oak_Roe:2020, title={Lamps}, year=2020}", [("Oak_Roe:2020",)]),
        ("a.json", json.dumps([{**CSL, "id": "oak2020"}]), [("oak2020",)]),
        ("a.json", json.dumps([{**CSL, "id": "x", "citation-key": "oak2020"}]), [("oak2020",)]),
        ("a.json", json.dumps([{**CSL, "id": "http://zotero.org/users/1/items/ABCD2345"}]), [()]),
        ("a.json", json.dumps([{**ZOTERO, "citationKey": "bee2020"}]), [("bee2020",)]),
        ("a.json", json.dumps([{**ZOTERO, "extra": "Citation Key: bee2020"}]), [("bee2020",)]),
        ("a.json", json.dumps([ZOTERO]), [()]),
        ("a.jsonl", json.dumps({"id": "W27", "title": "Lamps", "abstract": "All about lamps."}), [()]),
        ("a.ris", "TY  - JOUR\nID  - 17\nTI  - Lamps\nPY  - 2020\nER  - \n", [()]),
    ],
)
def test_a_citation_key_is_taken_from_where_there_is_one(
    tmp_path: Path, name: str, text: str, expected: list[tuple[str, ...]]
) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    assert keys(list(readers.read(file, as_of=date(2026, 1, 1)))) == expected


def test_the_citation_keys_of_a_bibliography_are_kept(shared_import: Callable[[str], Import]) -> None:
    assert keys(list(shared_import("50").records)) == [("nilsen2011gauges",), ("okoro2012clocks",)]
