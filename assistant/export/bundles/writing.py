"""Writing of answer bundles, and the contents of their files.

`answer.md` is for people, `sources.bib` for their texts, `answer.json` the answer as `ask --json` prints it,
`evidence.jsonl` every sentence with its quotations and every paper that was cited or counted. `manifest.json` says what
made the answer, which papers were counted, how the people it names are spelt on papers, and the SHA-256 of each file.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from assistant import catalogue
from assistant.errors import BundleError
from assistant.export.writers import bibtex, jsonl
from assistant.export.writers.markdown import answer_page
from assistant.library import Library, authors
from assistant.search import topics
from assistant.settings import PROGRAM_VERSION
from assistant.types import Answer, CataloguePlan, OverviewPlan, Paper

FORMAT, VERSION = "abstract-assistant answer bundle", 2
MANIFEST = "manifest.json"
PAGE, BIBLIOGRAPHY, EVIDENCE, ANSWER = "answer.md", "sources.bib", "evidence.jsonl", "answer.json"
FILES = (PAGE, BIBLIOGRAPHY, EVIDENCE, ANSWER)


def write(answer: Answer, library: Library, folder: Path) -> None:
    """Write an answer and its evidence to a folder; an older bundle there is replaced as a whole.

    Of a count, list, ranking or overview every paper that it counted is in the evidence, not only the sources that the
    answer shows. Raises BundleError where the folder holds anything else than a bundle, or cannot be written.
    """
    target = folder.resolve()
    check_folder(target)
    draft = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        draft.mkdir(parents=True)
        _write_files(draft, answer, library)
        if target.exists():
            shutil.rmtree(target)
        draft.rename(target)
    except OSError as error:
        reason = error.strerror or error
        raise BundleError(f"The bundle {folder} cannot be written ({reason}). Name another folder.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def check_folder(folder: Path) -> None:
    """Raise BundleError where `write` would refuse the folder, because what is in it would be lost."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise BundleError(f"{folder} is a file. Name a folder for the bundle.")
    manifest = folder / MANIFEST
    is_bundle = manifest.is_file() and FORMAT.encode() in manifest.read_bytes()
    others = sorted({entry.name for entry in folder.iterdir()} - ({*FILES, MANIFEST} if is_bundle else set()))
    if others:
        raise BundleError(
            f"The folder {folder} holds a file that does not belong to a bundle (“{others[0]}”) and would be lost. "
            "Name a new folder, or an older bundle to be replaced."
        )


def _write_files(folder: Path, answer: Answer, library: Library) -> None:
    made, total, plan = datetime.now(UTC).isoformat(timespec="seconds"), library.count(), answer.plan
    cited, counted = library.papers_by_id([each.paper_id for each in answer.sources]), _counted(library, answer)
    is_same = [paper.id for paper in cited] == [source.paper_id for source in answer.sources]
    if isinstance(plan, CataloguePlan) and answer.kind == plan.kind and not plan.unknown_author:
        is_same = is_same and catalogue.answer(library, plan).count == answer.count
    if not is_same:
        raise BundleError("The library has changed since this was answered. Ask again, and save that answer.")
    papers = {paper.id: paper for paper in (*cited, *counted)}
    files = contents(answer, papers, len(counted), made, total)
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "program": PROGRAM_VERSION,
        "made": made,
        **{name: value for name, value in answer.to_json().items() if name in ("question", "plan", "model")},
        "counted": [paper.id for paper in counted],
        "people": _spellings(library, answer),
        "library": {"papers": total, "embedder": library.metadata("embedder"), "index": library.metadata("index")},
        "sha256": {name: sha256(text.encode()).hexdigest() for name, text in files.items()},
    }
    for name, text in {**files, MANIFEST: json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"}.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")


def contents(
    answer: Answer, papers: Mapping[str, Paper], counted: int, made: str, library_papers: int
) -> Mapping[str, str]:
    """Return the text of each file but the manifest: the same for the same arguments.

    `papers` are those cited or counted, by id, and `counted` is the number of the latter; `made` is the time in UTC.
    """
    cited = [papers[source.paper_id] for source in answer.sources if source.paper_id in papers]
    sentences = ({"kind": "sentence", **asdict(sentence)} for sentence in answer.sentences)
    evidence = [*sentences, *({"kind": "paper", **jsonl.record(paper)} for paper in papers.values())]
    return {
        ANSWER: json.dumps(answer.to_json(), ensure_ascii=False, indent=1) + "\n",
        PAGE: answer_page(answer, made, library_papers, counted),
        BIBLIOGRAPHY: "".join(bibtex.write(cited)),
        EVIDENCE: "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in evidence),
    }


def _spellings(library: Library, answer: Answer) -> Mapping[str, Sequence[str]]:
    """Return how the people whom the plan or the rows of an exact answer name are spelt on papers."""
    in_rows = [row.get(key) for row in answer.rows for key in ("person_id", "with_id")]
    asked = [*(answer.plan.filter.people if answer.plan else ()), *map(str, filter(None, in_rows))]
    with library.transaction() as connection:
        found = {each: authors.find(connection, each) for each in asked}
    return {each: sorted({one.name for person in people for one in person.variants}) for each, people in found.items()}


def _counted(library: Library, answer: Answer) -> list[Paper]:
    """Return all papers that a number or a theme of the answer counts, newest first."""
    plan = answer.plan
    if not isinstance(plan, CataloguePlan | OverviewPlan) or plan.unknown_author or answer.kind != plan.kind:
        return []
    named = replace(plan.filter, among=plan.papers) if plan.papers and plan.filter.among is None else plan.filter
    if isinstance(plan, CataloguePlan):
        if plan.papers and plan.measure in catalogue.paper_details.OF_NAMED_PAPERS:
            return library.papers_by_id(plan.papers)
        return [] if plan.measure == "profile" else library.papers(named)
    listed = [paper_id for row in answer.rows for paper_id in row["paper_ids"]]
    ids = list(dict.fromkeys([*(source.paper_id for source in answer.sources), *listed]))
    if answer.coverage and len(ids) < answer.coverage.matching:  # not all papers have a theme, and few are cited
        return library.papers(topics.select(library, plan.topic, named).filter)
    return library.papers_by_id(ids)
