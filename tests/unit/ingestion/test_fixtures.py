"""Real files of every kind: each is read, or refused with a reason, and holds what others found in it."""

import datetime
import gzip
import json
import re
import unicodedata
from pathlib import Path

import pytest

from assistant.ingestion.readers import read
from assistant.types import Notice, Problem, Record
from tests.conftest import SHARED

AS_OF = datetime.date(2026, 11, 23)
FIXTURES = SHARED / "fixtures"
FILES = sorted(path for path in FIXTURES.rglob("*") if path.is_file())
EXPECTED = sorted(FIXTURES.glob("zotero/*/*.items.json"))
RECORDINGS = sorted(FIXTURES.glob("arxiv_py/tests/fixtures/*.json"))
NO_AUTHORS = {"editor", "translator", "seriesEditor", "contributor", "reviewedAuthor", "bookAuthor"}

pytestmark = pytest.mark.skipif(not FIXTURES.is_dir(), reason="the shared data folder is absent")


def name_of(path: Path) -> str:
    return str(path.relative_to(FIXTURES)) if path.is_relative_to(FIXTURES) else str(path)


def records_of(path: Path) -> list[Record]:
    return [item for item in read(path, as_of=AS_OF) if isinstance(item, Record)]


def comparable(text: str) -> str:
    """Return the letters and digits of a text, without tags and accents."""
    text = unicodedata.normalize("NFKD", re.sub(r"</?\w+>", "", text))
    return "".join(character for character in text.casefold() if character.isalnum())


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_file_is_read_or_refused_with_a_reason(path: Path) -> None:
    items = list(read(path, as_of=AS_OF))
    problems = [item for item in items if isinstance(item, Problem)]
    assert any(isinstance(item, Record) for item in items) or problems
    for problem in problems:
        assert problem.file == str(path)
        assert len(problem.reason) > 20
        assert problem.line >= 0


@pytest.mark.parametrize("path", FILES[::7], ids=name_of)
def test_a_compressed_file_gives_the_same(path: Path, tmp_path: Path) -> None:
    packed = tmp_path / f"{path.name}.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    plain = [item for item in read(path, as_of=AS_OF) if isinstance(item, Record)]
    assert records_of(packed) == plain


@pytest.mark.parametrize("path", EXPECTED, ids=name_of)
def test_titles_names_and_identifiers_are_those_that_others_found(path: Path) -> None:
    found = {
        comparable(record.paper.title): record.paper for record in records_of(path.with_name(path.name[:2] + ".txt"))
    }
    for item in json.loads(path.read_text()):
        if not item.get("title"):
            continue
        paper = found[comparable(item["title"])]
        if item.get("DOI"):
            assert paper.doi.lower() == item["DOI"].lower()
        families = [person.get("lastName") or person.get("name") or "" for person in item["creators"]
                    if person["creatorType"] not in NO_AUTHORS]  # fmt: skip
        if any(person["creatorType"] == "author" for person in item["creators"]):
            assert len(paper.authors) == len(families)
        for author, family in zip(paper.authors, families, strict=False):
            assert comparable(family) in comparable(author) or not comparable(family).isascii()


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("zotero/OpenAlex_JSON/*.items.json")), ids=name_of)
def test_works_of_openalex_agree_with_what_others_found(path: Path) -> None:
    expected = {comparable(item["title"]): item for item in json.loads(path.read_text())}
    for record in records_of(path.with_name(path.name[:2] + ".txt")):
        item = expected[comparable(record.paper.title)]
        assert f"https://openalex.org/{record.source_key}" in item["extra"]
        assert record.paper.doi.lower() == item.get("DOI", record.paper.doi).lower()
        pairs = zip(item["creators"], record.paper.authors, strict=True)
        names = [(comparable(person["lastName"]), comparable(name)) for person, name in pairs]
        assert all(family in name for family, name in names if family.isascii())
        assert record.paper.date == item["date"]
        assert len(record.paper.abstract) > 100 or not item.get("abstractNote")


@pytest.mark.parametrize("path", RECORDINGS, ids=name_of)
def test_the_feed_in_a_recorded_answer_is_read_once_it_is_saved_by_itself(path: Path, tmp_path: Path) -> None:
    feed = tmp_path / "feed.xml"
    body: str = json.loads(path.read_text())["body"]
    feed.write_text(body)
    items = [item for item in read(feed, as_of=AS_OF) if not isinstance(item, Notice)]
    entries = body.count("<entry>")
    assert len(items) == max(entries, 1)
    assert sum(isinstance(item, Record) for item in items) >= entries - 1


def test_an_author_of_semantic_scholar_brings_the_papers(tmp_path: Path) -> None:
    records = records_of(FIXTURES / "semanticscholar/tests/data/Author.json")
    assert len(records) == 60
    assert all(len(record.source_key) == 40 and record.paper.authors for record in records)


def test_both_ends_of_a_citation_are_papers() -> None:
    (citing,) = records_of(FIXTURES / "semanticscholar/tests/data/Citation.json")
    (cited,) = records_of(FIXTURES / "semanticscholar/tests/data/Reference.json")
    assert citing.paper.date == "2023-02-01"
    assert cited.paper.arxiv_id == "1402.0030"
