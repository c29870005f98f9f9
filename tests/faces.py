"""An import contract: a room is imported through its face, the names that its `__init__` lists in `__all__`."""

import ast
from pathlib import Path
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class FacesContract(Contract):
    """From another room one imports the room itself, or a module or room in it that stands in its `__all__`.

    `package` is the package whose sub-packages are the rooms. Faces are read as text: nothing is imported.
    """

    package = fields.StringField()

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Return the imports that go past a face."""
        package = str(self.package)
        inside = graph.find_descendants(package) | {package}
        rooms = {room for room in graph.find_children(package) if graph.find_children(room)}
        past = [
            (importer, imported)
            for importer in sorted(inside)
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if (room := _room(imported, rooms)) and room != _room(importer, rooms) and not _shown(imported, room)
        ]
        return ContractCheck(kept=not past, metadata={"past": past})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Say which import goes past which face."""
        past: list[Any] = check.metadata["past"]
        for importer, imported in past:
            output.print_error(f"{importer} imports {imported}, which no __all__ on the way lists.")


def _room(module: str, rooms: set[str]) -> str:
    return next((room for room in rooms if module == room or module.startswith(f"{room}.")), "")


def _shown(module: str, room: str) -> bool:
    """Return whether every package from the room down to the module lists the next part of the path."""
    while module != room:
        package, _, name = module.rpartition(".")
        if name not in _face(package):
            return False
        module = package
    return True


def _face(package: str) -> list[str]:
    tree = ast.parse(Path(*package.split("."), "__init__.py").read_text(encoding="utf-8"))
    faces = [node.value for node in tree.body if isinstance(node, ast.Assign) and _names(node) == ["__all__"]]
    return list(ast.literal_eval(faces[0])) if faces else []


def _names(node: ast.Assign) -> list[str]:
    return [target.id for target in node.targets if isinstance(target, ast.Name)]
