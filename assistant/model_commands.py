"""The commands `assistant models ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from assistant.errors import UsageError

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]

app = typer.Typer(help="Fetch and check the models.", no_args_is_help=True)


@app.command("list")
def list_models(context: typer.Context, as_json: AsJson = False) -> None:
    """List the known models and whether they are here."""
    from assistant import console

    registry = _registry(context)
    rows = [console.model_json(entry, registry.is_present(entry.name)) for entry in registry.entries()]
    if as_json:
        console.show_json(rows)
    else:
        console.show_models(rows)


@app.command("get")
def get_model(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A name from `models list`. Default: both that are needed here.")] = "",
) -> None:
    """Fetch a model, check it and prepare it; what is there already is not fetched again."""
    from assistant import console, wiring

    registry = _registry(context)
    with console.progress_bar() as listen:
        folders = [registry.get(name, listen)] if name else wiring.get_default_models(registry, listen)
    for folder in folders:
        console.remark(f"{folder.name} is ready in {folder}.")


@app.command("check")
def check_models(context: typer.Context, as_json: AsJson = False) -> None:
    """Check the models in use: their files, where they run and in which number format."""
    from assistant import console, settings, wiring

    wiring.quiet_environment()
    report = wiring.check_models(settings.load(**context.obj))
    if as_json:
        console.show_json(report)
    else:
        console.show_model_check(report)


@app.command("calibrate")
def calibrate_model(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A name, a folder or a hub id. Default: the chat model in use.")] = "",
    questions: Annotated[
        Path | None, typer.Option(help='Labelled questions, JSON Lines: {"q", "paper", "answerable"}.')
    ] = None,
    papers: Annotated[Path | None, typer.Option(help="The papers of these questions, in any format.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Where to keep what is fitted. Default: with the models.")] = None,
) -> None:
    """Fit what tells whether an abstract answers a question to a chat model, on labelled questions; takes minutes."""
    from assistant import calibration, console, settings, wiring

    if (questions is None) != (papers is None):
        raise UsageError("Give both --questions and --papers, or neither.")
    wiring.quiet_environment()
    read = settings.load(**context.obj)
    model = wiring.load_language_model(read.model_copy(update={"model": name or read.model}))
    examples = calibration.read(questions, papers) if questions and papers else calibration.shipped_examples()
    with console.progress_bar() as listen:
        fit = calibration.answerability_probe(model, examples, listen)
    file = calibration.keep(fit, model, folder or wiring.probes_made(read))
    console.remark(
        f"{model.info.name}: fitted on {fit.examples} questions at layer {fit.probe.layer}; on abstracts left out, "
        f"the area under the ROC curve is {fit.area:.3f}. Kept in {file}."
    )


def _registry(context: typer.Context) -> Any:
    from assistant import settings, wiring

    wiring.quiet_environment()
    return wiring.registry(settings.load(**context.obj))
