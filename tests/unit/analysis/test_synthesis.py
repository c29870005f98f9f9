"""What the model is shown of a theme, and what is kept of what it writes."""

from __future__ import annotations

from dataclasses import replace

from assistant.analysis.summaries import synthesis
from assistant.analysis.summaries.synthesis import SIZES, Group, Survey
from assistant.analysis.trends import Trends
from assistant.types import Coverage, Sentence, Source
from tests.fakes import HashingEmbedder, ScriptedModel

ABSTRACTS = (
    "Adapters are small. We propose Alpha, which prunes adapters early. Alpha removes 21 percent of the weights.",
    "Adapters are slow. We propose Beta, which merges adapters late. Beta keeps 95 percent of the accuracy.",
)
SOURCES = tuple(
    Source(number, f"id{number}", f"{name}: A Study", ("Ada",), "2024", "", abstract)
    for number, (name, abstract) in enumerate(zip(("Alpha", "Beta"), ABSTRACTS, strict=True), 1)
)
GROUP = Group("adapters", (1, 2))


def survey(reading: str = "key sentences") -> Survey:
    return Survey(
        SOURCES,
        {1: "We propose Alpha, which prunes adapters early.", 2: "We propose Beta, which merges adapters late."},
        (GROUP,),
        (),
        Coverage(2, 2, "2024", "2024", 0, reading),  # type: ignore[arg-type]
        Trends("papers", "year", 2, 0, 0, ("2024",), (("2024", 2),), (), (), (), ()),
    )


def kept(text: str) -> list[str]:
    shown, _ = synthesis.proved(text, survey(), GROUP, lambda *_: None, HashingEmbedder().embed)
    return [sentence.text for sentence in shown]


def test_the_model_is_shown_key_sentences_or_whole_abstracts_where_there_are_few() -> None:
    (message,) = synthesis.prompt(survey(), GROUP, SIZES["medium"], ScriptedModel(), 3000)
    assert "We propose Alpha, which prunes adapters early." in message.content
    assert "21 percent" not in message.content
    (whole,) = synthesis.prompt(survey("abstracts"), GROUP, SIZES["medium"], ScriptedModel(), 3000)
    assert "21 percent" in whole.content


def test_papers_beyond_the_budget_are_left_out_the_last_first() -> None:
    (message,) = synthesis.prompt(survey("abstracts"), GROUP, SIZES["medium"], ScriptedModel(), 60)
    assert "Alpha" in message.content
    assert "Beta" not in message.content


def test_only_what_the_abstracts_wholly_support_is_kept() -> None:
    assert kept("Alpha removes 21 percent of the weights. Alpha removes 99 percent of the weights.") == [
        "Alpha removes 21 percent of the weights."
    ]


def test_a_sentence_that_was_cut_a_bare_title_and_a_repetition_are_not_kept() -> None:
    assert kept("Alpha: A Study. Beta keeps 95 percent of the accuracy. Alpha removes 21 percent of") == [
        "Beta keeps 95 percent of the accuracy."
    ]
    assert kept("Alpha prunes adapters early. Alpha prunes adapters early.") == ["Alpha prunes adapters early."]


def test_papers_are_quoted_where_too_few_are_cited() -> None:
    section = synthesis.section(survey(), GROUP, [], SIZES["medium"])
    assert [sentence.sources for sentence in section.body] == [(1,), (2,)]
    assert section.body[0].spans[0].quote in ABSTRACTS[0]
    said = Sentence("Alpha and Beta treat adapters.", "supported", (1, 2))
    assert synthesis.section(survey(), GROUP, [said], SIZES["medium"]).body == (said,)


def test_of_few_papers_every_one_is_cited_of_many_as_many_as_the_length_asks_for() -> None:
    said = Sentence("Alpha prunes adapters.", "supported", (1,))
    assert [each.sources for each in synthesis.section(survey(), GROUP, [said], SIZES["short"]).body] == [(1,), (2,)]
    many = replace(survey(), coverage=replace(survey().coverage, matching=9))
    assert synthesis.section(many, GROUP, [said], SIZES["short"]).body == (said,)


def test_a_key_sentence_that_is_not_in_the_abstract_is_never_quoted() -> None:
    bent = survey()
    object.__setattr__(bent, "key_sentences", {1: "Something else.", 2: ""})
    assert synthesis.quoted_paper(bent, 1) is None
    assert synthesis.quoted_paper(bent, 2) is None


def test_the_opening_says_what_was_covered() -> None:
    coverage = Coverage(22, 20, "2024-06", "2026-01-02", 1, "key sentences")
    text = synthesis.opening(coverage, "by Naibin Gu", "").text
    assert text == "20 of 22 papers by Naibin Gu, 2024 to 2026, 1 without a date, read by their key sentences."
    near = synthesis.opening(Coverage(3, 3, "", "", 3, "abstracts"), "", "the 3 papers nearest in meaning").text
    assert near == ("3 of 3 papers, 3 without a date, read in their abstracts (the 3 papers nearest in meaning).")


def test_items_of_a_list_begin_lines_and_many_marks_are_left_out() -> None:
    heading = Sentence("What changed:", "unchecked")
    items = (Sentence("- one: 2 papers.", "exact", (1, 2)), Sentence("- two: 20 papers.", "exact", tuple(range(1, 21))))
    assert synthesis.text([synthesis.Section(heading, items)]) == (
        "What changed:\n- one: 2 papers. [1][2]\n- two: 20 papers."
    )
