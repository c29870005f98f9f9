"""Evaluation command: scores of labelled questions, and comparison of runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.cli import render
from assistant.cli.options import AsJson, open_workspace
from assistant.errors import UsageError

if TYPE_CHECKING:
    from assistant.evaluation.question_files import Question
    from assistant.evaluation.scoring import Verdict
    from assistant.evaluation.statistics import Difference
    from assistant.types import Answer

    Comparison = tuple[Difference, Sequence[tuple[Verdict, Verdict]]]
    """Counts over two runs, and the pairs of verdicts, before and now, that differ."""

app = typer.Typer()


@app.command()
def evaluate(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="QUESTIONS", help="JSON Lines of labelled questions; see docs/evaluation.md.")
    ],
    types: Annotated[
        str, typer.Option("--type", help="Only these types, separated by commas: fact,aggregate,unanswerable ...")
    ] = "",
    save: Annotated[Path | None, typer.Option(help="Save the run to this file after each answer.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in the file of --save.")] = False,
    compare: Annotated[Path | None, typer.Option(help="Compare with the run saved in this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Score the answers to labelled questions, by type, with 95 % intervals."""
    from assistant.evaluation import scoring

    asked = scoring.labelled(file, _types(types, scoring.TYPES))
    before = scoring.load_run(compare) if compare else None
    verdicts = {verdict.labels: verdict for verdict in _saved(save, resume)}
    remaining = [question for question in asked if scoring.digest(question) not in verdicts]

    def scored() -> list[Verdict]:
        return [verdicts[label] for question in asked if (label := scoring.digest(question)) in verdicts]

    interrupted = False
    try:
        with open_workspace(context) if remaining else nullcontext() as opened:
            if opened:
                opened.embed_few()
                render.warn_waiting(opened.waiting_count())
                for verdict in ask_all(remaining, opened.ask_after):
                    verdicts[verdict.labels] = verdict
                    if save:
                        scoring.save_run(save, scored())
    except KeyboardInterrupt:
        interrupted = True
        how = f"`--save {save} --resume` continues." if save else "A run with --save can be continued with --resume."
        render.message(f"Stopped after {len(scored())} of {len(asked)} questions. {how}", "yellow")
    comparison = scoring.compared(before, scored()) if before is not None else None
    render.show(
        as_json,
        lambda: run_json(scored(), comparison, interrupted),
        lambda: show_run(scored(), comparison),
    )
    if interrupted:
        raise typer.Exit(130)


def ask_all(asked: Sequence[Question], ask_after: Callable[..., Answer]) -> Iterator[Verdict]:
    """Ask each question after its history and yield the verdicts; each is printed on stderr as it comes.

    `ask_after` is that of `assistant.answering.Assistant`.
    """
    from assistant.evaluation import scoring

    for number, question in enumerate(asked, 1):
        verdict = scoring.judged(question, ask_after(question.text, question.history, question_id=question.id))
        outcome = "right" if verdict.right else f"wrong: {'; '.join(verdict.why)}"
        text = f"{number}/{len(asked)}: {verdict.id} {verdict.type}, {verdict.total_s:.1f} s, {outcome}"
        render.message(text, "dim" if verdict.right else "yellow")
        yield verdict


def run_json(verdicts: Sequence[Verdict], comparison: Comparison | None, interrupted: bool) -> dict[str, Any]:
    """Return a run as the object that `evaluate --json` prints."""
    from assistant.evaluation import scoring

    value = {
        **scoring.summary(verdicts),
        "interrupted": interrupted,
        "verdicts": [scoring.verdict_json(verdict) for verdict in verdicts],
    }
    if comparison:
        difference, changed = comparison
        value["comparison"] = {
            **difference.to_json(),
            "changed": [
                {
                    "id": now.id,
                    "question": now.question,
                    "now_right": now.right,
                    "why": list(before.why or now.why),
                    "text_before": before.text,
                    "text_now": now.text,
                }
                for before, now in changed
            ],
        }
    return value


def show_run(verdicts: Sequence[Verdict], comparison: Comparison | None = None, *, wrong: bool = True) -> None:
    """Print the table of a run, a row for each type; its wrong answers; and how it differs from another run."""
    from assistant.evaluation import scoring

    summary = scoring.summary(verdicts)
    rows = [*summary["types"].items(), *([("all", summary["all"])] if len(summary["types"]) > 1 else [])]
    render.show_table(
        ("type", "right", "share", "95 % interval", "first evidence", "first token", "whole answer"),
        [
            (
                name,
                f"{figures['right']} of {figures['total']}",
                *_share(figures),
                *(_seconds(figures[f"median_{which}_s"]) for which in ("first_evidence", "first_token", "total")),
            )
            for name, figures in rows
        ],
        figures=True,
    )
    refusals = summary["refusals"]
    render.line(f"spans verbatim: {_in_words(summary['spans_verbatim'])}")
    render.line(f"shown sentences proved: {_in_words(summary['sentences_proved'])}")
    render.line(
        f"refusals: {refusals['right']} right, {refusals['wrong']} wrong, {refusals['missed']} missed; "
        f"precision {_in_words(refusals['precision'])}, recall {_in_words(refusals['recall'])}"
    )
    for verdict in verdicts:
        if wrong and not verdict.right:
            render.line(f"{verdict.id} {' / '.join((*verdict.history, verdict.question))}")
            render.line(f"  wrong: {'; '.join(verdict.why)}", "yellow")
            render.line(f"  {' '.join(verdict.text.split())}", "dim")
    if comparison:
        _show_comparison(*comparison)


def _show_comparison(difference: Difference, changed: Sequence[tuple[Verdict, Verdict]]) -> None:
    if not difference.total:
        render.line("The two runs have no question in common.")
        return
    low, high = difference.interval
    render.line(
        f"Compared over {difference.total} questions: {difference.only_now} became right, {difference.only_before} "
        f"became wrong; difference {difference.value:+.1%} (95 % interval {low:+.1%} to {high:+.1%}), McNemar's exact "
        f"p = {difference.p_value:.3g}."
    )
    for before, now in changed:
        outcome = "became wrong" if before.right else "became right; before"
        render.line(f"  {now.id} {now.question} {outcome}: {'; '.join(now.why if before.right else before.why)}")


def _saved(save: Path | None, resume: bool) -> Sequence[Verdict]:
    """Return what an earlier run saved. Raises UsageError rather than overwrite a run by accident."""
    from assistant.evaluation import scoring

    if resume and not save:
        raise UsageError("--resume continues the run in the file of --save; name that file too.")
    if not save or not save.exists():
        return ()
    if not resume:
        raise UsageError(f"{save} is there already. Continue it with --resume, or name another file.")
    return scoring.load_run(save)


def _types(text: str, known: Sequence[str]) -> list[str]:
    types = [name.strip() for name in text.split(",") if name.strip()]
    for name in types:
        if name not in known:
            raise UsageError(f"“{name}” is not a type of question. The types are {', '.join(known)}.")
    return types


def _share(figures: Mapping[str, Any]) -> tuple[str, str]:
    if not figures["total"]:
        return "", ""
    low, high = figures["interval"]
    return f"{figures['share']:.1%}", f"{low:.1%} to {high:.1%}"


def _in_words(figures: Mapping[str, Any]) -> str:
    share, interval = _share(figures)
    return f"{figures['right']} of {figures['total']} ({share}, {interval})" if share else "none"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f} s"
