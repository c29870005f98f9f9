"""`assistant models ...`, as far as it needs no model."""

import pytest

from tests.unit.cli.test_main import CommandLine, model, run

__all__ = ["model", "run"]


def test_known_models_are_listed_with_what_identifies_them(run: CommandLine) -> None:
    listed = run.json("models", "list")
    assert {"chat", "embedding"} <= {entry["use"] for entry in listed}
    assert {"name", "use", "present", "size", "licence", "sha256", "description"} == set(listed[0])
    assert all(entry["name"] in run("models", "list").replace("\n", "") for entry in listed[:1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("--task", "nonsense"), "answerability"), (("--labelled", "lines.jsonl"), "--papers")],
)
def test_a_calibration_that_cannot_be_made_is_refused_before_a_model_is_loaded(
    run: CommandLine, arguments: tuple[str, ...], message: str
) -> None:
    run("models", "calibrate", *arguments, code=2)
    assert message in run.stderr
