"""Pasted text: references, records and names, told apart before anything is asked or added."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest

from assistant.errors import UsageError
from assistant.ingestion import Pasted, pasted, read_pasted
from tests.conftest import SHARED

DAY = date(2025, 7, 1)
ENTRY = r"@article{loom, title={A (Loom of \{Brass\}}, abstract={It weaves.}, note={a {b} c}}"
RIS = "TY  - JOUR\nTI  - Gears\nAB  - They turn.\nER  - \n"


def read(text: str) -> Pasted:
    return read_pasted(text, DAY)


@pytest.mark.parametrize(
    ("text", "references"),
    [
        ("arxiv:2502.13604", ["arxiv:2502.13604"]),
        ("2502.13604v2, math.GT/0309136", ["arxiv:2502.13604v2", "arxiv:math/0309136"]),
        ("arXiv: 2502.13604\nDOI: 10.1145/3442188.3445922", ["arxiv:2502.13604", "doi:10.1145/3442188.3445922"]),
        ("PMID 31452104; PMID: 31452105", ["pmid:31452104", "pmid:31452105"]),
        ("(see https://doi.org/10.1000/abc).", ["doi:10.1000/abc"]),
        ("10.1000/a,10.1000/b;10.1000/a", ["doi:10.1000/a", "doi:10.1000/b"]),
        ("10.1002/(SICI)1097-0258(19980815)17:15<1661::AID-SIM968>3.0.CO;2-2",
         ["doi:10.1002/(sici)1097-0258(19980815)17:15<1661::aid-sim968>3.0.co;2-2"]),
        ("arxiv.org/abs/2502.13604 doi.org/10.1000/abc", ["arxiv:2502.13604", "doi:10.1000/abc"]),
        ("0000-0002-1825-0097 A5023888391 s2:1741101",
         ["orcid:0000-0002-1825-0097", "openalex:A5023888391", "s2:1741101"]),
        ('author:"Naibin Gu" 10.1000/a', ['author:"Naibin Gu"', "doi:10.1000/a"]),
    ],
)  # fmt: skip
def test_references_are_read_however_they_are_written(text: str, references: list[str]) -> None:
    found = read(text)
    if text.startswith("(see"):
        assert [part for part, _ in found.unread] == ["see"]
    else:
        assert not found.unread
    assert [str(reference) for reference in found.references] == references
    assert (found.records, found.name) == ("", "")


def test_entries_stand_beside_references() -> None:
    found = read(f"10.1000/a\n\n{ENTRY} {ENTRY.replace('loom', 'other')}\n and https://doi.org/10.1000/b")
    assert (found.format, found.count) == ("BibTeX", 2)
    assert found.records.count("@article") == 2
    assert [str(reference) for reference in found.references] == ["doi:10.1000/a", "doi:10.1000/b"]
    assert [part for part, _ in found.unread] == ["and"]


def test_entries_of_two_formats_stand_beside_each_other() -> None:
    found = read(f"{ENTRY}\n{RIS}\n10.1000/a")
    assert (found.format, found.count, found.unread) == ("BibTeX", 2, ())
    assert [str(reference) for reference in found.references] == ["doi:10.1000/a"]


def test_an_entry_that_is_not_closed_ends_where_the_next_one_begins() -> None:
    found = read("@article{a, title={Open}, abstract={Never closed\n@article{b, title={Whole}, abstract={Closed}}")
    assert found.records.count("@article") == 2


def test_records_of_ris_are_read() -> None:
    found = read(RIS + RIS.replace("Gears", "Wheels") + "doi:10.1000/a")
    assert (found.format, found.count, len(found.references), found.unread) == ("RIS", 2, 1, ())


def test_a_text_in_another_format_of_files_is_read_whole() -> None:
    page = next((SHARED / "seeds").iterdir()).read_text(encoding="utf-8")
    found = read(page)
    assert (found.format, found.count, found.references) == ("author page", 22, ())
    assert read('{"title": "Loom",\n "abstract": "It weaves."}').format == "JSON"


@pytest.mark.parametrize("text", ["@article{a, title={Open}\n" * 50, "@a{" * 50])
def test_each_bracket_of_entries_that_are_never_closed_is_looked_at_once(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    class Watched:
        def finditer(self, text: str, start: int = 0) -> Iterator[re.Match[str]]:
            for match in re.finditer("[{}()]", text[start:]):
                seen.append(match.start())
                yield match

    monkeypatch.setattr(pasted, "_BRACKET", Watched())
    read(text)
    assert len(seen) == sum(map(text.count, "{}"))


def test_brackets_behind_a_reference_are_not_its_own() -> None:
    assert [str(each) for each in read("10.1000/a(b)." + ")],}" * 30_000).references] == ["doi:10.1000/a(b)"]


@pytest.mark.parametrize("name", ["Naibin Gu", "Ada  King, Countess of Lovelace", "顾乃斌", "Jean-Luc O’Neill"])
def test_a_name_is_somebodys(name: str) -> None:
    assert read(f" {name} ") == Pasted(name=" ".join(name.split()))


def test_what_means_nothing_is_named_with_the_reason() -> None:
    assert "check digit" in dict(read("orcid:0000-0002-1825-0098").unread)["orcid:0000-0002-1825-0098"]
    found = read("This is a longer sentence about looms, which nobody could take for a name.")
    assert found.references == ()
    assert len(found.unread) == 1
    assert "arxiv:2502.13604" in found.unread[0][1]
    assert read(" \n ") == Pasted()
    assert [part for part, _ in read("../../etc/passwd 10.1000/a").unread] == ["../../etc/passwd".strip(".")]


def test_a_text_that_is_too_long_belongs_into_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pasted, "_LONGEST", 10)
    with pytest.raises(UsageError, match="file"):
        read("10.1000/abcdef")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("zotero:", ["zotero:"]),
        ("Zotero: collection/My Thesis, 2nd part", ["zotero:collection/My Thesis, 2nd part"]),
        (
            "10.1000/x\n  zotero:group/Lamp Group\narxiv:2502.13604",
            ["zotero:group/Lamp Group", "doi:10.1000/x", "arxiv:2502.13604"],
        ),
    ],
)
def test_zotero_stands_on_a_line_of_its_own(text: str, expected: list[str]) -> None:
    assert [str(reference) for reference in read(text).references] == expected
