"""The command that scores labelled questions, and what it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.cli.options import AsJson, open_workspace
from assistant.errors import UsageError

if TYPE_CHECKING:
    from assistant.evaluation.question_files import Question
    from assistant.evaluation.scoring import Verdict
    from assistant.evaluation.statistics import Difference
    from assistant.types import Answer

app = typer.Typer()


@app.command()
def evaluate(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="QUESTIONS", help="JSON Lines of labelled questions; see docs/evaluation.md.")
    ],
    types: Annotated[
        str, typer.Option("--type", help="Only these types, with commas between: fact,aggregate,unanswerable ...")
    ] = "",
    save: Annotated[Path | None, typer.Option(help="Keep the run in this file, written after each answer.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in the file of --save.")] = False,
    compare: Annotated[Path | None, typer.Option(help="Compare with the run kept in this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Score the answers to labelled questions, by type, with 95 % intervals."""
    from assistant.cli import console
    from assistant.evaluation import runs, scoring

    asked = scoring.labelled(file, _types(types, scoring.TYPES))
    before = runs.load(compare) if compare else None
    verdicts = {verdict.labels: verdict for verdict in _kept(save, resume)}
    remaining = [question for question in asked if scoring.digest(question) not in verdicts]

    def scored() -> list[Verdict]:
        return [verdicts[label] for question in asked if (label := scoring.digest(question)) in verdicts]

    interrupted = False
    try:
        with open_workspace(context) if remaining else nullcontext() as opened:
            if opened:
                console.say_waiting(opened.waiting_count())
                for verdict in ask_all(remaining, opened.ask_after):
                    verdicts[verdict.labels] = verdict
                    if save:
                        runs.save(save, scored())
    except KeyboardInterrupt:
        interrupted = True
        how = f" `--save {save} --resume` goes on." if save else " With --save and --resume a run can be gone on with."
        console.remark(f"Stopped after {len(scored())} of {len(asked)} questions.{how}", "yellow")
    comparison = scoring.compared(before, scored()) if before is not None else None
    if as_json:
        console.show_json(run_json(scored(), comparison, interrupted))
    else:
        show_summary(scored())
        show_wrong(scored())
        if comparison:
            show_comparison(*comparison)
    if interrupted:
        raise typer.Exit(130)


def ask_all(asked: Sequence[Question], ask_after: Callable[..., Answer]) -> Iterator[Verdict]:
    """Ask each question, with its history before it, and yield the verdicts; each is told on stderr as it comes.

    `ask_after` is that of `assistant.answering.Assistant`.
    """
    from assistant.cli import console
    from assistant.evaluation import scoring
    from assistant.types import Progress

    with console.progress_bar() as listen:
        for number, question in enumerate(asked):
            listen(Progress(number, len(asked), f"Asking {question.id}"))
            answer = ask_after(question.text, question.history, question_id=question.id)
            verdict = scoring.judged(question, answer)
            outcome = "right" if verdict.right else f"wrong: {'; '.join(verdict.why)}"
            told = f"{verdict.id} {verdict.type}, {verdict.total_s:.1f} s, {outcome}"
            console.remark(told, "dim" if verdict.right else "yellow")
            yield verdict


def run_json(
    verdicts: Sequence[Verdict],
    comparison: tuple[Difference, Sequence[tuple[Verdict, Verdict]]] | None,
    interrupted: bool,
) -> dict[str, Any]:
    """Return a run as the object that `evaluate --json` prints."""
    from assistant.evaluation import scoring

    value = {
        **scoring.summary(verdicts),
        "interrupted": interrupted,
        "verdicts": [scoring.verdict_json(verdict) for verdict in verdicts],
    }
    if comparison:
        counted, changed = comparison
        value["comparison"] = {
            **counted.to_json(),
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


def show_summary(verdicts: Sequence[Verdict]) -> None:
    """Print the table of a run: a row for each type, and under it what holds for all answers."""
    from rich.table import Table

    from assistant.cli import console
    from assistant.evaluation import scoring

    found = scoring.summary(verdicts)
    table = Table(box=None, pad_edge=False)
    for heading in ("type", "right", "share", "95 % interval", "first evidence", "first token", "whole answer"):
        table.add_column(heading, justify="left" if heading == "type" else "right")
    rows = [*found["types"].items(), *([("all", found["all"])] if len(found["types"]) > 1 else [])]
    for name, figures in rows:
        table.add_row(
            name,
            f"{figures['right']} of {figures['total']}",
            *_share(figures),
            *(_seconds(figures[f"median_{which}_s"]) for which in ("first_evidence", "first_token", "total")),
        )
    console.stdout.print(table)
    for name, label in (("spans_verbatim", "spans verbatim"), ("sentences_proved", "shown sentences proved")):
        console.stdout.print(f"{label}: {_told(found[name])}")
    refusals = found["refusals"]
    console.stdout.print(
        f"refusals: {refusals['right']} right, {refusals['wrong']} wrong, {refusals['missed']} missed; "
        f"precision {_told(refusals['precision'])}, recall {_told(refusals['recall'])}"
    )


def show_wrong(verdicts: Sequence[Verdict]) -> None:
    """Print each wrong answer with what is wrong with it."""
    from assistant.cli import console

    for verdict in verdicts:
        if not verdict.right:
            console.stdout.print(console.plain(f"{verdict.id} {' / '.join((*verdict.history, verdict.question))}"))
            console.stdout.print(console.plain(f"  wrong: {'; '.join(verdict.why)}", "yellow"))
            console.stdout.print(console.plain(f"  {' '.join(verdict.text.split())}", "dim"))


def show_comparison(counted: Difference, changed: Sequence[tuple[Verdict, Verdict]]) -> None:
    """Print how two runs differ over the questions that both asked."""
    from assistant.cli import console

    if not counted.total:
        console.stdout.print("The two runs share no question.")
        return
    low, high = counted.interval
    console.stdout.print(
        f"Compared over {counted.total} questions: {counted.only_now} became right, {counted.only_before} became "
        f"wrong; difference {counted.value:+.1%} (95 % interval {low:+.1%} to {high:+.1%}), McNemar's exact p = "
        f"{counted.p_value:.3g}."
    )
    for before, now in changed:
        why = (
            f"became wrong: {'; '.join(now.why)}" if before.right else f"became right; before: {'; '.join(before.why)}"
        )
        console.stdout.print(console.plain(f"  {now.id} {now.question} {why}"))


def _kept(save: Path | None, resume: bool) -> Sequence[Verdict]:
    """Return what an earlier run saved. A run that is there is not written over by accident."""
    from assistant.evaluation import runs

    if resume and not save:
        raise UsageError("--resume goes on with the run in the file of --save; name that file too.")
    if not save or not save.exists():
        return ()
    if not resume:
        raise UsageError(f"{save} is there already. Go on with it by --resume, or name another file.")
    return runs.load(save)


def _types(text: str, known: Sequence[str]) -> list[str]:
    types = [name.strip() for name in text.split(",") if name.strip()]
    for name in types:
        if name not in known:
            raise UsageError(f"“{name}” is no type of question; known are {', '.join(known)}.")
    return types


def _share(figures: Mapping[str, Any]) -> tuple[str, str]:
    if not figures["total"]:
        return "", ""
    low, high = figures["interval"]
    return f"{figures['share']:.1%}", f"{low:.1%} to {high:.1%}"


def _told(figures: Mapping[str, Any]) -> str:
    share, interval = _share(figures)
    return f"{figures['right']} of {figures['total']} ({share}, {interval})" if share else "none"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f} s"
