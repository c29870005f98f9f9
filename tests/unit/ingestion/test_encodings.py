"""Encodings of text files: short samples, files that name theirs, and texts of two bytes to the character."""

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.ingestion.readers import read
from assistant.types import Notice, Problem, Record
from tests.unit.ingestion.conftest import Import

RECORD = "TY  - JOUR\nTI  - {title}\nAU  - {name}\nAB  - We measure how wells fill.\nPY  - 2020\nER  - \n"


def read_back(path: Path, text: str, encoding: str) -> tuple[str, str]:
    """Return the title and the author of the only record."""
    path.write_bytes(text.encode(encoding))
    (paper,) = (item.paper for item in read(path, as_of=datetime.date(2026, 11, 23)) if isinstance(item, Record))
    return paper.title, paper.authors[0]


def test_the_shared_inputs(shared_import: Callable[[str], Import]) -> None:
    wide, few = shared_import("21"), shared_import("30")
    assert [paper.title for paper in wide.papers] == ["Lamps drift"]
    assert few.authors == [("Anna Özil",)]
    assert not wide.problems + few.problems


@pytest.mark.parametrize(
    "name", ["Jürgen Roth", "Åsa Berg", "Ève Noir", "Inés Núñez", "Søren Dahl", "João Leão", "Anna O’Dell", "Zoë Bär"]
)
def test_one_accent_is_western_european(tmp_path: Path, name: str) -> None:
    assert read_back(tmp_path / "a.ris", RECORD.format(title="Wells", name=name), "cp1252")[1] == name


@pytest.mark.parametrize(
    ("title", "encoding"),
    [
        ("Модели языка и обзор литературы", "cp1251"),
        ("Модели языка и обзор литературы", "koi8-r"),
        ("機械学習による論文要約の研究について", "cp932"),
        ("機械学習による論文要約の研究について", "euc-jp"),
        ("基于深度学习的文本摘要方法研究综述", "gb18030"),
        ("基於深度學習的文本摘要方法研究綜述", "big5"),
        ("딥러닝을 이용한 논문 요약 방법 연구", "cp949"),
        ("Μέθοδοι περίληψης επιστημονικών άρθρων", "cp1253"),
    ],
)
def test_other_scripts_are_recognised(tmp_path: Path, title: str, encoding: str) -> None:
    assert read_back(tmp_path / "a.ris", RECORD.format(title=title, name="A Berg"), encoding)[0] == title


@pytest.mark.parametrize("line", ["% Encoding: {}", "% -*- coding: {} -*-", "%% This file was made. Encoding: {}"])
@pytest.mark.parametrize("encoding", ["windows-1250", "ISO8859_2"])
def test_a_file_that_names_its_encoding_is_believed(tmp_path: Path, line: str, encoding: str) -> None:
    text = line.format(encoding) + "\n@article{a, title={Pětř}, author={Łukasz Žák}, year=2020}\n"
    assert read_back(tmp_path / "a.bib", text, encoding) == ("Pětř", "Łukasz Žák")


def test_a_name_that_does_not_fit_is_not_believed(tmp_path: Path) -> None:
    text = "% Encoding: UTF-8\n@article{a, title={Étude}, author={José Muñoz}, year=2020}\n"
    assert read_back(tmp_path / "a.bib", text, "cp1252") == ("Étude", "José Muñoz")
    text = "% Encoding: nonsense\n" + text.partition("\n")[2]
    assert read_back(tmp_path / "a.bib", text, "cp1252") == ("Étude", "José Muñoz")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("name", ["Anna Berg", "山田太郎"])
def test_two_or_four_bytes_to_the_character_without_a_mark(tmp_path: Path, encoding: str, name: str) -> None:
    path = tmp_path / "a.ris"
    assert read_back(path, RECORD.format(title="Wells", name=name), encoding) == ("Wells", name)
    assert Notice(str(path), f"not UTF-8; read as {encoding}") in list(read(path, as_of=datetime.date(2026, 11, 23)))


WITH_NULS = [
    ("a.bib", b"@article{a, title={Lamps}, abstract={Wet.\x00}, year=2010}\n"),
    ("a.ris", b"TY  - JOUR\nTI  - Lamps\nAB  - Wet.\nPY  - 2010\nER  - \n" + b"\x00" * 4096),
    ("a.csv", b"Title,Abstract,Year\n\x00Lamps,Wet.,2010\n"),
    ("a.csv", "Title,Abstract,Year,Note\n\x00Lamps,Wet.,2010,caf\xe9\n".encode("cp1252")),
    ("a.json", b'[{"title": "Lamps", "abstract": "Wet.\x00", "year": 2010}]\n'),
    ("a.xml", b'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><entry><id>http://arxiv.org/abs/2401.1'
     b"</id><title>Lamps\x02</title><summary>Wet.</summary><published>2010-01-01</published></entry></feed>"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content"), WITH_NULS)
def test_a_text_with_a_control_character_is_read_without_it(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    items = list(read(path, as_of=datetime.date(2026, 11, 23)))
    (record,) = (item for item in items if isinstance(item, Record))
    assert (record.paper.title, record.paper.abstract, record.paper.date[:4]) == ("Lamps", "Wet.", "2010")
    assert not any(isinstance(item, Problem) for item in items)
    if not name.endswith(".xml"):
        assert "NUL" in str([item for item in items if isinstance(item, Notice)])


def test_what_holds_many_control_characters_is_binary(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"@article{a, title={Lamps}}\n" + bytes(range(256)) * 10)
    (problem,) = read(path, as_of=datetime.date(2026, 11, 23))
    assert isinstance(problem, Problem)
    assert "binary" in problem.reason
