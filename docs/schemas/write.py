"""Write the JSON Schemas of the outputs that stay stable, from the types: `python docs/schemas/write.py [FOLDER]`."""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from assistant.types import Answer, IngestionReport


def schemas() -> dict[str, dict[str, Any]]:
    """Return each file's name with its schema; what an output leaves out of its type is left out here too."""
    answer = TypeAdapter(Answer).json_schema()
    del answer["$defs"]["Source"]["properties"]["abstract"]
    answer["$defs"]["Source"]["required"].remove("abstract")
    report = TypeAdapter(IngestionReport).json_schema()
    del report["properties"]["notices"], report["$defs"]["Notice"]
    return {"answer.schema.json": answer, "ingestion_report.schema.json": report}


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for name, schema in schemas().items():
        (folder / name).write_text(json.dumps(schema, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
