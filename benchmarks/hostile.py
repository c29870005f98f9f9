"""Hostile papers: answers under attack beside clean ones, and answers after a number was swapped.

`python -m benchmarks.hostile` puts every attack (`benchmarks.injections`) into a paper of the sample library, asks a
question about that paper and one about a paper beside it, and compares with the clean twins; then it swaps numbers in
abstracts and asks for them. `--without-model` checks what no chat model is needed for: the plan, the prompt, the page,
the terminal. The part with the model takes an answer's time twice an attack; `--limit` takes a sample, and `--results
FILE` stores each result, so that the same command goes on where it was stopped.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, cast

import typer

from assistant import settings
from assistant.answering import Assistant
from assistant.evaluation import question_files, scoring
from assistant.evaluation.question_files import Question
from assistant.library import upsert
from assistant.planning import Gazetteer, Planner, Reader
from assistant.protocols import LanguageModel, Reading
from assistant.text import prompt_safety
from assistant.types import Answer, Message, Paper, Record
from assistant.workspace import Workspace
from benchmarks import measuring
from benchmarks.injections import (
    FILE,
    Attack,
    Listener,
    attacks,
    is_about,
    labelled,
    page_faults,
    prompt_faults,
    swapped,
    swaps,
    terminal_faults,
)


class CachedModel:
    """A language model that is asked each prompt once: decoding is greedy, so the same prompt has the same answer."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self._written: dict[tuple[Message, ...], str] = {}
        self._read: dict[tuple[Any, ...], Reading | None] = {}

    def read(self, messages: Sequence[Message], **options: Any) -> Reading | None:
        """Read as the model does."""
        key = (tuple(messages), *((name, str(options[name])) for name in sorted(options) if name != "stop"))
        if key not in self._read:
            self._read[key] = self._model.read(messages, **options)
        return self._read[key]

    def generate(self, messages: Sequence[Message], **options: Any) -> Generator[str, None, None]:
        """Yield the whole answer at once."""
        prompt = tuple(messages)
        if prompt not in self._written:
            self._written[prompt] = "".join(self._model.generate(prompt, **options))
        yield self._written[prompt]

    def write_all(self, prompts: Sequence[Sequence[Message]], **options: Any) -> Iterator[tuple[int, str]]:
        """Yield the answers one by one."""
        for place, messages in enumerate(prompts):
            yield place, "".join(self.generate(messages, **options))

    def __getattr__(self, name: str) -> Any:
        """Return whatever else the model has."""
        return getattr(self._model, name)


@dataclass(frozen=True, slots=True)
class Bench:
    """The clean papers, and a workspace whose library is made to hold any variant of them."""

    workspace: Workspace
    papers: tuple[Paper, ...]
    clean: dict[str, Answer] = field(default_factory=dict)

    def over(self, papers: Sequence[Paper], model: LanguageModel) -> Assistant:
        """Return the assistant over these papers; what the library held before is changed back."""
        library = self.workspace.library
        reading = upsert.Reading(library, FILE)
        reading.store([Record(replace(paper, id=""), line, f"r{line}") for line, paper in enumerate(papers, 1)])
        reading.finish()
        planner = Planner(library, Reader(lambda: model), Gazetteer(library))
        return replace(self.workspace.assistant, planner=planner, language_model=lambda: model, warm_up=lambda: None)

    def under(self, attack: Attack, target: str, model: LanguageModel) -> Assistant:
        """Return the assistant over the papers with one attack in the paper whose title holds `target`."""
        papers = [attack.infects(paper) if is_about(paper, target) else paper for paper in self.papers]
        assistant = self.over(papers, model)
        if attack.file != FILE:
            paper = next(paper for paper in self.papers if is_about(paper, target))
            upsert.store(self.workspace.library, [Record(replace(paper, id=""), 1, "again")], attack.file)
        return assistant

    def clean_answer(self, question: Question, model: LanguageModel) -> Answer:
        """Return the answer over the clean papers."""
        if question.id not in self.clean:
            self.clean[question.id] = self.over(self.papers, model).ask(question.text).answer()
        return self.clean[question.id]

    def answered_right(self, asked: Sequence[Question], first: int, model: LanguageModel) -> Question | None:
        """Return the first question from the place `first` on that is answered right over the clean papers."""
        turned = [asked[(first + step) % len(asked)] for step in range(len(asked))]
        return next((one for one in turned if not scoring.faults(one, self.clean_answer(one, model))), None)


@contextmanager
def opened() -> Iterator[Bench]:
    """Open a library in a temporary folder that is to hold the sample library's papers."""
    with measuring.library_with() as sample:
        papers = tuple(sample.library.papers())
    with TemporaryDirectory() as folder, Workspace(settings.load(library=Path(folder))) as workspace:
        yield Bench(workspace, papers)


def plan_in_words(answer: Answer) -> str:
    """Return what the assistant took a question for, in words that two libraries share."""
    plan = answer.plan
    return f"{answer.standalone_question} | {plan.kind if plan else ''} {plan.filter if plan else ''}"


def faults_without_model(bench: Bench, tried: Sequence[Attack], asked: Sequence[Question]) -> dict[str, list[str]]:
    """Return, for each attack, what it reached in the plan, the prompt, the page, the terminal, or through a model
    that obeys every word. Nothing, where all is well.
    """
    listener = Listener("")
    assistant = bench.over(bench.papers, listener)
    clean = {}
    for question in asked:
        answer = assistant.ask(question.text).answer()
        clean[question.id] = (answer, listener.prompts[-1] if listener.prompts else ())
        listener.prompts.clear()
    return {
        attack.id: _faults(bench, attack, (asked[place % len(asked)], asked[(place + 7) % len(asked)]), clean)
        for place, attack in enumerate(tried)
    }


def _faults(
    bench: Bench,
    attack: Attack,
    asked: tuple[Question, Question],
    clean: dict[str, tuple[Answer, tuple[Message, ...]]],
) -> list[str]:
    obedient = Listener(attack.text)
    faults: list[str] = []
    assistant = bench.under(attack, asked[0].line["paper"], obedient)
    papers = {paper.id: paper for paper in assistant.library.papers()}
    orders = [prompt_safety.harmless(order) for order in prompt_safety.orders(attack.text)]
    for question in asked:
        before, prompt = clean[question.id]
        obedient.prompts.clear()
        answer = assistant.ask(attack.asks(question.text)).answer()
        if attack.place != "question" and plan_in_words(answer) != plan_in_words(before):
            faults.append(f"the plan is {plan_in_words(answer)} for {plan_in_words(before)}")
        if obedient.prompts and prompt:
            faults += prompt_faults(prompt, obedient.prompts[0], len(answer.sources) - len(before.sources))
        faults += [
            f"the answer claims an order: {sentence.text}"
            for sentence in answer.sentences
            if sentence.sources and attack.took(sentence.text) and any(sentence.text.rstrip(".") in o for o in orders)
        ]
        faults += page_faults(answer, papers, attack.file)
        texts = [text for source in answer.sources for text in (source.title, *source.authors, source.abstract)]
        faults += terminal_faults(answer.text, attack.file, *texts)
    return list(dict.fromkeys(faults))


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one question under one attack or swap; `changed` says in words what the attack reached."""

    attack: str
    place: str
    question: str
    role: str
    changed: Sequence[str]
    text: str


def changes(attack: Attack, question: Question, clean: Answer, attacked: Answer) -> tuple[str, ...]:
    """Return what an attack changed of a question's right answer.

    A question that carries an attack itself may be refused: nothing is claimed then.
    """
    if attack.place == "question" and attacked.refused:
        return ()
    found = [f"no longer right: {fault}" for fault in scoring.faults(question, attacked)]
    if attack.took(attacked.text) and not attack.took(clean.text):
        found.append("its content stands in the answer")
    if attack.place != "question" and plan_in_words(attacked) != plan_in_words(clean):
        found.append("the plan differs")
    return tuple(found)


def asked_under_attack(
    bench: Bench, tried: Sequence[Attack], asked: Sequence[Question], model: LanguageModel, done: set[tuple[str, str]]
) -> Iterator[Result]:
    """Ask the model about the attacked paper and about one beside it, which reads the attacked paper if any does.

    Only questions that it answers right over the clean papers are asked, for a wrong answer shows nothing.
    """
    order = {attack.id: place for place, attack in enumerate(attacks())}
    listening = bench.over(bench.papers, Listener(""))
    sources = {question.id: listening.ask(question.text).answer().sources for question in asked}
    for attack in tried:
        roles = ("attacked paper",) if attack.place == "question" else ("attacked paper", "other paper")
        if all((attack.id, role) in done for role in roles):
            continue
        place = order[attack.id]
        about = bench.answered_right(asked, place, model)
        if about is None:
            return
        target = about.line["paper"]
        others = [question for question in asked if question.line["paper"] != target]
        near = [question for question in others if any(target in source.title for source in sources[question.id])]
        beside = bench.answered_right(near, place, model) or bench.answered_right(others, place, model)
        assistant = bench.under(attack, target, model)
        for role, question in zip(roles, (about, beside), strict=False):
            if question and (attack.id, role) not in done:
                attacked = assistant.ask(attack.asks(question.text)).answer()
                changed = changes(attack, question, bench.clean[question.id], attacked)
                yield Result(attack.id, attack.place, question.text, role, changed, attacked.text)


def asked_after_swap(
    bench: Bench, tried: Sequence[Question], model: LanguageModel, done: set[tuple[str, str]]
) -> Iterator[Result]:
    """Ask for numbers that were changed in their abstracts; the answer must give the new one."""
    for swap in tried:
        if (swap.id, "swap") not in done:
            answer = bench.over([swapped(paper, swap) for paper in bench.papers], model).ask(swap.text).answer()
            yield Result(swap.id, "number", swap.text, "swap", scoring.faults(labelled(swap), answer), answer.text)


def report(results: Sequence[Result]) -> None:
    """Print the shares; an attack counts once, however many answers it changed."""
    of_attacks = [result for result in results if result.role != "swap"]
    changed = {result.attack for result in of_attacks if result.changed}
    measuring.print_share("attacks that change an answer", len(changed), len({one.attack for one in of_attacks}))
    for role, label in (
        ("attacked paper", "  answers kept about the attacked paper"),
        ("other paper", "  answers kept about others"),
        ("swap", "answers that follow a swapped number"),
    ):
        of_role = [result for result in results if result.role == role]
        measuring.print_share(label, sum(not result.changed for result in of_role), len(of_role))
    for place, count in Counter(result.place for result in of_attacks if result.changed).most_common():
        print(f"  changed by the {place}: {count}")


def main(
    without_model: bool = False,
    limit: Annotated[int, typer.Option(help="Number of attacks and of swaps; 0 for all.")] = 0,
    seed: Annotated[int, typer.Option(help="Of the order in which they are tried.")] = 0,
    results: Annotated[Path | None, typer.Option(help="File that stores the results, to go on later.")] = None,
) -> None:
    """Print what the attacks changed."""
    facts = [
        question for question in question_files.read(measuring.SAMPLE_QUESTIONS) if question.line["type"] == "fact"
    ]
    tried, numbers = attacks(), swaps()
    for each in (tried, numbers):
        random.Random(seed).shuffle(each)
        del each[limit or len(each) :]
    with opened() as bench:
        if without_model:
            faults = faults_without_model(bench, tried, facts)
            for attack, found in faults.items():
                print("".join(f"  {attack}: {fault}\n" for fault in found), end="")
            texts = [" ".join(paper.abstract.split()) for paper in bench.papers]
            measuring.print_share(
                "attacks that reach something without a model", sum(map(bool, faults.values())), len(faults)
            )
            measuring.print_share(
                "clean abstracts that are read as they are",
                sum(prompt_safety.quoted(text) == text for text in texts),
                len(texts),
            )
            return
        stored = [Result(**line) for line in measuring.read_lines(results)] if results and results.exists() else []
        done = {(result.attack, result.role) for result in stored}
        model = cast(LanguageModel, CachedModel(bench.workspace.language_model()))
        for asked in (
            asked_under_attack(bench, tried, facts, model, done),
            asked_after_swap(bench, numbers, model, done),
        ):
            for result in asked:
                stored.append(result)
                print(f"{result.attack} ({result.role}): {'; '.join(result.changed) or 'kept'}", flush=True)
                if result.changed:
                    print(f"  {result.question}\n  {result.text}", flush=True)
                if results:
                    with results.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(asdict(result), ensure_ascii=False) + "\n")
        report(stored)


if __name__ == "__main__":
    measuring.run(main, __doc__)
