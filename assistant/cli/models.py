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
    from assistant.cli import console

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
    from assistant import wiring
    from assistant.cli import console

    registry = _registry(context)
    with console.progress_bar() as listen:
        folders = [registry.get(name, listen)] if name else wiring.get_default_models(registry, listen)
    for folder in folders:
        console.remark(f"{folder.name} is ready in {folder}.")


@app.command("check")
def check_models(context: typer.Context, as_json: AsJson = False) -> None:
    """Check the models in use: their files, where they run and in which number format."""
    from assistant import settings, wiring
    from assistant.cli import console

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
    task: Annotated[str, typer.Option(help="answerability, support, topic or requests. Default: all.")] = "",
    labelled: Annotated[
        Path | None,
        typer.Option(help='Lines: {"q", "paper", "answerable", "evidence"}, {"statement", "paper", "supported"} ...'),
    ] = None,
    papers: Annotated[Path | None, typer.Option(help="The papers of these lines, in any format.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Where to keep what is fitted. Default: with the models.")] = None,
) -> None:
    """Fit to a chat model what reads requests and judges abstracts and answers; takes minutes."""
    from assistant import settings, wiring
    from assistant.cli import console
    from assistant.evaluation import calibration
    from assistant.planning import intent_training

    tasks = [known for known in calibration.TASKS if task in ("", known.name)]
    if not tasks and task != "requests":
        known_ones = ", ".join([*(known.name for known in calibration.TASKS), "requests"])
        raise UsageError(f"There is no task {task}; known are {known_ones}.")
    if (labelled is None) != (papers is None) or (labelled and len(tasks) != 1):
        raise UsageError("Give --labelled, --papers and --task together.")
    wiring.quiet_environment()
    read = settings.load(**context.obj)
    model = wiring.load_language_model(read.model_copy(update={"model": name or read.model}))
    if not model.depth:
        raise UsageError(f"The model {model.info.name} shows no hidden states; it judges by its own yes and no.")
    kept = folder or wiring.probes_made(read)
    if task in ("", "requests") and not labelled:
        with console.progress_bar() as listen:
            made = intent_training.calibrate(model, listen)
        for name_of, probe in made.items():
            probe.save(kept / model.fingerprint / f"request_{name_of}.safetensors")
        console.remark(f"{model.info.name}, requests: {len(made)} probes, kept in {kept}.")
    for chosen in tasks:
        examples = (
            calibration.read(chosen, labelled, papers) if labelled and papers else calibration.shipped_examples(chosen)
        )
        with console.progress_bar() as listen:
            fits = calibration.fit(chosen, model, examples, listen)
        for fitted in fits:
            file = calibration.keep(fitted, model, kept)
            console.remark(
                f"{model.info.name}, {fitted.task}: fitted on {fitted.examples:,} examples; on abstracts left out, the "
                f"area under the ROC curve is {fitted.area:.3f}. Kept in {file}."
            )


def _registry(context: typer.Context) -> Any:
    from assistant import settings, wiring

    wiring.quiet_environment()
    return wiring.registry(settings.load(**context.obj))
