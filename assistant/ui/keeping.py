"""Files of the last answer for the reader to keep: the answer with its evidence, and its sources for other programs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant import export
from assistant.types import Answer, Paper

_FORMATS = {"bibtex": "sources.bib", "ris": "sources.ris", "csl-json": "sources.json"}


def files(
    answer: Answer,
    papers_by_id: Callable[[Sequence[str]], list[Paper]],
    keep_bundle: Callable[[Answer, Path], None],
    folder: Path,
) -> list[str]:
    """Write the files of an answer into a new folder below `folder`, and return their paths.

    The bundle is a ZIP file for `assistant verify`. The sources are those that it cites, else all of its sources.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="answer-", dir=folder))
    keep_bundle(answer, place / "answer")
    made = [shutil.make_archive(str(place / "answer"), "zip", root_dir=place, base_dir="answer")]
    shutil.rmtree(place / "answer")
    cited = [source.paper_id for source in answer.sources if source.number in answer.cited_numbers]
    papers = papers_by_id(cited or [source.paper_id for source in answer.sources])
    for name, file in _FORMATS.items() if papers else ():
        export.save(export.text(papers, name), place / file)
        made.append(str(place / file))
    return made
