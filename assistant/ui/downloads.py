"""Downloads: files that the page made, held in memory for a while, and those of an answer."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from assistant import export
from assistant.types import Answer
from assistant.workspace import Workspace

MOST_BYTES = 64 * 2**20
"""Bytes of all files; the oldest files are dropped first."""

_TYPES: Mapping[str, str] = {
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "png": "image/png",
}
_GONE = "This file is no longer available. Go back to the page and create it again."


def attachment(name: str) -> dict[str, str]:
    """Return the headers of a file that is saved under a name of plain letters, and kept nowhere on its way."""
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}


class Downloads:
    """Files in memory, served at addresses that cannot be guessed, always to be saved, never to be shown."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._files: OrderedDict[str, bytes] = OrderedDict()

    @property
    def route(self) -> Route:
        """Return the route that serves the files; the gate must let `/downloads/...` through."""
        return Route("/downloads/{token}/{name}", self._serve, methods=["GET"])

    def store(self, name: str, content: bytes) -> str:
        """Store a file and return its path on this site. Its name is plain letters and an ending of `_TYPES`."""
        key = f"{secrets.token_hex(16)}/{name}"
        with self._lock:
            self._files[key] = content
            while len(self._files) > 1 and sum(map(len, self._files.values())) > self._most_bytes:
                self._files.popitem(last=False)
        return f"/downloads/{key}"

    async def _serve(self, request: Request) -> Response:
        name = request.path_params["name"]
        with self._lock:
            content = self._files.get(f"{request.path_params['token']}/{name}")
        if content is None:
            raise HTTPException(404, _GONE)
        return Response(content, media_type=_TYPES[name.rpartition(".")[2]], headers=attachment(name))


def answer_file(name: str, answer: Answer, workspace: Workspace) -> bytes | None:
    """Return a file of an answer: `answer.zip`, a bundle for `assistant verify`, or `sources.bib` or `sources.ris`.

    The sources are those that the answer cites, else all that it has. None where there is no such file. Raises
    BundleError, for a bundle alone, where the library has changed since.
    """
    if name == "answer.zip":
        with tempfile.TemporaryDirectory() as made:
            workspace.save_bundle(answer, Path(made) / "answer")
            return zipped(Path(made) / "answer")
    format_name = {"sources.bib": "bibtex", "sources.ris": "ris"}.get(name)
    cited = [source.paper_id for source in answer.sources if source.number in answer.cited_numbers]
    papers = workspace.library.papers_by_id(cited or [source.paper_id for source in answer.sources])
    return "".join(export.text(papers, format_name)).encode() if format_name and papers else None


def zipped(folder: Path) -> bytes:
    """Return a folder as a ZIP file, which is left beside it."""
    return Path(shutil.make_archive(str(folder), "zip", folder.parent, folder.name)).read_bytes()
