"""Joining of the spellings of one author's name, and how long it takes.

`python -m benchmarks.authors CORPUS [--seed N]` takes real authors of a corpus for people and spells their names
otherwise on some of their papers, as other sources of other cultures would. Who is who is known by the corpus's own
spelling; names that several people may well share (`NameIndex.commonness`) and names that may be another spelling of
one in the corpus ("Francis M. Tyers" beside "Francis Tyers") are not scored, for nobody knows. What is printed is
pairwise precision and recall: over pairs of names on papers, those put together that are one person's, and those of one
person that are put together; with 95 % intervals from bootstrapping people, and for each kind of spelling. No names of
the corpus are left out of the library, so that they can be mistaken for those that are scored. Namesakes are not
measured: a name is one person until somebody splits it.
"""

from __future__ import annotations

import random
import tempfile
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from assistant.library import Library, authors, insert_papers
from assistant.library.authors.name_index import NameIndex
from assistant.library.authors.names import parse
from assistant.text import fold
from assistant.types import Paper
from benchmarks import measuring

COMMON = 0.05
"""Names of which there would be more people than this by chance are not scored."""

VARIED = 0.5
"""Share of the people with several papers whose names are spelt otherwise."""

SAMPLES = 400

Spelling = Callable[[str], str]


def initials(name: str) -> str:
    """Return "N. Gu"."""
    *given, family = name.split()
    return " ".join([*(f"{word[0]}." for word in given), family])


def comma(name: str) -> str:
    """Return "Gu, Naibin"."""
    *given, family = name.split()
    return f"{family}, {' '.join(given)}"


def comma_initials(name: str) -> str:
    """Return "Gu, N."."""
    *given, family = name.split()
    return f"{family}, {' '.join(f'{word[0]}.' for word in given)}"


def medline(name: str) -> str:
    """Return "Gu N"."""
    *given, family = name.split()
    return f"{family} {''.join(word[0].upper() for word in given)}"


def turned(name: str) -> str:
    """Return "Gu Naibin"."""
    *given, family = name.split()
    return " ".join([family, *given])


def bare(name: str) -> str:
    """Return the name without marks."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))


def spelt_out(name: str) -> str:
    """Return the name with ü as ue and so on."""
    letters: dict[str, str | int | None] = dict(zip("äöüøåßÖÜØÅ", "ae oe ue oe aa ss Oe Ue Oe Aa".split(), strict=True))
    return name.translate(str.maketrans(letters))


def unhyphened(name: str) -> str:
    """Return "Jianyun Nie" for "Jian-Yun Nie"."""
    *given, family = name.split()
    return " ".join([*("".join(word.split("-")).capitalize() for word in given), family])


def opened(name: str) -> str:
    """Return "Jian Yun Nie" for "Jian-Yun Nie"."""
    return name.replace("-", " ")


def no_middle(name: str) -> str:
    """Return the first given name and the family name."""
    words = name.split()
    return f"{words[0]} {words[-1]}" if len(words) == 3 else name


def no_second_family(name: str) -> str:
    """Return "José García" for "José García-Márquez"."""
    *given, family = name.split()
    return " ".join([*given, family.split("-")[0]])


def no_particle(name: str) -> str:
    """Return "Jan Berg" for "Jan van der Berg"."""
    form = parse(name)
    return " ".join(word for word in name.split() if fold(word) not in form.particles)


def shouted(name: str) -> str:
    """Return "NAIBIN GU"."""
    return name.upper()


KINDS: dict[str, Spelling] = {
    "initials": initials,
    "comma": comma,
    "comma, initials": comma_initials,
    "family first, initials": medline,
    "family first": turned,
    "no marks": bare,
    "ü as ue": spelt_out,
    "no hyphen": unhyphened,
    "hyphen opened": opened,
    "no middle name": no_middle,
    "no second family name": no_second_family,
    "no particle": no_particle,
    "capitals": shouted,
}


@dataclass(frozen=True, slots=True)
class Name:
    """One name on one paper of the test set: whose it is, how it is spelt there, and by which kind of spelling."""

    paper: int
    ordinal: int
    person: str
    spelling: str
    kind: str


@dataclass(frozen=True, slots=True)
class TestSet:
    """Papers with names altered, and who is who."""

    papers: list[Paper]
    names: list[Name]


def make(corpus: Sequence[Paper], seed: int) -> TestSet:
    """Alter names of a corpus."""
    chance = random.Random(seed)
    index = NameIndex(Counter(name for paper in corpus for name in paper.authors))
    spelt_alike = Counter(index.key_of.values())
    places: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for number, paper in enumerate(corpus):
        for ordinal, name in enumerate(paper.authors):
            places[name].append((number, ordinal))
    scored = {
        name: None
        for name in places
        if (form := parse(name)).given
        and form.has_full_given_name
        and index.commonness(form) <= COMMON
        and spelt_alike[index.key_of[name]] == 1
        and not index.matches.get(index.key_of[name])
        and not any(character in name for character in ",()")
    }
    spelt: dict[tuple[int, int], tuple[str, str]] = {}
    several = [name for name in scored if len(places[name]) > 1]
    for name in several:
        fitting = [kind for kind, spell in KINDS.items() if spell(name) != name]
        if chance.random() < VARIED:
            rare = [
                kind
                for kind in fitting
                if kind
                not in ("initials", "comma", "comma, initials", "capitals", "family first", "family first, initials")
            ]
            kind = chance.choice(rare if rare and chance.random() < 0.6 else fitting)
            chosen = chance.sample(places[name], chance.randint(1, len(places[name]) - 1))
            for place in chosen:
                spelt[place] = KINDS[kind](name), kind
    papers, names = [], []
    for number, paper in enumerate(corpus):
        people_of = list(paper.authorships)
        for ordinal, author in enumerate(paper.authorships):
            spelling, kind = spelt.get((number, ordinal), (author.name, ""))
            people_of[ordinal] = replace(author, name=spelling)
            if author.name in scored:
                names.append(Name(number, ordinal, author.name, spelling, kind))
        papers.append(replace(paper, authorships=tuple(people_of), id=f"test:{number}"))
    return TestSet(papers, names)


@contextmanager
def library_of(test: TestSet) -> Iterator[Library]:
    """Open a library with the papers of a test set."""
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder))
        for start in range(0, len(test.papers), 1000):
            with library.transaction() as connection:
                insert_papers(connection, test.papers[start : start + 1000])
        yield library
        library.close()


def resolved(library: Library, test: TestSet) -> list[str]:
    """Return for each name of a test set the id of the person whose it is taken for."""
    with library.transaction() as connection:
        persons = authors.among(connection, [paper.id for paper in test.papers])
    holder = {
        (paper_id, variant.name): person.id
        for person in persons
        for paper_id in person.paper_ids
        for variant in person.variants
    }
    return [holder[f"test:{name.paper}", name.spelling] for name in test.names]


@dataclass(frozen=True, slots=True)
class Score:
    """Pairs of names on papers: put together rightly, put together, and belonging together."""

    right: int
    together: int
    belonging: int


def scores(names: Sequence[Name], found: Sequence[str], kind: str | None = None) -> dict[str, Score]:
    """Return for each person the pairs that their names are part of; of a kind, those with a name of that kind.

    A wrong pair counts half for each of the two people.
    """
    by_person: dict[str, list[int]] = defaultdict(list)
    by_id: dict[str, list[int]] = defaultdict(list)
    for place, (name, person_id) in enumerate(zip(names, found, strict=True)):
        by_person[name.person].append(place)
        by_id[person_id].append(place)
    right: Counter[str] = Counter()
    together: Counter[str] = Counter()
    belonging: Counter[str] = Counter()

    def counts(one: int, other: int) -> bool:
        return kind is None or kind in (names[one].kind, names[other].kind)

    for places in by_id.values():
        for one, other in combinations(places, 2):
            if counts(one, other):
                for place in (one, other):
                    together[names[place].person] += 1
                    right[names[place].person] += names[one].person == names[other].person
    for person, places in by_person.items():
        belonging[person] += 2 * sum(counts(one, other) for one, other in combinations(places, 2))
    return {person: Score(right[person], together[person], belonging[person]) for person in by_person}


def interval(values: Sequence[Score], seed: int) -> str:
    """Return precision and recall with the middle 95 % of bootstrap samples of people."""
    counts = np.array([(each.right, each.together, each.belonging) for each in values], np.float64)
    if not counts.sum():
        return "-"
    chance = np.random.default_rng(seed)
    sums = np.array([counts[chance.integers(len(counts), size=len(counts))].sum(axis=0) for _ in range(SAMPLES)])
    right, together, belonging = counts.sum(axis=0)
    parts = []
    for label, whole, total in (("precision", sums[:, 1], together), ("recall", sums[:, 2], belonging)):
        low, high = np.percentile(sums[:, 0] / np.maximum(whole, 1), [2.5, 97.5])
        parts.append(f"{label} {right / max(total, 1):.4f} [{low:.4f}, {high:.4f}]")
    return f"{', '.join(parts)}, {int(belonging) // 2:,} pairs of {sum(each.belonging > 0 for each in values):,} people"


def report(names: Sequence[Name], found: Sequence[str], seed: int) -> None:
    """Print the figures."""
    print(f"  {'all':24} {interval(list(scores(names, found).values()), seed)}")
    for kind in (*KINDS, ""):
        kept = [each for each in scores(names, found, kind).values() if each.together or each.belonging]
        if kept:
            print(f"  {kind or 'as in the corpus':24} {interval(kept, seed)}")


def wrong_pairs(names: Sequence[Name], found: Sequence[str], count: int) -> list[str]:
    """Return some of the names that were put to somebody else's."""
    by_id: dict[str, Counter[tuple[str, str, str]]] = defaultdict(Counter)
    for name, person_id in zip(names, found, strict=True):
        by_id[person_id][name.person, name.spelling, name.kind] += 1
    mixed = [(key, held) for key, held in by_id.items() if len({person for person, _, _ in held}) > 1]
    return [f"{key}: {dict(held)}" for key, held in mixed[:count]]


def main(
    corpus: Path, seed: int = 1, wrong: Annotated[int, typer.Option(help="Show so many wrong joins.")] = 0
) -> None:
    """Print the figures."""
    test = make(measuring.read_papers(corpus), seed)
    kinds = Counter(name.kind for name in test.names)
    print(
        f"{corpus.name}, seed {seed}: {len(test.names):,} names of {len({name.person for name in test.names}):,} people"
    )
    print("  " + ", ".join(f"{kind or 'as in the corpus'} {count:,}" for kind, count in kinds.most_common()))
    with library_of(test) as library:
        for state in ("cold", "warm"):
            start = time.process_time()
            found = resolved(library, test)
            print(f"  everybody, {state}: {time.process_time() - start:.2f} s of one core")
    report(test.names, found, seed)
    for line in wrong_pairs(test.names, found, wrong):
        print(line)


if __name__ == "__main__":
    measuring.run(main, __doc__)
