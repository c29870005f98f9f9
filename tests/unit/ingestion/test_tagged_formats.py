"""The exports of databases and reference managers whose lines begin with a tag."""

import datetime
import io
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ingestion.readers import formats, read
from assistant.ingestion.readers.tagged import pubmed_text
from assistant.ingestion.readers.tagged.ris import RIS
from assistant.ingestion.readers.tagged.tagged_formats import (
    ADS,
    CNKI,
    COCHRANE,
    FORMATS,
    MEDLINE,
    NOTE_EXPRESS,
    OVID,
    OVID_FIELDS,
    REFER,
    REFWORKS,
    WEB_OF_SCIENCE,
)
from assistant.ingestion.readers.tagged.tagged_lines import TaggedFormat
from assistant.types import Authorship, Paper, Problem, ReaderItem, Record
from tests.conftest import SHARED

DATA = Path(__file__).parents[2] / "data"
WOS_FIXTURE = SHARED / "fixtures" / "rispy" / "tests" / "data" / "example_wos.ris"

ENDNOTE = """\
%T Lamps in winter
%0 Journal Article
%A Berg, Anna
%A Roe, James E., Jr.
%J Journal of Lamps
%D 2021
%8 March 5, 2021
%K lamps
ropes and knots
%X We measure how lamps drift.

They drift slowly.
%K winter
%R https://doi.org/10.1000/lamps.17
%U https://example.org/lamps
%~ PubMed
%M 31234567
%F Berg2021

%0 Thesis
%A Elm, C.
%T Wells fill
%D 2020
%I University of the Quay
"""
REFER_TEXT = """\
%A Anna Berg
%A Rick Roe
%T Lamps in winter
%J Journal of Lamps
%D May 2021

%T Wells fill
%A C. Elm
%D 2020
"""
ADS_TEXT = """\
Query Results from the ADS Database


Retrieved 2 abstracts, starting with number 1.

%R 2021ApJ...901..123B
%T Lamps of distant galaxies
%A Berg, Anna; van der Roe, J.
%F University of the Quay; University of the Harbour
%J The Lamp Journal, Volume 901, Issue 2, id.123
%V 901
%D 03/2021
%P 123
%K Lamps, Wells, Galaxies
%U https://ui.example.org/abs/2021ApJ...901..123B
%B We measure lamps.
We find 40 of them.
%Y DOI: 10.1000/ads.17; eprintid: arXiv:2101.00017

%R 2020A&A...600A..10E
%T Wells fill
%A Elm, C.
%D 00/2020
"""
REFWORKS_TEXT = """\
Refworks Export Tagged Format

Tag legend
*****
RT=Reference Type
T1=Primary Title
*****
BEGIN EXPORTED REFERENCES


RT Journal Article
SR Electronic(1)
ID 17
A1 Berg,Anna
A1 Roe,James E.
T1 Lamps in winter
JF Journal of Lamps
YR 2021
FD Mar 5
K1 lamps
K1 ropes and knots
AB We measure how lamps drift.
IT is not a tag.
DO 10.1000/lamps.17
PMID 31234567
UL https://example.org/lamps

RT Dissertation/Thesis
A1 \u5f20\u4e09;
T1 Wells fill
YR 2020
PB University of the Quay
"""
OVID_TEXT = """\
<1. >
VN  - Ovid Technologies
DB  - Ovid MEDLINE(R)
UI  - 31234567
TI  - Lamps in winter.  [Review]
SO  - Journal of Lamps. 12(3):1048-1064, March 2021.
AU  - Berg AB
AU  - Roe J.E.
AU  - Elm, Carl MD, PhD 1,2,*
IN  - (Berg) University of the Quay, Harbour
      (Roe) University of the Well, Spring
MH  - Humans
MH  - *Lamps/ae [Adverse Effects]
KW  - ropes;  knots
AB  - We measure how lamps drift.
      They drift slowly.
DO  - https://dx.doi.org/10.1000/lamps.17

<2. >
VN  - Ovid Technologies
DB  - Embase
UI  - 621000000
TI  - Wells fill.
AU  - Elm C.
YR  - 2020
"""
OVID_FIELDS_TEXT = """\
<1>
Unique Identifier
  31234567
Authors
  Berg, Anna MD *;  Roe, James E. PhD +
Institution
  (*)University of the Quay
  (+)University of the Well
Title
  Lamps in winter.[Review]
Source
  Journal of Lamps.   12(3):48-64, March 2021.
Abstract
  We measure how lamps drift.
  They drift slowly.
Author Keywords
  ropes;  knots.
DOI Number
  10.1000/lamps.17

<2>
Unique Identifier
  31234568
Authors
  Elm C
Title
  Wells fill
Year of Publication
  2020
"""
COCHRANE_TEXT = """\
Record #1 of 2
ID: CN-01700017
AU: Berg AB
AU: Roe J
TI: Lamps in winter
SO: Journal of Lamps, 2021, 12(3), 1-9
YR: 2021
PM: PUBMED 31234567
PT: Journal article
KY: lamps; ropes and knots; *Wells /methods
DOI: 10.1000/lamps.17
AB: BACKGROUND: We measure how lamps drift.
RESULTS: They drift slowly.
US: https://www.example.org/central/CN-01700017/full

Record #2 of 2
ID: CN-01700018
AU: Elm C
TI: Wells fill
YR: 2020
"""
NOTE_EXPRESS_TEXT = """\
{Reference Type}: Journal Article
{Title}: Lamps in winter
{Author}: \u5f20\u4e09;\u674e\u56db;
{Journal}: Journal of Lamps
{Year}: 2021
{Keywords}: lamps;ropes and knots;
{Abstract}: We measure how lamps drift.
{DOI}: 10.1000/lamps.17

{Reference Type}: Thesis
{Title}: Wells fill
{Author}: \u738b\u4e94
{Year}: 2020
{Publisher}: University of the Quay
"""
CNKI_TEXT = """\
SrcDatabase-\u6765\u6e90\u5e93: \u671f\u520a
Title-\u9898\u540d: Lamps in winter
Author-\u4f5c\u8005: \u5f20\u4e09;\u674e\u56db;
Organ-\u5355\u4f4d: University of the Quay
Source-\u6587\u732e\u6765\u6e90: Journal of Lamps
Keyword-\u5173\u952e\u8bcd: lamps;;ropes and knots
Summary-\u6458\u8981: We measure how lamps drift.
PubTime-\u53d1\u8868\u65f6\u95f4: 2021-03-05
Year-\u5e74: 2021
DOI-DOI: 10.1000/lamps.17

SrcDatabase-\u6765\u6e90\u5e93: \u535a\u58eb
Title-\u9898\u540d: Wells fill
Author-\u4f5c\u8005: \u738b\u4e94;
Year-\u5e74: 2020
"""
PUBMED_TEXT = """\
1. J Lamps. 2021 Mar 5;12(3):1-9. doi: 10.1000/lamps.17. Epub 2021 Feb 1.

Lamps in winter: a count of those that
drift.

Berg AB(1), van der Roe J(1)(2), King ML Jr(#)(3); Harbour Research Group.

Collaborators: Oak X, Pine Y.

Author information:
(1)University of the Quay.
(2)University of the Well.

BACKGROUND: We measure how lamps
drift.
METHODS: We look. 1. Not a record. 2020 is a year.

CONCLUSION: They drift slowly.

Copyright \u00a9 2021. Published by the Quay.

DOI: 10.1000/lamps.17
PMCID: PMC1234567
PMID: 31234567 [Indexed for MEDLINE]

Conflict of interest statement: None.


2. Harbour Rep. 2020;4(2):17.

[Wells fill].

[Article in German]

Elm C(1).

PMID: 31234568
"""
MEDLINE_TEXT = (DATA / "references.nbib").read_text()
WEB_OF_SCIENCE_TEXT = (DATA / "web_of_science.txt").read_text()
RIS_TEXT = (DATA / "references.ris").read_text()

TEXTS: dict[str, tuple[formats.Format, str]] = {
    "refer": (REFER, ENDNOTE),
    "refer without types": (REFER, REFER_TEXT),
    "ads": (ADS, ADS_TEXT),
    "refworks": (REFWORKS, REFWORKS_TEXT),
    "ovid": (OVID, OVID_TEXT),
    "ovid fields": (OVID_FIELDS, OVID_FIELDS_TEXT),
    "cochrane": (COCHRANE, COCHRANE_TEXT),
    "note express": (NOTE_EXPRESS, NOTE_EXPRESS_TEXT),
    "cnki": (CNKI, CNKI_TEXT),
    "pubmed text": (pubmed_text, PUBMED_TEXT),
    "medline": (MEDLINE, MEDLINE_TEXT),
    "web of science": (WEB_OF_SCIENCE, WEB_OF_SCIENCE_TEXT),
    "ris": (RIS, RIS_TEXT),
}


def items_of(form: formats.Format, text: str) -> list[ReaderItem]:
    return list(form.parse(io.StringIO(text), "references.txt"))


def papers_of(form: formats.Format, text: str) -> list[Paper]:
    items = items_of(form, text)
    assert all(isinstance(item, Record) for item in items)
    return [item.paper for item in items if isinstance(item, Record)]


def people(*names: str) -> tuple[Authorship, ...]:
    return tuple(Authorship(name, position) for position, name in enumerate(names, start=1))


@pytest.mark.parametrize(
    ("form", "text", "paper", "line", "key"),
    [
        (
            REFER,
            ENDNOTE,
            Paper(
                title="Lamps in winter",
                abstract="We measure how lamps drift. They drift slowly.",
                authorships=people("Anna Berg", "James E. Roe, Jr."),
                date="2021-03-05",
                venue="Journal of Lamps",
                doi="10.1000/lamps.17",
                pmid="31234567",
                url="https://example.org/lamps",
                labels=("lamps", "ropes and knots", "winter"),
            ),
            1,
            "Berg2021",
        ),
        (
            REFER,
            REFER_TEXT,
            Paper(
                title="Lamps in winter",
                abstract="",
                authorships=people("Anna Berg", "Rick Roe"),
                date="2021-05",
                venue="Journal of Lamps",
            ),
            1,
            "",
        ),
        (
            ADS,
            ADS_TEXT,
            Paper(
                title="Lamps of distant galaxies",
                abstract="We measure lamps. We find 40 of them.",
                authorships=people("Anna Berg", "J. van der Roe"),
                date="2021-03",
                venue="The Lamp Journal",
                doi="10.1000/ads.17",
                arxiv_id="2101.00017",
                url="https://ui.example.org/abs/2021ApJ...901..123B",
                labels=("Lamps", "Wells", "Galaxies"),
            ),
            6,
            "2021ApJ...901..123B",
        ),
        (
            REFWORKS,
            REFWORKS_TEXT,
            Paper(
                title="Lamps in winter",
                abstract="We measure how lamps drift. IT is not a tag.",
                authorships=people("Anna Berg", "James E. Roe"),
                date="2021-03-05",
                venue="Journal of Lamps",
                doi="10.1000/lamps.17",
                pmid="31234567",
                url="https://example.org/lamps",
                labels=("lamps", "ropes and knots"),
            ),
            11,
            "17",
        ),
        (
            OVID,
            OVID_TEXT,
            Paper(
                title="Lamps in winter",
                abstract="We measure how lamps drift. They drift slowly.",
                authorships=people("AB Berg", "J.E. Roe", "Carl Elm"),
                date="2021-03",
                venue="Journal of Lamps",
                doi="10.1000/lamps.17",
                pmid="31234567",
                labels=("ropes", "knots", "Humans", "Lamps"),
            ),
            2,
            "31234567",
        ),
        (
            OVID_FIELDS,
            OVID_FIELDS_TEXT,
            Paper(
                title="Lamps in winter",
                abstract="We measure how lamps drift. They drift slowly.",
                authorships=people("Anna Berg", "James E. Roe"),
                date="2021-03",
                venue="Journal of Lamps",
                doi="10.1000/lamps.17",
                labels=("ropes", "knots"),
            ),
            2,
            "31234567",
        ),
        (
            COCHRANE,
            COCHRANE_TEXT,
            Paper(
                title="Lamps in winter",
                abstract="BACKGROUND: We measure how lamps drift. RESULTS: They drift slowly.",
                authorships=people("AB Berg", "J Roe"),
                date="2021",
                venue="Journal of Lamps",
                doi="10.1000/lamps.17",
                pmid="31234567",
                url="https://www.example.org/central/CN-01700017/full",
                labels=("lamps", "ropes and knots", "Wells"),
            ),
            2,
            "CN-01700017",
        ),
        (
            NOTE_EXPRESS,
            NOTE_EXPRESS_TEXT,
            Paper(
                title="Lamps in winter",
                abstract="We measure how lamps drift.",
                authorships=people("\u5f20\u4e09", "\u674e\u56db"),
                date="2021",
                venue="Journal of Lamps",
                doi="10.1000/lamps.17",
                labels=("lamps", "ropes and knots"),
            ),
            1,
            "",
        ),
        (
            CNKI,
            CNKI_TEXT,
            Paper(
                title="Lamps in winter",
                abstract="We measure how lamps drift.",
                authorships=people("\u5f20\u4e09", "\u674e\u56db"),
                date="2021-03-05",
                venue="Journal of Lamps",
                doi="10.1000/lamps.17",
                labels=("lamps", "ropes and knots"),
            ),
            2,
            "",
        ),
        (
            pubmed_text,
            PUBMED_TEXT,
            Paper(
                title="Lamps in winter: a count of those that drift",
                abstract="BACKGROUND: We measure how lamps drift. METHODS: We look. 1. Not a record. 2020 is a year. "
                "CONCLUSION: They drift slowly.",
                authorships=people("AB Berg", "J van der Roe", "ML King, Jr", "Harbour Research Group"),
                date="2021-03-05",
                venue="J Lamps",
                doi="10.1000/lamps.17",
                pmid="31234567",
            ),
            1,
            "31234567",
        ),
    ],
    ids=[
        "refer",
        "refer without types",
        "ads",
        "refworks",
        "ovid",
        "ovid fields",
        "cochrane",
        "note",
        "cnki",
        "pubmed",
    ],
)
def test_a_record_is_read_whole_and_the_next_one_is_another(
    form: formats.Format, text: str, paper: Paper, line: int, key: str
) -> None:
    first, second = items_of(form, text)
    assert first == Record(paper, line, key)
    assert isinstance(second, Record)
    assert (second.paper.title, second.paper.date) == ("Wells fill", "2020")
    assert len(second.paper.authors) == 1


def test_theses_are_published_by_their_university() -> None:
    for form, text in ((REFER, ENDNOTE), (REFWORKS, REFWORKS_TEXT), (NOTE_EXPRESS, NOTE_EXPRESS_TEXT)):
        assert papers_of(form, text)[1].venue == "University of the Quay"


@pytest.mark.parametrize("name", TEXTS)
def test_the_format_is_told_from_the_beginning_and_from_nothing_in_another(name: str, tmp_path: Path) -> None:
    form, text = TEXTS[name]
    assert formats.find_format(text, "unknown", {}) is form
    file = tmp_path / "references.txt"
    file.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r").encode())
    items = [item for item in read(file, as_of=datetime.date(2026, 11, 29)) if isinstance(item, Record)]
    assert [item.paper.title for item in items] == [paper.title for paper in papers_of(form, text)]


PROSE = """\
Dear Anna,

1. A lamp. It drifts. 2020 was dark.
TI - is a tag, they say, and so is
AU - here. Record #1 of 12 was lost.
%A is what the clock prints, and
%0 is nothing.
RT Journal
PMID: see below
- {Title}: a template
Title-case: a word
<1>
Title
UI  - a user interface
"""


@pytest.mark.parametrize("form", [*FORMATS, RIS, pubmed_text], ids=lambda form: form.NAME)
def test_prose_and_lists_are_of_no_such_format(form: formats.Format) -> None:
    assert form.start(PROSE) is None
    assert (
        form.start("From anna@example.org Mon Mar  5\nFrom: Anna\nTo: Rick\nSubject: TY  - JOUR\n\nRT @lamps\n") is None
    )
    assert form.start("% A comment\n%A macro\n\\newcommand{\\x}{y}\n@article{a,\n title = {TI  - Lamps}}\n") is None
    assert form.start("") is None


@pytest.mark.parametrize("name", TEXTS)
def test_quoted_in_an_abstract_it_is_not_the_format(name: str) -> None:
    quoted = TEXTS[name][1].replace("{", "(").replace("}", ")")
    assert formats.find_format(f"@article{{key,\n  abstract = {{\n{quoted}}}\n}}\n", "unknown", {}) not in (
        *FORMATS,
        RIS,
        pubmed_text,
    )


@pytest.mark.parametrize("name", TEXTS)
def test_lines_in_any_order_and_cut_anywhere_raise_nothing(name: str) -> None:
    form, text = TEXTS[name]
    lines = text.splitlines(keepends=True)
    for changed in ("".join(reversed(lines)), "".join(sorted(lines)), *(text[:end] for end in range(0, len(text), 37))):
        assert all(isinstance(item, Record | Problem) for item in items_of(form, changed))


@given(st.sampled_from(sorted(TEXTS)), st.lists(st.text(max_size=60), max_size=6))
def test_no_value_of_any_tag_raises(name: str, values: list[str]) -> None:
    form, text = TEXTS[name]
    tags: Iterable[str] = sorted(form.dialects[0].wanted) if isinstance(form, TaggedFormat) else ["PMID: ", "(1)", ""]
    forms = ("%{} ", "{}  - ", "{} ", "{}: ", "{{{}}}: ", "{}\n  ")
    more = "\n".join(shape.format(tag) + value for value in values for tag in tags for shape in forms)
    assert items_of(form, f"{text}\n{more}\n")


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("piece", ["%", "[", "(a@", "; ", "A ", " 1,", "\n", "/*", "<1>\n", "10.1000/", ": "])
def test_much_of_the_same_takes_no_longer_than_it_is_long(name: str, piece: str) -> None:
    form, text = TEXTS[name]
    much = piece * (60_000 // len(piece))
    assert items_of(form, text.replace("Lamps", much)) or name in {"medline", "web of science", "ris"}
    form.start(much)


def test_a_citation_of_pubmed_may_be_of_a_book_or_two_lines_long() -> None:
    text = (
        "1. J Lamps. 2020 Aug 28;10(8):e17. doi: 10.1000/lamps.17. \neCollection 2020.\n\nLamps\n\nBerg A(1).\n\n"
        "PMID: 17\n\n\n2. In: Wells [Internet]. Harbour (HB): Quay; 2021 Jan\u2013.\n\nWells fill.\n\nRoe B, Elm C.\n\n"
        "We list:\n\n1. Ropes.\n2. Knots.\n\nPMID: 18\n"
    )
    first, second = papers_of(pubmed_text, text)
    assert (first.title, first.date, first.doi, first.pmid) == ("Lamps", "2020-08-28", "10.1000/lamps.17", "17")
    assert (second.title, second.authors, second.pmid) == ("Wells fill", ("B Roe", "C Elm"), "18")
    assert second.abstract == "We list: 1. Ropes. 2. Knots."


def test_several_names_in_a_line_are_several_people() -> None:
    (paper,) = papers_of(
        REFER, "%0 Journal Article\n%A \u5f20\u4e09 %A \u674e\u56db\n%T Lamps\n%K lamps;wells\n%D 2020\n"
    )
    assert paper.authors == ("\u5f20\u4e09", "\u674e\u56db")
    assert paper.labels == ("lamps", "wells")


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ("Berg AB", "AB Berg"),
        ("Garcia Lopez MA", "MA Garcia Lopez"),
        ("Berg Anna", "Anna Berg"),
        ("Roe James E", "James E Roe"),
        ("Van der Oak Meera Maria", "Meera Maria Van der Oak"),
        ("Oak i Elm Marta", "Marta Oak i Elm"),
        ("Berg, Anna", "Anna Berg"),
        ("Plato", "Plato"),
    ],
)
def test_names_of_the_cochrane_library_begin_with_the_family(name: str, spoken: str) -> None:
    (paper,) = papers_of(COCHRANE, f"Record #1 of 1\nID: CD17\nAU: {name}\nTI: Lamps\n")
    assert paper.authors == (spoken,)


def test_records_of_pubmed_whose_numbers_begin_anew_or_have_gaps_are_told_apart() -> None:
    text = "".join(
        f"{number}. J Lamps. 2020 Aug;10(8):{page}.\n\nLamps {page}\n\nBerg A.\n\nPMID: 1{page}\n\n\n"
        for page, number in enumerate((1, 2, 4, 1, 2, 3))
    )
    assert [paper.pmid for paper in papers_of(pubmed_text, text)] == ["10", "11", "12", "13", "14", "15"]


def test_people_and_groups_of_pubmed_are_told_apart() -> None:
    text = (
        "1. J Lamps. 2020.\n\nLamps\n\nBerg AB(1), Roe J; Harbour, Quay and Well Group, Elm C, Oak D; Lamp Network.\n\n"
        "We look.\nDOI: 10.1000/17\nPMCID: PMC1\nPMID: 17\n\n\n"
        "2. J Lamps. 2020.\n\nWells\n\n[No authors listed]\n\nPMID: 18\n"
    )
    first, second = papers_of(pubmed_text, text)
    assert first.authors == ("AB Berg", "J Roe", "Harbour, Quay and Well Group", "C Elm", "D Oak", "Lamp Network")
    assert (first.abstract, first.doi, first.pmid) == ("We look.", "10.1000/17", "17")
    assert (second.authors, second.abstract, second.pmid) == ((), "", "18")


def test_a_reference_list_is_no_text_of_pubmed() -> None:
    listed = "".join(f"{number}. Berg A. Lamps. 2020;{number}:1-9.\n\n" for number in range(1, 400))
    assert pubmed_text.start(listed) is None


def test_a_tagged_export_of_web_of_science_is_read() -> None:
    text = (DATA / "web_of_science.txt").read_text()
    record, editorial = items_of(WEB_OF_SCIENCE, text)
    assert WEB_OF_SCIENCE.start(text) == 0
    assert record == Record(
        Paper(
            title="Ropes and knots in salt water",
            abstract="Ropes rot. We measure how fast.",
            authorships=(
                Authorship("Lena Berg", 1),
                Authorship("Jan Willem van der Meer", 2),
                Authorship("Harbour Res Grp", 3),
            ),
            date="2004-06-08",
            venue="JOURNAL OF HARBOURS",
            doi="10.1000/ropes",
            pmid="15170000",
        ),
        line=3,
        source_key="WOS:000000000000017",
    )
    assert isinstance(editorial, Record)
    assert editorial.line == 24
    assert (editorial.paper.title, editorial.paper.abstract) == ("An editorial without an abstract", "")


@pytest.mark.parametrize("text", ["PT J\nwas there", "FN something\nelse"])
def test_what_only_mentions_the_tags_is_no_export_of_web_of_science(text: str) -> None:
    assert WEB_OF_SCIENCE.start(text) is None


@pytest.mark.skipif(not WOS_FIXTURE.is_file(), reason="the shared data folder is absent")
def test_a_real_export_of_web_of_science_is_read() -> None:
    text = WOS_FIXTURE.read_text(encoding="utf-8-sig")
    assert WEB_OF_SCIENCE.start(text) == 0
    assert len(papers_of(WEB_OF_SCIENCE, text)) == 2


def test_keywords_and_headings_are_labels() -> None:
    wos = "PT J\nTI Lamps\nAU Berg, A\nDE lamps; ropes and\n   knots\nID LAMPS; WELLS\nER\n"
    assert papers_of(WEB_OF_SCIENCE, wos)[0].labels == ("lamps", "ropes and knots", "LAMPS", "WELLS")
    medline = "PMID- 1\nTI  - Lamps\nAU  - Berg A\nMH  - *Lamps/adverse effects/*history\nMH  - Humans\nOT  - *wells\n"
    assert papers_of(MEDLINE, medline)[0].labels == ("wells", "Lamps", "Humans")


@pytest.mark.parametrize(
    ("source", "date"),
    [
        ("Harbour Reports. 4(2):2-7, 2011.", "2011"),
        ("Harbour Reports. 4(2):1998-2007, 2011 Nov.", "2011-11"),
        ("Harbour Reports. 4(2):2-7, 2011 Nov 23.", "2011-11-23"),
        ("Harbour Reports. 4(2):2-7, November 2011.", "2011-11"),
        ("Harbour Reports. 4(2):2-7, November 3, 2011.", "2011-11-03"),
        ("Harbour Reports. 4(2):2-7, 2011 Nov-Dec.", "2011-11"),
        ("Harbour Reports. Vol.4(2), 2011. Article Number: 1999.", "2011"),
        ("Harbour Reports. Vol.4(2), 2011, pp. 1999.", "2011"),
        ("Harbour Reports. Vol.4(2), 2011, e2001.", "2011"),
        ("Harbour Reports. Vol.4(2), 2011, Article 2001.", "2011"),
        ("Harbour Reports 2011;4(2):2001.", "2011"),
        ("Harbour Reports, 2011, 4(2), 2-7", "2011"),
    ],
)
def test_the_year_of_a_citation_is_no_page_and_has_no_month_that_is_one(source: str, date: str) -> None:
    text = f"<1>\nUnique Identifier\n  31234569\nTitle\n  Quays sink\nSource\n  {source}\nAbstract\n  Wet.\n"
    (paper,) = papers_of(OVID_FIELDS, text)
    assert paper.date == date


@pytest.mark.parametrize(
    ("listed", "names"),
    [
        ("Oak AB.  Elm R.  van der Ash C.", ("AB Oak", "R Elm", "C van der Ash")),
        ("Oak AB\n  Elm R\n  Ash C", ("AB Oak", "R Elm", "C Ash")),
        ("Oak, Anna\n  Elm, Rick\n  Ash, Cy", ("Anna Oak", "Rick Elm", "Cy Ash")),
        ("Oak, Anna.  Elm, Rick.  Ash, Cy.", ("Anna Oak", "Rick Elm", "Cy Ash")),
        ("Oak, Anna;  Elm,\n  Rick; Ash, Cy", ("Anna Oak", "Rick Elm", "Cy Ash")),
        ("Oak AB;  Elm R;\n  Ash C", ("AB Oak", "R Elm", "C Ash")),
    ],
)
def test_ovid_parts_authors_by_semicolons_blanks_or_lines(listed: str, names: tuple[str, ...]) -> None:
    text = f"<1>\nUnique Identifier\n  31234569\nAuthors\n  {listed}\nTitle\n  Quays sink\nAbstract\n  Wet.\n"
    (paper,) = papers_of(OVID_FIELDS, text)
    assert paper.authors == names


def test_full_names_of_ovid_stand_for_the_short_ones() -> None:
    text = (
        "<1>\nUnique Identifier\n  31234569\nAuthors\n  Oak AB.  Elm R.\nAuthors Full Name\n  Oak, Anna B; Elm, Rick\n"
        "Title\n  Quays sink\nAbstract\n  Wet.\n"
    )
    (paper,) = papers_of(OVID_FIELDS, text)
    assert paper.authors == ("Anna B Oak", "Rick Elm")


@pytest.mark.parametrize("between", [" and ", " & ", "; "])
def test_names_with_commas_beside_and_in_one_tag_are_people_of_their_own(between: str) -> None:
    text = f"TY  - JOUR\nTI  - Quays sink\nAU  - Oak, A.{between}Elm, R.\nAU  - Lamps, Ropes and Knots Group\nER  - \n"
    (paper,) = papers_of(RIS, text)
    assert paper.authors[:2] == ("A. Oak", "R. Elm")
    assert len(paper.authors) == 3


EMBASE_TEXT = """\
RECORD 1
TITLE
  Lamps in winter and the
ropes
ORIGINAL (NON-ENGLISH) TITLE
  Lampen im Winter
AUTHOR NAMES
  van Oak J.; Berg A.B.
AUTHOR ADDRESSES
  (van Oak J.) Department of Lamps
SOURCE
  Lamp Letters (2021) 3:2 (10-20). Date of Publication: 5 Mar 2021
SOURCE TITLE
  Lamp Letters
PUBLICATION YEAR
  2021
DATE OF PUBLICATION
  5 Mar 2021
ABSTRACT
  Lamps drift in the
LAMP
  study.
MEDLINE PMID
  31234567 (http://www.ncbi.nlm.nih.gov/pubmed/31234567)
DOI
  10.1000/lamps.17

RECORD 2
TITLE
  Wells fill
AUTHOR NAMES
  Elm C.
PUBLICATION YEAR
  2020
"""


def test_the_text_of_embase_has_a_field_to_each_name(tmp_path: Path) -> None:
    path = tmp_path / "records.txt"
    path.write_text(EMBASE_TEXT, encoding="utf-8")
    first, second = (item.paper for item in read(path, as_of=datetime.date(2026, 7, 30)) if isinstance(item, Record))
    assert first == Paper(
        title="Lamps in winter and the ropes",
        abstract="Lamps drift in the LAMP study.",
        authorships=(Authorship("J. van Oak", 1), Authorship("A.B. Berg", 2)),
        date="2021-03-05",
        venue="Lamp Letters",
        doi="10.1000/lamps.17",
        pmid="31234567",
    )
    assert (second.title, second.authors, second.date) == ("Wells fill", ("C. Elm",), "2020")


def test_the_series_is_the_venue_where_nothing_else_is(tmp_path: Path) -> None:
    path = tmp_path / "paper.endf"
    path.write_text("%0 Conference Proceedings\n%T Lamps\n%A Berg, Anna\n%S Proceedings of Lamps\n%D 2022\n%8 July\n")
    (record,) = read(path, as_of=datetime.date(2026, 7, 30))
    assert isinstance(record, Record)
    assert (record.paper.venue, record.paper.date) == ("Proceedings of Lamps", "2022-07")
