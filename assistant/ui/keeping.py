"""Files of an answer for the reader to keep: the answer with its evidence, and its sources for other programs."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from assistant import export
from assistant.types import Answer, Paper

_FORMATS = {"bibtex": ("sources.bib", "Sources (BibTeX)"), "ris": ("sources.ris", "Sources (RIS)")}
_BUNDLE, _FOLDER = "answer.zip", "answer"

PapersById = Callable[[Sequence[str]], list[Paper]]
KeepBundle = Callable[[Answer, Path], None]


def files(answer: Answer, papers_by_id: PapersById, keep_bundle: KeepBundle) -> Mapping[str, tuple[str, bytes]]:
    """Return the files of an answer by name, each with its label and content.

    `answer.zip` is a bundle for `assistant verify`. The sources are those that the answer cites, else all that it has.
    """
    made = {_BUNDLE: ("Answer with its evidence (ZIP)", _zipped(answer, keep_bundle))}
    cited = [source.paper_id for source in answer.sources if source.number in answer.cited_numbers]
    papers = papers_by_id(cited or [source.paper_id for source in answer.sources])
    for name, (file, label) in _FORMATS.items() if papers else ():
        made[file] = (label, "".join(export.text(papers, name)).encode())
    return made


def _zipped(answer: Answer, keep_bundle: KeepBundle) -> bytes:
    content = io.BytesIO()
    with tempfile.TemporaryDirectory() as made, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        folder = Path(made) / _FOLDER
        keep_bundle(answer, folder)
        for file in sorted(folder.iterdir()):
            packed.write(file, f"{_FOLDER}/{file.name}")
    return content.getvalue()
