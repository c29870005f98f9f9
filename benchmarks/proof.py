"""Does the proof tell what the abstracts say from what they do not?

`python -m benchmarks.proof [CORPUS.jsonl.gz ... tldr.jsonl] [--sentences FILE] [--limit N] [--errors]` builds true and
false sentences, gives each with four abstracts (its own and three near ones) to `proof.prove` with the real chat model,
and prints precision, recall and F1 of "supported or exact", by kind, with 95 % intervals drawn by paper, for the half
of the papers on which nothing was fitted. A sentence costs seconds: --limit takes a random sample. `--sentences` takes
others, `{"paper", "statement", "supported", "kind"}` a line, each with its own abstract. Without files, those of
../shared are taken.

True: sentences of data/proof.jsonl written by us over abstracts (paraphrase), sentences of abstracts put into the third
person (retold), and the authors' one-line summaries of SciTLDR (summary; some tell what only the whole paper says).
False, made from true ones: another number, the number of a neighbouring fact, the name of a neighbouring paper's
method, negated or reversed, of another paper of the field; and from data/proof.jsonl: a right number with the wrong
metric, and a true-sounding addition.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from assistant import settings, wiring
from assistant.grounding import Supports, quantities, support, tokens, verifier
from assistant.protocols import Embedder
from assistant.text import split_sentences
from assistant.types import Source

OWN = Path(__file__).parent / "data" / "proof.jsonl"
SHARED = Path(__file__).parents[1].parent / "shared"
RETOLD, SUMMARIES = 150, 110
"""How many sentences of each generated kind."""

_PERSON = (
    (r"\bIn this (?:paper|work|study), we (\w+)", r"The paper \1s"),
    (
        r"\b[Ww]e (?:also |further |then )?(propose|introduce|present|show|develop|find|describe|explore)\b",
        r"the authors \1",
    ),
    (r"\b[Ww]e\b", "the authors"),
    (r"\bOur\b", "The"),
    (r"\bour\b", "their"),
    (r"^(?:However|Moreover|Furthermore|Specifically|In addition|Additionally|Finally|To this end|Notably), ", ""),
    (r"\b(?:significantly|substantially|effectively|extensive|successfully|empirically) ", ""),
    (r"\bstate-of-the-art\b", "state of the art"),
    (r"\boutperforms\b", "does better than"),
    (r"\bachieves\b", "reaches"),
    (r"\butilizes?\b", "use"),
    (r"\bdemonstrates?\b", "show"),
)
_REVERSED = (
    ("outperforms", "underperforms"), ("outperform", "underperform"), ("better", "worse"), ("improves", "worsens"),
    ("improve", "worsen"), ("improved", "worsened"), ("increases", "decreases"), ("increase", "decrease"),
    ("reduces", "increases"), ("reduce", "increase"), ("reducing", "increasing"), ("higher", "lower"),
    ("lower", "higher"), ("more", "less"), ("fewer", "more"), ("less", "more"), ("larger", "smaller"),
    ("smaller", "larger"), ("faster", "slower"), ("without", "with"), ("all", "none of the"), ("first", "last"),
    ("best", "worst"), ("easily", "hardly"), ("strong", "weak"), ("effective", "ineffective"), ("most", "fewest"),
    ("robust", "brittle"), ("significant", "insignificant"), ("superior", "inferior"), ("simple", "complicated"),
)  # fmt: skip
_NEGATED = (
    (r"\b(is|are|was|were|can|could|does|do|will|has been|have been)\b(?! not)", r"\1 not"),
    (r"\b(the authors) (propose|introduce|present|show|demonstrate|develop|find)\b", r"\1 do not \2"),
    (
        r"\b(use|reach|gain|learn|need|allow|enable|contain|support|encode|estimate|combine|extend|consider)s\b",
        r"does not \1",
    ),
)


@dataclass(frozen=True, slots=True)
class Paper:
    """What is needed of a paper; `summaries` are SciTLDR's."""

    id: str
    title: str
    abstract: str
    authors: tuple[str, ...]
    year: str
    summaries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """One sentence with the question, its paper, and whether the abstract says it."""

    paper: str
    question: str
    sentence: str
    kind: str
    true: bool

    @property
    def fitted(self) -> bool:
        """Tell whether the paper belongs to the half on which coefficients are fitted."""
        return hashlib.sha256(self.paper.encode()).digest()[0] % 2 == 0


class Papers:
    """All papers by id, and which are near to which, by TF-IDF."""

    def __init__(self, files: Sequence[Path]) -> None:
        papers = [paper for file in files for paper in _read(file)]
        self.by_id = {paper.id: paper for paper in papers}
        self._ids = list(self.by_id)
        vectorizer = TfidfVectorizer(stop_words="english", min_df=2, sublinear_tf=True)
        self._matrix = vectorizer.fit_transform(f"{one.title} {one.abstract}" for one in self.by_id.values())
        self._rows = {paper_id: row for row, paper_id in enumerate(self._ids)}

    def near(self, paper_id: str, count: int = 5) -> list[Paper]:
        """Return the papers nearest to one."""
        row = self._rows[paper_id]
        scores = np.asarray((self._matrix @ self._matrix[row].T).todense()).ravel()
        order = np.argsort(-scores)[: count + 1]
        return [self.by_id[self._ids[i]] for i in order if i != row][:count]


def _read(file: Path) -> Iterator[Paper]:
    with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
        for line in lines:
            record: dict[str, Any] = json.loads(line)
            if len(record["abstract"]) < 200:
                continue
            yield Paper(
                record["id"],
                record["title"],
                record["abstract"],
                tuple(record.get("authors", ())),
                str(record.get("year", "")),
                tuple(record.get("tldrs", ())),
            )


def trials(papers: Papers, chance: random.Random) -> list[Trial]:
    """Build the set: as many false sentences as true ones, the kinds of false ones about even."""
    own = [json.loads(line) for line in OWN.read_text(encoding="utf-8").splitlines()]
    own = [line for line in own if line["paper"] in papers.by_id]
    true = [Trial(o["paper"], o["question"], o["sentence"], o["kind"], True) for o in own if o["kind"] == "paraphrase"]
    false = [
        Trial(o["paper"], o["question"], o["sentence"], o["kind"], False) for o in own if o["kind"] != "paraphrase"
    ]
    plain = [paper for paper in papers.by_id.values() if not paper.summaries and _is_english(paper.abstract)]
    for paper in chance.sample(plain, min(RETOLD, len(plain))):
        sentence = chance.choice(split_sentences(paper.abstract))
        retold = _third_person(sentence)
        if len(retold.split()) >= 6:
            true.append(Trial(paper.id, f"What is said about {paper.title}?", retold, "retold", True))
    summed = [paper for paper in papers.by_id.values() if paper.summaries]
    for paper in chance.sample(summed, min(SUMMARIES, len(summed))):
        line = _third_person(paper.summaries[0])
        true.append(Trial(paper.id, f"What does the paper “{paper.title}” do?", line, "summary", True))
    made: dict[str, list[Trial]] = {}
    for trial in true:
        for kind, sentence in _corrupted(trial, papers, chance):
            made.setdefault(kind, []).append(Trial(trial.paper, trial.question, sentence, kind, False))
    wanted = (len(true) - len(false)) // max(1, len(made))
    for kind in sorted(made):
        false += chance.sample(made[kind], min(wanted, len(made[kind])))
    spare = [trial for kind in sorted(made) for trial in made[kind] if trial not in false]
    false += chance.sample(spare, max(0, min(len(spare), len(true) - len(false))))
    return true + false


def _is_english(text: str) -> bool:
    return len(set(re.findall(r"\b(?:the|of|and|is|that|with)\b", text))) >= 4


def _third_person(sentence: str) -> str:
    for pattern, replacement in _PERSON:
        sentence = re.sub(pattern, replacement, sentence)
    return sentence[:1].upper() + sentence[1:]


def _corrupted(trial: Trial, papers: Papers, chance: random.Random) -> Iterator[tuple[str, str]]:
    paper = papers.by_id[trial.paper]
    near = papers.near(paper.id)
    numbers = list(re.finditer(r"(?<![\w.-])\d+(?:[.,]\d+)*(?![\w-])", trial.sentence))
    if numbers:
        number = chance.choice(numbers)
        others = [o for o in re.findall(r"(?<![\w.-])\d+(?:[.,]\d+)*(?![\w-])", paper.abstract) if o != number.group()]
        if changed := _other_number(number.group(), paper.abstract + trial.question, chance):
            yield "number", trial.sentence[: number.start()] + changed + trial.sentence[number.end() :]
        same = [o for o in others if ("." in o) == ("." in number.group()) and o not in trial.sentence]
        if same and trial.kind != "retold":
            yield (
                "neighbour's number",
                trial.sentence[: number.start()] + chance.choice(same) + trial.sentence[number.end() :],
            )
    own_names = [name for name in tokens.names(trial.sentence) if _is_name(name) and name in paper.abstract]
    theirs = sorted({n for other in near[:3] for n in tokens.names(other.title + ". " + other.abstract) if _is_name(n)})
    theirs = [name for name in theirs if name.lower() not in (paper.title + paper.abstract).lower()]
    if own_names and theirs:
        yield "name", trial.sentence.replace(chance.choice(own_names), chance.choice(theirs))
    if reverse := _reversed(trial.sentence, chance):
        yield "reversed", reverse
    other = chance.choice(near[3:])
    lines = [
        _third_person(line) for line in (other.summaries or split_sentences(other.abstract)) if len(line.split()) >= 6
    ]
    if lines and _is_english(other.abstract):
        yield "other paper", chance.choice(lines)


def _is_name(name: str) -> bool:
    return len(name) >= 3 and sum(character.isupper() for character in name) >= 2 and "'" not in name


def _other_number(number: str, avoid: str, chance: random.Random) -> str | None:
    for _ in range(20):
        digits = list(number)
        places = [i for i, character in enumerate(digits) if character.isdigit()]
        place = chance.choice(places)
        digits[place] = chance.choice("123456789")
        changed = "".join(digits)
        if changed != number and changed not in avoid and not quantities.spelt(avoid) & quantities.numerals(changed):
            return changed
    return None


def _reversed(sentence: str, chance: random.Random) -> str | None:
    options = [
        re.sub(rf"\b{word}\b", other, sentence, count=1)
        for word, other in _REVERSED
        if re.search(rf"\b{word}\b", sentence)
    ]
    options += [
        re.sub(pattern, replacement, sentence, count=1)
        for pattern, replacement in _NEGATED
        if re.search(pattern, sentence)
    ]
    return chance.choice(options) if options else None


def sources_of(trial: Trial, papers: Papers, chance: random.Random) -> list[Source]:
    """Return the trial's paper and three near ones, numbered in any order."""
    chosen = [papers.by_id[trial.paper], *papers.near(trial.paper, 3)]
    chance.shuffle(chosen)
    return [
        Source(number, paper.id, paper.title, paper.authors, paper.year, "", paper.abstract)
        for number, paper in enumerate(chosen, 1)
    ]


@dataclass(frozen=True, slots=True)
class Judged:
    """A trial with the proof's word on it."""

    trial: Trial
    status: str
    right_source: bool


def judge(trial: Trial, sources: Sequence[Source], supports: Supports, embedder: Embedder) -> Judged:
    """Prove one trial."""
    proved = verifier.prove(trial.sentence, trial.question, sources, supports, embedder.embed)
    order = ["exact", "supported", "unchecked", "partial", "unsupported"]
    sentence = max(proved, key=lambda one: order.index(one.status))
    cited = {source.paper_id for source in sources if source.number in sentence.sources}
    return Judged(trial, sentence.status, trial.paper in cited)


def interval(values: Sequence[Judged], chance: np.random.Generator) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of F1, drawn by paper."""
    by_paper: dict[str, list[Judged]] = {}
    for value in values:
        by_paper.setdefault(value.trial.paper, []).append(value)
    groups = list(by_paper.values())
    scores = []
    for _ in range(1000):
        drawn = [value for i in chance.integers(0, len(groups), len(groups)) for value in groups[i]]
        scores.append(figures(drawn)[2])
    low, high = np.percentile(scores, [2.5, 97.5])
    return float(low), float(high)


def figures(values: Sequence[Judged]) -> tuple[float, float, float]:
    """Return precision, recall and F1 of "supported or exact"."""
    said = [value for value in values if value.status in ("exact", "supported")]
    right = sum(value.trial.true for value in said)
    true = sum(value.trial.true for value in values)
    precision, recall = right / max(1, len(said)), right / max(1, true)
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def show(name: str, values: Sequence[Judged]) -> None:
    """Print the figures of one half."""
    low, high = interval(values, np.random.default_rng(1))
    precision, recall, f1 = figures(values)
    print(
        f"{name} ({len(values)} sentences): precision {precision:.3f}, recall {recall:.3f}, "
        f"F1 {f1:.3f} [{low:.3f}, {high:.3f}]"
    )
    for kind in dict.fromkeys(value.trial.kind for value in values):
        some = [value for value in values if value.trial.kind == kind]
        shares = [
            sum(value.status in statuses for value in some) / len(some)
            for statuses in (("exact", "supported"), ("partial", "unchecked"), ("unsupported",))
        ]
        print(
            f"  {'true ' if some[0].trial.true else 'false'} {kind:18} n={len(some):3} "
            f"supported {shares[0]:4.0%}  partial {shares[1]:4.0%}  unsupported {shares[2]:4.0%}"
        )


def written(file: Path, papers: Papers) -> list[Trial]:
    """Read labelled sentences about papers that are known."""
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [
        Trial(line["paper"], "", line["statement"], line.get("kind", ""), bool(line["supported"]))
        for line in lines
        if line["paper"] in papers.by_id
    ]


def main() -> None:
    """Build the set, prove it, and print the figures."""
    parser = ArgumentParser(prog="python -m benchmarks.proof", description=__doc__)
    parser.add_argument("files", type=Path, nargs="*", help="corpora")
    parser.add_argument("--sentences", type=Path, metavar="FILE", help="other labelled sentences")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="only N of them, drawn at random")
    parser.add_argument("--errors", action="store_true", help="print the sentences that were judged wrongly")
    options = parser.parse_args()
    files = options.files or [
        *sorted((SHARED / "corpora").glob("*.jsonl.gz")),
        SHARED / "benchmarks/scitldr-dev/tldr.jsonl",
    ]
    wiring.quiet_environment()
    chosen = settings.load()
    embedder, model = wiring.load_embedder(chosen), wiring.load_language_model(chosen)
    supports = support.reader(model, wiring.probes_made(chosen), chosen.prompt_tokens)
    papers = Papers(files)
    if options.sentences:
        asked = written(options.sentences, papers)
    else:
        asked = [trial for trial in trials(papers, random.Random(4)) if not trial.fitted]
    if options.limit:
        asked = random.Random(4).sample(asked, min(options.limit, len(asked)))
    asked.sort(key=lambda trial: trial.paper)
    started = time.perf_counter()
    judged = []
    for index, trial in enumerate(asked):
        sources = sources_of(trial, papers, random.Random(index))
        if options.sentences:
            sources = [source for source in sources if source.paper_id == trial.paper]
        judged.append(judge(trial, sources, supports, embedder))
    print(f"{(time.perf_counter() - started) / max(1, len(judged)):.1f} s a sentence")
    show("sentences", judged)
    own = [value for value in judged if value.trial.kind != "summary"]
    print(f"  without the summaries: F1 {figures(own)[2]:.3f}")
    true = [value for value in judged if value.trial.true]
    print(f"  true ones withheld: {sum(value.status == 'unsupported' for value in true)} of {len(true)}")
    supported = [value for value in true if value.status in ("exact", "supported")]
    print(f"  right paper cited by {sum(v.right_source for v in supported) / max(1, len(supported)):.1%} of true ones")
    if options.errors:
        for value in judged:
            if value.trial.true != (value.status in ("exact", "supported")):
                print(f"\n{value.trial.kind} {value.status} {value.trial.paper}\n  {value.trial.sentence}")


if __name__ == "__main__":
    main()
