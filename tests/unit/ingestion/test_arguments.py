"""Arguments of `assistant add`: files, references and columns."""

from pathlib import Path

import pytest

from assistant.errors import UsageError
from assistant.ingestion import parse_columns, parse_sources
from assistant.ingestion.remote import Reference


def test_words_are_references_or_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "note:mine").touch()
    first, second, third = parse_sources(["arxiv:2502.13604", "papers.bib", "note:mine"])
    assert isinstance(first, Reference)
    assert (second, third) == (Path("papers.bib"), Path("note:mine"))


def test_a_name_of_several_people_is_replaced_by_the_id_that_is_chosen() -> None:
    (chosen,) = parse_sources(["author:Naibin Gu"], lambda name: "openalex:A5023888391" if name == "Naibin Gu" else "")
    assert isinstance(chosen, Reference)
    assert chosen.value == "A5023888391"


def test_what_only_begins_like_a_reference_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match=r"neither a file nor a reference.*arxiv:"):
        parse_sources(["nonsense:1"])


def test_columns_are_read_from_assignments() -> None:
    assert parse_columns(["Title = Titel"]) == {"title": ("Titel",)}
    assert parse_columns(["title=Titel", "year=Jahr", "title=Titre"]) == {
        "title": ("Titel", "Titre"),
        "year": ("Jahr",),
    }
    with pytest.raises(UsageError, match="--column FIELD=COLUMN"):
        parse_columns(["Titel"])
