"""Every reader that is given a stream holds one record in memory, however long the file is."""

import gc
import io
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, cast

import pytest

from assistant.ingestion.readers.tables import table, web_table
from assistant.ingestion.readers.tagged.ris import RIS
from assistant.ingestion.readers.tagged.tagged_formats import MEDLINE
from assistant.ingestion.readers.xml import pubmed_xml, xml_elements
from assistant.types import Problem, ReaderItem, Record

ABSTRACT = "We count gulls and lamps by night. " * 40
RECORDS = 3_000
LARGEST_PEAK = 2_500_000  # bytes


class Pieces(io.RawIOBase):
    """A document that is made as it is read."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = filter(None, pieces)
        self._rest = b""
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest and (piece := next(self._pieces, b"")):
            self._rest = piece
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        self.size += count
        return count


def document(first: str, record: str, last: str) -> Iterator[bytes]:
    yield first.encode()
    for number in range(RECORDS):
        yield record.replace("NUMBER", str(number + 1)).replace("ABSTRACT", ABSTRACT).encode()
    yield last.encode()


def as_text(
    parse: Callable[[io.TextIOWrapper, str], Iterator[ReaderItem]],
) -> Callable[[BinaryIO], Iterator[ReaderItem]]:
    return lambda stream: parse(io.TextIOWrapper(stream, encoding="utf-8"), "file")


PUBMED = (
    "<PubmedArticle><MedlineCitation><PMID>NUMBER</PMID><Article><ArticleTitle>Title NUMBER</ArticleTitle><Abstract>"
    "<AbstractText>ABSTRACT</AbstractText></Abstract></Article></MedlineCitation></PubmedArticle>\n"
)


@pytest.mark.parametrize(
    ("parse", "parts"),
    [
        (as_text(RIS.parse), ("", "TY  - JOUR\nTI  - Title NUMBER\nAB  - ABSTRACT\nN1  - ABSTRACT\nER  - \n", "")),
        (as_text(MEDLINE.parse), ("", "PMID- NUMBER\nTI  - Title NUMBER\nAB  - ABSTRACT\n      ABSTRACT\n\n", "")),
        (as_text(table.parse), ("Title,Abstract\n", '"Title NUMBER","ABSTRACT\nABSTRACT"\n', "")),
        (
            as_text(web_table.parse),
            (
                "<table><tr><td>Title</td><td>Abstract</td></tr>",
                "<tr><td>Title NUMBER</td><td>ABSTRACT<br>ABSTRACT</td></tr>\n",
                "</table>",
            ),
        ),
    ],
    ids=["ris", "medline", "table", "web table"],
)
def test_memory_does_not_grow_with_the_file(
    parse: Callable[[BinaryIO], Iterator[ReaderItem]], parts: tuple[str, str, str]
) -> None:
    raw = Pieces(document(*parts))
    gc.collect()
    tracemalloc.start()
    try:
        count = sum(isinstance(item, Record) for item in parse(cast(BinaryIO, io.BufferedReader(raw))))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count >= RECORDS
    assert raw.size > 3 * LARGEST_PEAK
    assert peak < LARGEST_PEAK


def test_what_was_read_of_a_document_is_dropped() -> None:
    """Trees are not Python's memory, so the trace above does not see them."""
    stream = Pieces(document("<PubmedArticleSet>", PUBMED, "</PubmedArticleSet>"))
    sizes: list[int] = []

    def read(element: xml_elements.Element, file: str) -> None:
        sizes.append(len(element.getparent()))

    assert not list(xml_elements.read_elements(cast(BinaryIO, stream), "file", ("PubmedArticle",), read))
    assert len(sizes) == RECORDS
    assert max(sizes) < 3 * xml_elements.PIECE // len(PUBMED)


def test_a_document_whose_first_record_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_elements, "LARGEST_ELEMENT", 1_000_000)
    endless = Pieces(document("<PubmedArticleSet><PubmedArticle>", "<a>ABSTRACT</a>\n", ""))
    (problem,) = pubmed_xml.parse(cast(BinaryIO, io.BufferedReader(endless)), "file")
    assert isinstance(problem, Problem)
    assert "no record ends within 1 MB" in problem.reason
    assert endless.size < 1_500_000


@pytest.mark.parametrize(
    ("parse", "text"),
    [(RIS.parse, "TY  - JOUR\nTI  - Title\nAB  - {}\nER  - \n"), (MEDLINE.parse, "PMID- 1\nTI  - Title\nAB  - {}\n\n")],
)
def test_one_line_without_end_costs_only_its_record(
    parse: Callable[[io.StringIO, str], Iterator[ReaderItem]], text: str
) -> None:
    problem, record = parse(io.StringIO(text.format("x" * 5_000_000) + text.format("Wet.")), "file")
    assert isinstance(problem, Problem)
    assert isinstance(record, Record)
    assert record.line == 5
