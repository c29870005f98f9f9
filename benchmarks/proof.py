"""Precision and recall of the proof: supported sentences told from others.

`python -m benchmarks.proof [CORPUS.jsonl.gz ... tldr.jsonl] [--sentences FILE] [--limit N] [--errors]` builds true and
false sentences, gives each with four abstracts (its own and three near ones) to `verifier.prove` with the real chat
model, and prints precision, recall and F1 of "supported or exact", by kind, with 95 % intervals drawn by paper, for the
half of the papers on which nothing was fitted. A sentence costs seconds: --limit takes a random sample. `--sentences`
takes others, `{"paper", "statement", "supported", "kind"}` a line, each with its own abstract. Without files, the
corpora beside the checkout are taken.

True: sentences of data/proof.jsonl written by us over abstracts (paraphrase), sentences of abstracts put into the third
person (retold), and the authors' one-line summaries of SciTLDR (summary; some tell what only the whole paper says).
False, made from true ones: another number, the number of a neighbouring fact, the name of a neighbouring paper's
method, negated or reversed, of another paper of the field; and from data/proof.jsonl: a right number with the wrong
metric, and a true-sounding addition.
"""

from __future__ import annotations

import random
import re
import time
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from sklearn.feature_extraction.text import TfidfVectorizer

from assistant import settings, wiring
from assistant.grounding import Supports, support, tokens, verifier
from assistant.protocols import Embedder
from assistant.text import split_sentences
from assistant.types import Source
from benchmarks import measuring

RETOLD, SUMMARIES = 150, 110
"""How many sentences of each generated kind."""

REWORDINGS = tomllib.loads((measuring.DATA / "rewordings.toml").read_text(encoding="utf-8"))
NUMBER = re.compile(r"(?<![\w.-])\d+(?:[.,]\d+)*(?![\w-])")
SUPPORTED = ("exact", "supported")
SEED = 4


@dataclass(frozen=True, slots=True)
class Paper:
    """What is needed of a paper; `summaries` are SciTLDR's."""

    id: str
    title: str
    abstract: str
    authors: tuple[str, ...]
    year: str
    summaries: tuple[str, ...] = ()

    @staticmethod
    def of(line: dict[str, Any]) -> Paper:
        """Return the paper of a line of a corpus."""
        authors, year, summaries = line.get("authors", ()), str(line.get("year", "")), line.get("tldrs", ())
        return Paper(line["id"], line["title"], line["abstract"], tuple(authors), year, tuple(summaries))


@dataclass(frozen=True, slots=True)
class Trial:
    """One sentence with the question, its paper, whether the abstract says it, and the proof's word on it."""

    paper: str
    question: str
    sentence: str
    kind: str
    true: bool
    status: str = ""
    is_paper_cited: bool = False


class Papers:
    """All papers by id, and which are near to which, by TF-IDF."""

    def __init__(self, files: Sequence[Path]) -> None:
        lines = (line for file in files for line in measuring.read_lines(file))
        self.by_id = {line["id"]: Paper.of(line) for line in lines if len(line["abstract"]) >= 200}
        self._ids = list(self.by_id)
        self._rows = {paper_id: row for row, paper_id in enumerate(self._ids)}
        vectorizer = TfidfVectorizer(stop_words="english", min_df=2, sublinear_tf=True)
        self._matrix = vectorizer.fit_transform(f"{one.title} {one.abstract}" for one in self.by_id.values())

    def near(self, paper_id: str, count: int = 5) -> list[Paper]:
        """Return the papers nearest to one."""
        row = self._rows[paper_id]
        scores = np.asarray((self._matrix @ self._matrix[row].T).todense()).ravel()
        nearest = np.argsort(-scores)[: count + 1]
        return [self.by_id[self._ids[place]] for place in nearest if place != row][:count]


def trials(papers: Papers, chance: random.Random) -> list[Trial]:
    """Build the set: as many false sentences as true ones, the kinds of false ones about even."""
    own = [
        Trial(line["paper"], line["question"], line["sentence"], line["kind"], line["kind"] == "paraphrase")
        for line in measuring.read_lines(measuring.DATA / "proof.jsonl")
        if line["paper"] in papers.by_id
    ]
    true, false = [one for one in own if one.true], [one for one in own if not one.true]
    plain = [paper for paper in papers.by_id.values() if not paper.summaries and _is_english(paper.abstract)]
    for paper in chance.sample(plain, min(RETOLD, len(plain))):
        retold = _third_person(chance.choice(split_sentences(paper.abstract)))
        if len(retold.split()) >= 6:
            true.append(Trial(paper.id, f"What is said about {paper.title}?", retold, "retold", True))
    summed = [paper for paper in papers.by_id.values() if paper.summaries]
    for paper in chance.sample(summed, min(SUMMARIES, len(summed))):
        question, line = f"What does the paper “{paper.title}” do?", _third_person(paper.summaries[0])
        true.append(Trial(paper.id, question, line, "summary", True))
    made: defaultdict[str, list[Trial]] = defaultdict(list)
    for trial in true:
        for kind, sentence in _corrupted(trial, papers, chance):
            made[kind].append(replace(trial, sentence=sentence, kind=kind, true=False))
    wanted = (len(true) - len(false)) // max(1, len(made))
    for kind in sorted(made):
        false += chance.sample(made[kind], min(wanted, len(made[kind])))
    spare = [trial for kind in sorted(made) for trial in made[kind] if trial not in false]
    false += chance.sample(spare, max(0, min(len(spare), len(true) - len(false))))
    return true + false


def _is_english(text: str) -> bool:
    return len(set(re.findall(r"\b(?:the|of|and|is|that|with)\b", text))) >= 4


def _third_person(sentence: str) -> str:
    for pattern, replacement in REWORDINGS["third_person"]:
        sentence = re.sub(pattern, replacement, sentence)
    return sentence[:1].upper() + sentence[1:]


def _corrupted(trial: Trial, papers: Papers, chance: random.Random) -> Iterator[tuple[str, str]]:
    """Yield kinds of fault, each with the trial's sentence made false by it."""
    sentence, paper, near = trial.sentence, papers.by_id[trial.paper], papers.near(trial.paper)
    if numbers := list(NUMBER.finditer(sentence)):
        number = chance.choice(numbers)
        before, after = sentence[: number.start()], sentence[number.end() :]
        if changed := _other_number(number.group(), paper.abstract + trial.question, chance):
            yield "number", before + changed + after
        likely = [one for one in NUMBER.findall(paper.abstract) if ("." in one) == ("." in number.group())]
        others = [one for one in likely if one != number.group() and one not in sentence]
        if others and trial.kind != "retold":
            yield "neighbour's number", before + chance.choice(others) + after
    own_names = [name for name in tokens.names(sentence) if _is_name(name) and name in paper.abstract]
    theirs = {name for other in near[:3] for name in tokens.names(f"{other.title}. {other.abstract}") if _is_name(name)}
    foreign = [name for name in sorted(theirs) if name.lower() not in (paper.title + paper.abstract).lower()]
    if own_names and foreign:
        yield "name", sentence.replace(chance.choice(own_names), chance.choice(foreign))
    reversals = [(rf"\b{word}\b", opposite) for word, opposite in REWORDINGS["reversed"]]
    reversals = [(old, new) for old, new in (*reversals, *REWORDINGS["negated"]) if re.search(old, sentence)]
    if reversals:
        yield "reversed", re.sub(*chance.choice(reversals), sentence, count=1)
    other = chance.choice(near[3:])
    lines = [line for line in other.summaries or split_sentences(other.abstract) if len(line.split()) >= 6]
    if lines and _is_english(other.abstract):
        yield "other paper", _third_person(chance.choice(lines))


def _is_name(name: str) -> bool:
    return len(name) >= 3 and sum(character.isupper() for character in name) >= 2 and "'" not in name


def _other_number(number: str, avoid: str, chance: random.Random) -> str | None:
    for _ in range(20):
        place = chance.choice([place for place, character in enumerate(number) if character.isdigit()])
        changed = number[:place] + chance.choice("123456789") + number[place + 1 :]
        if changed != number and changed not in avoid and not tokens.spelt(avoid) & tokens.numerals(changed):
            return changed
    return None


def sources_of(trial: Trial, papers: Papers, near: int, chance: random.Random) -> list[Source]:
    """Return the trial's paper and so many near ones, numbered in any order."""
    chosen = [papers.by_id[trial.paper], *(papers.near(trial.paper, near) if near else ())]
    chance.shuffle(chosen)
    return [
        Source(number, paper.id, paper.title, paper.authors, paper.year, "", paper.abstract)
        for number, paper in enumerate(chosen, 1)
    ]


def judge(trial: Trial, sources: Sequence[Source], supports: Supports, embedder: Embedder) -> Trial:
    """Prove one trial: the worst status of its sentences counts."""
    proved = verifier.prove(trial.sentence, trial.question, sources, supports, embedder.embed)
    order = ["exact", "supported", "unchecked", "partial", "unsupported"]
    worst = max(proved, key=lambda one: order.index(one.status))
    cited = {source.paper_id for source in sources if source.number in worst.sources}
    return replace(trial, status=worst.status, is_paper_cited=trial.paper in cited)


def figures(judged: Sequence[Trial]) -> tuple[float, float, float]:
    """Return precision, recall and F1 of "supported or exact"."""
    said = [one for one in judged if one.status in SUPPORTED]
    right, true = sum(one.true for one in said), sum(one.true for one in judged)
    precision, recall = right / max(1, len(said)), right / max(1, true)
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def show(judged: Sequence[Trial]) -> None:
    """Print the figures, and those of each kind."""
    by_paper: defaultdict[str, list[Trial]] = defaultdict(list)
    for one in judged:
        by_paper[one.paper].append(one)
    groups = list(by_paper.values())
    precision, recall, f1 = figures(judged)
    low, high = measuring.interval(
        range(len(groups)), lambda drawn: figures([t for i in drawn for t in groups[i]])[2], 1000
    )
    print(
        f"{len(judged)} sentences: precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f} [{low:.3f}, {high:.3f}]"
    )
    print(f"  F1 without the summaries {figures([one for one in judged if one.kind != 'summary'])[2]:.3f}")
    for kind in dict.fromkeys(one.kind for one in judged):
        some = [one for one in judged if one.kind == kind]
        statuses = (("supported", SUPPORTED), ("partial", ("partial", "unchecked")), ("unsupported", ("unsupported",)))
        shares = (f"{name} {sum(one.status in those for one in some) / len(some):4.0%}" for name, those in statuses)
        print(f"  {'true ' if some[0].true else 'false'} {kind:18} n={len(some):3} {'  '.join(shares)}")
    true = [one for one in judged if one.true]
    measuring.print_share("  true ones withheld", sum(one.status == "unsupported" for one in true), len(true))
    supported = [one for one in true if one.status in SUPPORTED]
    measuring.print_share("  right paper cited", sum(one.is_paper_cited for one in supported), len(supported))


def main(
    files: Annotated[list[Path] | None, typer.Argument()] = None,
    sentences: Path | None = None,
    limit: int = 0,
    errors: bool = False,
) -> None:
    """Build the set, prove it, and print the figures."""
    chosen = settings.load()
    embedder, model = wiring.load_embedder(chosen), wiring.load_language_model(chosen)
    supports = support.reader(model, wiring.probes_made(chosen), chosen.prompt_tokens)
    papers = Papers(files or [*sorted((measuring.SHARED / "corpora").glob("*.jsonl.gz")), measuring.SUMMARIES])
    if sentences:
        lines = [line for line in measuring.read_lines(sentences) if line["paper"] in papers.by_id]
        asked = [Trial(one["paper"], "", one["statement"], one.get("kind", ""), one["supported"]) for one in lines]
    else:
        asked = [one for one in trials(papers, random.Random(SEED)) if not measuring.is_for_fitting(one.paper)]
    if limit:
        asked = random.Random(SEED).sample(asked, min(limit, len(asked)))
    asked.sort(key=lambda trial: trial.paper)
    started = time.perf_counter()
    judged = [
        judge(trial, sources_of(trial, papers, 0 if sentences else 3, random.Random(place)), supports, embedder)
        for place, trial in enumerate(asked)
    ]
    print(f"{(time.perf_counter() - started) / max(1, len(judged)):.1f} s a sentence")
    show(judged)
    for one in judged if errors else ():
        if one.true != (one.status in SUPPORTED):
            print(f"\n{one.kind} {one.status} {one.paper}\n  {one.sentence}")


if __name__ == "__main__":
    measuring.run(main, __doc__)
