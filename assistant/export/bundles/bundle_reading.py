"""A bundle in a folder, read with distrust: nothing outside the folder, nothing too large, every type checked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from assistant.errors import BundleError
from assistant.export.bundles.bundles import (
    ANSWER,
    BIBLIOGRAPHY,
    EVIDENCE,
    FILES,
    FORMAT,
    LONGEST_MANIFEST,
    MANIFEST,
    PAGE,
    VERSION,
    digest,
)
from assistant.export.writers import jsonl
from assistant.ingestion.readers import exported
from assistant.types import Answer, AuthorProfile, Paper, Record

_LARGEST: Mapping[str, int] = {
    PAGE: 50_000_000,
    BIBLIOGRAPHY: 200_000_000,
    ANSWER: 200_000_000,
    EVIDENCE: 2_000_000_000,
}
"""Bytes; a bundle of 100,000 papers stays below."""

_LONGEST_LINE = 10_000_000
_MOST_NAMED = 10
_ANSWER = TypeAdapter(Answer)


@dataclass(frozen=True, slots=True)
class Person:
    """Who has which names on which papers: pairs of a paper's id and a name."""

    id: str
    name: str
    on: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bundle holds. `papers` go by their ids; `also` are older ids that lead to them.

    `places` say in which order the papers came into the library that they are from: of namesakes the first counts.
    """

    manifest: Mapping[str, Any]
    answer: Answer
    page: str
    bibliography: Path
    sentences: tuple[Mapping[str, Any], ...]
    papers: Mapping[str, Paper]
    source_numbers: Mapping[str, int]
    places: Mapping[str, int]
    counted: frozenset[str]
    also: Mapping[str, tuple[str, ...]]
    people: tuple[Person, ...]
    profiles: tuple[AuthorProfile, ...]


def read_manifest(folder: Path) -> Mapping[str, Any]:
    """Return the manifest of a bundle. Raises BundleError where there is none, or one of another kind."""
    if not folder.is_dir():
        raise BundleError(f"There is no folder {folder}. Name one that `assistant ask ... --bundle` has written.")
    file = folder / MANIFEST
    if not file.is_file() or file.is_symlink():
        raise BundleError(f"{folder} is no bundle: it has no {MANIFEST}. `assistant ask ... --bundle DIR` writes one.")
    content = _json(_text(file, LONGEST_MANIFEST), MANIFEST)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise BundleError(f"{file} is no manifest of a bundle of this program.")
    if content.get("version") != VERSION:
        raise BundleError(f"{file} is of version {content.get('version')!r}; this program reads {VERSION}. Update it.")
    if not isinstance(content.get("files"), dict):
        raise BundleError(f"{file} does not list the files of the bundle.")
    return content


def changed_files(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Return what is not as the manifest says, a sentence each; no file that is no part of a bundle is opened."""
    found: list[str] = []
    listed = manifest["files"]
    for name in FILES:
        file, stated = folder / name, listed.get(name)
        if not isinstance(stated, dict) or not isinstance(stated.get("sha256"), str):
            found.append(f"The manifest does not list {name}.")
        elif file.is_symlink() or not file.is_file():
            found.append(f"{name} is missing." if not file.exists() else f"{name} is no ordinary file.")
        elif file.stat().st_size > _LARGEST[name]:
            found.append(f"{name} is larger than any that this program writes.")
        elif digest(file) != stated["sha256"]:
            found.append(f"{name} is not as it was written.")
    strange = sorted(map(str, set(listed) - set(FILES)))
    found += [f"The manifest lists “{name[:100]}”, which is no part of a bundle." for name in strange[:_MOST_NAMED]]
    extra = sorted(entry.name for entry in folder.iterdir() if entry.name not in (*FILES, MANIFEST))
    found += [f"“{name[:100]}” lies in the folder and is no part of the bundle." for name in extra[:_MOST_NAMED]]
    return found


def read(folder: Path) -> Bundle:
    """Read a bundle. Raises BundleError, which says in which file what is wrong."""
    manifest = read_manifest(folder)
    for name in FILES:
        if (folder / name).is_symlink() or not (folder / name).is_file():
            raise BundleError(f"{name} is missing in {folder}, so what it said cannot be checked.")
    lines = list(_lines(folder / EVIDENCE))
    papers: dict[str, Paper] = {}
    numbers: dict[str, int] = {}
    places: dict[str, int] = {}
    counted: set[str] = set()
    also: dict[str, tuple[str, ...]] = {}
    for place, line in lines:
        if line.get("kind") != "paper":
            continue
        paper = _paper(line, place)
        if paper.id in papers:
            raise BundleError(f"{EVIDENCE}, line {place}: the paper {paper.id} stands in it twice.")
        papers[paper.id] = paper
        order = line.get("place")
        places[paper.id] = order if isinstance(order, int) else place
        if isinstance(line.get("source"), int):
            numbers[paper.id] = line["source"]
        if line.get("counted") is True:
            counted.add(paper.id)
        if line.get("also"):
            also[paper.id] = tuple(_texts(line["also"], place))
    return Bundle(
        manifest,
        _answer(_json(_text(folder / ANSWER, _LARGEST[ANSWER]), ANSWER), papers),
        _text(folder / PAGE, _LARGEST[PAGE]),
        folder / BIBLIOGRAPHY,
        tuple(line for _, line in lines if line.get("kind") == "sentence"),
        papers,
        numbers,
        places,
        frozenset(counted),
        also,
        tuple(_person(line, place) for place, line in lines if line.get("kind") == "person"),
        tuple(_profile(line, place) for place, line in lines if line.get("kind") == "author page"),
    )


def _answer(content: Any, papers: Mapping[str, Paper]) -> Answer:
    """Return the answer, with the abstracts that the evidence holds put into its sources again."""
    try:
        for source in content["sources"]:
            known = papers.get(str(source["paper_id"]))
            source["abstract"] = known.abstract if known else ""
        return _ANSWER.validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BundleError(f"{ANSWER} is no answer of this program: {where or 'it'}: {first['msg']}.") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise BundleError(f"{ANSWER} is no answer of this program: its sources are not what they should be.") from error


def _lines(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the number and the object of each line."""
    if file.stat().st_size > _LARGEST[EVIDENCE]:
        raise BundleError(f"{file} is larger than any that this program writes, so it was not read.")
    try:
        with file.open(encoding="utf-8", newline="\n") as lines:
            number = 0
            while line := lines.readline(_LONGEST_LINE):
                number += 1
                if len(line) == _LONGEST_LINE:
                    raise BundleError(f"{EVIDENCE}, line {number} is longer than any that this program writes.")
                value = _json(line, f"{EVIDENCE}, line {number}")
                if not isinstance(value, dict):
                    raise BundleError(f"{EVIDENCE}, line {number} is no object.")
                yield number, value
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(f"{file} cannot be read ({error}).") from error


def _paper(line: Mapping[str, Any], place: int) -> Paper:
    """Return the paper of a line that is just what this program writes of it."""
    item = exported.read(line, EVIDENCE, place)
    paper_id = line.get("id")
    if isinstance(item, Record) and isinstance(paper_id, str) and paper_id:
        paper = replace(item.paper, id=paper_id)
        written = jsonl.record(paper)
        if all(line.get(name) == value for name, value in written.items() if name != "author_positions"):
            return paper
        wrong = next(name for name, value in written.items() if line.get(name) != value)
        raise BundleError(f"{EVIDENCE}, line {place}: the paper's {wrong} is not as this program writes it.")
    raise BundleError(f"{EVIDENCE}, line {place}: this is no paper with an id, a title and an abstract.")


def _person(line: Mapping[str, Any], place: int) -> Person:
    person_id, name, on = line.get("id"), line.get("name"), line.get("on")
    if isinstance(person_id, str) and isinstance(name, str) and isinstance(on, list):
        pairs = [tuple(pair) for pair in on if isinstance(pair, list)]
        if all(len(pair) == 2 and all(isinstance(part, str) for part in pair) for pair in pairs):
            return Person(person_id, name, tuple((pair[0], pair[1]) for pair in pairs))
    raise BundleError(f"{EVIDENCE}, line {place}: this is no person with an id, a name and papers.")


def _profile(line: Mapping[str, Any], place: int) -> AuthorProfile:
    try:
        statistics = tuple((str(label), str(value)) for label, value in line["statistics"])
        return AuthorProfile(str(line["name"]), str(line["category"]), statistics, str(line["as_of"]))
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(f"{EVIDENCE}, line {place}: this is no author page.") from error


def _texts(value: Any, place: int) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise BundleError(f"{EVIDENCE}, line {place}: “also” is no list of ids.")
    return value


def _text(file: Path, largest: int) -> str:
    try:
        if file.stat().st_size > largest:
            raise BundleError(f"{file} is larger than any that this program writes, so it was not read.")
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(f"{file} cannot be read ({error}).") from error


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BundleError(f"{where} is not valid JSON ({error}).") from error
    except RecursionError as error:
        raise BundleError(f"{where} nests too deeply to be one of ours.") from error
