"""Scoring of answers by labelled questions, and runs of them: their figures, and their files."""

from __future__ import annotations

import hashlib
import json
import re
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from assistant.errors import UsageError
from assistant.evaluation import question_files
from assistant.evaluation.question_files import Question
from assistant.evaluation.statistics import Difference, Share, difference
from assistant.types import Answer
from assistant.whole_files import replaced

QuestionType = Literal["fact", "aggregate", "unanswerable", "followup", "compare", "trend"]
TYPES: tuple[str, ...] = get_args(QuestionType)

_PROVED = ("exact", "supported")
_RUN_FORMAT = 1


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"“{text}” is not a regular expression: {error}") from error
    return text


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


_Texts = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_as_list)]
_Patterns = Annotated[tuple[Annotated[str, AfterValidator(_pattern)], ...], BeforeValidator(_as_list)]


class Labels(BaseModel):
    """What a right answer holds. Every label that a line gives must be met, whatever its type.

    `must`: regular expressions that match the text, ignoring case. `paper` and `titles_cited`: parts of titles of
    sources that are cited. `titles`: parts of titles that are named: in the text, by a citation or by a row; none of
    `not_titles` is. `min_citations`: how many papers are cited at least. An "unanswerable" question is to be refused,
    any other is not. `kind`, `voice` and `ref` (the right answer in words) are remarks, which nothing is scored by; so
    are those of rated answers: `rating`, `remark`, `said`, `scope` and `paper_ids`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: QuestionType
    id: str | int = ""
    history: list[str] | None = None
    q: str = ""
    text: str = ""
    question: str = ""
    query: str = ""
    must: _Patterns = ()
    paper: str = ""
    titles: _Texts = ()
    not_titles: _Texts = ()
    titles_cited: _Texts = ()
    min_citations: Annotated[int, Field(ge=1)] | None = None
    kind: str = ""
    voice: str = ""
    ref: str = ""
    rating: Literal[-1, 1] | None = None
    remark: str = ""
    said: str = ""
    scope: str = ""
    paper_ids: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _can_be_scored(self) -> Labels:
        labels = (self.must, self.paper, self.titles, self.not_titles, self.titles_cited, self.min_citations)
        if self.type != "unanswerable" and not any(labels):
            names = "must, paper, titles, not_titles, titles_cited, min_citations"
            raise ValueError(f"a question of type “{self.type}” needs a label: {names}")
        return self


@dataclass(frozen=True, slots=True)
class Verdict:
    """One answer, judged. `why` says each thing that is wrong, in words; an answer is right when there is none.

    `spans` and `sentences` are those shown; `verbatim` counts the spans that stand word for word in their source's
    abstract, `proved` the sentences whose status is "exact" or "supported". Timings are seconds, as in `Timings`.
    """

    id: str
    type: str
    question: str
    history: tuple[str, ...]
    right: bool
    why: tuple[str, ...]
    refused: bool
    kind: str
    text: str
    cited: tuple[str, ...]
    spans: int
    verbatim: int
    sentences: int
    proved: int
    first_evidence_s: float
    first_token_s: float | None
    total_s: float
    new_tokens_per_s: float | None
    model: str
    labels: str
    """Digest of the question's line: a verdict holds for these labels only."""


def labelled(path: Path, types: Sequence[str] = ()) -> list[Question]:
    """Read labelled questions, those of some types only where types are given.

    Raises UsageError, with the line's number, for a line that cannot be scored: an unknown key or type, a label of the
    wrong shape, an id that was there before.
    """
    seen: dict[str, int] = {}
    questions = question_files.read(path)
    for question in questions:
        place = f"{path}, line {question.number}"
        try:
            Labels.model_validate(question.line)
        except ValidationError as error:
            raise UsageError(f"{place}: {_problem(error)}.") from error
        if question.id in seen:
            raise UsageError(f"{place} has the id “{question.id}” of line {seen[question.id]}; give each its own.")
        seen[question.id] = question.number
    of_types = [question for question in questions if not types or question.line["type"] in types]
    if not of_types:
        raise UsageError(f"{path} holds no question" + (f" of type {' or '.join(types)}." if types else "."))
    return of_types


def faults(question: Question, answer: Answer) -> tuple[str, ...]:
    """Return what is wrong with an answer, in words, by the question's labels; nothing when it is right."""
    labels = Labels.model_validate(question.line)
    if labels.type == "unanswerable":  # a refusal cites nothing: the paper is the one that is asked about
        labels = labels.model_copy(update={"paper": ""})
    if labels.type == "unanswerable" and not answer.refused:
        return ("not refused", *_unmet(labels, answer))
    if labels.type != "unanswerable" and answer.refused:
        return (f"refused ({answer.reason})" if answer.reason else "refused",)
    return _unmet(labels, answer)


def judged(question: Question, answer: Answer) -> Verdict:
    """Return the verdict on an answer, with all that a table of a run needs of it."""
    why = faults(question, answer)
    abstracts = {source.number: source.abstract for source in answer.sources}
    spans = [span for sentence in answer.sentences for span in sentence.spans]
    return Verdict(
        id=question.id,
        type=question.line["type"],
        question=question.text,
        history=question.history,
        right=not why,
        why=why,
        refused=answer.refused,
        kind=answer.kind,
        text=answer.text,
        cited=_cited(answer),
        spans=len(spans),
        verbatim=sum(bool(span.quote) and span.quote in abstracts.get(span.source, "") for span in spans),
        sentences=len(answer.sentences),
        proved=sum(sentence.status in _PROVED for sentence in answer.sentences),
        first_evidence_s=answer.timings.first_evidence_s,
        first_token_s=answer.timings.first_token_s,
        total_s=answer.timings.total_s,
        new_tokens_per_s=answer.timings.new_tokens_per_s,
        model=answer.model.name if answer.model else "",
        labels=digest(question),
    )


def digest(question: Question) -> str:
    """Return what tells a labelled question from one that says anything else."""
    line = json.dumps([question.id, question.text, question.history, question.line], sort_keys=True)
    return hashlib.sha256(line.encode()).hexdigest()[:16]


def summary(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return the figures of a run as plain JSON values: by type, over all, and of refusals."""
    types = [name for name in TYPES if any(verdict.type == name for verdict in verdicts)]
    return {
        "types": {name: _figures([verdict for verdict in verdicts if verdict.type == name]) for name in types},
        "all": _figures(verdicts),
        "spans_verbatim": Share(sum(v.verbatim for v in verdicts), sum(v.spans for v in verdicts)).to_json(),
        "sentences_proved": Share(sum(v.proved for v in verdicts), sum(v.sentences for v in verdicts)).to_json(),
        "refusals": _refusals(verdicts),
    }


def compared(before: Sequence[Verdict], now: Sequence[Verdict]) -> tuple[Difference, list[tuple[Verdict, Verdict]]]:
    """Compare two runs over the questions that both asked, and return the pairs whose verdicts differ.

    A question is the same in both when id, type, text and history are.
    """
    earlier = {(one.id, one.type, one.question, one.history): one for one in before}
    keys = [(one.id, one.type, one.question, one.history) for one in now]
    pairs = [(earlier[key], one) for key, one in zip(keys, now, strict=True) if key in earlier]
    counted = difference([one.right for one, _ in pairs], [other.right for _, other in pairs])
    return counted, [(one, other) for one, other in pairs if one.right != other.right]


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as plain JSON values."""
    return dict(json.loads(json.dumps(asdict(verdict))))


def save_run(path: Path, verdicts: Sequence[Verdict]) -> None:
    """Write a run so that the file is at any moment the old run or the new one, whole."""
    value = {"format": _RUN_FORMAT, "verdicts": [verdict_json(verdict) for verdict in verdicts]}
    try:
        with replaced(path) as file:
            file.write(json.dumps(value, ensure_ascii=False, indent=1).encode())
    except OSError as error:
        raise UsageError(f"The run cannot be saved as {path}: {error}. Name another file with --save.") from error


def load_run(path: Path) -> tuple[Verdict, ...]:
    """Read a run. Raises UsageError when there is none in the file."""
    try:
        value: Any = json.loads(path.read_text(encoding="utf-8"))
        if value["format"] != _RUN_FORMAT:
            raise UsageError(f"{path} is a run of format {value['format']}; this version reads format {_RUN_FORMAT}.")
        return TypeAdapter(tuple[Verdict, ...]).validate_python(value["verdicts"])
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError, ValidationError) as error:
        raise UsageError(f"{path} was not written by `assistant evaluate --save`. Name a file that was.") from error


def _unmet(labels: Labels, answer: Answer) -> tuple[str, ...]:
    cited, named = _cited(answer), _named(answer)
    why = [f"the text lacks /{pattern}/" for pattern in labels.must if not re.search(pattern, answer.text, re.I)]
    why += [
        f"“{title}” is not cited"
        for title in filter(None, (labels.paper, *labels.titles_cited))
        if not _in(title, cited)
    ]
    why += [f"“{title}” is not named" for title in labels.titles if not _in(title, named)]
    why += [f"“{title}” is named" for title in labels.not_titles if _in(title, named)]
    if labels.min_citations is not None and len(cited) < labels.min_citations:
        why.append(f"{len(cited)} cited, {labels.min_citations} are asked for")
    return tuple(why)


def _cited(answer: Answer) -> tuple[str, ...]:
    """Return the titles of the papers that an answer gives as its sources: all of them where it is a table."""
    return () if answer.refused else tuple(dict.fromkeys(source.title for source in answer.shown_sources))


def _named(answer: Answer) -> tuple[str, ...]:
    rows = [str(value) for row in answer.rows for key, value in row.items() if key == "title"]
    return (answer.text, *_cited(answer), *rows)


def _in(part: str, texts: Sequence[str]) -> bool:
    sought = _plain(part)
    return any(sought in _plain(text) for text in texts)


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("’", "'").split())


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None


def _figures(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    return {
        **Share(sum(verdict.right for verdict in verdicts), len(verdicts)).to_json(),
        "median_first_evidence_s": _median([verdict.first_evidence_s for verdict in verdicts]),
        "median_first_token_s": _median([v.first_token_s for v in verdicts if v.first_token_s is not None]),
        "median_total_s": _median([verdict.total_s for verdict in verdicts]),
        "median_new_tokens_per_s": _median([v.new_tokens_per_s for v in verdicts if v.new_tokens_per_s is not None]),
    }


def _refusals(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Count refusals: of questions to be refused, and of questions to be answered."""
    due = [verdict for verdict in verdicts if verdict.type == "unanswerable"]
    rightly = sum(verdict.refused for verdict in due)
    refused = sum(verdict.refused for verdict in verdicts)
    return {
        "right": rightly,
        "wrong": refused - rightly,
        "missed": len(due) - rightly,
        "precision": Share(rightly, refused).to_json(),
        "recall": Share(rightly, len(due)).to_json(),
    }


def _problem(error: ValidationError) -> str:
    """Say in one sentence what is wrong with a line."""
    first = error.errors()[0]
    key = str(first["loc"][0]) if first["loc"] else ""
    match first["type"]:
        case "extra_forbidden":
            return f"A labelled question has no key “{key}”; its keys are {', '.join(Labels.model_fields)}"
        case "missing":
            return f"“{key}” is missing; it is one of {', '.join(TYPES)}" if key == "type" else f"“{key}” is missing"
        case "literal_error":
            return f"“{first['input']}” is not a type of question; the types are {', '.join(TYPES)}"
        case "value_error":
            reason = first["msg"].removeprefix("Value error, ")
            return f"“{key}”: {reason}" if key else reason
        case _:
            return f"“{key}”: {first['msg'][:1].lower()}{first['msg'][1:]}"
