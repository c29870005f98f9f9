import datetime
import gzip
import json
import os
import tempfile
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ingestion.readers import read
from assistant.types import AuthorProfile, Notice, Problem, ReaderItem, Record

DATA = Path(__file__).parents[2] / "data"
AS_OF = datetime.date(2026, 11, 23)
LINE = json.dumps({"title": "Title", "abstract": "Wet."}) + "\n"


def items_of(path: Path, content: bytes) -> list[ReaderItem]:
    path.write_bytes(content)
    return list(read(path, as_of=AS_OF))


def only_problem(items: list[ReaderItem]) -> Problem:
    (item,) = items
    assert isinstance(item, Problem)
    return item


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.bib"
    problem = only_problem(list(read(path, as_of=AS_OF)))
    assert (problem.file, problem.line) == (str(path), 0)
    assert "no such file" in problem.reason


@pytest.mark.parametrize("content", [b"", b" \n\t\n", gzip.compress(b"", mtime=0), b"\xef\xbb\xbf"])
def test_an_empty_file_is_reported(tmp_path: Path, content: bytes) -> None:
    assert "empty" in only_problem(items_of(tmp_path / "a.txt", content)).reason


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("a.bib", "@comment{nothing here}\n", "no entry"),
        ("a.ris", "nothing here\n", "no record"),
        ("a.nbib", "nothing here\n", "no record"),
        ("a.json", "[]", "no paper"),
        ("a.xml", "<PubmedArticleSet></PubmedArticleSet>", "no article"),
        ("a.xml", "<article><body><front/></body></article>", "no article with front matter"),
        ("a.xml", '<feed xmlns="http://www.w3.org/2005/Atom"><id>http://arxiv.org/api/x</id></feed>', "no paper"),
    ],
)
def test_a_file_without_records_is_reported(tmp_path: Path, name: str, text: str, what: str) -> None:
    assert what in only_problem(items_of(tmp_path / name, text.encode())).reason


def test_a_table_without_rows_is_reported(tmp_path: Path) -> None:
    assert "no row" in only_problem(items_of(tmp_path / "a.csv", b"title,abstract\n")).reason


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", LINE.encode() + b"\0\1\2", bytes(range(256)) * 9]
)
def test_a_binary_file_is_reported(tmp_path: Path, content: bytes) -> None:
    assert "binary file" in only_problem(items_of(tmp_path / "a.jsonl", content)).reason


@pytest.mark.parametrize(
    "content", [b"Just a letter to a friend.\n", b"title: x\nabstract: y\n", b"<xml/>", b"a,b\n1,2\n"]
)
def test_an_unknown_format_is_reported_with_the_known_ones(tmp_path: Path, content: bytes) -> None:
    reason = only_problem(items_of(tmp_path / "a.dat", content)).reason
    assert "format is not known" in reason
    assert all(known in reason for known in ("author page", "BibTeX", "RIS", "MEDLINE", "arXiv", "JSON", "CSV"))
    assert len(reason) < 300


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<!DOCTYPE html>\n<html><body>CLJune</body></html>", "a web page"),
        (b"<?xml version='1.0'?>\n<library/>", "XML"),
        (b"interactions:\n- request:\n    body: ''\n", "a recording of web requests"),
        (b"{\\rtf1\\ansi Title}", "a document of a word processor"),
    ],
)
def test_what_looks_like_something_else_is_called_by_its_name(tmp_path: Path, content: bytes, kind: str) -> None:
    reason = only_problem(items_of(tmp_path / "a.dat", content)).reason
    assert "format is not known" in reason
    assert f"It looks like {kind}" in reason


def test_a_folder_is_reported(tmp_path: Path) -> None:
    assert "folder" in only_problem(list(read(tmp_path, as_of=AS_OF))).reason


def test_a_device_is_reported() -> None:
    assert "not an ordinary file" in only_problem(list(read(Path(os.devnull), as_of=AS_OF))).reason


def test_a_file_that_the_system_refuses_is_reported(tmp_path: Path) -> None:
    problem = only_problem(list(read(tmp_path / ("a" * 300), as_of=AS_OF)))
    assert "cannot be read: File name too long" in problem.reason


@pytest.mark.parametrize("name", ["author_page.txt", "references.bib"])
def test_the_content_decides_and_not_the_name(tmp_path: Path, name: str) -> None:
    content = (DATA / name).read_bytes()
    expected = [type(item) for item in read(DATA / name, as_of=AS_OF)]
    for other in ("a.jsonl", "a.bib", "a.txt", "a"):
        assert [type(item) for item in items_of(tmp_path / other, content)] == expected
    assert isinstance(items_of(tmp_path / "a.bib", LINE.encode())[0], Record)


@pytest.mark.parametrize("name", ["author_page.txt", "references.bib"])
def test_compressed_files_are_read_like_plain_ones(tmp_path: Path, name: str) -> None:
    items = items_of(tmp_path / "a.gz", gzip.compress((DATA / name).read_bytes()))
    expected = list(read(DATA / name, as_of=AS_OF))
    assert [item.paper for item in items if isinstance(item, Record)] == [
        item.paper for item in expected if isinstance(item, Record)
    ]


def test_a_cut_compressed_file_keeps_what_could_be_read(tmp_path: Path) -> None:
    lines = "".join(json.dumps({"title": f"Title {n}", "abstract": os.urandom(20_000).hex()}) + "\n" for n in range(40))
    items = items_of(tmp_path / "a.jsonl.gz", gzip.compress(lines.encode())[:-200])
    assert isinstance(items[-1], Problem)
    assert "cut or damaged" in items[-1].reason


def test_damaged_compression_is_reported(tmp_path: Path) -> None:
    assert isinstance(items_of(tmp_path / "a.gz", b"\x1f\x8b" + b"nonsense" * 9)[-1], Problem)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf8_is_read_without_a_word(encoding: str, tmp_path: Path) -> None:
    items = items_of(tmp_path / "a.txt", (DATA / "author_page.txt").read_text().encode(encoding))
    assert isinstance(items[0], AuthorProfile)
    assert items[0].name == "José Álvarez-Núñez"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_byte_order_mark_is_heeded(encoding: str, tmp_path: Path) -> None:
    items = items_of(tmp_path / "a.txt", (DATA / "author_page.txt").read_text().encode(encoding))
    assert items[0] == Notice(str(tmp_path / "a.txt"), f"not UTF-8; read as {encoding}")
    assert isinstance(items[1], AuthorProfile)
    assert items[1].name == "José Álvarez-Núñez"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Étude de la méthode de José Muñoz", "cp1252"),
        ("关于潮汐表与语言模型的研究方法", "gb18030"),
        ("조석표가 언어 모델에 도움이 되는지 살펴본다", "cp949"),
        ("潮汐表は言語モデルの役に立つのか。これを調べる。", "cp932"),
        ("Исследование таблиц приливов и языковых моделей", "cp1251"),
    ],
)
def test_other_encodings_are_recognised_and_said_aloud(tmp_path: Path, text: str, encoding: str) -> None:
    line = json.dumps({"title": text, "abstract": text}, ensure_ascii=False).encode(encoding)
    notice, item = items_of(tmp_path / "a.jsonl", line)
    assert notice == Notice(str(tmp_path / "a.jsonl"), f"not UTF-8; read as {encoding}")
    assert isinstance(item, Record)
    assert item.paper.title == text


def test_a_few_damaged_bytes_do_not_change_the_encoding_of_the_rest(tmp_path: Path) -> None:
    line = json.dumps({"title": "Gödel", "abstract": "Wet."}, ensure_ascii=False).encode() + b"\n"
    notice, *items = items_of(tmp_path / "a.jsonl", line * 3 + line.replace("ö".encode(), b"\xf6"))
    assert isinstance(notice, Notice)
    assert "not UTF-8" in notice.message
    assert [item.paper.title for item in items if isinstance(item, Record)] == ["Gödel"] * 3 + ["G\ufffddel"]


def test_a_file_cut_within_a_character_is_still_utf8(tmp_path: Path) -> None:
    content = (DATA / "author_page.txt").read_bytes() + "\nÉ".encode()[:-1]
    items = items_of(tmp_path / "a.txt", content)
    assert isinstance(items[0], Notice)
    assert isinstance(items[1], AuthorProfile)
    assert items[1].name == "José Álvarez-Núñez"


def test_a_line_of_50_megabytes_is_skipped_with_its_size_and_the_rest_is_kept(tmp_path: Path) -> None:
    huge = json.dumps({"title": "Huge", "abstract": "x" * 50_000_000}) + "\n"
    items = sorted(items_of(tmp_path / "a.jsonl", (LINE + huge + LINE).encode()), key=lambda item: item.line)
    assert [type(item) for item in items] == [Record, Problem, Record]
    assert isinstance(items[1], Problem)
    assert items[1].line == 2
    assert "50.0 MB" in items[1].reason
    assert isinstance(items[2], Record)
    assert items[2].line == 3


def test_a_huge_line_in_a_page_costs_only_itself(tmp_path: Path) -> None:
    page = (DATA / "author_page.txt").read_text().replace("Waves are high.", "Waves are high.\n" + "x" * 11_000_000)
    items = items_of(tmp_path / "a.txt", page.encode())
    assert sum(isinstance(item, Record) for item in items) == 4
    assert sum(isinstance(item, Problem) for item in items) == 1


def test_hostile_characters_reach_no_record(tmp_path: Path) -> None:
    bad = "\u202e\u200b\x1b\ud800"
    line = json.dumps(
        {"id": f"i{bad}d", "title": f"Ti{bad}tle", "abstract": f"A{bad}b.", "authors": [f"Le{bad}na"], "venue": bad}
    )
    (item,) = items_of(tmp_path / "a.jsonl", line.encode())
    assert isinstance(item, Record)
    assert (item.source_key, item.paper.title, item.paper.abstract) == ("id", "Title", "Ab.")
    assert (item.paper.authors, item.paper.venue) == (("Lena",), "")


ABSTRACT = "We count gulls at night. " * 325
MANY = range(1_200)
OBJECTS = (json.dumps({"title": f"Title {number}", "abstract": ABSTRACT}) for number in MANY)


@pytest.mark.parametrize(
    ("first", "records", "last"),
    [
        ("", (json.dumps({"title": f"Title {number}", "abstract": ABSTRACT}) + "\n" for number in MANY), ""),
        ('[{"title": "a", "abstract": "b"}', (f", {text}" for text in OBJECTS), "]"),
        ('{"results": [{}', (f',\n{{"title": "Title {number}", "abstract": "{ABSTRACT}"}}' for number in MANY), "]}"),
        ("Title,Abstract\n", (f"Title {number},{ABSTRACT}\n" for number in MANY), ""),
        ("", (f"@misc{{key{number}, title={{Title}}, abstract={{{ABSTRACT}}}}}\n" for number in MANY), ""),
        ("Ada Brandt\n\n", (f"\nLGJun 2\nTitle {number}\n\nBo Li, Cy Ott\n\n{ABSTRACT}\n" for number in MANY), ""),
        ("", (f"TY  - JOUR\nTI  - Title {number}\nAB  - {ABSTRACT}\nER  - \n" for number in MANY), ""),
    ],
    ids=["JSON Lines", "array on one line", "wrapped array", "CSV", "BibTeX", "author page", "RIS"],
)
def test_memory_does_not_grow_with_the_file(tmp_path: Path, first: str, records: Iterable[str], last: str) -> None:
    path = tmp_path / "papers"
    with path.open("w") as file:
        file.write(first)
        file.writelines(records)
        file.write(last)
    assert path.stat().st_size > 9_000_000
    tracemalloc.start()
    try:
        count = sum(isinstance(item, Record) for item in read(path, as_of=AS_OF))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count >= len(MANY)
    assert peak < 6_000_000


PREFIXES = [b"", b"\x1f\x8b", b"\xff\xfe", b"[", b'{"title":', b"@article{a,", b"Ada\n\nCLJun 2\n", b"\xef\xbb\xbf"]


@given(st.sampled_from(PREFIXES), st.binary(max_size=300))
def test_no_bytes_raise(prefix: bytes, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert items_of(Path(folder) / "a.bib", prefix + content)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "given", "x"]), inner),
    max_leaves=5,
)
KEYS = st.sampled_from(
    [
        "id",
        "title",
        "abstract",
        "authors",
        "year",
        "date",
        "categories",
        "doi",
        "code",
        "versions",
        "externalIds",
        "venue",
    ]
)


@given(st.dictionaries(KEYS, JSON_VALUES))
def test_no_json_object_raises(fields: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (item,) = items_of(Path(folder) / "a.jsonl", json.dumps(fields).encode() + b"\n")
    assert isinstance(item, Record | Problem)


@given(st.lists(st.sampled_from((DATA / "author_page.txt").read_text().splitlines())))
def test_no_shuffled_page_raises(lines: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert items_of(Path(folder) / "a.txt", "\n".join(lines).encode())


@given(st.data())
def test_no_damaged_bibtex_raises(data: st.DataObject) -> None:
    text = (DATA / "references.bib").read_text()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    with tempfile.TemporaryDirectory() as folder:
        assert items_of(Path(folder) / "a.bib", (text[:start] + text[end:]).encode())
