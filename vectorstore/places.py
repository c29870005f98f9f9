"""The two places of Chroma indexes: folders of our own, and a server."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vectorstore.protocol import VectorIndex


@dataclass(frozen=True, slots=True)
class ChromaFolders:
    """Indexes in folders below `parent`, each opened in a process of its own."""

    parent: Path
    server: str = field(default="", init=False)

    def open(self, name: str) -> VectorIndex:
        """Open the index in the folder of that name. Raises VectorIndexError."""
        from vectorstore.process import ProcessIndex

        return ProcessIndex(self.parent / name)

    def checksum(self, name: str) -> str:
        """Return the SHA-256 over every file's name and bytes; "" where the folder is absent or cannot be read."""
        folder, whole = self.parent / name, hashlib.sha256()
        try:
            files = sorted(path for path in folder.rglob("*") if path.is_file())
            for path in files:
                with path.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                whole.update(f"{path.relative_to(folder).as_posix()}\0{digest}\n".encode())
        except OSError:
            return ""
        return whole.hexdigest() if files else ""

    def delete_former(self, name: str) -> None:
        """Delete the folders of other indexes of the same library."""
        for folder in self.parent.glob(f"{name.rpartition('-')[0]}-*"):
            if folder.name != name:
                shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class ChromaServer:
    """Indexes as collections on the Chroma server at `server`, an address such as http://host:8000.

    `headers` go with every request, to authenticate. Several libraries may share a server.
    """

    server: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def open(self, name: str) -> VectorIndex:
        """Open the collection of that name. Raises IndexUnreachable, VectorIndexError."""
        from vectorstore.chroma import ChromaIndex

        return ChromaIndex.on_server(self.server, self.headers, name)

    def checksum(self, name: str) -> str:
        """Return the name: a server looks after its own files."""
        return name

    def delete_former(self, name: str) -> None:
        """Delete the other collections of the same library. Raises IndexUnreachable."""
        from vectorstore.chroma import delete_collections

        delete_collections(self.server, self.headers, name.rpartition("-")[0] + "-", but=name)
