"""The real default models over the real author page."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache

import pytest

from assistant import settings
from assistant.analysis import trends
from assistant.evaluation import question_files, scoring
from assistant.types import Answer, PaperFilter
from assistant.workspace import Workspace
from tests.conftest import SHARED

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(3000)]  # a CPU without bfloat16 takes a minute a question

PAGE = SHARED / "seeds" / "000_7670c39d68a67a0b.txt"
QUESTIONS = SHARED / "questions" / "seed_dev.jsonl"
AS_OF = date(2026, 11, 23)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    if not PAGE.exists() and not os.environ.get("CI"):
        pytest.skip("the folder of real data is absent")
    with Workspace(settings.load(library=tmp_path_factory.mktemp("page") / "library")) as workspace:
        report = workspace.add([PAGE], as_of=AS_OF)
        assert (report.added, report.failed, report.pending) == (22, (), 0)
        yield workspace


def test_the_page_is_read_whole_and_only_once(page: Workspace) -> None:
    assert page.add([PAGE], as_of=AS_OF).unchanged == 22
    counts = {year: len(page.library.papers(PaperFilter("Naibin Gu", year, year))) for year in (2024, 2025, 2026)}
    assert counts == {2024: 3, 2025: 9, 2026: 10}
    assert {paper.title[:5] for paper in page.library.papers(PaperFilter(has_code=True))} == {"KnowR", "EasyV", "DIVE "}
    (profile,) = page.library.profiles()
    assert dict(profile.statistics)["h-index"] == "45"


Verdicts = list[tuple[question_files.Question, Answer, scoring.Verdict]]


@pytest.fixture(scope="module")
def verdicts(page: Workspace) -> Callable[[str], Verdicts]:
    """Return the development questions of a kind, their answers, and whether they are right; each is asked once."""

    @cache
    def of_kind(kind: str) -> Verdicts:
        asked = scoring.labelled(QUESTIONS, [kind])
        answers = [page.ask_after(question.text, question.history, question_id=question.id) for question in asked]
        return [(q, answer, scoring.judged(q, answer)) for q, answer in zip(asked, answers, strict=True)]

    return of_kind


@pytest.mark.parametrize(
    ("kind", "count", "least"),
    [
        ("fact", 18, 16),
        ("aggregate", 6, 6),
        ("unanswerable", 3, 3),
        ("followup", 2, 2),
        ("compare", 1, 1),
        ("trend", 2, 2),
    ],
)
def test_the_development_questions_are_answered(
    verdicts: Callable[[str], Verdicts], kind: str, count: int, least: int
) -> None:
    of_kind = verdicts(kind)
    wrong = [f"{q.text} -> {answer.text}: {verdict.why}" for q, answer, verdict in of_kind if not verdict.right]
    assert len(of_kind) == count
    assert count - len(wrong) >= least, "\n".join(wrong)


def test_every_span_is_verbatim_and_nearly_every_shown_sentence_is_proved(
    verdicts: Callable[[str], Verdicts],
) -> None:
    answers = [answer for kind in scoring.TYPES for _, answer, _ in verdicts(kind)]
    shown = [(answer, sentence) for answer in answers for sentence in answer.sentences]
    for answer, sentence in shown:
        for span in sentence.spans:
            assert span.quote in answer.sources[span.source - 1].abstract
    proved = sum(sentence.status in ("exact", "supported") for _, sentence in shown)
    assert proved >= 0.95 * len(shown)
    assert all(json.loads(json.dumps(answer.to_json()))["plan"]["words"] for answer in answers)


@pytest.mark.parametrize("question", ["Who won the 2018 football world cup?", "How is sourdough bread baked?"])
def test_what_the_library_knows_nothing_of_is_refused_without_the_model(page: Workspace, question: str) -> None:
    answer = page.ask(question).answer()
    assert (answer.refused, answer.model) == (True, None)


THEMES = (
    r"parameter-efficient fine-tuning|\bPEFT\b|low-rank adaptation|\bLoRA\b",
    r"mixture[- ]of[- ]experts|\bMoE\b",
    r"knowledge editing|locate-then-edit",
    r"reinforcement learning with verifiable rewards|\bRLVR\b",
    r"preference optimi[sz]ation",
    r"multimodal",
)
"""What the author's papers are about, by their titles."""


def test_an_author_s_work_is_told_from_all_of_their_papers(page: Workspace) -> None:
    answer = page.ask("What has Naibin Gu worked on?").answer()
    assert answer.coverage
    assert (answer.coverage.matching, answer.coverage.read) == (22, 22)
    assert "22 of 22 papers by Naibin Gu, 2024 to 2026: grouped and counted" in answer.text
    assert len({span.source for sentence in answer.sentences for span in sentence.spans}) >= 8
    assert sum(bool(re.search(theme, answer.text, re.IGNORECASE)) for theme in THEMES) >= 4
    stated = [sentence for sentence in answer.sentences if not sentence.text.endswith(":")]
    assert all(sentence.status in ("exact", "supported") for sentence in stated)
    assert all(span.quote in answer.sources[span.source - 1].abstract for s in stated for span in s.spans)


@pytest.mark.parametrize("what", ["verifiable rewards", "distillation"])
def test_trends_show_what_the_dates_prove(page: Workspace, what: str) -> None:
    found = trends.find(page.library, PaperFilter("Naibin Gu"), "year", "papers by Naibin Gu")
    assert dict(found.publications) == {"2024": 3, "2025": 9, "2026": 10}
    told = [course for course in (*found.themes, *found.terms) if what in course.label]
    assert told
    for course in told:
        assert (course.first[:4], course.last[:4]) == ("2026", "2026")
        assert "2026" in course.words


def test_one_paper_is_summarised_in_its_own_words(page: Workspace) -> None:
    answer = page.ask("Summarise BeamLoRA").answer()
    assert [source.title for source in answer.sources] == ["BeamLoRA: Beam-Constraint Low-Rank Adaptation"]
    assert "- Limits: not stated." in answer.text
    assert all(sentence.status != "unsupported" for sentence in answer.sentences)
