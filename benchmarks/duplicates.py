"""Are records of one paper found to be one, and papers that are alike kept apart?

`python -m benchmarks.duplicates CORPUS...` makes labelled pairs out of real papers and prints precision and recall of
`likeness` by threshold, and how many papers a record is compared with. Same: one paper as another source would tell it
(letters mistyped, subtitle dropped, given names as initials, authors cut, a year apart, abstract reworded). Different:
two papers of the corpus that share a key by which papers alike are found, and made ones (another part, another year of
a series, an erratum, other authors under one title). Some "different" pairs of a corpus are one paper told twice; they
are printed, so that a person can judge.
"""

from __future__ import annotations

import datetime
import random
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from assistant.ingestion import readers
from assistant.library.duplicates import SAME, UNCERTAIN, likeness, near_keys, neighbours
from assistant.types import Authorship, Paper, Record

SEED = 7
SAMPLE = 5000
THRESHOLDS = (0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97)


def mistyped(paper: Paper, chance: random.Random, edits: int = 2) -> Paper:
    """Return the paper with letters of its title left out, doubled or swapped."""
    title = list(paper.title)
    for _ in range(edits):
        place = chance.randrange(len(title) - 1)
        kind = chance.choice("dts")
        if kind == "d":
            del title[place]
        elif kind == "t":
            title.insert(place, title[place])
        else:
            title[place], title[place + 1] = title[place + 1], title[place]
    return replace(paper, title="".join(title))


def without_subtitle(paper: Paper, chance: random.Random) -> Paper:
    """Return the paper under its main title, or in capitals where it has no other."""
    main, colon, _ = paper.title.partition(": ")
    return replace(paper, title=main if colon and len(main) > 15 else paper.title.upper())


def with_initials(paper: Paper, chance: random.Random) -> Paper:
    """Return the paper with given names cut to initials, as many catalogues have them, and a mistyped title."""
    people = [author.name.split() for author in paper.authorships]
    names = [f"{' '.join(word[0] + '.' for word in words[:-1])} {words[-1]}".strip() for words in people]
    listed = tuple(Authorship(name, position) for position, name in enumerate(names, 1))
    return mistyped(replace(paper, authorships=listed), chance, edits=1)


def cut_and_published(paper: Paper, chance: random.Random) -> Paper:
    """Return the paper a year later, with three authors and "et al.", hyphens opened and the abstract shortened."""
    later = f"{paper.year + chance.choice((-1, 1))}" if paper.year else ""
    title = paper.title.replace("-", " ").replace(" and ", " & ")
    words = paper.abstract.split()
    abstract = " ".join(words[len(words) // 5 :])
    return replace(
        paper, title=title, date=later, authorships=paper.authorships[:3], authors_complete=False, abstract=abstract
    )


def other_part(paper: Paper, chance: random.Random) -> Paper:
    """Return the second part of the paper."""
    return replace(
        paper, title=f"{paper.title}, Part II", abstract=f"This continues earlier work. {paper.abstract[:300]}"
    )


def other_year(paper: Paper, chance: random.Random) -> Paper:
    """Return next year's edition of a series."""
    return replace(paper, title=f"{paper.title} {(paper.year or 2020) + 1}", date=str((paper.year or 2020) + 1))


def erratum(paper: Paper, chance: random.Random) -> Paper:
    """Return what corrects the paper."""
    return replace(paper, title=f"Erratum: {paper.title}", abstract="We correct an equation in an earlier paper.")


SAME_BY: dict[str, Callable[[Paper, random.Random], Paper]] = {
    "mistyped": mistyped,
    "no subtitle": without_subtitle,
    "initials": with_initials,
    "cut, later": cut_and_published,
}
DIFFERENT_BY: dict[str, Callable[[Paper, random.Random], Paper]] = {
    "other part": other_part,
    "other year": other_year,
    "erratum": erratum,
}


def papers(files: list[Path]) -> list[Paper]:
    """Read the papers of the corpora."""
    items = (item for file in files for item in readers.read(file, as_of=datetime.date.today()))
    return [item.paper for item in items if isinstance(item, Record)]


def neighbouring(corpus: list[Paper]) -> list[tuple[Paper, Paper]]:
    """Return each pair of papers that share a near key, once."""
    blocks: dict[str, list[str]] = defaultdict(list)
    for number, paper in enumerate(corpus):
        for key in near_keys(paper):
            blocks[key].append(str(number))
    return [(corpus[int(one)], corpus[int(other)]) for one, other in neighbours(blocks.values())]


def main() -> None:
    """Print the figures."""
    if not sys.argv[1:]:
        sys.exit("Usage: python -m benchmarks.duplicates CORPUS...")
    chance = random.Random(SEED)
    corpus = papers([Path(name) for name in sys.argv[1:]])
    sample = chance.sample(corpus, min(SAMPLE, len(corpus)))
    same: dict[str, list[float]] = {}
    for name, change in SAME_BY.items():
        pairs = [(paper, change(paper, chance)) for paper in sample]
        met = [bool(set(near_keys(one)) & set(near_keys(other))) for one, other in pairs]
        same[name] = [likeness(*pair) if found else 0.0 for pair, found in zip(pairs, met, strict=True)]
        print(f"{name:12} share a key {sum(met) / len(met):6.2%}")
    different = {
        name: [likeness(paper, change(paper, chance)) for paper in sample] for name, change in DIFFERENT_BY.items()
    }
    compared = neighbouring(corpus)
    found = [(likeness(*pair), pair) for pair in compared]
    different["neighbours"] = [score for score, _ in found]
    print(f"{len(corpus):,} papers; {2 * len(compared) / len(corpus):.1f} compared with each")
    print(f"{'threshold':12}" + "".join(f"{threshold:8.2f}" for threshold in THRESHOLDS))
    for name, scores in same.items():
        shares = [sum(score >= threshold for score in scores) / len(scores) for threshold in THRESHOLDS]
        print(f"{name:12}" + "".join(f"{share:8.2%}" for share in shares) + "  recall")
    for name, scores in different.items():
        counts = [sum(score >= threshold for score in scores) for threshold in THRESHOLDS]
        print(f"{name:12}" + "".join(f"{count:8,}" for count in counts) + f"  taken for one, of {len(scores):,}")
    print(f"Neighbours at {SAME} and above, by falling likeness:")
    for score, (one, other) in sorted(found, key=lambda entry: -entry[0]):
        if score >= UNCERTAIN:
            print(f"  {score:.3f} {one.year} {one.title} | {other.year} {other.title}")


if __name__ == "__main__":
    main()
