"""Papers written in each format come back whole through our readers, and other programs can read them too."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import warnings
from collections.abc import Iterator
from types import ModuleType

import pytest
import rispy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pybtex.database import parse_string

from assistant.export.writers import bibtex, csl_json, jsonl, markdown, ris, table
from assistant.export.writers.citations import Keys, split_name
from assistant.ingestion.readers.fields import date_text, find_doi, find_url
from assistant.ingestion.readers.formats import find_format
from assistant.ingestion.readers.markup import visible
from assistant.ingestion.readers.names import authorships
from assistant.ingestion.readers.objects import json_papers as json_reader
from assistant.ingestion.readers.tables import table as table_reader
from assistant.ingestion.readers.tagged.ris import RIS
from assistant.ingestion.readers.tex import bibtex as bibtex_reader
from assistant.types import Authorship, Paper, Record
from tests.conftest import make_paper

READERS = {bibtex: bibtex_reader, ris: RIS, csl_json: json_reader, table: table_reader, jsonl: json_reader}

MOST = int(os.environ.get("WRITERS_EXAMPLES", "12"))

PIECES = st.sampled_from(
    [
        *"a the Model LoRA GPT-4 et al. and others TY ER AB é ü Ž 机器学习 данные λ 5% 10,000 [1]".split(),
        *"“quoted” 'tis ‰".split(),
        *r"$x^2$ $ $$ {x} { } \ \alpha \textbf{b} \% % & &amp; &lt;b&gt; <b> </b> # _ ~ ^".split(),
        *r"` `` '' -- @ @article{x,".split(),
        *r"= + - | ; , : $\mathcal{S}$ $\{x$ \begin{equation} \textbackslash{} \textbraceleft{} 10.1000/x".split(),
        *"=1+1 \" '".split(),
        "https://arxiv.org/abs/2401.00001",
    ]
)
TEXTS = (
    st.one_of(
        st.lists(PIECES, min_size=1, max_size=12).map(" ".join),
        st.lists(PIECES, min_size=1, max_size=8).map("".join),
        st.text(min_size=1, max_size=60),
    )
    .map(visible)
    .filter(bool)
)
WORDS = st.text(st.characters(categories=("Lu", "Ll", "Lo", "Mn")), min_size=1, max_size=8)
NAMES = (
    st.one_of(
        st.sampled_from(
            "Ada Lovelace|Laurens van der Maaten|danah boyd|Martin Luther King, Jr.|OpenAI|OpenAI, Inc.|Gu, Naibin|"
            "The ATLAS Collaboration|Barnes and Noble|顾乃斌|Эмми Нётер|José García-López|O'Brien, Pat|Li X.|Ng|"
            "J. R. R. Tolkien|Team A; Team B|{Braced}|Foo {Bar}|A & B|Weiß Müller|Ann-Marie d'Arc|X Æ A-12|"
            "Jean Paul, III|Foo, Bar, Baz|Smith, J.|50% Club|de la Cruz|Sir Ian von Und zu|a_b c|Bond (007)".split("|")
        ),
        st.lists(WORDS, min_size=1, max_size=4).map(" ".join),
        TEXTS,
    )
    .map(visible)
    .filter(lambda name: authorships([name]) == ((Authorship(name, 1),), True))
    .filter(lambda name: any(character.isalpha() for character in name))
    .filter(lambda name: name not in {"others", "et al."})
)
DATES = st.one_of(
    st.just(""),
    st.integers(1000, 2999).map(date_text),
    st.builds(date_text, st.integers(1000, 2999), st.integers(1, 12)),
    st.builds(date_text, st.integers(1000, 2999), st.integers(1, 12), st.integers(1, 31)),
)
DOIS = st.one_of(
    st.just(""),
    st.from_regex(r"10\.\d{4,9}/[!-~]{1,20}", fullmatch=True).map(find_doi).filter(lambda doi: find_doi(doi) == doi),
)
ADDRESSES = st.one_of(
    st.just(""),
    st.sampled_from(["https://arxiv.org/abs/2502.13604", "https://doi.org/10.1000/x_y%20z", "http://a.b/~c?d=e&f=#g"]),
    st.from_regex(r"https?://[a-z.]{1,9}/[!-~]{0,12}", fullmatch=True).map(find_url),
)


def _paper(names: list[str], positions: list[int | None] | None, fields: dict[str, object]) -> Paper:
    places = positions[: len(names)] if positions and len(positions) >= len(names) else range(1, len(names) + 1)
    people = tuple(Authorship(name, place) for name, place in zip(names, places, strict=True))
    return Paper(authorships=people, **fields)  # type: ignore[arg-type]


PAPERS = st.builds(
    _paper,
    st.lists(NAMES, max_size=5),
    st.none() | st.lists(st.none() | st.integers(1, 30), min_size=5, max_size=5),
    st.fixed_dictionaries(
        {
            "title": TEXTS,
            "abstract": TEXTS,
            "authors_complete": st.booleans(),
            "date": DATES,
            "categories": st.lists(TEXTS | st.sampled_from(["cs.CL", "LG"]), max_size=3, unique=True).map(tuple),
            "venue": st.just("") | TEXTS | st.sampled_from(["EMNLP 2025", "Nature", "arXiv:2401.00001", "CoRR"]),
            "doi": DOIS,
            "arxiv_id": st.sampled_from(["", "2502.13604", "hep-th/9901001", "math.GT/0309136"]),
            "pmid": st.just("") | st.integers(1, 999_999_999).map(str),
            "url": ADDRESSES,
            "has_code": st.none() | st.booleans(),
            "labels": st.lists(TEXTS | st.sampled_from(["To read", "a, b; c"]), max_size=3, unique=True).map(tuple),
        }
    ),
)
"""What a reader can ever produce: texts and names on one line, in NFC, of visible characters only; names that name
somebody; dates, DOIs, addresses and numbers as they are found in a text. The library's own id is no part of it: it
belongs to one library (JSON Lines and CSV write it, as the record's name)."""


def read_back(writer: ModuleType, papers: list[Paper]) -> list[Paper]:
    text = "".join(writer.write(papers))
    reader = READERS[writer]
    assert find_format(text, "", {}) is reader
    items = list(reader.parse(io.StringIO(text), "file"))
    assert all(isinstance(item, Record) for item in items), items
    return [item.paper for item in items if isinstance(item, Record)]


@pytest.mark.parametrize("writer", READERS, ids=lambda writer: writer.__name__.rpartition(".")[2])
@settings(max_examples=MOST, deadline=None)
@given(papers=st.lists(PAPERS, min_size=1, max_size=3))
@example(papers=[make_paper("A $\\{x$ B", "Un{matched \\ brace ``and quotes''", authors=("Foo, Bar", "x"))])
@example(papers=[make_paper("A", "B", categories=("a and", "a", "and"))])
@example(papers=[make_paper("L_DMI: 5%LoRA, R&D^GPT {a}GPT $x$GPT (GPT) GPT-4", "Text.")])
@example(papers=[make_paper("A {LoRA} of 5% & more", "Costs $5, not $6 ~ 7.", authors=("Gu, Naibin",))])
@example(papers=[make_paper("A", "B", categories=("x", "y"), labels=("y", "to, read", "50% {a} $x$", "[z]"))])
@example(papers=[make_paper("A", "B", labels=("PhD/Chapter 2", "标签", "a; b", "Größe, {x}", "x and y"))])
@example(papers=[make_paper("A", "{long} " * 4000 + "end", authors=("Ada Lovelace",))])
@example(papers=[make_paper("A", "B", authors=("A b & c", "D e, F g", "H; I"), authors_complete=False)])
def test_what_was_written_is_read_back_whole(writer: ModuleType, papers: list[Paper]) -> None:
    again = read_back(writer, papers)
    assert again == papers
    assert [paper.labels for paper in again] == [paper.labels for paper in papers]


@pytest.mark.parametrize("writer", READERS, ids=lambda writer: writer.__name__.rpartition(".")[2])
def test_papers_without_anything_but_title_and_abstract_come_back(writer: ModuleType) -> None:
    bare = Paper(title="Title", abstract="Abstract.")
    assert read_back(writer, [bare, bare]) == [bare, bare]


@pytest.mark.parametrize("writer", READERS, ids=lambda writer: writer.__name__.rpartition(".")[2])
def test_papers_without_an_abstract_come_back(writer: ModuleType) -> None:
    said = ({"date": "2024"}, {"doi": "10.1000/1"}, {"arxiv_id": "2502.13604"}, {"pmid": "3"})
    bare = [Paper(title="Title", **fields) for fields in said]  # type: ignore[arg-type]
    bare.append(Paper(title="Title", authorships=(Authorship("Ada Lovelace", 1),)))
    assert read_back(writer, bare) == bare


def test_a_paper_without_an_abstract_is_shown_as_such() -> None:
    assert "*(no abstract)*" in "".join(markdown.write([Paper(title="Title", date="2024")]))


@pytest.mark.parametrize("writer", [*READERS, markdown], ids=lambda writer: writer.__name__.rpartition(".")[2])
def test_papers_are_written_as_they_come(writer: ModuleType) -> None:
    taken = 0

    def papers() -> Iterator[Paper]:
        nonlocal taken
        for number in range(1000):
            taken += 1
            yield make_paper(f"Paper {number}")

    pieces = writer.write(papers())
    for _ in range(3):
        next(pieces)
    assert taken <= 4


@settings(max_examples=MOST, deadline=None)
@given(papers=st.lists(PAPERS, min_size=1, max_size=3))
def test_bibtex_is_what_another_reader_takes(papers: list[Paper]) -> None:
    written = "".join(bibtex.write(papers))
    entries = parse_string(written, "bibtex").entries
    assert len(entries) == len(papers)
    for paper, entry in zip(papers, entries.values(), strict=True):
        assert entry.type in {"article", "inproceedings", "misc"}
        assert len(entry.persons.get("author", [])) == len(paper.authors) + (not paper.authors_complete)


def test_latex_can_set_what_stands_in_bibtex() -> None:
    paper = make_paper("50% of R&D_costs for #1 BeamLoRA with $x_1^2$", "A {set} ~ b^c.", venue="EMNLP 2025")
    entry = bibtex.entry(paper, "key")
    assert r"title = {50\% of {R\&D}\_costs" not in entry
    assert r"{50\% of R\&D\_costs for \#1 {BeamLoRA} with $x_1^2$}" in entry
    assert r"{A \{set\} \textasciitilde{} b\textasciicircum{}c.}" in entry
    assert entry.startswith("@inproceedings{key,\n")
    assert "booktitle = {EMNLP 2025}" in entry


def test_names_are_family_name_first_where_a_person_has_one() -> None:
    names = ("Naibin Gu", "Laurens van der Maaten", "Martin Luther King, Jr.", "OpenAI", "The ATLAS Collaboration")
    entry = bibtex.entry(make_paper("A", authors=names), "key")
    listed = "Gu, Naibin and van der Maaten, Laurens and King, Jr., Martin Luther and {OpenAI} and"
    assert f"author = {{{listed} {{The ATLAS Collaboration}}}}" in entry


@given(NAMES)
def test_the_parts_of_a_name_make_it_up_again(name: str) -> None:
    person = split_name(name)
    if person:
        spoken = f"{person.given} {person.family}"
        assert name == (f"{spoken}, {person.suffix}" if person.suffix else spoken)


def test_keys_are_readable_and_no_two_are_the_same() -> None:
    keys = Keys()
    paper = make_paper("The BeamLoRA: Beam-Constraint", authors=("Naibin Gu",), date="2025-02")
    made = [keys.new(paper) for _ in range(30)]
    assert made[:3] == ["gu2025beamlora", "gu2025beamlorab", "gu2025beamlorac"]
    assert len(set(made)) == 30
    assert Keys().new(paper) == made[0]
    assert keys.new(Paper(title="机器学习", abstract="x")) == "anonymous"


@settings(max_examples=MOST, deadline=None)
@given(PAPERS)
def test_ris_is_what_rispy_reads(paper: Paper) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (record,) = rispy.loads("".join(ris.write([paper])))
    assert record["type_of_reference"] in {"CONF", "JOUR", "UNPB"}
    assert record["title"] == paper.title
    assert len(record.get("authors", [])) == len(paper.authors) + (not paper.authors_complete)


def test_csl_items_have_the_names_and_types_of_the_schema() -> None:
    paper = make_paper("A", authors=("Ada Lovelace",), doi="10.1000/x", authors_complete=False, has_code=True)
    (item,) = json.loads("".join(csl_json.write([paper])))
    assert item["author"] == [{"family": "Lovelace", "given": "Ada"}, {"literal": "others"}]
    assert item["issued"] == {"date-parts": [[2024, 5, 1]]}
    assert (item["id"], item["type"], item["custom"]) == ("lovelace2024", "article", {"has_code": True})


def test_no_papers_are_an_empty_array() -> None:
    assert json.loads("".join(csl_json.write([]))) == []


@settings(max_examples=MOST)
@given(PAPERS)
def test_no_cell_of_a_table_is_a_formula(paper: Paper) -> None:
    rows = list(csv.reader(io.StringIO("".join(table.write([paper])))))
    assert [len(row) for row in rows] == [len(table.COLUMNS)] * 2
    assert not [cell for cell in rows[1] if cell[:1] in tuple("=+-@\t\r＝＋－＠")]


def test_a_list_of_papers_can_be_edited_and_added_again() -> None:
    text = "".join(bibtex.write([make_paper("Old title", "Old {words}.")])).replace("Old title", r"G{\"o}del")
    (item,) = bibtex_reader.parse(io.StringIO(text), "file")
    assert isinstance(item, Record)
    assert item.paper.title == "Gödel"


@settings(max_examples=MOST, deadline=None)
@given(PAPERS)
@example(make_paper("[click](javascript:alert(1)) <img src=x> `code` # no heading", "1. no list\n# or heading"))
@example(make_paper("A", "- no list ![](http://x.y/z) www.evil.example http://evil.example $x$ ~~a~~ |b|"))
def test_markdown_shows_text_of_papers_and_does_nothing_with_it(paper: Paper) -> None:
    written = "".join(markdown.write([paper]))
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(written)
    inner = [child for token in tokens for child in token.children or []]
    allowed = {
        "text",
        "softbreak",
        "hardbreak",
        "strong_open",
        "strong_close",
        "link_open",
        "link_close",
        "text_special",
    }
    assert {token.type for token in inner} <= allowed
    blocks = {"ordered_list_open", "list_item_open", "paragraph_open", "inline", "blockquote_open"}
    assert {token.type.replace("_close", "_open") for token in tokens} <= blocks
    own = {f"https://doi.org/{paper.doi}", f"https://arxiv.org/abs/{paper.arxiv_id}", paper.url}
    own.add(f"https://pubmed.ncbi.nlm.nih.gov/{paper.pmid}/")
    links = [token.attrGet("href") for token in inner if token.type == "link_open"]
    assert len(links) <= len(own)
    assert not re.search(r"(?<!<)https?://|www\.", written, re.IGNORECASE)  # which some programs make links of
    shown = "".join(token.content for token in inner)
    assert re.sub(r"\s", "", visible(paper.title)) in re.sub(r"\s", "", shown)


def test_papers_are_numbered_with_links() -> None:
    text = "".join(markdown.write([make_paper("A", doi="10.1000/x"), make_paper("B", arxiv_id="2502.13604")]))
    assert text.startswith(
        "1. **A**  \n   Ada Lovelace  \n   2024-05-01  \n   [doi:10.1000/x](<https://doi.org/10.1000/x>)"
    )
    assert "2. **B**" in text
    assert "[arXiv:2502.13604](<https://arxiv.org/abs/2502.13604>)" in text


def test_a_paper_goes_by_the_citation_key_that_its_sources_give() -> None:
    papers = [
        make_paper("Clocks", citation_keys=("Okoro:2012_a",)),
        make_paper("Gauges", citation_keys=("not valid", "okoro:2012_A", "größe2011")),
        make_paper("Lamps", citation_keys=("a{b",)),
    ]
    keys = ["Okoro:2012_a", "größe2011", "lovelace2024lamps"]
    for writer in (bibtex, csl_json):
        assert [paper.citation_keys for paper in read_back(writer, papers)] == [(key,) for key in keys]


def test_nobody_gets_a_key_that_is_reserved() -> None:
    keys = Keys(reserved=["Lovelace2024lamps"])
    assert keys.new(make_paper("Lamps")) == "lovelace2024lampsb"
    assert keys.new(make_paper("Lamps", citation_keys=("Lovelace2024lamps",))) == "Lovelace2024lamps"
