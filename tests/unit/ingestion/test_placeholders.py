"""Fields that say that nothing stands in them, and what is set around an abstract."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ingestion.readers import fields
from assistant.ingestion.readers.placeholders import body_of, is_no_abstract, is_placeholder
from assistant.types import Paper, Problem, Record
from tests.unit.ingestion.conftest import Import

BODY = "Tides turn twice a day, and we say when. Nobody had counted them."


def read(paper: Paper, *names: str) -> Paper:
    record = fields.record(paper, names, file="f", line=1)
    assert isinstance(record, Record)
    return record.paper


@pytest.mark.parametrize(
    "text",
    [
        "NA", "N/A", "n/a", "n.a.", "null", "None", "nan", "NaN", "undefined", "unknown", "-", "--", "…", "?",
        "Abstract", "Abstract.", "Abstract:", "ABSTRACT", "Summary", "[No abstract available]",
        "No abstract available.",
        "[Abstract not available]", "Abstract not available", "Not Available", "This article has no abstract",
        "The abstract is not available", "There is no abstract available for this article.", "No abstract",
        "(no abstract)", "NO ABSTRACT FOUND", "--Abstract not found--",
        "No abstract was provided.", "Abstract unavailable", "<p>NA</p>",
        "Abstract available from the publisher.", "Publisher: Abstract available from the publisher.",
        "Kein Abstract verfügbar", "Résumé non disponible", "© 2020 Elsevier B.V. All rights reserved.", "&nbsp;",
    ],
)  # fmt: skip
def test_a_placeholder_is_no_abstract(text: str) -> None:
    assert read(Paper("Tides", text, date="2020")).abstract == ""
    assert fields.abstract_of(text, BODY) == BODY or text.startswith(("<", "&"))


@pytest.mark.parametrize(
    "text", ["Wet.", "A.", "Null results.", "No tides were found.", "Nothing is known of tides.", "涨潮。"]
)
def test_a_short_abstract_is_one(text: str) -> None:
    assert read(Paper("Tides", text, date="2020")).abstract == text


@pytest.mark.parametrize("title", ["NA", "null", "None", "-", "N/A", "[No title available]", "Not Available"])
def test_a_placeholder_is_a_title_only_beside_an_abstract_and_authors(title: str) -> None:
    assert isinstance(fields.record(Paper(title, BODY), (), file="f", line=1), Problem)
    assert isinstance(fields.record(Paper(title, "", date="2020"), ["Lena Fjord"], file="f", line=1), Problem)
    assert read(Paper(title, BODY), "Lena Fjord").title == title


@pytest.mark.parametrize("venue", ["NA", "n/a", "-", "null", "None", "unknown", "[Not available]"])
def test_a_placeholder_is_no_venue(venue: str) -> None:
    assert read(Paper("Tides", BODY, venue=venue)).venue == ""
    assert read(Paper("Tides", BODY, venue="Text")).venue == "Text"


@pytest.mark.parametrize("text", ["n.d.", "0000", "9999", "NA", "-", "n/a", "null"])
def test_a_placeholder_is_no_date_and_no_identifier(text: str) -> None:
    assert fields.find_date(text) == ""
    assert fields.find_doi(text) == ""
    assert fields.find_arxiv_id(text, bare=True) == ""


@pytest.mark.parametrize(
    "heading",
    [
        "Abstract: ", "ABSTRACT: ", "Abstract. ", "Abstract—", "Abstract – ", "ABSTRACT ", "Abstract ", "Abstract",
        "ABSTRACT", "Summary: ", "Zusammenfassung: ", "Résumé. ",
        "摘要：", "Abstract : ", "<jats:title>Abstract</jats:title>",
        "<title>Zusammenfassung</title>", "<jats:title>Аннотация</jats:title> ", "SUMMARY ",
    ],
)  # fmt: skip
def test_the_heading_is_no_part_of_an_abstract(heading: str) -> None:
    assert read(Paper("Tides", f"{heading}{BODY}")).abstract == BODY


@pytest.mark.parametrize(
    "text",
    [
        "Abstract interpretation is a theory of programs.",
        "Abstract Meaning Representation (AMR) is a language.",
        "Abstract Argumentation is a framework. We solve abstract argumentation.",
        "Abstractive summaries are short.",
        "Abstract-level screening takes weeks.",
        "Summary statistics are not enough.",
        "Summary Statistics are not enough.",
        "Abstract syntax trees: a survey.",
    ],
)
def test_a_sentence_that_begins_like_a_heading_stays(text: str) -> None:
    assert read(Paper("Tides", text)).abstract == text


@pytest.mark.parametrize(
    "note",
    [
        " © 2020 Elsevier B.V. All rights reserved.",
        "© 2020 Elsevier B.V.",
        " (C) 2020 Elsevier Ltd.",
        " Copyright © 2020 The Authors. Published by a publisher.",
        " Copyright 2014 by the authors.",
        " (PsycINFO Database Record (c) 2020 APA, all rights reserved)",
        " [ABSTRACT FROM AUTHOR] Copyright of a journal is the property of a publisher.",
        " ©2010 IEEE.",
    ],
)
def test_a_note_on_rights_is_no_part_of_an_abstract(note: str) -> None:
    assert read(Paper("Tides", BODY + note)).abstract == BODY


@pytest.mark.parametrize(
    "text",
    [
        f"{BODY} © signs are rare in it.",
        f"We study copyright in {BODY}",
        f"{BODY} © 2020 Elsevier Inc. {BODY * 4}",
    ],
)
def test_prose_about_rights_stays(text: str) -> None:
    assert read(Paper("Tides", text)).abstract == text


def test_a_note_above_an_abstract_is_left_out() -> None:
    long = " ".join([BODY] * 4)
    assert read(Paper("Tides", f"© 2018 Elsevier B.V. All rights reserved.{long}")).abstract == long
    assert read(Paper("Tides", f"© 2018 IEEE. {long}")).abstract == long


def test_what_this_program_wrote_is_taken_as_it_stands() -> None:
    paper = Paper("NA", "Abstract: Wet.", venue="-", date="2020")
    record = fields.record(paper, file="f", line=1, is_own=True)
    assert isinstance(record, Record)
    assert record.paper == paper


@given(st.text(max_size=300), st.sampled_from(["", "Abstract", "ABSTRACT ", "Wet. © 2020 ", "© 2020 "]))
def test_a_body_is_part_of_its_text(text: str, before: str) -> None:
    whole = before + text
    assert body_of(whole) in whole
    is_placeholder(whole)
    is_no_abstract(whole)


@pytest.mark.parametrize("piece", ["<", "Abstract ", "© 2020", "no ", ". ©", "(c) 2020 "])
def test_much_of_anything_is_read(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    assert body_of(text)
    assert not is_placeholder(text)


def test_placeholder_abstracts_of_the_small_inputs(shared_import: Callable[[str], Import]) -> None:
    read_in = shared_import("26")
    assert len(read_in.items) == 8
    assert all("no abstract" in problem.reason for problem in read_in.problems)
    assert len(read_in.problems) == 8


def test_the_heading_of_the_small_inputs(shared_import: Callable[[str], Import]) -> None:
    (paper,) = shared_import("42").papers
    assert paper.abstract.startswith("We measure how lamps drift")


def test_an_empty_paper_is_not_changed_by_what_it_lacks() -> None:
    paper = replace(Paper("Tides", BODY), venue="Annals")
    assert read(paper) == paper


@pytest.mark.parametrize("sign", ["<\u6b63>", "\u2039\u6b63>", "\u3008\u6b63\u3009 "])
def test_the_sign_of_a_body_before_an_abstract_is_dropped(sign: str) -> None:
    assert body_of(f"{sign}\u6d4b\u91cf\u706f\u5149\u3002") == "\u6d4b\u91cf\u706f\u5149\u3002"
    assert body_of("\u6b63\u6d4b\u91cf") == "\u6b63\u6d4b\u91cf"
