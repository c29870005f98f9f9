"""Lists of names in the ways in which databases, reference managers and people write them."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ingestion.readers.names import authorships, given_name_first, printed_list, split_names
from assistant.ingestion.readers.objects.named_fields import read_fields
from assistant.types import Record
from tests.unit.ingestion.conftest import Import

THREE = ["Lena Fjord", "Tomas Wick", "Mara Quill"]
INITIALS = ["LM Fjord", "T Wick", "M van Quill"]
STOPPED = ["L.M. Fjord", "T. Wick", "M. van Quill"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        # Given names in front
        ("Lena Fjord; Tomas Wick; Mara Quill", THREE),
        ("Lena Fjord;Tomas Wick;Mara Quill;", THREE),
        ("Lena Fjord;;Tomas Wick;;Mara Quill", THREE),
        ("Lena Fjord|Tomas Wick|Mara Quill", THREE),
        ("Lena Fjord||Tomas Wick||Mara Quill", THREE),
        ("Lena Fjord, Tomas Wick, Mara Quill", THREE),
        ("Lena Fjord, Tomas Wick, and Mara Quill", THREE),
        ("Lena Fjord, Tomas Wick and Mara Quill.", THREE),
        ("Lena Fjord, Tomas Wick & Mara Quill", THREE),
        ("Lena Fjord and Tomas Wick and Mara Quill", THREE),
        ("Lena Fjord\nTomas Wick\nMara Quill", THREE),
        ("Lena Fjord • Tomas Wick • Mara Quill", THREE),
        ("Lena Fjord1,2, Tomas Wick2, Mara Quill*", THREE),
        ("Lena Fjord¹, Tomas Wick², Mara Quill³", THREE),
        ("Lena Fjord (Institute of Tides, Oslo), Tomas Wick (b), Mara Quill", THREE),
        ("Lena Fjord [0000-0001-2345-678X]; Tomas Wick; Mara Quill", THREE),
        ("Dr. Lena Fjord; Prof. Dr. Tomas Wick; Mara Quill", THREE),
        ("Lena Fjord, Tomas Wick", THREE[:2]),
        ("Lena Fjord and Tomas Wick", THREE[:2]),
        ("LM Fjord, T Wick, M van Quill", INITIALS),
        ("L.M. Fjord, T. Wick and M. van Quill", STOPPED),
        ("L Fjord, Meera, T Wick", ["L Fjord", "Meera", "T Wick"]),
        ("Fjord", ["Fjord"]),
        ("Fjord, Wick, Quill", ["Fjord", "Wick", "Quill"]),
        # Family names in front
        ("Fjord, Lena; Wick, Tomas; Quill, Mara", THREE),
        ("Fjord, Lena and Wick, Tomas and Quill, Mara", THREE),
        ("Fjord, Lena, and Wick, Tomas, and Quill, Mara", THREE),
        ("Fjord, Lena (57201234567); Wick, Tomas (57201234568); Quill, Mara (A-1234-2020)", THREE),
        ("Fjord, Lena, Tomas Wick, and Mara Quill", THREE),
        ("Fjord, Lena & Wick, Tomas", THREE[:2]),
        ("Fjord, Lena", THREE[:1]),
        ("Fjord, Lena, Wick, Tomas B.", ["Lena Fjord", "Tomas B. Wick"]),
        ("Fjord, LM; Wick, T; van Quill, M", INITIALS),
        ("Fjord LM, Wick T, van Quill M", INITIALS),
        ("Fjord LM, Wick T, van Quill M.", INITIALS),
        ("Fjord LM; Wick T; van Quill M", INITIALS),
        ("Fjord LM,Wick T,van Quill M", INITIALS),
        ("Fjord, L.M., Wick, T., van Quill, M.", STOPPED),
        ("Fjord, L.M., Wick, T., & van Quill, M.", STOPPED),
        ("Fjord L.M., Wick T., van Quill M.", STOPPED),
        ("Fjord L.M., Wick T. and van Quill M.", STOPPED),
        ("Fjord L.M.; Wick T.; van Quill M.", STOPPED),
        ("van Quill M", ["M van Quill"]),
        ("FJORD LM, WICK T", ["LM FJORD", "T WICK"]),
        ("FJORD, LENA; LI, WEI", ["LENA FJORD", "WEI LI"]),
        ("Fjord LM, Wick T, Quill M; Okoro C", ["LM Fjord", "T Wick", "M Quill", "C Okoro"]),
        ("García Fuente, Lena; de la Wick, Tomas", ["Lena García Fuente", "Tomas de la Wick"]),
        ("Fjord, Lena; Wick, Tomas, Quill, Mara", THREE),
        ("Фьорд Л.М., Вик Т.", ["Л.М. Фьорд", "Т. Вик"]),
        ("张伟，李娜，王芳", ["张伟", "李娜", "王芳"]),
        ("张伟、李娜", ["张伟", "李娜"]),
        ("张伟；李娜", ["张伟", "李娜"]),
        ("김철수, 이영희", ["김철수", "이영희"]),
        # Suffixes
        ("Fjord, Lena M., Jr.; Wick, Tomas", ["Lena M. Fjord, Jr.", "Tomas Wick"]),
        ("Fjord, Jr., Lena M.; Wick, Tomas", ["Lena M. Fjord, Jr.", "Tomas Wick"]),
        ("Fjord Jr., L.M.; Wick III, T.", ["L.M. Fjord, Jr.", "T. Wick, III"]),
        ("Fjord L.M., Jr; Wick T.", ["L.M. Fjord, Jr", "T. Wick"]),
        ("Fjord LM Jr, Wick T 3rd, Quill M", ["LM Fjord, Jr", "T Wick, 3rd", "M Quill"]),
        ("Fjord, L. M., Jr., & Wick, T.", ["L. M. Fjord, Jr.", "T. Wick"]),
        ("L. M. Fjord, Jr., T. Wick, M. Quill", ["L. M. Fjord, Jr.", "T. Wick", "M. Quill"]),
        ("Lena Fjord, PhD, Tomas Wick, MD", ["Lena Fjord, PhD", "Tomas Wick, MD"]),
        ("Fjord, MD; Wick, II", ["MD Fjord", "II Wick"]),
        ("Fjord, SR and Wick, JR and Quill, MPH", ["SR Fjord", "JR Wick", "MPH Quill"]),
        # Groups
        ("Institute of Tides and Lamps; Fjord, Lena", ["Institute of Tides and Lamps", "Lena Fjord"]),
        ("Tides and Lamps Agency", ["Tides and Lamps Agency"]),
        ("WHO; Fjord L", ["WHO", "L Fjord"]),
        ("Open Science UK", ["Open Science UK"]),
        # Lists as programs print them
        ("['Fjord, Lena', 'Wick, Tomas', \"O'Quill, Mara\"]", ["Lena Fjord", "Tomas Wick", "Mara O'Quill"]),
        ('["Lena Fjord", "Tomas Wick"]', THREE[:2]),
        ("['Lena Fjord' 'Tomas Wick']", THREE[:2]),
        ("('Lena Fjord', 'Tomas Wick')", THREE[:2]),
        ('c("Fjord, Lena", "Wick, Tomas")', THREE[:2]),
        ('{"Fjord, Lena","Wick, Tomas"}', THREE[:2]),
        ("[Fjord", ["Fjord"]),
        ("", []),
        (" ; , ", []),
    ],
)  # fmt: skip
def test_a_list_of_names_is_taken_apart(text: str, names: list[str]) -> None:
    assert split_names(text) == names
    assert [given_name_first(name) for name in names] == names


def test_family_names_in_capitals_are_no_initials() -> None:
    assert split_names("Lena FJORD, Wei LI") == ["Lena FJORD", "Wei LI"]


@pytest.mark.parametrize(
    ("text", "names", "positions"),
    [
        ("Fjord LM, Wick T, et al.", ["LM Fjord", "T Wick"], [1, 2]),
        ("Lena Fjord et al", ["Lena Fjord"], [1]),
        ("Lena Fjord [et al.]", ["Lena Fjord"], [1]),
        ("Fjord, Lena and others", ["Lena Fjord"], [1]),
        ("Lena Fjord, Tomas Wick and 12 more", ["Lena Fjord", "Tomas Wick"], [1, 2]),
        ("L Fjord, T Wick…", ["L Fjord", "T Wick"], [1, 2]),
        ("L Fjord, T Wick, ...", ["L Fjord", "T Wick"], [1, 2]),
        ("L Fjord, ..., M Quill", ["L Fjord", "M Quill"], [1, None]),
        ("['Fjord, Lena', 'Wick, To", ["Lena Fjord"], [1]),
        ("['Fjord, Lena', 'et al.']", ["Lena Fjord"], [1]),
    ],
)
def test_a_cut_list_says_so(text: str, names: list[str], positions: list[int | None]) -> None:
    listed, is_complete = authorships(split_names(text))
    assert [author.name for author in listed] == names
    assert [author.position for author in listed] == positions
    assert not is_complete


@pytest.mark.parametrize(
    "text",
    [
        "[Anonymous]", "Anonymous", "Anon", "Anon.", "Anonymous, A.", "[No author name available]", "No authors listed",
        "NA", "n/a", "N/A", "unknown", "Unknown, Unknown", "null", "None", "nan", "-", "[Author not given]", "***",
    ],
)  # fmt: skip
def test_a_placeholder_is_no_author(text: str) -> None:
    assert authorships([text]) == ((), True)
    assert authorships(split_names(text)) == ((), True)


@pytest.mark.parametrize(
    "name", ["Nan Li", "Na Wang", "Li, Na", "Nan", "No Unknown Agency", "Null Island Group", "Al Noss"]
)
def test_a_person_called_like_a_placeholder_is_one(name: str) -> None:
    ((author,), is_complete) = authorships([name])
    assert (author.name, is_complete) == (name, True)


@pytest.mark.parametrize(
    ("authors", "names"),
    [
        ({"authors": [{"full_name": "Lena Fjord", "author_order": 1}]}, ("Lena Fjord",)),
        ([{"creator": "Fjord, Lena"}, {"creator": "Wick, Tomas"}], ("Lena Fjord", "Tomas Wick")),
        ({"author": [{"fullName": "Fjord L", "firstName": "Lena", "lastName": "Fjord"}]}, ("Lena Fjord",)),
        ([{"author": {"display_name": "Lena Fjord"}}], ("Lena Fjord",)),
        ([{"name": {"given": "Lena", "family": "Fjord"}}], ("Lena Fjord",)),
        ("[{'name': 'Lena Fjord', 'authorId': 7}, {'name': None}]", ("Lena Fjord",)),
        ('[{"name": "Lena Fjord"}]', ("Lena Fjord",)),
    ],
)
def test_authors_may_stand_within_objects(authors: Any, names: tuple[str, ...]) -> None:
    record = read_fields({"title": "Tides", "year": 2020, "authors": authors}, "file", 1)
    assert isinstance(record, Record)
    assert record.paper.authors == names
    assert record.paper.authors_complete


def test_authors_in_an_unknown_shape_are_not_said_to_be_all() -> None:
    record = read_fields({"title": "Tides", "year": 2020, "authors": [{"nom": "Lena Fjord"}]}, "file", 1)
    assert isinstance(record, Record)
    assert (record.paper.authors, record.paper.authors_complete) == ((), False)


@given(
    st.lists(st.sampled_from([*"AbÉ张.,;|&()[]'\"{}-/ 1", "and ", "et al.", "...", "Jr.", "Wu", "Berg"]), max_size=30)
)
def test_no_text_raises(parts: list[str]) -> None:
    text = "".join(parts)
    authorships(split_names(text))
    printed_list(text)
    given_name_first(text)


@pytest.mark.parametrize(
    "piece",
    ["a, ", "A B, ", "a;", "a|", "...,", "(a", "[", "['a',", "[{'a':", "1,", "and ", "et al ", "A. ", "& ", "张 "],
)
def test_much_of_anything_is_read(piece: str) -> None:
    assert authorships(split_names(piece * (100_000 // len(piece))))


def test_nested_brackets_are_no_list() -> None:
    assert printed_list("[{'a': " + "[" * 1000 + "]" * 1000 + "}]") is None


def test_suffixes_and_commas_of_the_small_inputs(shared_import: Callable[[str], Import]) -> None:
    assert shared_import("25").authors == [("J.E. Oak, Jr.", "H. Elm, III", "Anna Roe", "Rick Berg")]


def test_names_in_one_cell_of_the_small_inputs(shared_import: Callable[[str], Import]) -> None:
    read = shared_import("32")
    assert read.authors == [
        ("Anna Berg", "Rick Roe"),
        ("A Berg", "Meera", "R Roe"),
        ("Food and Lamp Agency", "Anna Berg"),
        ("Anna Berg", "Rick Roe"),
        ("AB Berg", "R Roe"),
        ("A. Berg", "R. Roe", "C. Elm"),
        ("James E. Oak, Jr.", "Rick Roe"),
    ]
    assert [paper.authors_complete for paper in read.papers] == [True, True, True, True, False, True, True]


def test_initials_without_stops_of_the_small_inputs(shared_import: Callable[[str], Import]) -> None:
    assert shared_import("34").authors == [("AB Berg", "J van Oak")]


def test_placeholder_authors_of_the_small_inputs(shared_import: Callable[[str], Import]) -> None:
    assert shared_import("27").authors == [(), ()]


def test_authors_within_objects_of_the_small_inputs(shared_import: Callable[[str], Import]) -> None:
    read = shared_import("40")
    assert read.authors == [("Anna Berg",), ("Anna Berg",)]
    assert read.papers[1].venue == "Journal of Lamps"


def test_author_lists_of_the_small_inputs(shared_import: Callable[[str], Import]) -> None:
    read = shared_import("48")
    assert read.authors[1:] == [
        ("F. Pardo", "T. Kirk", "K. Macri", "J. Miles", "D. Witt"),
        ("Yara Benn", "Aron Cole"),
        ("H. Zimmer", "J.A. Rine", "V. Zik"),
        ("World Gauge Consortium", "Robert L. Stone, Jr.", "Juan de la Fuente"),
        ("E Wilt", "G Rinke", "KA Brook", "M Falk"),
        ("A. Özge Yonca", "H. Ørsted", "J. Šimák", "P. Erdős"),
    ]
    assert [paper.authors_complete for paper in read.papers] == [True, True, True, True, False, True, True]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Lena Fjord / Tomas Wick / Mara Quill", THREE),
        ("Fjord, Lena / Wick, Tomas / Quill, Mara", THREE),
        ("Lena Fjord \u00b7 Tomas Wick \u00b7 Mara Quill", THREE),
        ("Lena Fjord¹,², Tomas Wick²,*, Mara Quill²*", THREE),
        ("Lena Fjord¹ \u00b7 Tomas Wick² \u00b7 Mara Quill¹, ²*", THREE),
        ("Lena Fjord¹†, Tomas Wick*², Mara Quill² ,†", THREE),
        ("Lena Fjord²", THREE[:1]),
        ("{'Lena Fjord', 'Tomas Wick', 'Mara Quill'}", THREE),
        ("{'Lena Fjord'}", THREE[:1]),
        ("(Fjord, Lena), (Wick, Tomas), (Quill, Mara)", THREE),
        ("[Fjord, Lena] [Wick, Tomas] [Quill, Mara]", THREE),
        ("(Lena Fjord)", THREE[:1]),
        ("((Lena Fjord))", THREE[:1]),
        ('[["Lena", "Fjord"], ["Tomas", "Wick"], ["Mara", "Quill"]]', THREE),
        ("[('Lena', 'Fjord'), ('Tomas', 'Wick'), ('Mara', 'Quill')]", THREE),
        ("[['Fjord', 'Lena', ''], ['Wick', 'Tomas', 'Jr']]", ["Lena Fjord", "Tomas Wick, Jr"]),
        ("(('Lena Fjord'))", THREE[:1]),
        ('[{"authorId": "7", "name": "Lena Fjord"}, {"authorId": null, "name": "Wick, Tomas"}]', THREE[:2]),
        ("[{'given': 'Lena', 'family': 'Fjord'}, {'first_name': 'Tomas', 'last_name': 'Wick'}]", THREE[:2]),
        ('[["Fjord", "L."], ["Wick", "T. M."]]', ["L. Fjord", "T. M. Wick"]),
        ("Fjord, Lena (ed.)", THREE[:1]),
        ("{'t Fjord}, Lena", ["Lena {'t Fjord}"]),
        ("Gal·la Fjord", ["Gal·la Fjord"]),
    ],
)
def test_signs_between_and_around_names_are_no_part_of_them(text: str, names: list[str]) -> None:
    assert split_names(text) == names


def test_a_role_behind_a_name_is_no_part_of_it() -> None:
    for role in ("(ed.)", "(Ed.)", "(eds)", "(Hrsg.)"):
        assert given_name_first(f"Fjord, Lena {role}") == "Lena Fjord"
    assert given_name_first("Fjord, Lena (Leni)") == "Lena (Leni) Fjord"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("de Oak, MD", "MD de Oak"),
        ("Van Oak, SR", "SR Van Oak"),
        ("van der Oak, JR", "JR van der Oak"),
        ("Oak, Md", "Md Oak"),
        ("Oak, Md.", "Md. Oak"),
        ("Anna Oak, MD", "Anna Oak, MD"),
        ("van der Oak, III", "van der Oak, III"),
        ("Ó Daire D.", "D. Ó Daire"),
        ("Oak, Anna, 1950-", "Anna Oak"),
        ("Oak, Anna, 1890-1951", "Anna Oak"),
        ("Oak, Anna, b. 1950", "Anna Oak"),
        ("Oak, Anna (1950-)", "Anna Oak"),
        ("Lamp Study 1999-2001", "Lamp Study 1999-2001"),
        ("Group 2020", "Group 2020"),
    ],
)
def test_what_stands_beside_a_name_is_told_from_it(text: str, name: str) -> None:
    assert given_name_first(text) == name


WORDS_OF_NAMES = st.sampled_from(
    "Oak de Ana-Lu O'Hara Ó B B. Ch. JR Jr Jr. III Md MD PhD Dr. Anna anna Inc van Ng AB 2nd Miss Łucja 小明".split()
)


@given(st.lists(WORDS_OF_NAMES, min_size=1, max_size=3), st.lists(WORDS_OF_NAMES, min_size=1, max_size=4))
def test_plain_names_are_turned_round_as_all_others_are(family: list[str], given_names: list[str]) -> None:
    name = f"{' '.join(family)}, {' '.join(given_names)}"
    assert given_name_first(name) == given_name_first(f"{name} ,")  # which is too untidy for the short way
