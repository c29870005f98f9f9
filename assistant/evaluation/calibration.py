"""Calibration: probes of a chat model fitted on labelled questions, as `assistant models calibrate` does."""

from __future__ import annotations

import datetime
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from assistant.errors import UsageError
from assistant.evaluation import question_files
from assistant.grounding import answerability
from assistant.ingestion import readers
from assistant.models import Judgement, probes, prompting
from assistant.protocols import LanguageModel, Vectors
from assistant.text import prompt_safety, split_sentences
from assistant.types import Progress, ProgressListener, Record, Source

DEPTHS = (0.64, 0.72, 0.79)
"""Where in a model what is looked for may be read, as shares of its layers: 18, 20 and 22 of 28."""

_FOLDS = 5
_BUDGET = 3000
"""Tokens of a prompt."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a probe is to tell of a text and an abstract: `label` names it in labelled lines.

    `strength` is the inverse of the fit's regularisation (C), see E21 in docs/experiments.
    """

    name: Judgement
    label: str
    strength: float


TASKS = (
    Task("answerability", "answerable", 0.01),
    Task("support", "supported", 0.003),
    Task("topic", "about", 0.003),
)
_EVIDENCE_STRENGTH = 0.01


@dataclass(frozen=True, slots=True)
class Example:
    """A question or a statement with an abstract, and whether the abstract answers or supports it.

    `evidence` are the sentences of the abstract that state the answer, where they are known.
    """

    text: str
    source: Source
    is_so: bool
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fit:
    """A probe, how many examples it was fitted on, and the area under its ROC curve on papers it was not fitted on."""

    task: str
    probe: probes.Probe
    examples: int
    area: float


def shipped_examples(task: Task) -> list[Example]:
    """Return the labelled lines over the sample library."""
    here = resources.files("assistant")
    with (
        resources.as_file(here / "models" / "labelled" / f"{task.name}.jsonl") as lines,
        resources.as_file(here / "sample_library.bib") as papers,
    ):
        return read(task, lines, papers)


def read(task: Task, lines: Path, papers: Path) -> list[Example]:
    """Read labelled lines, `{"q", "paper", "answerable"}` or `{"statement", "paper", "supported"}`, and their papers.

    "evidence" may hold the sentence of the abstract that states the answer, or a list of them. "paper" is the paper's
    own id; lines about an id that no paper has, or several have, are left out. Raises UsageError for other lines.
    """
    records = [item for item in readers.read(papers, as_of=datetime.date.today()) if isinstance(item, Record)]
    shared = Counter(record.source_key for record in records)
    known = {one.source_key: one.paper for one in records if shared[one.source_key] == 1}
    examples: list[Example] = []
    for line in question_files.read(lines):
        label = line.line.get(task.label)
        if not isinstance(label, bool):
            raise UsageError(f'{lines}, line {line.number} needs "{task.label}": true or false.')
        if paper := known.get(str(line.line.get("paper"))):
            stated = line.line.get("evidence") or []
            passages = [stated] if isinstance(stated, str) else stated
            if not isinstance(passages, list) or not all(isinstance(each, str) and each.strip() for each in passages):
                raise UsageError(f'{lines}, line {line.number}: "evidence" must be a text or a list of texts.')
            examples.append(Example(line.text, Source.of(1, paper), label, tuple(passages)))
    return examples


def fit(task: Task, model: LanguageModel, examples: Sequence[Example], on_progress: ProgressListener) -> list[Fit]:
    """Have a model read the examples, and fit the probe at the depth that tells best. Raises UsageError.

    Where examples of answerability say which sentence states the answer, a second probe tells that. Examples of
    one abstract follow each other, so that it is read once.
    """
    if not model.depth:
        raise UsageError(f"The model {model.info.name} shows no hidden states; it judges by its own yes and no.")
    titles = [{example.source.title for example in examples if example.is_so == label} for label in (True, False)]
    if min(map(len, titles)) < 2:
        raise UsageError(
            f"Calibrating needs lines that are {task.label} and lines that are not, of two papers at least."
        )
    layers = sorted({round(depth * model.depth) for depth in DEPTHS})
    ordered = sorted(examples, key=lambda example: (example.source.title, example.source.paper_id))
    states: dict[int, list[Vectors]] = {layer: [] for layer in layers}
    attended: list[tuple[Vectors, str, str]] = []  # features of a sentence, whether it is evidence, title
    for done, example in enumerate(ordered):
        on_progress(Progress(done, len(ordered), f"Reading labelled lines for {task.name}"))
        messages = prompting.judgement(task.name, example.text, [example.source], model, _BUDGET)
        has_evidence = task.name == answerability.TASK and example.evidence
        abstract = prompt_safety.quoted(example.source.abstract) if has_evidence else ""
        stop = threading.Event()
        reading = model.read(messages, layers=layers, of=abstract, attention=bool(abstract), stop=stop)
        assert reading is not None
        for layer in layers:
            states[layer].append(reading.last[layer])
        if reading.attention is not None:
            sentences = split_sentences(abstract)
            stated = [_is_of(sentence, example.evidence) for sentence in sentences]
            if "yes" in stated:
                rows = answerability.features(reading, abstract, sentences)
                attended += [(row, label, example.source.title) for row, label in zip(rows, stated, strict=True)]
    labels = ["yes" if example.is_so else "no" for example in ordered]
    groups = [example.source.title for example in ordered]
    candidates = [_fit(task.name, layer, states[layer], labels, groups, task.strength) for layer in layers]
    fits = [max(candidates, key=lambda candidate: candidate.area)]
    groups, labels = [title for _, _, title in attended], [label for _, label, _ in attended]
    if len(set(groups)) > 1 and set(labels) == {"yes", "no"}:
        features = [row for row, _, _ in attended]
        fits.append(_fit(answerability.EVIDENCE_TASK, 0, features, labels, groups, _EVIDENCE_STRENGTH))
    return fits


def _is_of(sentence: str, passages: Sequence[str]) -> str:
    """Return "yes" for a sentence that holds one of the passages, or stands in one."""
    return "yes" if any(each in sentence or sentence in each for each in passages) else "no"


def save(fitted: Fit, model: LanguageModel, folder: Path) -> Path:
    """Write a probe where it will be found; return the file."""
    file = folder / model.fingerprint / f"{fitted.task}.safetensors"
    fitted.probe.save(file)
    return file


def _fit(
    task: str, layer: int, rows: Sequence[Vectors], labels: Sequence[str], groups: Sequence[str], strength: float
) -> Fit:
    """Fit a probe on all rows; the area is that of probes that were fitted on the other abstracts."""
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import GroupKFold

    states, held_out = np.stack(rows), np.zeros(len(labels))
    for fitting, testing in GroupKFold(min(_FOLDS, len(set(groups)))).split(states, groups=groups):
        probe = probes.fit(layer, states[fitting], [labels[place] for place in fitting], strength)
        held_out[testing] = probe.probabilities(states[testing])[:, probe.labels.index("yes")]
    area = float(roc_auc_score([label == "yes" for label in labels], held_out))
    return Fit(task, probes.fit(layer, states, labels, strength), len(labels), area)
