"""The schemas of the stable JSON outputs: written from the types, and true of what is printed."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from assistant.types import Answer, CataloguePlan, IngestionReport, PaperFilter, Sentence, Source, Timings

FOLDER = Path(__file__).parents[2] / "docs" / "schemas"
ANSWER = Answer(
    question="How many?",
    standalone_question="How many?",
    kind="catalogue",
    text="Two.",
    refused=False,
    reason="",
    plan=CataloguePlan(question="How many?", measure="count", filter=PaperFilter(since=2024)),
    sentences=(Sentence("Two.", "exact", (1,)),),
    sources=(Source(1, "id", "A title", ("A. Name",), "2024", "", "An abstract."),),
    timings=Timings(0.1, None, 0.2),
)


@pytest.mark.parametrize("name", ["answer.schema.json", "ingestion_report.schema.json"])
def test_the_schemas_are_those_of_the_types(tmp_path: Path, name: str) -> None:
    subprocess.run([sys.executable, str(FOLDER / "write.py"), str(tmp_path)], check=True)
    assert (tmp_path / name).read_text(encoding="utf-8") == (FOLDER / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "printed"),
    [("answer.schema.json", ANSWER.to_json()), ("ingestion_report.schema.json", IngestionReport(added=2).to_json())],
)
def test_what_is_printed_fits_its_schema(name: str, printed: dict[str, object]) -> None:
    jsonschema.validate(printed, json.loads((FOLDER / name).read_text(encoding="utf-8")))
