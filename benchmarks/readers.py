"""Readers beside the kept libraries for their formats, on the same files.

`python -m benchmarks.readers FILE...` prints for each file its records, its lines, and the seconds of processor time
that our reader takes from the file to papers, and each library from the text to its own entries: the least of three
rounds, in which they take turns. A library that turns LaTeX into text stands there twice, without and with that. The
ratio is ours to the library's. Without a FILE the files are made: 75,000 lines a format, with accents, braces, formulas
and abstracts, the same ones each time. What a library says of broken entries is not shown; how many records it has is.

A format is entered in LIBRARIES: the ending of its files, and what reads their text, by the name that is shown.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import random
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks import measuring

LINES = 75_000
ROUNDS = 3

WORDS = (
    "the of a and to in we for that is on with as are by this from model data tide lamp river measure method results "
    "show learning between which new using large their over time under rate change higher than network field energy"
).split()
NAMES = "Oak Berg Elm Roe Müller García Erdős Šimák Nguyen Okafor Chen Rossi Dvořák Jönsson Kowalski Özil".split()
IN_LATEX = {
    "ü": '{\\"u}', "í": "{\\'\\i}", "ő": "{\\H{o}}", "Š": "{\\v{S}}", "á": "{\\'a}", "ř": "\\v{r}", "ö": '\\"{o}',
    "Ö": '{\\"O}',
}  # fmt: skip


def _bibtexparser(text: str) -> int:
    return len(importlib.import_module("bibtexparser").parse_string(text).entries)


def _bibtexparser_with_latex(text: str) -> int:
    library = importlib.import_module("bibtexparser")
    steps = [library.middlewares.LatexDecodingMiddleware(), library.middlewares.SeparateCoAuthors()]
    return len(library.parse_string(text, append_middleware=steps).entries)


def _pybtex(text: str) -> int:
    importlib.import_module("pybtex.errors").set_strict_mode(False)
    return len(importlib.import_module("pybtex.database").parse_string(text, "bibtex").entries)


def _rispy(text: str) -> int:
    return len(importlib.import_module("rispy").loads(text))


def _rispy_of_web_of_science(text: str) -> int:
    library = importlib.import_module("rispy")
    return len(library.loads(text, implementation=library.WokParser, skip_unknown_tags=True))


def _biopython(text: str) -> int:
    return sum(bool(record) for record in importlib.import_module("Bio.Medline").parse(io.StringIO(text)))


def _nbib(text: str) -> int:
    return len(importlib.import_module("nbib").read(text))


LIBRARIES: Mapping[str, Mapping[str, Callable[[str], int]]] = {
    ".bib": {"bibtexparser": _bibtexparser, "... with LaTeX": _bibtexparser_with_latex, "pybtex": _pybtex},
    ".ciw": {"rispy": _rispy_of_web_of_science},
    ".nbib": {"Biopython": _biopython, "nbib": _nbib},
    ".ris": {"rispy": _rispy},
}


def _bibtex(chance: random.Random, number: int) -> str:
    people = " and ".join(f"{chance.choice(NAMES)}, {chance.choice('ABCDEFG')}." for _ in range(chance.randint(1, 8)))
    for letter, latex in IN_LATEX.items():
        people = people.replace(letter, latex)
    title = f"{{{chance.choice(WORDS).upper()}}}: {_prose(chance, 9)} \\textendash{{}} {_prose(chance, 3)}"
    return (
        f"@article{{key{number},\n  title = {{{title}}},\n  author = {{{people}}},\n"
        "  journal = {Notes \\& Queries},\n"
        f"  year = {{{chance.randint(1990, 2026)}}},\n  month = {chance.choice(['jan', 'may', 'dec'])},\n"
        f"  volume = {{{number % 90}}},\n  doi = {{10.1000/made.{number}}},\n  keywords = {{tides, lamps}},\n"
        f"  abstract = {{{_prose(chance, 150)} at 5\\% of $O(n^2)$, {_prose(chance, 20)}.}},\n"
        f"  file = {{:papers/{number}.pdf:PDF}}\n}}\n\n"
    )


def _ris(chance: random.Random, number: int) -> str:
    people = "".join(
        f"AU  - {chance.choice(NAMES)}, {chance.choice('ABCDEFG')}.\n" for _ in range(chance.randint(1, 8))
    )
    return (
        f"TY  - JOUR\nTI  - {_prose(chance, 12)}\n{people}JO  - Notes & Queries\nPY  - {chance.randint(1990, 2026)}\n"
        f"VL  - {number % 90}\nDO  - 10.1000/made.{number}\nKW  - tides\nKW  - lamps\n"
        f"AB  - {_prose(chance, 170)}.\nER  - \n\n"
    )


def _web_of_science(chance: random.Random, number: int) -> str:
    people = "\n   ".join(f"{chance.choice(NAMES)}, {chance.choice('ABCDEFG')}" for _ in range(chance.randint(1, 8)))
    abstract = "\n   ".join(_prose(chance, 12) for _ in range(14))
    return (
        f"PT J\nAU {people}\nAF {people}\nTI {_prose(chance, 12)}\nSO NOTES & QUERIES\nDE tides; lamps\n"
        f"AB {abstract}.\nPD MAY\nPY {chance.randint(1990, 2026)}\nVL {number % 90}\nDI 10.1000/made.{number}\n"
        f"UT WOS:{number:015}\nER\n\n"
    )


def _medline(chance: random.Random, number: int) -> str:
    people = "".join(f"FAU - {name}, Anna\nAU  - {name} A\n" for name in chance.choices(NAMES, k=chance.randint(1, 8)))
    abstract = "\n      ".join(_prose(chance, 12) for _ in range(14))
    return (
        f"PMID- {number}\nOWN - NLM\nDP  - {chance.randint(1990, 2026)} May 5\nTI  - {_prose(chance, 12)}.\n"
        f"LID - 10.1000/made.{number} [doi]\nAB  - {abstract}.\n{people}LA  - eng\nJT  - Notes & queries\n"
        "MH  - *Lamps/adverse effects\nMH  - Humans\nOT  - tides\n\n"
    )


MAKERS: Mapping[str, Callable[[random.Random, int], str]] = {
    ".bib": _bibtex,
    ".ciw": _web_of_science,
    ".nbib": _medline,
    ".ris": _ris,
}


def _prose(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(WORDS, k=words))


def main(files: Annotated[list[Path] | None, typer.Argument()] = None) -> None:
    """Print the table for the files named on the command line, or for files that are made."""
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        for file in files or [_made(Path(folder), ending) for ending in MAKERS]:
            _compare(file)


def _made(folder: Path, ending: str) -> Path:
    """Write a file of LINES lines, and return where it is."""
    chance, lines, number = random.Random(0), 0, 0
    path = folder / f"made{ending}"
    with path.open("w") as written:
        while lines < LINES:
            record = MAKERS[ending](chance, number := number + 1)
            written.write(record)
            lines += record.count("\n")
    return path


def _compare(file: Path) -> None:
    """Print how long each reader takes for one file, and how much it finds."""
    text = file.read_bytes().decode("utf-8-sig", "replace")
    tasks: dict[str, Callable[[], int]] = {"ours": lambda: len(measuring.read_papers(file))}
    for name, library in LIBRARIES.get(file.suffix.lower(), {}).items():
        tasks[name] = lambda library=library: library(text)  # type: ignore[misc]
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    found: dict[str, Any] = {}
    for _ in range(ROUNDS):
        for name, task in tasks.items():
            begin = time.process_time()
            try:
                with contextlib.redirect_stderr(io.StringIO()):
                    found[name] = task()
            except Exception as error:  # noqa: BLE001 - a library may raise anything at a broken file
                found[name] = f"{type(error).__name__}"
            seconds[name].append(time.process_time() - begin)
    lines, ours = text.count("\n"), max(min(seconds.pop("ours")), 1e-9)
    print(f"{file.name}: {lines:,} lines, {found['ours']:,} records in {ours:.2f} s ({lines / ours:,.0f} lines/s)")
    for name, taken in seconds.items():
        if not isinstance(found[name], int):
            print(f"  {name:16} {found[name]}: not installed, another version, or the file is beyond it")
            continue
        compared = f"{min(taken):7.2f} s   ours/theirs {ours / max(min(taken), 1e-9):.2f}"
        print(f"  {name:16} {found[name]:>8,} records {compared}")


if __name__ == "__main__":
    measuring.run(main, __doc__)
