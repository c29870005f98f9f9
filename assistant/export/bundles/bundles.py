"""An answer as a folder that a colleague can check: what was said, what proves it, and what it was made with.

`answer.md` is for people, `sources.bib` for their texts, `answer.json` the answer as `ask --json` prints it,
`evidence.jsonl` every sentence with its quotations and every paper that was cited or counted, whole; `manifest.json`
says what made the answer, and the SHA-256 of each file.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import select

from assistant.catalogue import paper_details
from assistant.errors import BundleError
from assistant.export.bundles.answer_pages import page
from assistant.export.writers import bibtex, jsonl
from assistant.library import DOUBTS, Library, authors, fulltext, passing, undecided
from assistant.library import papers as paper_table
from assistant.search import topics
from assistant.settings import PROGRAM_VERSION
from assistant.types import Answer, Measure, Paper, PaperFilter, Plan

FORMAT = "abstract-assistant answer bundle"
VERSION = 1
MANIFEST = "manifest.json"
PAGE, BIBLIOGRAPHY, EVIDENCE, ANSWER = "answer.md", "sources.bib", "evidence.jsonl", "answer.json"
FILES = (PAGE, BIBLIOGRAPHY, EVIDENCE, ANSWER)

LONGEST_MANIFEST = 10_000_000
"""Bytes; no manifest of ours comes near."""

_MOST_NAMED = 2000
"""Papers up to which everybody who wrote them stands in the evidence: it is what a count of people is checked by."""


_OF_PEOPLE: frozenset[Measure] = frozenset({"per_author", "per_first_author", "per_last_author", "coauthors"})
"""Measures that ask who is who."""

_OF_PAPERS: frozenset[Measure] = frozenset(
    {"count", "papers", "newest", "oldest", "per_year", "years_ranked", "per_category", "per_venue", "by_author_count"}
)
"""Measures whose number is that of the papers that pass."""


def write(answer: Answer, library: Library, folder: Path, *, embedder: str) -> None:
    """Write an answer and its evidence to a folder; an older bundle there gives its place to the new one, whole.

    `embedder` is the fingerprint of the embedding model. Of a count, list, ranking or overview every paper that it
    counted is in the evidence, not only the sources that the answer shows. Raises BundleError where the folder holds
    anything else than a bundle, or cannot be written.
    """
    target = folder.resolve()
    _refuse_others(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        _write_files(draft, answer, library, embedder)
        draft.chmod(0o755)
        _put(draft, target)
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def is_bundle(folder: Path) -> bool:
    """Tell whether a folder holds a manifest of a bundle."""
    file = folder / MANIFEST
    try:
        if not file.is_file() or file.stat().st_size > LONGEST_MANIFEST:
            return False
        content = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.get("format") == FORMAT


def check_folder(folder: Path) -> None:
    """Raise BundleError where `write` would refuse the folder: to be asked before an answer is made."""
    _refuse_others(folder.resolve())


def _refuse_others(folder: Path) -> None:
    """Raise BundleError where a folder holds what is no part of a bundle: it would be lost."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise BundleError(f"{folder} is a file. Name a folder for the bundle.")
    held = {entry.name for entry in folder.iterdir()}
    strange = sorted(held - {*FILES, MANIFEST}) if is_bundle(folder) else sorted(held)
    if strange:
        raise BundleError(
            f"The folder {folder} holds what is no part of a bundle (“{strange[0]}”), and would lose it. "
            "Name a new folder, or an older bundle to be replaced."
        )


def _put(draft: Path, target: Path) -> None:
    """Put the new folder where the old one is; should the program die between, the old one lies beside."""
    aside = draft.with_name(f"{draft.name}.old")
    if target.exists():
        target.rename(aside)
    try:
        draft.rename(target)
    except OSError:
        if aside.exists():
            aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _unwritable(folder: Path, error: OSError) -> BundleError:
    return BundleError(f"The bundle {folder} cannot be written ({error.strerror or error}). Name another folder.")


def _write_files(folder: Path, answer: Answer, library: Library, embedder: str) -> None:
    made = datetime.now(UTC).isoformat(timespec="seconds")
    by_id = {paper.id: paper for paper in library.papers_by_id([source.paper_id for source in answer.sources])}
    cited = [by_id[source.paper_id] for source in answer.sources if source.paper_id in by_id]
    counted = _counted_ids(library, answer)
    _refuse_changed(answer, counted)
    (folder / ANSWER).write_text(json.dumps(answer.to_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (folder / PAGE).write_text(page(answer, made, library.count(), len(counted)), encoding="utf-8")
    _write(folder / BIBLIOGRAPHY, bibtex.write(cited))
    _write(
        folder / EVIDENCE, (json.dumps(line, ensure_ascii=False) + "\n" for line in _evidence(library, answer, counted))
    )
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "program": PROGRAM_VERSION,
        "made": made,
        "question": answer.question,
        "plan": answer.to_json()["plan"],
        "model": asdict(answer.model) if answer.model else None,
        "embedder": embedder,
        "library": _library_facts(library),
        "files": {name: _fingerprint(folder / name) for name in FILES},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _write(file: Path, pieces: Iterable[str]) -> None:
    with file.open("w", encoding="utf-8", newline="") as written:
        written.writelines(pieces)


def _fingerprint(file: Path) -> dict[str, Any]:
    return {"sha256": digest(file), "bytes": file.stat().st_size}


def digest(file: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    found = sha256()
    with file.open("rb") as content:
        while piece := content.read(1 << 20):
            found.update(piece)
    return found.hexdigest()


def _library_facts(library: Library) -> dict[str, Any]:
    """Return what tells one state of a library from another; neither its folder nor anything of its papers."""
    with library.transaction() as connection:
        text = fulltext.version(connection)
        schema = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    return {
        "papers": library.count(),
        "schema": schema,
        "text_version": text,
        "embedder": library.fact("embedder"),
        "index": library.fact("index"),
    }


def _evidence(library: Library, answer: Answer, counted: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the sentences, then the papers, then the people among them."""
    sources = {source.number: source for source in answer.sources}
    for number, sentence in enumerate(answer.sentences, 1):
        spans = [
            {
                "source": span.source,
                "paper_id": sources[span.source].paper_id,
                "title": sources[span.source].title,
                "date": sources[span.source].date,
                "quote": span.quote,
            }
            for span in sentence.spans
            if span.source in sources
        ]
        yield {
            "kind": "sentence",
            "number": number,
            "text": sentence.text,
            "status": sentence.status,
            "sources": list(sentence.sources),
            "spans": spans,
        }
    numbers = {source.paper_id: source.number for source in answer.sources}
    wanted = list(dict.fromkeys([*numbers, *_named_ids(answer), *counted, *_open_ids(library, answer)]))
    leading, places = _leading(library, wanted), library.paper_numbers(wanted)
    is_counted = set(counted)
    held: list[str] = []
    for paper in _pages_of(library, wanted):
        held.append(paper.id)
        yield {
            "kind": "paper",
            "source": numbers.get(paper.id),
            "counted": paper.id in is_counted,
            "also": leading.get(paper.id, []),
            "place": places.get(paper.id, 0),
            **jsonl.record(paper),
        }
    if answer.kind == "catalogue":
        yield from _people(library, answer, held)
        if answer.plan and answer.plan.measure == "profile":
            for profile in library.profiles():
                yield {"kind": "author page", **asdict(profile)}


def _people(library: Library, answer: Answer, paper_ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield who has which names on these papers, as the library holds them apart."""
    plan = answer.plan
    if plan is None or not (
        plan.measure in _OF_PEOPLE or plan.chosen.author or plan.chosen.any_authors or _people_asked_for(plan)
    ):
        return
    asked = _people_asked_for(plan) | {str(row["person_id"]) for row in answer.rows if "person_id" in row}
    if len(paper_ids) > _MOST_NAMED and not asked:
        return
    with library.transaction() as connection:
        everybody = authors.among(connection, paper_ids)
        names = {paper.id: set(paper.authors) for paper in library.papers_by_id(paper_ids)}
        for person in everybody:
            if len(paper_ids) <= _MOST_NAMED or person.id in asked:
                spelt = {variant.name for variant in person.variants}
                on = [[one, name] for one in person.paper_ids for name in sorted(names.get(one, set()) & spelt)]
                yield {"kind": "person", "id": person.id, "name": person.name, "on": on}


def _people_asked_for(plan: Plan) -> set[str]:
    return {name for name in plan.chosen.people if authors.is_id(name)}


def counting_filter(plan: Plan) -> PaperFilter:
    """Return the filter that a question for the catalogue counts by: of papers that it names, those alone."""
    is_list = bool(plan.papers) and plan.measure not in paper_details.OF_NAMED_PAPERS and plan.chosen.among is None
    return replace(plan.chosen, among=plan.papers) if is_list else plan.chosen


def _counted_ids(library: Library, answer: Answer) -> list[str]:
    """Return the ids of all papers that a number or a theme of the answer counts, newest first."""
    plan = answer.plan
    if plan is None or plan.unknown_author:
        return []
    if answer.kind == "catalogue" and plan.measure:
        if plan.measure in paper_details.OF_NAMED_PAPERS and plan.papers:
            return [paper.id for paper in library.papers_by_id(plan.papers)]
        return _ids(library, counting_filter(plan))
    if answer.kind == "synthesis" and answer.coverage:
        listed = [paper_id for row in answer.rows for paper_id in row.get("paper_ids", ())]
        known = list(dict.fromkeys([*(source.paper_id for source in answer.sources), *listed]))
        if len(known) < answer.coverage.matching:  # not all papers have a theme, and few of them are cited
            named = replace(plan.chosen, among=plan.papers) if plan.papers else plan.chosen
            chosen = topics.select(library, plan.topic, named).chosen
            if library.count(chosen) == answer.coverage.matching:
                return _ids(library, chosen)
        return known
    return []


def _refuse_changed(answer: Answer, counted_ids: Sequence[str]) -> None:
    """Refuse to keep a count beside other papers than those it counted. Raises BundleError."""
    measure = answer.plan.measure if answer.plan else None
    of_papers = measure in _OF_PAPERS
    if answer.kind == "catalogue" and of_papers and answer.count is not None and answer.count != len(counted_ids):
        raise BundleError(
            f"The library has changed since this was answered: {answer.count:,} papers then, {len(counted_ids):,} now. "
            "Ask again, and keep that answer."
        )


def _ids(library: Library, chosen: PaperFilter) -> list[str]:
    with library.transaction() as connection:
        query = passing(connection, select(paper_table.c.id), chosen)
        ordered = query.order_by(paper_table.c.date.desc(), paper_table.c.title, paper_table.c.number)
        return list(connection.execute(ordered).scalars())


def _open_ids(library: Library, answer: Answer) -> list[str]:
    """Return the papers of which the sources leave open whether they count: an answer that counts speaks of them."""
    if answer.kind != "catalogue" or answer.plan is None or answer.plan.unknown_author or not answer.count:
        return []
    chosen = counting_filter(answer.plan)
    with library.transaction() as connection:
        queries = [undecided(connection, select(paper_table.c.id), chosen, doubt) for doubt in DOUBTS]
        return [paper_id for query in queries for paper_id in connection.execute(query).scalars()]


def _named_ids(answer: Answer) -> Sequence[str]:
    return answer.plan.papers if answer.plan else ()


def _leading(library: Library, wanted: Sequence[str]) -> dict[str, list[str]]:
    """Return for papers that were merged the ids that lead to them."""
    held = {paper.id for paper in _pages_of(library, wanted)}
    found: dict[str, list[str]] = {}
    for paper_id in wanted:
        if paper_id not in held:
            for paper in library.papers_by_id([paper_id]):
                found.setdefault(paper.id, []).append(paper_id)
    return found


def _pages_of(library: Library, ids: Sequence[str]) -> Iterator[Paper]:
    """Yield papers a page at a time, each once."""
    seen: set[str] = set()
    for start in range(0, len(ids), 500):
        for paper in library.papers_by_id(ids[start : start + 500]):
            if paper.id not in seen:
                seen.add(paper.id)
                yield paper
