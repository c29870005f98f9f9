"""Agreement of one-sentence summaries with the lines that people write of a paper.

`python -m benchmarks.summaries [TLDR.jsonl] [--fit] [--model] [--lines FILE]` compares the first sentence of an
abstract, its last, the extracted key sentence, and with --model the model's line and the shown line (the model's where
the abstract proves it, else the key sentence), with the one-line summaries of SciTLDR (Cachola et al., 2020), on 200
papers: ROUGE-1, -2 and -L F1 (rouge-score, stemmed), the best over a paper's summaries, with bootstrap intervals.

--fit prints the coefficients of `key_sentences`, fitted on the papers whose id's SHA-256 begins with an even
byte; the set holds no other papers than the 200 reported, so the key sentence of a paper of that half is chosen here
with coefficients fitted on the other half. --lines keeps the model's lines, so that a run can go on where it ended.
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rouge_score.rouge_scorer import RougeScorer
from sklearn.linear_model import Ridge

from assistant import settings
from assistant.analysis.summaries import aspects, key_sentences
from assistant.analysis.summaries import lines as lines_of
from assistant.grounding import support
from assistant.protocols import LanguageModel
from assistant.types import Paper, Source
from assistant.wiring import load_embedder, load_language_model, probes_made
from benchmarks import measuring

MOST = 200
MEASURES = ("rouge1", "rouge2", "rougeL")
FEATURES = list(key_sentences.model()["coefficients"])
DAMPING = 10.0
"""Of the ridge regression."""

TOGETHER = 8
"""Lines that the model writes at a time."""

_SCORER = RougeScorer(list(MEASURES), use_stemmer=True)


@dataclass(frozen=True, slots=True)
class Summed:
    """A paper with the lines that people wrote of it."""

    id: str
    title: str
    abstract: str
    lines: tuple[str, ...]

    @property
    def is_fitted(self) -> bool:
        """Tell whether the paper belongs to the half on which the coefficients are fitted."""
        return measuring.is_for_fitting(self.id)

    @property
    def sentences(self) -> list[str]:
        """Return the sentences of the abstract."""
        return [part.text for part in aspects.parts(self.abstract)]

    @property
    def features(self) -> NDArray[np.float64]:
        """Return the features of each sentence, shape (sentences, features)."""
        found = key_sentences.features(self.title, aspects.parts(self.abstract))
        return np.array([[one[name] for name in FEATURES] for one in found])


def read(file: Path) -> list[Summed]:
    """Return the papers of a file of SciTLDR."""
    lines = measuring.read_lines(file)
    return [Summed(one["id"], one["title"], one["abstract"], tuple(one["tldrs"])) for one in lines][:MOST]


def rouge(text: str, references: Sequence[str]) -> tuple[float, float, float]:
    """Return ROUGE-1, -2 and -L F1 of a text, each the best over the references."""
    scores = [_SCORER.score(reference, text) for reference in references]
    first, second, longest = (max(one[measure].fmeasure for one in scores) for measure in MEASURES)
    return first, second, longest


def fit(papers: Sequence[Summed]) -> NDArray[np.float64]:
    """Return one coefficient a feature, shape (features,): a ridge regression of the mean ROUGE of each sentence.

    Features and ROUGE are taken beside the mean of their abstract: what counts is which of its sentences is the best.
    """
    features = [paper.features for paper in papers]
    scores = [np.array([np.mean(rouge(text, paper.lines)) for text in paper.sentences]) for paper in papers]
    centred = [np.concatenate([one - one.mean(axis=0) for one in values]) for values in (features, scores)]
    coefficients: NDArray[np.float64] = Ridge(alpha=DAMPING, fit_intercept=False).fit(*centred).coef_
    for name in key_sentences.model()["by_hand"]:
        coefficients[FEATURES.index(name)] = key_sentences.model()["coefficients"][name]
    return coefficients


def extracted(papers: Sequence[Summed], fitted: NDArray[np.float64], other: NDArray[np.float64]) -> dict[str, str]:
    """Return each paper's key sentence, chosen with coefficients that were not fitted on it."""
    return {
        paper.id: paper.sentences[int(np.argmax(paper.features @ (other if paper.is_fitted else fitted)))]
        for paper in papers
    }


def show(name: str, texts: Mapping[str, str], papers: Sequence[Summed]) -> None:
    """Print how well one text a paper does, and how much better than the first sentence."""
    used = [paper for paper in papers if paper.id in texts]
    if not used:
        return
    scores = np.array([rouge(texts[paper.id], paper.lines) for paper in used])
    gains = scores - np.array([rouge(paper.sentences[0], paper.lines) for paper in used])
    words = float(np.mean([len(texts[paper.id].split()) for paper in used]))
    print(f"\n{name}: {len(used)} papers, {words:.0f} words")
    for column, measure in enumerate(MEASURES):
        value, gain = scores[:, column], gains[:, column]
        (low, high), (least, most) = measuring.interval(value), measuring.interval(gain)
        print(
            f"  {measure:7} {value.mean():.3f} [{low:.3f}, {high:.3f}]   "
            f"beside the first sentence {gain.mean():+.3f} [{least:+.3f}, {most:+.3f}]"
        )


def read_lines(file: Path) -> dict[str, str]:
    """Return the stored lines of the model by the digest of what it read."""
    return {one["digest"]: one["written"] for one in measuring.read_lines(file)} if file.exists() else {}


def write_lines(papers: Sequence[Paper], file: Path, model: LanguageModel) -> None:
    """Let the model write the lines that the file lacks, and store each batch as it comes.

    The papers are taken in an order that has nothing to do with them, so that a run that was cut short is a sample.
    """
    known = read_lines(file)
    missing = [paper for paper in papers if lines_of.digest(Source.of(1, paper)) not in known]
    missing.sort(key=lambda paper: hashlib.sha256(f"order {paper.id}".encode()).digest())
    for start in range(0, len(missing), TOGETHER):
        some = missing[start : start + TOGETHER]
        sources = [Source.of(1, paper) for paper in some]
        digests = [lines_of.digest(source) for source in sources]
        asked = [lines_of.prompt(source) for source in sources]
        for place, text in model.write_all(asked, max_new_tokens=lines_of.MOST_TOKENS, stop=threading.Event()):
            record = {"paper": some[place].id, "digest": digests[place], "written": text}
            with file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(record, ensure_ascii=False) + "\n")
        print(f"{start + len(some)} of {len(missing)} lines", file=sys.stderr, flush=True)


def show_model(papers: Sequence[Summed], keys: Mapping[str, str], file: Path, write: bool) -> None:
    """Print the figures of the model's lines, and of what is shown in their place where they are not proved."""
    chosen = settings.load()
    embed, model = load_embedder(chosen).embed, load_language_model(chosen)
    supports = support.reader(model, probes_made(chosen), chosen.prompt_tokens)
    read_by_model = {one.id: Paper(one.title, one.abstract, id=one.id) for one in papers}
    if write:
        write_lines(list(read_by_model.values()), file, model)
    known = read_lines(file)
    lines = {
        paper_id: lines_of.proved(lines_of.one_sentence(known[digest]), Source.of(1, paper), supports, embed)
        for paper_id, paper in read_by_model.items()
        if (digest := lines_of.digest(Source.of(1, paper))) in known
    }
    show("the model's line", {paper_id: line.said for paper_id, line in lines.items()}, papers)
    shown = {paper_id: line.said if line.is_proved else keys[paper_id] for paper_id, line in lines.items()}
    show("the shown line: the model's where it is proved, else the key sentence", shown, papers)
    statuses = Counter(line.status for line in lines.values())
    print("the model's lines by proof:", ", ".join(f"{count} {status}" for status, count in statuses.most_common()))


def main(
    file: Annotated[Path, typer.Argument()] = measuring.SUMMARIES,
    fit_coefficients: Annotated[bool, typer.Option("--fit", help="Print coefficients for key_sentences.")] = False,
    model: Annotated[bool, typer.Option("--model", help="Have the model write the lines that --lines lacks.")] = False,
    lines: Annotated[Path | None, typer.Option(help="JSON Lines file of the model's lines.")] = None,
) -> None:
    """Print the figures."""
    papers = read(file)
    fitted, other = (fit([paper for paper in papers if paper.is_fitted == half]) for half in (True, False))
    for name, *values in zip(FEATURES, fitted, other, strict=True) if fit_coefficients else ():
        print(f"{name:16} fitted half {values[0]:6.3f}   other half {values[1]:6.3f}")
    keys = extracted(papers, fitted, other)
    show("first sentence", {paper.id: paper.sentences[0] for paper in papers}, papers)
    show("last sentence", {paper.id: paper.sentences[-1] for paper in papers}, papers)
    show("key sentence, chosen with coefficients of the other half", keys, papers)
    shipped = {paper.id: key_sentences.key_sentence(paper.title, paper.abstract) for paper in papers}
    unseen = [paper for paper in papers if not paper.is_fitted]
    show("key sentence as shipped, on the half that it was not fitted on", shipped, unseen)
    best = {one.id: max(one.sentences, key=lambda text: sum(rouge(text, one.lines))) for one in papers}
    show("the best sentence there is, chosen by ROUGE itself", best, papers)
    if model or lines:
        show_model(papers, keys, lines or Path("lines.jsonl"), write=model)


if __name__ == "__main__":
    measuring.run(main, __doc__)
