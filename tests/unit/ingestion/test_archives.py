"""ZIP archives: what lies in them is read like files, and nothing in them does harm."""

import datetime
import io
import zipfile
from pathlib import Path

import pytest

from assistant.ingestion.readers import archives, read
from assistant.types import Notice, Problem, ReaderItem, Record

BIBTEX = "@article{one, title={Lamps drift}, abstract={We measure lamps.}, year={2020}}\n"
RIS = "TY  - JOUR\nTI  - Wells fill\nAB  - We measure wells.\nPY  - 2021\nER  - \n"


def archive(files: dict[str, str | bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return path


def packed(files: dict[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def items_of(path: Path) -> list[ReaderItem]:
    return list(read(path, as_of=datetime.date(2026, 11, 23)))


def titles(items: list[ReaderItem]) -> list[str]:
    return [item.paper.title for item in items if isinstance(item, Record)]


def only_problem(items: list[ReaderItem]) -> Problem:
    (problem,) = (item for item in items if isinstance(item, Problem))
    return problem


def test_files_of_several_formats_are_read(tmp_path: Path) -> None:
    items = items_of(archive({"a/one.bib": BIBTEX, "two.ris": RIS}, tmp_path / "both.zip"))
    assert titles(items) == ["Lamps drift", "Wells fill"]


def test_an_archive_is_told_by_its_content(tmp_path: Path) -> None:
    assert titles(items_of(archive({"one.bib": BIBTEX}, tmp_path / "export.dat"))) == ["Lamps drift"]


def test_a_file_that_is_none_is_named_as_it_lies_in_the_archive(tmp_path: Path) -> None:
    path = archive({"one.bib": BIBTEX, "notes/todo.txt": "Buy milk, and nothing else."}, tmp_path / "a.zip")
    items = items_of(path)
    assert titles(items) == ["Lamps drift"]
    assert only_problem(items).file == f"{path}/notes/todo.txt"


def test_what_is_hidden_and_what_systems_add_is_passed_over(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"__MACOSX/._one.bib": b"\0\5\x16", ".DS_Store": b"\0\0\0\1", "one.bib": BIBTEX}
    files |= {"from/Thumbs.db": b"\xd0\xcf\x11\xe0", "from/Desktop.ini": "[.ShellClassInfo]\n"}
    assert len(items_of(archive(files, tmp_path / "a.zip"))) == 1


@pytest.mark.parametrize("name", ["../../escaped.bib", "/etc/escaped.bib", "..\\..\\escaped.bib"])
def test_names_that_lead_out_write_nothing_elsewhere(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "one" / "two"
    folder.mkdir(parents=True)
    items_of(archive({name: BIBTEX, "two.ris": RIS}, folder / "a.zip"))
    assert not list(tmp_path.rglob("escaped.bib"))


def test_an_archive_in_an_archive_is_read_and_one_deeper_is_refused(tmp_path: Path) -> None:
    inner = packed({"one.bib": BIBTEX})
    assert titles(items_of(archive({"inner.zip": inner}, tmp_path / "a.zip"))) == ["Lamps drift"]
    deeper = packed({"inner.zip": packed({"innermost.zip": inner})})
    assert "Unpack it" in only_problem(items_of(archive({"b.zip": deeper}, tmp_path / "b.zip"))).reason


def test_a_bomb_is_refused_unopened(tmp_path: Path) -> None:
    path = archive({"bomb.csv": b"0" * (64 << 20)}, tmp_path / "bomb.zip")
    assert "GB when unpacked" in only_problem(items_of(path)).reason


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_FILES", 2)
    path = archive({"1.bib": BIBTEX, "2.bib": BIBTEX, "3.bib": BIBTEX}, tmp_path / "a.zip")
    assert "3 files; the most is 2" in only_problem(items_of(path)).reason


def test_a_damaged_file_costs_itself_only(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as writing:
        writing.writestr("one.bib", BIBTEX)
        writing.writestr("two.ris", RIS)
    path.write_bytes(path.read_bytes().replace(b"Lamps drift", b"Lamps drown", 1))
    items = items_of(path)
    assert titles(items) == ["Wells fill"]
    assert "cannot be unpacked" in only_problem(items).reason


def test_an_archive_that_is_cut_is_reported(tmp_path: Path) -> None:
    path = archive({"one.bib": BIBTEX}, tmp_path / "a.zip")
    path.write_bytes(path.read_bytes()[:40])
    assert "cut or damaged" in only_problem(items_of(path)).reason


def test_an_empty_archive_is_reported(tmp_path: Path) -> None:
    assert "holds no file" in only_problem(items_of(archive({}, tmp_path / "a.zip"))).reason


def test_a_locked_file_is_reported(tmp_path: Path) -> None:
    path = archive({"one.bib": BIBTEX}, tmp_path / "a.zip")
    content = bytearray(path.read_bytes())
    content[6] |= 1  # the flags of the file, before it and in the directory
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(content))
    assert "password" in only_problem(items_of(path)).reason


def test_a_document_is_not_taken_for_an_archive_of_files(tmp_path: Path) -> None:
    path = archive({"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"}, tmp_path / "a.docx")
    assert "document of an office program" in only_problem(items_of(path)).reason


@pytest.mark.parametrize("content", [b"%PDF-1.7\n%...", b"%PDF-1.4\n<prism:doi>10.1000/lamps.1</prism:doi>"])
def test_a_pdf_is_refused_in_one_sentence_that_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(content)
    reason = only_problem(items_of(path)).reason
    assert "This is a PDF" in reason
    assert "assistant add doi:10." in reason
    assert ("10.1000/lamps.1" in reason) == (b"prism" in content)


MEDIA = {
    "a.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1",
    "b.jpg": b"\xff\xd8\xff\xe0\0\x10JFIF\0" + b"\0" * 60,
    "c.ttf": b"\0\1\0\0\0\x10\1\0" + b"\0" * 60,
    "d.mp3": b"ID3\3\0\0\0\0\0\0" + b"\0" * 60,
    "cut.png": b"\x89PNG\r\n\x1a\n",
    "e.exe": b"MZ\x90\0" + b"\0" * 90,
}


def test_pictures_and_the_like_are_counted_and_no_problems(tmp_path: Path) -> None:
    items = items_of(archive({**MEDIA, "one.bib": BIBTEX}, tmp_path / "a.zip"))
    assert titles(items) == ["Lamps drift"]
    (notice,) = (item for item in items if not isinstance(item, Record))
    assert isinstance(notice, Notice)
    assert notice.message.startswith("6 picture(s)")


def test_an_archive_of_nothing_but_pictures_is_a_problem(tmp_path: Path) -> None:
    assert "no file of records" in only_problem(items_of(archive({**MEDIA}, tmp_path / "a.zip"))).reason


def test_of_a_text_in_an_archive_no_list_of_formats_is_given(tmp_path: Path) -> None:
    items = items_of(archive({"one.bib": BIBTEX, "README.txt": "Read me, please."}, tmp_path / "a.zip"))
    assert only_problem(items).reason == "The format is not known. docs/library.md lists what can be read."
