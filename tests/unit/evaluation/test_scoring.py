"""Labelled questions: which lines are understood, which answers are right, and what a run amounts to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assistant.cli import evaluate
from assistant.errors import UsageError
from assistant.evaluation import scoring
from assistant.evaluation.question_files import Question
from assistant.evaluation.statistics import Share, difference
from assistant.types import Answer, Sentence, Source, Span, Timings
from tests.conftest import SHARED

ABSTRACT = "BeamLoRA treats each adapter as a beam. It was tested on 12 datasets."


def source(number: int, title: str, abstract: str = ABSTRACT) -> Source:
    return Source(number, f"p{number}", title, ("Naibin Gu",), "2025", "", abstract)


def answer(
    text: str = "It treats adapters as beams. [1]",
    *,
    cited: Sequence[int] = (1,),
    titles: Sequence[str] = ("BeamLoRA: Balancing", "Light-PEFT"),
    refused: bool = False,
    rows: Sequence[dict[str, Any]] = (),
    quote: str = "BeamLoRA treats each adapter as a beam.",
    status: str = "supported",
    reason: str = "",
) -> Answer:
    sentences = [
        Sentence(text, status, tuple(cited), tuple(Span(number, quote) for number in cited)),  # type: ignore[arg-type]
    ]
    return Answer(
        question="q",
        standalone_question="q",
        kind="refusal" if refused else "passages",
        text=text,
        refused=refused,
        reason=reason,
        sentences=() if refused else tuple(sentences),
        sources=tuple(source(number, title) for number, title in enumerate(titles, 1)),
        rows=tuple(rows),
        timings=Timings(0.1, 1.0, 2.0),
    )


def question(type_: str, **labels: Any) -> Question:
    line = {"id": "x1", "type": type_, "q": "What?", **labels}
    return Question("x1", "What?", tuple(labels.get("history", ())), line, 1)


def write(tmp_path: Path, *lines: str | dict[str, Any]) -> Path:
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return path


FACT = {"id": "a", "type": "fact", "q": "What is a beam?", "must": ["beam"], "paper": "BeamLoRA"}


@pytest.mark.parametrize(
    ("labels", "given", "why"),
    [
        (question("fact", must=["BEAMS"], paper="beamlora"), answer(), ()),
        (question("fact", must=[r"\b13\b"], paper="BeamLoRA"), answer(), ("the text lacks /\\b13\\b/",)),
        (question("fact", must=["beam"], paper="Light-PEFT"), answer(), ("“Light-PEFT” is not cited",)),
        (question("fact", must=["beam"]), answer(refused=True), ("refused",)),
        (question("fact", must=["beam"]), answer(refused=True, reason="off topic"), ("refused (off topic)",)),
        (question("unanswerable"), answer(refused=True), ()),
        (question("unanswerable", paper="Light-PEFT"), answer(refused=True), ()),
        (question("unanswerable"), answer(), ("not refused",)),
        (question("aggregate", must=r"\b(3|three)\b"), answer("There are three papers."), ()),
        (question("aggregate", titles=["Light"], not_titles=["DIVE"]), answer("Light-PEFT and others."), ()),
        (question("aggregate", titles=["Light"]), answer("These:", rows=[{"title": "Light-PEFT"}]), ()),
        (question("aggregate", titles=["DIVE"]), answer("These:"), ("“DIVE” is not named",)),
        (question("aggregate", not_titles=["BeamLoRA"]), answer("Two papers."), ("“BeamLoRA” is named",)),
        (question("aggregate", titles=["BeamLoRA"]), answer("BeamLoRA", refused=True), ("refused",)),
        (question("followup", history=["Which?"], titles=["BeamLoRA"]), answer(), ()),
        (question("compare", titles_cited=["BeamLoRA", "Light"]), answer(cited=(1, 2)), ()),
        (question("compare", titles_cited=["BeamLoRA", "Light"]), answer(), ("“Light” is not cited",)),
        (question("trend", min_citations=2), answer(cited=(1, 2)), ()),
        (question("trend", min_citations=3), answer(cited=(1, 2)), ("2 cited, 3 are asked for",)),
    ],
)
def test_an_answer_is_wrong_for_each_label_that_is_not_met(
    labels: Question, given: Answer, why: tuple[str, ...]
) -> None:
    assert scoring.faults(labels, given) == why


def test_a_source_that_was_only_read_names_no_title() -> None:
    assert not scoring.faults(question("aggregate", must=["beam"], not_titles=["Light-PEFT"]), answer(cited=(1,)))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2 is not a JSON object"),
        ({"id": "b", "q": "x", "must": ["y"]}, "line 2: “type” is missing"),
        ({"id": "b", "type": "fcat", "q": "x", "must": ["y"]}, "line 2: “fcat” is not a type of question"),
        ({"id": "b", "type": "fact", "q": "x", "musst": ["y"]}, "line 2: A labelled question has no key “musst”"),
        ({"id": "b", "type": "fact", "q": "x"}, "line 2: a question of type “fact” needs a label"),
        ({"id": "b", "type": "fact", "q": "x", "must": ["("]}, "line 2: “must”: “\\(” is not a regular expression"),
        ({"id": "b", "type": "fact", "q": "x", "must": 3}, "line 2: “must”"),
        ({"id": "b", "type": "trend", "q": "x", "min_citations": 0}, "line 2: “min_citations”"),
        ({"id": "b", "type": "fact", "must": ["y"]}, 'line 2 needs a text under "q"'),
        ({"id": "b", "type": "fact", "q": "x", "history": "y", "must": ["y"]}, "line 2 needs a text"),
        (FACT, "line 2 has the id “a” of line 1"),
    ],
)
def test_a_line_that_cannot_be_scored_is_named(tmp_path: Path, line: str | dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        scoring.labelled(write(tmp_path, FACT, line))


def test_a_file_without_questions_of_the_type_asked_for_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no question of type trend"):
        scoring.labelled(write(tmp_path, FACT), ["trend"])
    with pytest.raises(UsageError, match="cannot be read"):
        scoring.labelled(tmp_path / "none.jsonl")


def test_the_shared_questions_can_all_be_scored() -> None:
    path = SHARED / "questions" / "seed_dev.jsonl"
    if not path.exists():
        pytest.skip("the folder of real data is absent")
    assert len(scoring.labelled(path)) == 32
    assert {asked.line["type"] for asked in scoring.labelled(path, ["fact", "trend"])} == {"fact", "trend"}


def test_a_quotation_that_is_not_in_its_abstract_is_counted() -> None:
    labels = question("fact", must=["beam"])
    assert scoring.judged(labels, answer()).verbatim == 1
    assert scoring.judged(labels, answer(quote="Beams are wood.")).verbatim == 0
    assert scoring.judged(labels, answer(quote="")).verbatim == 0


def test_a_run_is_summed_by_type_and_over_all() -> None:
    verdicts = [
        scoring.judged(question("fact", must=["beam"]), answer()),
        scoring.judged(question("fact", must=["beam"]), answer(refused=True)),
        scoring.judged(question("fact", must=["x{5}"]), answer(status="unsupported")),
        scoring.judged(question("unanswerable"), answer(refused=True)),
        scoring.judged(question("unanswerable"), answer()),
    ]
    found = scoring.summary(verdicts)
    assert {name: (row["right"], row["total"]) for name, row in found["types"].items()} == {
        "fact": (1, 3),
        "unanswerable": (1, 2),
    }
    assert (found["all"]["right"], found["all"]["total"], found["all"]["median_total_s"]) == (2, 5, 2.0)
    assert found["sentences_proved"]["share"] == pytest.approx(2 / 3)
    assert found["spans_verbatim"]["share"] == 1.0
    assert {name: found["refusals"][name] for name in ("right", "wrong", "missed")} == {
        "right": 1,
        "wrong": 1,
        "missed": 1,
    }
    assert json.loads(json.dumps(found)) == json.loads(json.dumps(scoring.summary(verdicts)))


def test_a_share_comes_with_wilson_s_interval() -> None:
    low, high = Share(17, 18).interval or (0, 0)
    assert (round(low, 3), round(high, 3)) == (0.742, 0.99)
    assert (Share(0, 0).value, Share(0, 0).interval) == (None, None)


def test_two_runs_are_compared_question_by_question() -> None:
    counted = difference([True] * 9 + [False] * 9, [True] * 8 + [False] + [True] * 9)
    assert (counted.both, counted.only_before, counted.only_now, counted.neither) == (8, 1, 9, 0)
    assert counted.p_value == pytest.approx(0.021484375)  # both tails of a binomial of 10 at one half
    assert counted.value == pytest.approx(8 / 18)
    low, high = counted.interval
    assert low < 8 / 18 < high
    assert difference([True], [True]).p_value == 1.0


def test_only_questions_that_both_runs_asked_are_compared() -> None:
    right, wrong = answer(), answer(refused=True)
    asked = [
        question("fact", must=["beam"]),
        Question("x2", "Which?", (), {"type": "fact", "q": "Which?", "must": "a"}),
    ]
    before = [scoring.judged(asked[0], right), scoring.judged(asked[1], right)]
    counted, changed = scoring.compared(before, [scoring.judged(asked[0], wrong)])
    assert (counted.total, counted.only_before) == (1, 1)
    assert [(was.right, now.why) for was, now in changed] == [(True, ("refused",))]


def test_a_run_comes_back_from_disk_as_it_was(tmp_path: Path) -> None:
    verdicts = (scoring.judged(question("fact", must=["beam"]), answer()),)
    scoring.save_run(tmp_path / "run.json", verdicts)
    assert scoring.load_run(tmp_path / "run.json") == verdicts
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1, "verdicts": [{}]}', '{"format": 9, "verdicts": []}'])
def test_what_is_no_saved_run_says_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(UsageError, match="run"):
        scoring.load_run(tmp_path / "run.json")


class Asked:
    """An open workspace whose answers are scripted; `stop_after` answers it is interrupted."""

    def __init__(self, stop_after: int = 99) -> None:
        self.stop_after = stop_after
        self.questions: list[str] = []

    def embed_few(self) -> None:
        return None

    def waiting_count(self) -> int:
        return 0

    def ask_after(self, text: str, earlier: Sequence[str], question_id: str = "") -> Answer:
        if len(self.questions) == self.stop_after:
            raise KeyboardInterrupt
        self.questions.append(text)
        return answer(refused="refuse" in text)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Asked:
    asked = Asked()

    @contextmanager
    def open_workspace(_context: Any) -> Iterator[Asked]:
        yield asked

    monkeypatch.setattr(evaluate, "open_workspace", open_workspace)
    return asked


LINES = [FACT, {"id": "b", "type": "unanswerable", "q": "refuse this"}, {"id": "c", "type": "unanswerable", "q": "Or?"}]


def test_the_command_prints_a_table_and_what_is_wrong(tmp_path: Path, opened: Asked) -> None:
    result = CliRunner().invoke(evaluate.app, [str(write(tmp_path, *LINES))])
    assert result.exit_code == 0, result.output
    assert "1 of 2" in result.stdout
    assert "c Or?" in result.stdout
    assert "not refused" in result.stdout
    assert opened.questions == ["What is a beam?", "refuse this", "Or?"]


def test_the_command_prints_one_object(tmp_path: Path, opened: Asked) -> None:
    result = CliRunner().invoke(evaluate.app, [str(write(tmp_path, *LINES)), "--json", "--type", "fact"])
    value = json.loads(result.stdout)
    assert [verdict["id"] for verdict in value["verdicts"]] == ["a"]
    assert value["types"]["fact"]["right"] == 1
    assert not value["interrupted"]


def test_an_interrupted_run_shows_what_was_scored_and_can_be_gone_on_with(tmp_path: Path, opened: Asked) -> None:
    path, run = write(tmp_path, *LINES), tmp_path / "run.json"
    opened.stop_after = 2
    result = CliRunner().invoke(evaluate.app, [str(path), "--save", str(run)])
    assert result.exit_code == 130
    assert "2 of 2" in result.stdout
    assert "--resume" in result.stderr
    opened.stop_after = 99
    again = CliRunner().invoke(evaluate.app, [str(path), "--save", str(run), "--resume", "--json"])
    assert again.exit_code == 0
    assert opened.questions == ["What is a beam?", "refuse this", "Or?"]
    assert len(json.loads(again.stdout)["verdicts"]) == 3


def test_a_verdict_on_other_labels_is_not_kept(tmp_path: Path, opened: Asked) -> None:
    run = tmp_path / "run.json"
    CliRunner().invoke(evaluate.app, [str(write(tmp_path, FACT)), "--save", str(run)])
    changed = write(tmp_path, {**FACT, "must": ["timber"]})
    result = CliRunner().invoke(evaluate.app, [str(changed), "--save", str(run), "--resume", "--json"])
    assert json.loads(result.stdout)["all"]["right"] == 0


def test_a_run_is_compared_with_another(tmp_path: Path, opened: Asked) -> None:
    path, run = write(tmp_path, *LINES), tmp_path / "run.json"
    CliRunner().invoke(evaluate.app, [str(path), "--save", str(run)])
    result = CliRunner().invoke(evaluate.app, [str(path), "--compare", str(run)])
    assert "Compared over 3 questions: 0 became right, 0 became wrong" in result.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--resume"], "--save"),
        (["--type", "facts"], "“facts” is not a type"),
        (["--save", "{run}"], "is there already"),
    ],
)
def test_wrong_usage_says_what_to_do(tmp_path: Path, opened: Asked, options: list[str], message: str) -> None:
    run = tmp_path / "run.json"
    run.write_text("{}")
    arguments = [option.replace("{run}", str(run)) for option in options]
    result = CliRunner().invoke(evaluate.app, [str(write(tmp_path, FACT)), *arguments])
    assert isinstance(result.exception, UsageError)
    assert message in str(result.exception)
