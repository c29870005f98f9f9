"""Write what the documentation takes from the program: JSON Schemas, and the modules of each room.

`python docs/write.py [FOLDER]` writes into docs/, or into another folder that has the same pages.
"""

import ast
import json
import re
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from assistant.diagnosis import Diagnosis
from assistant.types import Answer, IngestionReport

DOCS = Path(__file__).parent
ROOT = DOCS.parent
ROOMS = ("cli", "ui", "diagnosis", "evaluation", "answering", "analysis", "planning", "export", "catalogue")
ROOMS += ("ingestion", "search", "grounding", "library", "models", "text", "types")


def schemas() -> dict[str, dict[str, Any]]:
    """Return each schema with the name of its file; what an output leaves out of its type is left out here too."""
    answer = TypeAdapter(Answer).json_schema()
    del answer["$defs"]["Source"]["properties"]["abstract"]
    answer["$defs"]["Source"]["required"].remove("abstract")
    return {
        "answer.schema.json": answer,
        "ingestion_report.schema.json": TypeAdapter(IngestionReport).json_schema(),
        "diagnosis.schema.json": TypeAdapter(Diagnosis).json_schema(),
    }


def modules() -> str:
    """Return the rooms and their modules, each with its title, as Markdown."""
    parts = ["### Beside the rooms\n", *_titles(ROOT / "assistant", "*.py")]
    for room in (*(ROOT / "assistant" / name for name in ROOMS), ROOT / "vectorstore"):
        parts += [f"\n### `{room.relative_to(ROOT)}/`\n", f"{title(room / '__init__.py')}\n", *_titles(room, "**/*.py")]
    return "\n".join(parts)


def _titles(folder: Path, pattern: str) -> list[str]:
    files = sorted(path for path in folder.glob(pattern) if path.name != "__init__.py")
    return [f"- `{path.relative_to(folder)}`: {title(path)}" for path in files]


def title(module: Path) -> str:
    """Return the title of a module: the first line of its docstring."""
    return (ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or "").split("\n", 1)[0]


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS
    (folder / "schemas").mkdir(exist_ok=True)
    for name, schema in schemas().items():
        text = json.dumps(schema, indent=1, ensure_ascii=False)
        (folder / "schemas" / name).write_text(f"{text}\n", encoding="utf-8")
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    marks = re.compile(r"(<!-- modules -->\n).*?(<!-- end of modules -->)", re.DOTALL)
    page = marks.sub(lambda found: f"{found[1]}{modules()}\n\n{found[2]}", page)
    (folder / "architecture.md").write_text(page, encoding="utf-8")
