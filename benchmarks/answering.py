"""Waiting for answers of the default chat model, beside llama.cpp and plain transformers on the same prompts.

`python -m benchmarks.answering` asks a random sample of questions (data/answering.jsonl over the sample library and
`shared/questions/seed_dev.jsonl` over the author page, both in one library) and prints what each stage took: medians
with quartiles, and ours over theirs, question by question. Ours is the whole: the request read, search, judging,
writing and proof. Theirs is the writing alone, from the prompt that ours made, with as many new tokens at most:
llama.cpp from the GGUF file that our weights were made of (`pip install xllamacpp`), and transformers' `generate` at
its defaults in bfloat16, greedily. Each engine has a process of its own, and only one works at a time.

Where ours refuses before it writes, there is no prompt: such a question is timed, and left out of the ratios.
`--follow-ups` asks questions with a history instead: the history is answered before, and not timed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import platformdirs
import typer

from assistant import settings, wiring
from assistant.errors import FetchError
from assistant.evaluation import scoring
from assistant.evaluation.question_files import Question
from assistant.types import AnswerFinished, EvidenceFound, QuestionPlanned
from assistant.workspace import Workspace
from benchmarks import measuring

SEED: Final = 26
OURS, LLAMA, TRANSFORMERS = "ours", "llama", "transformers"
QUESTIONS = (measuring.DATA / "answering.jsonl", measuring.SHARED / "questions" / "seed_dev.jsonl")
IN_PROSE = ("fact", "unanswerable", "compare")


@dataclass(frozen=True, slots=True)
class Run:
    """What one engine took for one question: seconds since it was asked, None for what it does not do, and tokens.

    `new_tokens` is 0 where nothing was written.
    """

    total_s: float
    planned_s: float | None = None
    evidence_s: float | None = None
    judged_s: float | None = None
    first_token_s: float | None = None
    written_s: float | None = None
    prompt_tokens: int = 0
    new_tokens: int = 0
    refused: bool = False
    right: bool | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model was given to write from."""

    tokens: tuple[int, ...]
    max_new_tokens: int


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else end - start


def _rate(count: int, seconds: float | None) -> float | None:
    return count / seconds if count > 0 and seconds else None


STAGES: Mapping[str, Callable[[Run], float | None]] = {
    "request read, s": lambda run: run.planned_s,
    "first evidence, s": lambda run: run.evidence_s,
    "judging, s": lambda run: _between(run.evidence_s, run.judged_s),
    "first token, s": lambda run: run.first_token_s,
    "prompt tokens/s": lambda run: _rate(run.prompt_tokens, _between(run.evidence_s or 0.0, run.first_token_s)),
    "new tokens/s": lambda run: _rate(run.new_tokens - 1, _between(run.first_token_s, run.written_s)),
    "new tokens": lambda run: run.new_tokens,
    "proof, s": lambda run: _between(run.written_s, run.total_s) if run.evidence_s is not None else None,
    "total, s": lambda run: run.total_s,
}
"""What is printed of a run that wrote. Ours reads the prompt while it judges, so its tokens/s count from there."""


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the median of some values, and the quartiles below and above it."""
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return float(middle), float(low), float(high)


def ratios(stage: Callable[[Run], float | None], ours: Sequence[Run], theirs: Sequence[Run]) -> list[float]:
    """Return ours over theirs, question by question, of those where both have the stage."""
    pairs = [(stage(one), stage(other)) for one, other in zip(ours, theirs, strict=True)]
    return [one / other for one, other in pairs if one is not None and other]


def table(runs: Mapping[str, Sequence[Run]]) -> str:
    """Return the stages of runs that wrote, an engine a column, the same question at the same place of each."""
    rivals = [engine for engine in runs if engine != OURS]
    heads = [*runs, *(f"{OURS}/{engine}" for engine in rivals)]
    lines = ["".join([f"{'':18}", *(f"{head:>26}" for head in heads)])]
    for name, stage in STAGES.items():
        cells = [[value for run in each if (value := stage(run)) is not None] for each in runs.values()]
        cells += [ratios(stage, runs[OURS], runs[engine]) for engine in rivals]
        lines.append("".join([f"{name:18}", *(f"{_cell(values):>26}" for values in cells)]))
    return "\n".join(lines)


def _cell(values: Sequence[float]) -> str:
    if not values:
        return "-"
    middle, low, high = quartiles(values)
    return f"{middle:.2f} [{low:.2f}, {high:.2f}]"


def questions(files: Sequence[Path], count: int, follow_ups: bool) -> list[Question]:
    """Return labelled questions that are answered in prose: a random sample, the same every time; all with 0."""
    found = [question for file in files if file.exists() for question in scoring.labelled(file)]
    types = ("followup",) if follow_ups else IN_PROSE
    wanted = [question for question in found if question.line["type"] in types]
    return random.Random(SEED).sample(wanted, min(count or len(wanted), len(wanted)))


@contextmanager
def prompts_written_from(model: Any) -> Iterator[list[tuple[Prompt, float, float]]]:
    """Note each prompt that a model writes from, and when it began and ended, while the block runs."""
    noted: list[tuple[Prompt, float, float]] = []
    generate = model.generate

    def noting(messages: Any, *, max_new_tokens: int, stop: Any) -> Iterator[str]:
        prompt = Prompt(tuple(model._encode(messages)["input_ids"][0].tolist()), max_new_tokens)
        began = time.perf_counter()
        yield from generate(messages, max_new_tokens=max_new_tokens, stop=stop)
        noted.append((prompt, began, time.perf_counter()))

    model.generate = noting
    try:
        yield noted
    finally:
        model.generate = generate


def answered(workspace: Workspace, question: Question) -> tuple[Run, Prompt | None]:
    """Answer a question after its history; return what it took, and the prompt that the answer was written from."""
    history: list[Any] = []
    for earlier in question.history:
        history.append(workspace.ask(earlier, history).answer().turn())
    seen: dict[type, float] = {}
    with prompts_written_from(workspace.language_model()) as noted:
        began = time.perf_counter()
        for event in workspace.ask(question.text, history):
            seen.setdefault(type(event), time.perf_counter() - began)
            if isinstance(event, AnswerFinished):
                answer = event.answer
    run = Run(
        total_s=seen[AnswerFinished],
        planned_s=seen.get(QuestionPlanned),
        evidence_s=seen.get(EvidenceFound),
        refused=answer.refused,
        right=not scoring.faults(question, answer),
    )
    first = answer.timings.first_token_s
    if first is None or not noted:
        return run, None
    prompt, writing_began, writing_ended = noted[0]
    run = replace(
        run,
        judged_s=writing_began - began,
        first_token_s=first,
        written_s=writing_ended - began,
        prompt_tokens=len(prompt.tokens),
        new_tokens=answer.timings.new_tokens,
    )
    return run, prompt


def by_llama(model: Path, prompt: Prompt) -> tuple[Run, float]:
    """Write by llama.cpp in this process; return what it took, and the memory that this process has held, in MB."""
    times: list[float] = []
    counts: list[int] = []

    def note(part: Any) -> bool:
        times.append(time.perf_counter() - began)
        counts.append(int(part.get("timings", {}).get("predicted_n", 0)))
        return False

    server = _llama(model)
    began = time.perf_counter()
    request = {
        "prompt": list(prompt.tokens),
        "n_predict": prompt.max_new_tokens,
        "temperature": 0.0,
        "cache_prompt": False,
        "stream": True,
        "timings_per_token": True,
    }
    server.handle_completions(request, note)
    total = time.perf_counter() - began
    return _wrote(prompt, total, times[0], max(counts)), measuring.peak_memory()


@cache
def _llama(model: Path) -> Any:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(model)
    parameters.n_ctx = 8192
    parameters.n_parallel = 1
    parameters.verbosity = 0
    return xllamacpp.Server(parameters)


def by_transformers(model: Path, prompt: Prompt) -> tuple[Run, float]:
    """Write by transformers in this process; return what it took, and the memory that this process has held, in MB."""
    import torch

    loaded, times = _transformers(model), _Times()
    tokens = torch.tensor([prompt.tokens])
    began = time.perf_counter()
    written = loaded.generate(
        tokens,
        attention_mask=torch.ones_like(tokens),
        max_new_tokens=prompt.max_new_tokens,
        do_sample=False,
        streamer=times,
    )
    total = time.perf_counter() - began
    new = written.shape[1] - tokens.shape[1]
    return _wrote(prompt, total, times.put_at[1] - began, new), measuring.peak_memory()


class _Times:
    """A streamer that notes when it was given something: first the prompt, then each new token."""

    def __init__(self) -> None:
        self.put_at: list[float] = []

    def put(self, _: Any) -> None:
        """Note the time."""
        self.put_at.append(time.perf_counter())

    def end(self) -> None:
        """Note nothing."""


@cache
def _transformers(model: Path) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(model, dtype=torch.bfloat16, local_files_only=True)


def _wrote(prompt: Prompt, total: float, first: float, new: int) -> Run:
    return Run(total, first_token_s=first, written_s=total, prompt_tokens=len(prompt.tokens), new_tokens=new)


def gguf(name: str) -> Path:
    """Return the GGUF file of a pinned model, fetched once into the user's cache folder. Raises FetchError."""
    entry = wiring.registry(settings.load()).entry(name)
    folder = Path(platformdirs.user_cache_dir("abstract-assistant")) / "benchmarks" / name
    file = folder / "files" / entry.files[0].path
    for mirror in () if file.exists() else entry.mirrors:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            mirror.deliver(entry.files, folder, lambda _: None)
            break
        except FetchError as error:
            print(error)
    if not file.exists():
        raise FetchError(f"{file.name} could not be fetched. Give another mirror, or --without llama.")
    return file


def main(
    questions_asked: Annotated[int, typer.Option("--questions", help="How many, of a random order; 0 for all.")] = 8,
    without: Annotated[str, typer.Option(help="Rivals that are left out: llama,transformers.")] = "",
    follow_ups: Annotated[bool, typer.Option("--follow-ups", help="Ask questions that go on from others.")] = False,
    seeds: Annotated[Path, typer.Option(help="Folder of the author page.")] = measuring.SHARED / "seeds",
    verbose: bool = False,
) -> None:
    """Print the table."""
    asked = questions(QUESTIONS, questions_asked, follow_ups)
    registry = wiring.registry(settings.load())
    name = wiring.default_chat_model(registry)
    engines: dict[str, tuple[Callable[[Path, Prompt], tuple[Run, float]], Path]] = {}
    if LLAMA not in without:
        engines[LLAMA] = (by_llama, gguf(name))
    if TRANSFORMERS not in without:
        engines[TRANSFORMERS] = (by_transformers, Path(registry.resolve(name)))
    runs: dict[str, list[Run]] = {OURS: [], **{engine: [] for engine in engines}}
    memory: dict[str, float] = {}
    unwritten: list[Run] = []
    with ExitStack() as opened:
        workers = {
            engine: opened.enter_context(ProcessPoolExecutor(1, mp_context=get_context("spawn"))) for engine in engines
        }
        for worker in workers.values():  # a process begins with the peak of the one that starts it: it starts small
            worker.submit(measuring.peak_memory).result()
        workspace = opened.enter_context(measuring.library_with(measuring.SAMPLE, *sorted(seeds.glob("*.txt"))))
        print(f"{workspace.library.count()} papers, {len(asked)} questions, {workspace.language_model().info}")
        _warm_up(workspace, workers, engines)
        for question in asked:
            run, prompt = answered(workspace, question)
            if prompt is None:
                unwritten.append(run)
            else:
                runs[OURS].append(run)
                for engine, (write, model) in engines.items():
                    theirs, memory[engine] = workers[engine].submit(write, model, prompt).result()
                    runs[engine].append(theirs)
            if verbose:
                totals = ", ".join(f"{engine} {each[-1].total_s:.1f} s" for engine, each in runs.items() if prompt)
                verdict = "right" if run.right else "wrong"
                print(f"{verdict}: {question.text} ({totals or f'not written, {run.total_s:.1f} s'})", flush=True)
        memory[OURS] = measuring.peak_memory()
    everything = [*runs[OURS], *unwritten]
    print(f"\n{len(runs[OURS])} were written, {sum(run.refused for run in runs[OURS])} of them refused by the proof")
    print(table(runs) if runs[OURS] else "")
    print(f"peak memory, MB: {', '.join(f'{engine} {memory[engine]:,.0f}' for engine in runs if engine in memory)}")
    if unwritten:
        took = _cell([run.total_s for run in unwritten])
        print(f"{len(unwritten)} were not written (refused, or counted) and are in no ratio: total, s {took}")
    measuring.print_share("right", sum(bool(run.right) for run in everything), len(everything))


def _warm_up(workspace: Workspace, workers: Mapping[str, ProcessPoolExecutor], engines: Mapping[str, Any]) -> None:
    """Load every model and use it once, so that no question pays for it."""
    workspace.ask("What is the Adam optimiser?").answer()
    for engine, (write, model) in engines.items():
        workers[engine].submit(write, model, Prompt((1, 2, 3), 2)).result()


if __name__ == "__main__":
    measuring.run(main, __doc__)
