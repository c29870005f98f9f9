"""The two places where Chroma keeps indexes: folders of our own, and a server."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vectorstore.process import ProcessIndex
from vectorstore.protocol import VectorIndex


@dataclass(frozen=True, slots=True)
class ChromaFolders:
    """Indexes in folders below `parent`, each opened in a process of its own."""

    parent: Path
    server: str = field(default="", init=False)

    def open(self, name: str) -> VectorIndex:
        """Open the index in the folder of that name. Raises VectorIndexError."""
        return ProcessIndex(open_folder, self.parent / name)

    def seal(self, name: str) -> str:
        """Return a digest of every file's name, size and bytes; "" where the folder is absent or cannot be read."""
        return folder_digest(self.parent / name)

    def keep_only(self, name: str) -> None:
        """Delete the folders of other indexes of the same library, and the one that the first versions made."""
        family = name.rpartition("-")[0] + "-"
        for folder in self.parent.glob("index*"):
            is_former = folder.name.startswith(family) or (folder / "chroma.sqlite3").exists()
            if folder.name != name and is_former:
                shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class ChromaServer:
    """Indexes as collections on the Chroma server at `server`, an address such as http://host:8000.

    `headers` go with every request, to authenticate. Several libraries may share a server: a name consists of what is
    the library's own and, after the last hyphen, of what is the index's.
    """

    server: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def open(self, name: str) -> VectorIndex:
        """Open the collection of that name. Raises IndexUnreachable, VectorIndexError."""
        from vectorstore.chroma import ChromaIndex

        return ChromaIndex.on_server(self.server, self.headers, name)

    def seal(self, name: str) -> str:
        """Return the name: a server looks after its own files."""
        return name

    def keep_only(self, name: str) -> None:
        """Delete the other collections of the same library. Raises IndexUnreachable."""
        from vectorstore.chroma import drop_collections

        drop_collections(self.server, self.headers, name.rpartition("-")[0] + "-", name)


def open_folder(folder: Path) -> VectorIndex:
    """Open Chroma in a folder; runs in the index's own process. Raises VectorIndexError."""
    from vectorstore.chroma import ChromaIndex

    return ChromaIndex.in_folder(folder)


def folder_digest(folder: Path) -> str:
    """Return the SHA-256 over every file below a folder: name, size, bytes; "" where none can be read."""
    whole = hashlib.sha256()
    try:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        for path in files:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            whole.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0{digest}\n".encode())
    except OSError:
        return ""
    return whole.hexdigest() if files else ""
