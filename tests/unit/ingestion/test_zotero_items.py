"""Tests of the items of Zotero as papers."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.ingestion.readers.zotero import zotero_items
from assistant.types import Paper, Problem, Record


def item(**fields: Any) -> dict[str, Any]:
    """Return an item as the API writes it; what begins with `meta_` stands in its `meta`."""
    meta = {name.removeprefix("meta_"): value for name, value in fields.items() if name.startswith("meta_")}
    data = {name: value for name, value in fields.items() if not name.startswith("meta_")}
    data = {
        "key": "ABCD2345",
        "version": 7,
        "itemType": "journalArticle",
        "title": "Lamps drift",
        "date": "2020",
        **data,
    }
    return {"key": data["key"], "version": data["version"], "library": {"type": "user"}, "meta": meta, "data": data}


def record(value: dict[str, Any], **hints: Any) -> Record:
    """Return the record of an item."""
    read = zotero_items.read_item(value, "zotero:", 3, **hints)
    assert isinstance(read, Record)
    return read


def paper(**fields: Any) -> Paper:
    """Return the paper of an item with these fields."""
    return record(item(**fields)).paper


def test_an_item_of_the_api() -> None:
    read = record(
        item(
            creators=[
                {"creatorType": "editor", "firstName": "Ed", "lastName": "Itor"},
                {"creatorType": "author", "firstName": "Anna", "lastName": "van der Berg"},
                {"creatorType": "author", "name": "Lamp Agency, Oslo"},
                {"creatorType": "author", "firstName": "Rick, Jr.", "lastName": "Roe"},
            ],
            abstractNote="We measure lamps.",
            publicationTitle="Journal of Lamps",
            date="May 2020",
            meta_parsedDate="2020-05",
            DOI="10.1000/x",
            url="https://lamps.example/1",
            tags=[{"tag": "to read"}, {"tag": "Optics", "type": 1}],
            collections=["CHAP0001"],
        ),
        collections={"CHAP0001": ("Thesis", "Chapter 1")},
        labels=("Group",),
    )
    assert read.source_key == "ABCD2345"
    assert read.line == 3
    assert read.paper.authors == ("Anna van der Berg", "Lamp Agency, Oslo", "Rick Roe, Jr.")
    assert (read.paper.date, read.paper.venue, read.paper.doi) == ("2020-05", "Journal of Lamps", "10.1000/x")
    assert read.paper.url == "https://lamps.example/1"
    assert read.paper.labels == ("Group", "Thesis", "Chapter 1", "to read", "Optics")


def test_an_item_of_an_export_is_not_wrapped() -> None:
    value = {"itemType": "preprint", "itemKey": "K1", "title": "Lamps", "date": "2020-05", "tags": ["a", {"tag": "b"}]}
    assert zotero_items.is_item(value)
    assert not zotero_items.is_item({"title": "Lamps", "type": "article"})
    assert record(value).source_key == "K1"
    assert record(value).paper.labels == ("a", "b")


@pytest.mark.parametrize("kind", ["attachment", "note", "annotation"])
def test_what_hangs_on_items_is_no_paper(kind: str) -> None:
    assert zotero_items.read_item(item(itemType=kind), "zotero:", 1) is None


def test_what_lies_in_the_bin_is_no_paper() -> None:
    assert zotero_items.read_item(item(deleted=1), "zotero:", 1) is None
    assert isinstance(zotero_items.read_item(item(deleted=0), "zotero:", 1), Record)


def test_an_item_that_says_too_little_is_a_problem() -> None:
    assert isinstance(zotero_items.read_item(item(title="", date=""), "zotero:", 1), Problem)


@pytest.mark.parametrize(
    ("kind", "fields", "title", "venue"),
    [
        ("case", {"title": "", "caseName": "Berg v. Roe", "reporter": "Lamp Reports"}, "Berg v. Roe", "Lamp Reports"),
        ("statute", {"title": "", "nameOfAct": "Lamp Act"}, "Lamp Act", ""),
        ("email", {"title": "", "subject": "Lamps"}, "Lamps", ""),
        (
            "conferencePaper",
            {"conferenceName": "LampConf", "proceedingsTitle": "Proc. of LampConf"},
            "Lamps drift",
            "Proc. of LampConf",
        ),
        ("conferencePaper", {"conferenceName": "LampConf"}, "Lamps drift", "LampConf"),
        ("thesis", {"university": "Lamp University"}, "Lamps drift", "Lamp University"),
        ("bookSection", {"bookTitle": "Handbook of Lamps"}, "Lamps drift", "Handbook of Lamps"),
    ],
)
def test_kinds_of_items_name_title_and_venue_differently(
    kind: str, fields: dict[str, Any], title: str, venue: str
) -> None:
    read = paper(itemType=kind, **fields)
    assert (read.title, read.venue) == (title, venue)


def test_the_first_kind_of_creator_is_the_author() -> None:
    people = [{"creatorType": "inventor", "name": "Anna Berg"}, {"creatorType": "attorneyAgent", "name": "Rick Roe"}]
    assert paper(itemType="patent", creators=people).authors == ("Anna Berg",)


@pytest.mark.parametrize(
    ("extra", "doi", "arxiv_id", "pmid"),
    [
        ("PMID: 123456\nPMCID: PMC7", "", "", "123456"),
        ("DOI: 10.1000/book", "10.1000/book", "", ""),
        ("some words\ndoi: https://doi.org/10.1000/book", "10.1000/book", "", ""),
        ("arXiv:2001.00003 [cs]", "", "2001.00003", ""),
        ("arXiv: 2001.00003 [cs.CL]\nversion: 2", "", "2001.00003", ""),
        ("arXiv: cs/0112017", "", "cs/0112017", ""),
        ("a correction of 10.1000/other", "", "", ""),
    ],
)
def test_identifiers_in_extra(extra: str, doi: str, arxiv_id: str, pmid: str) -> None:
    read = paper(extra=extra)
    assert (read.doi, read.arxiv_id, read.pmid) == (doi, arxiv_id, pmid)


def test_identifiers_of_preprints_and_addresses() -> None:
    assert paper(itemType="preprint", archiveID="arXiv:2001.00003").arxiv_id == "2001.00003"
    assert paper(url="http://arxiv.org/abs/2001.00003").arxiv_id == "2001.00003"
    assert paper(url="https://doi.org/10.1000/x").doi == "10.1000/x"
    assert paper(url="https://lamps.example/doi/10.1000/x?format=pdf").doi == ""
    assert paper(url="https://pubmed.ncbi.nlm.nih.gov/123456/").pmid == "123456"


@pytest.mark.parametrize(
    "fields",
    [
        {"citationKey": "berg2020"},
        {"extra": "Citation Key: berg2020"},
        {"extra": "tldr: lamps\nbibtex: berg2020"},
        {"extra": "bibtex*: berg2020"},
        {"extra": "CitationKey= berg2020"},
    ],
)
def test_citation_keys(fields: dict[str, str]) -> None:
    assert record(item(**fields)).source_key == "berg2020"


@pytest.mark.parametrize(
    ("date", "parsed", "expected"),
    [
        ("2020-05-00 May 2020", "", "2020-05"),
        ("2020-00-00 2020", "", "2020"),
        ("2020-05-17 2020-05-17", "", "2020-05-17"),
        ("0000-00-00 in press", "", ""),
        ("17/05/2020", "2020-05-17", "2020-05-17"),
        ("forthcoming", "", ""),
    ],
)
def test_dates_as_the_database_and_the_api_write_them(date: str, parsed: str, expected: str) -> None:
    assert paper(date=date, meta_parsedDate=parsed, DOI="10.1000/x").date == expected


def test_the_names_of_a_collection_begin_with_the_outermost() -> None:
    tree = {"A": ("Thesis", ""), "B": ("Chapter 1", "A"), "C": ("Lamps", "B"), "L": ("Loop", "M"), "M": ("Moop", "L")}
    labels = zotero_items.collection_labels(tree)
    assert labels["C"] == ("Thesis", "Chapter 1", "Lamps")
    assert labels["A"] == ("Thesis",)
    assert set(labels["L"]) == {"Loop", "Moop"}
    assert zotero_items.collection_labels({"A": ("Orphan", "GONE")})["A"] == ("Orphan",)


@pytest.mark.parametrize("value", [None, 3, "x", [None], [3], {"a": 1}])
def test_values_of_any_kind_do_no_harm(value: Any) -> None:
    read = zotero_items.read_item(
        item(creators=value, tags=value, collections=value, extra=value, DOI=value, abstractNote=value), "f", 1
    )
    assert isinstance(read, Record)
    assert not read.paper.authors
    assert zotero_items.read_item(
        {"itemType": "book", "meta": value, "data": value, "title": "x", "date": "2020"}, "f", 1
    )
