"""Are themes the same when some papers are left out, and do their labels speak of one thing?

`python -m benchmarks.themes CORPUS [--papers 5000] [--repeats 10] [--folder FOLDER]` finds the themes of a file's first
papers, or of a library's newest, and prints how many there are, their labels and the seconds that it took. Then:

- stability: the adjusted Rand index between the themes of all papers and those found anew with a tenth left out,
  over the papers in both; its mean over repeats with a 95 % interval (Student's t).
- coherence: the normalised pointwise mutual information of the words of a theme's phrases within windows of the papers
  themselves (c_npmi of gensim; Röder, Both and Hinneburg 2015), its mean over themes with a 95 % interval from
  bootstrapping themes; and the same for random groups of the same sizes, which are told by the same phrases' rules.
- distinctness: the share of the words of all themes' phrases that stand in one theme only (Dieng, Ruiz and Blei 2020).
- coverage: the share of a theme's papers that hold its label.

Vectors of a file's papers are made by the default embedding model and kept in the folder for the next time.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from gensim.corpora import Dictionary
from gensim.models import CoherenceModel
from scipy import stats
from sklearn.metrics import adjusted_rand_score

from assistant import settings, wiring
from assistant.analysis.themes.phrases import Phrases
from assistant.analysis.themes.themes import Theme, discover
from assistant.library import Library
from assistant.protocols import Vectors
from assistant.text import stem, written_words
from assistant.types import Paper
from benchmarks import measuring, sizes

LEFT_OUT = 0.1
WORDS = 10
"""Words of a theme that are looked at, those of its phrases in order."""


def read(place: Path, most: int, folder: Path) -> tuple[list[Paper], dict[str, Vectors]]:
    """Return papers of a library's folder or of a file, and their vectors by id."""
    if place.is_dir():
        library = Library(place)
        papers = library.papers()
        vectors = library.vectors([paper.id for paper in papers])
        library.close()
        return [paper for paper in papers if paper.id in vectors][:most], vectors
    wiring.quiet_environment()
    corpus = sizes.read(place, wiring.load_embedder(settings.load()), most, folder)
    papers = [replace(paper, id=f"paper:{number}") for number, paper in enumerate(corpus.papers[:most])]
    return papers, {paper.id: vector for paper, vector in zip(papers, corpus.vectors, strict=True)}


def stability(
    papers: Sequence[Paper], vectors: dict[str, Vectors], found: Sequence[Theme], repeats: int
) -> list[float]:
    """Return for each repeat the adjusted Rand index with a tenth of the papers left out."""
    draws = np.random.default_rng(0)
    home = _homes(found)
    alike = []
    for _ in range(repeats):
        kept = np.sort(draws.permutation(len(papers))[: round((1 - LEFT_OUT) * len(papers))])
        anew = _homes(discover([papers[place] for place in kept], vectors))
        both = [paper_id for paper_id in anew if paper_id in home]
        alike.append(float(adjusted_rand_score([home[one] for one in both], [anew[one] for one in both])))
    return alike


def coherence(papers: Sequence[Paper], topics: Sequence[Sequence[str]]) -> list[float]:
    """Return the c_npmi of each topic, a list of words, over the papers; in [-1, 1]."""
    texts = [_words(f"{paper.title} {paper.abstract}") for paper in papers]
    model = CoherenceModel(
        topics=[list(topic) for topic in topics],
        texts=texts,
        dictionary=Dictionary(texts),
        coherence="c_npmi",
        topn=WORDS,
        processes=1,
    )
    return [float(value) for value in model.get_coherence_per_topic()]


def distinctness(topics: Sequence[Sequence[str]]) -> float:
    """Return the share of the words of all topics that stand in one only."""
    words = [word for topic in topics for word in topic]
    return len(set(words)) / len(words)


def top_words(phrases: Sequence[str], known: set[str]) -> list[str]:
    """Return the first words of phrases, each once, in the form that is counted."""
    words = dict.fromkeys(word for phrase in phrases for word in _words(phrase) if word in known)
    return list(words)[:WORDS]


def _homes(found: Sequence[Theme]) -> dict[str, int]:
    return {paper_id: number for number, theme in enumerate(found) for paper_id in theme.paper_ids}


def _words(text: str) -> list[str]:
    return [stem(word.casefold()) for word in written_words(text)]


def _told(papers: Sequence[Paper], groups: Sequence[Sequence[int]]) -> list[list[str]]:
    """Return the top words of groups of papers by place."""
    known = {word for paper in papers for word in _words(f"{paper.title} {paper.abstract}")}
    return [words for _, phrases in Phrases(papers).labels(groups) if len(words := top_words(phrases, known)) > 1]


def _shuffled(count: int, groups: Sequence[Sequence[int]]) -> list[list[int]]:
    order = np.random.default_rng(0).permutation(count).tolist()
    ends = np.cumsum([len(group) for group in groups]).tolist()
    return [order[end - len(group) : end] for end, group in zip(ends, groups, strict=True)]


def _coverage(papers: Sequence[Paper], found: Sequence[Theme]) -> float:
    """Return the share of papers that hold their theme's label, in whatever number its words are."""
    text = {paper.id: f" {' '.join(_words(f'{paper.title} {paper.abstract}'))} " for paper in papers}
    holds = [f" {' '.join(_words(theme.label))} " in text[one] for theme in found for one in theme.paper_ids]
    return sum(holds) / len(holds)


def main(
    corpus: Annotated[Path, typer.Argument(help="A file of papers, or a library's folder.")],
    papers: int = 5000,
    repeats: int = 10,
    folder: Annotated[Path | None, typer.Option(help="Where the vectors of a file's papers are kept.")] = None,
) -> None:
    """Run the benchmark."""
    with tempfile.TemporaryDirectory() as temporary:
        kept = folder or Path(temporary)
        kept.mkdir(parents=True, exist_ok=True)
        looked_at, vectors = read(corpus, papers, kept)
    measure(looked_at, vectors, repeats)


def measure(papers: Sequence[Paper], vectors: dict[str, Vectors], repeats: int) -> None:
    """Print the figures of the themes of papers."""
    started = time.perf_counter()
    found = discover(papers, vectors)
    print(f"{len(papers)} papers: {len(found)} themes in {time.perf_counter() - started:.1f} s")
    for theme in found:
        print(f"  {len(theme.paper_ids):5}  {theme.label}: {', '.join(theme.phrases[1:6])}")
    places = {paper.id: place for place, paper in enumerate(papers)}
    groups = [[places[one] for one in theme.paper_ids] for theme in found]
    for name, told in (("themes", _told(papers, groups)), ("random", _told(papers, _shuffled(len(papers), groups)))):
        values = coherence(papers, told)
        low, high = measuring.interval(values)
        print(
            f"coherence of {name}: {statistics.fmean(values):.3f} [{low:.3f}, {high:.3f}]; "
            f"distinctness {distinctness(told):.3f}"
        )
    print(f"papers that hold their theme's label: {_coverage(papers, found):.3f}", flush=True)
    alike = stability(papers, vectors, found, repeats)
    middle = statistics.fmean(alike)
    half = stats.t.ppf(0.975, len(alike) - 1) * stats.sem(alike) if len(alike) > 1 else float("nan")
    print(f"stability: {middle:.3f} [{middle - half:.3f}, {middle + half:.3f}] over {len(alike)} repeats")


if __name__ == "__main__":
    measuring.run(main, __doc__)
