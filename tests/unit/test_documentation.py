"""What the documentation takes from the program is up to date: JSON Schemas, and the modules of each room."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from assistant.settings import Settings
from assistant.types import Answer, CataloguePlan, IngestionReport, PaperFilter, Sentence, Source, Timings

DOCS = Path(__file__).parents[2] / "docs"
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


PAGES = ("schemas/answer.schema.json", "schemas/diagnosis.schema.json", "schemas/ingestion_report.schema.json")
PAGES += ("architecture.md",)


def test_the_documentation_is_as_it_would_be_written_now(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(DOCS / "write.py"), str(tmp_path)], check=True)
    for page in PAGES:
        assert (tmp_path / page).read_text(encoding="utf-8") == (DOCS / page).read_text(encoding="utf-8"), page


@pytest.mark.parametrize(
    ("name", "printed"),
    [("answer.schema.json", ANSWER.to_json()), ("ingestion_report.schema.json", IngestionReport(added=2).to_json())],
)
def test_what_is_printed_fits_its_schema(name: str, printed: dict[str, object]) -> None:
    jsonschema.validate(printed, json.loads((DOCS / "schemas" / name).read_text(encoding="utf-8")))


def test_every_setting_is_documented() -> None:
    told = (DOCS / "settings.md").read_text(encoding="utf-8")
    assert [name for name in Settings.model_fields if f"`{name}`" not in told] == []
