"""Does the sentence that stands for a paper say what people say of it in one line?

`python -m benchmarks.summaries [TLDR.jsonl] [--fit] [--model --lines FILE]` compares the first sentence of an abstract,
its last, the extracted key sentence, and with --model the model's line and the shown line (the model's where the
abstract proves it, else the key sentence), with the one-line summaries of SciTLDR (Cachola et al., 2020), on 200
papers: ROUGE-1, -2 and -L F1 (rouge-score, stemmed), the best over a paper's summaries. Intervals are the middle 95 %
of bootstrap samples of papers.

--fit prints the coefficients of `key_sentences.toml`, fitted on the papers whose id's SHA-256 begins with an even
byte; the set holds no other papers than the 200 reported, so the key sentence of a paper of that half is chosen here
with coefficients fitted on the other half. --lines keeps the model's lines, so that a run can go on where it ended.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rouge_score.rouge_scorer import RougeScorer

from assistant import settings
from assistant.analysis.summaries import aspects, key_sentences, paper_summary
from assistant.grounding import support
from assistant.protocols import LanguageModel
from assistant.types import Paper, Source
from assistant.wiring import load_embedder, load_language_model, probes_made, quiet_environment

SHARED = Path(__file__).parents[1].parent / "shared"
MOST = 200
MEASURES = ("rouge1", "rouge2", "rougeL")
FEATURES = list(key_sentences.model()["coefficients"])
DAMPING = 10.0
"""Of the ridge regression."""

_SAMPLES = 2000
_TOGETHER = 8
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
        return hashlib.sha256(self.id.encode()).digest()[0] % 2 == 0


def read(file: Path) -> list[Summed]:
    """Return the papers of a file of SciTLDR."""
    records = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    return [Summed(one["id"], one["title"], one["abstract"], tuple(one["tldrs"])) for one in records][:MOST]


def rouge(text: str, references: Sequence[str]) -> tuple[float, float, float]:
    """Return ROUGE-1, -2 and -L F1 of a text, each the best over the references."""
    scores = [_SCORER.score(reference, text) for reference in references]
    first, second, longest = (max(one[measure].fmeasure for one in scores) for measure in MEASURES)
    return first, second, longest


def fit(papers: Sequence[Summed]) -> NDArray[np.float64]:
    """Return one coefficient a feature, shape (features,): a ridge regression of the mean ROUGE of each sentence.

    Both are taken beside the mean of their abstract: what counts is which of its sentences is the best. The
    coefficients that are set by hand stay as they are.
    """
    rows, wanted = [], []
    for paper in papers:
        found = aspects.parts(paper.abstract)
        matrix = features(paper)
        scores = np.array([np.mean(rouge(part.text, paper.lines)) for part in found])
        rows.append(matrix - matrix.mean(axis=0))
        wanted.append(scores - scores.mean())
    stacked, scores = np.concatenate(rows), np.concatenate(wanted)
    spread = stacked.T @ stacked + DAMPING * np.eye(stacked.shape[1])
    coefficients: NDArray[np.float64] = np.linalg.solve(spread, stacked.T @ scores)
    for name in key_sentences.model()["by_hand"]:
        coefficients[FEATURES.index(name)] = key_sentences.model()["coefficients"][name]
    return coefficients


def features(paper: Summed) -> NDArray[np.float64]:
    """Return the features of a paper's sentences, shape (sentences, features)."""
    found = key_sentences.features(paper.title, aspects.parts(paper.abstract))
    return np.array([[one[name] for name in FEATURES] for one in found])


def chosen(paper: Summed, coefficients: NDArray[np.float64]) -> str:
    """Return the sentence that these coefficients choose."""
    found = aspects.parts(paper.abstract)
    return found[int(np.argmax(features(paper) @ coefficients))].text


def interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the middle 95 % of the bootstrap means of one figure a paper."""
    drawn = np.random.default_rng(1).integers(0, len(values), (_SAMPLES, len(values)))
    low, high = np.percentile(values[drawn].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def show(name: str, texts: Mapping[str, str], papers: Sequence[Summed]) -> None:
    """Print how well one text a paper does, and how much better than the first sentence."""
    used = [paper for paper in papers if paper.id in texts]
    if not used:
        return
    scores = np.array([rouge(texts[paper.id], paper.lines) for paper in used])
    first = np.array([rouge(aspects.parts(paper.abstract)[0].text, paper.lines) for paper in used])
    words = float(np.mean([len(texts[paper.id].split()) for paper in used]))
    print(f"\n{name}: {len(used)} papers, {words:.0f} words")
    for column, measure in enumerate(MEASURES):
        value, gain = scores[:, column], scores[:, column] - first[:, column]
        (low, high), (least, most) = interval(value), interval(gain)
        print(
            f"  {measure:7} {value.mean():.3f} [{low:.3f}, {high:.3f}]   "
            f"beside the first sentence {gain.mean():+.3f} [{least:+.3f}, {most:+.3f}]"
        )


def extracted(papers: Sequence[Summed], fitted: NDArray[np.float64], other: NDArray[np.float64]) -> dict[str, str]:
    """Return each paper's key sentence, chosen with coefficients that were not fitted on it."""
    return {paper.id: chosen(paper, other if paper.is_fitted else fitted) for paper in papers}


def read_lines(file: Path) -> dict[str, str]:
    """Return the kept lines of the model by the digest of what it read."""
    if not file.exists():
        return {}
    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return {record["digest"]: record["written"] for record in records}


def write_lines(papers: Sequence[Paper], file: Path, model: LanguageModel) -> None:
    """Let the model write the lines that the file lacks, and keep each batch as it comes.

    The papers are taken in an order that has nothing to do with them, so that a run that was cut short is a sample.
    """
    kept = read_lines(file)
    missing = [paper for paper in papers if paper_summary.digest(Source.of(1, paper)) not in kept]
    missing.sort(key=lambda paper: hashlib.sha256(f"order {paper.id}".encode()).digest())
    started = time.perf_counter()
    for start in range(0, len(missing), _TOGETHER):
        some = missing[start : start + _TOGETHER]
        sources = [Source.of(1, paper) for paper in some]
        asked = [paper_summary.prompt(source) for source in sources]
        for index, text in model.write_all(asked, max_new_tokens=paper_summary.MOST_TOKENS, stop=threading.Event()):
            record = {"paper": some[index].id, "digest": paper_summary.digest(sources[index]), "written": text}
            with file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(record, ensure_ascii=False) + "\n")
        done, seconds = start + len(some), time.perf_counter() - started
        print(f"{done} of {len(missing)} lines, {seconds:.0f} s", file=sys.stderr, flush=True)


def show_model(papers: Sequence[Summed], keys: Mapping[str, str], file: Path) -> None:
    """Print the figures of the model's lines, and of what is shown in their place where they are not proved."""
    known = read_lines(file)
    quiet_environment()
    chosen = settings.load()
    embed, model = load_embedder(chosen).embed, load_language_model(chosen)
    supports = support.reader(model, probes_made(chosen), chosen.prompt_tokens)
    said: dict[str, str] = {}
    shown: dict[str, str] = {}
    statuses: Counter[str] = Counter()
    for one in papers:
        source = Source.of(1, Paper(one.title, one.abstract, id=one.id))
        written = known.get(paper_summary.digest(source))
        if written is not None:
            line = paper_summary.proved(paper_summary.one_sentence(written), source, supports, embed)
            said[one.id] = line.said
            shown[one.id] = line.said if line.is_proved else keys[one.id]
            statuses[line.status] += 1
    show("the model's line", said, papers)
    show("the shown line: the model's where it is proved, else the key sentence", shown, papers)
    print("the model's lines by proof:", ", ".join(f"{count} {status}" for status, count in statuses.most_common()))


def _best(paper: Summed) -> str:
    return max((part.text for part in aspects.parts(paper.abstract)), key=lambda text: sum(rouge(text, paper.lines)))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="ROUGE of one sentence a paper with people's one-line summaries.")
    parser.add_argument("file", type=Path, nargs="?", default=SHARED / "benchmarks/scitldr-dev/tldr.jsonl")
    parser.add_argument("--fit", action="store_true", help="print coefficients for key_sentences.toml")
    parser.add_argument("--model", action="store_true", help="let the chat model write the lines that --lines lacks")
    parser.add_argument("--lines", type=Path, help="JSONL that keeps the model's lines")
    given = parser.parse_args()
    papers = read(given.file)
    fitted, other = (fit([paper for paper in papers if paper.is_fitted == half]) for half in (True, False))
    if given.fit:
        for name, *values in zip(FEATURES, fitted, other, strict=True):
            print(f"{name:18} fitted half {values[0]:6.3f}   other half {values[1]:6.3f}")
    keys = extracted(papers, fitted, other)
    show("first sentence", {paper.id: aspects.parts(paper.abstract)[0].text for paper in papers}, papers)
    show("last sentence", {paper.id: aspects.parts(paper.abstract)[-1].text for paper in papers}, papers)
    show("key sentence, chosen with coefficients of the other half", keys, papers)
    shipped = {paper.id: key_sentences.key_sentence(paper.title, paper.abstract) for paper in papers}
    unseen = [paper for paper in papers if not paper.is_fitted]
    show("key sentence as shipped, on the half that it was not fitted on", shipped, unseen)
    show("the best sentence there is, chosen by ROUGE itself", {paper.id: _best(paper) for paper in papers}, papers)
    if given.model or given.lines:
        file = given.lines or Path("lines.jsonl")
        if given.model:
            quiet_environment()
            model = load_language_model(settings.load())
            write_lines([Paper(one.title, one.abstract, id=one.id) for one in papers], file, model)
        show_model(papers, keys, file)


if __name__ == "__main__":
    main()
