"""Model commands: `assistant models ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assistant.cli import render
from assistant.cli.options import AsJson, load_settings
from assistant.errors import UsageError

app = typer.Typer(help="Download and check the models.", no_args_is_help=True)


@app.command("list")
def list_models(context: typer.Context, as_json: AsJson = False) -> None:
    """List the known models and whether they are on this machine."""
    from assistant import wiring

    registry = wiring.registry(load_settings(context))
    shown = {"name", "use", "size", "licence", "description"}
    rows = [
        {**entry.model_dump(include=shown), "sha256": entry.sha256, "present": registry.is_present(entry.name)}
        for entry in registry.entries()
    ]
    headings = ("name", "use", "here", "size", "licence", "description")
    cells = [{**row, "here": "yes" if row["present"] else "no", "size": f"{row['size'] / 1e9:.1f} GB"} for row in rows]
    table = [[row[heading] for heading in headings] for row in cells]
    render.show(as_json, lambda: rows, lambda: render.show_table(headings, table))


@app.command("get")
def get_model(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A name from `models list`. Default: those that are needed here.")] = "",
) -> None:
    """Download, verify and prepare a model; what is already here is not downloaded again."""
    from assistant import wiring

    settings = load_settings(context)
    with render.progress_bar() as listen:
        folders = [wiring.registry(settings).get(name, listen)] if name else wiring.get_default_models(settings, listen)
    for folder in folders:
        render.message(f"{folder.name} is ready in {folder}.")
    if not name and (larger := wiring.larger_chat_model(settings)):
        render.message(
            f"{larger}, which this machine would hold, could not be fetched, so the smaller model answers. "
            f"`assistant models get {larger}` says why.",
            "yellow",
        )


@app.command("check")
def check_models(context: typer.Context, as_json: AsJson = False) -> None:
    """Check the models in use: their files, the devices they run on and their number format."""
    from assistant import wiring

    wiring.quiet_environment()
    from assistant.diagnosis import model_check

    report = model_check.check_models(load_settings(context))
    if as_json:
        render.show_json(report)
        return
    for row in report:
        render.line(f"{row['use']}: {row['name']}: {row['files']}")
        placement = "; ".join(f"{part or 'all of it'} on {device}" for part, device in row["placement"].items())
        length = f"up to {row['tokens']:,} tokens" if row["tokens"] else ""
        render.line(f"  {', '.join(filter(None, (placement, row['dtype'], length)))}")
        for said in (*row.get("why", ()), *row.get("faster", ())):
            render.line(f"  {said}")
        if row.get("judges"):
            render.line(f"  judges {row['judges']}")


@app.command("calibrate")
def calibrate_model(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A name, a folder or a hub id. Default: the chat model in use.")] = "",
    task: Annotated[str, typer.Option(help="answerability, support, topic or requests. Default: all.")] = "",
    labelled: Annotated[
        Path | None,
        typer.Option(
            help='JSON Lines: {"q", "paper", "answerable", "evidence"}, {"statement", "paper", "supported"} ...'
        ),
    ] = None,
    papers: Annotated[Path | None, typer.Option(help="The papers of these lines, in any format.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Folder for the probes. Default: with the models.")] = None,
) -> None:
    """Fit the probes that read requests and judge abstracts and answers to a chat model; takes minutes."""
    from assistant import wiring

    wiring.quiet_environment()
    from assistant.evaluation import calibration
    from assistant.planning import intent_training

    tasks = [known for known in calibration.TASKS if task in ("", known.name)]
    if not tasks and task != "requests":
        known_names = ", ".join([*(known.name for known in calibration.TASKS), "requests"])
        raise UsageError(f"There is no task “{task}”. Choose one of {known_names}.")
    if (labelled is None) != (papers is None) or (labelled and len(tasks) != 1):
        raise UsageError("Give --labelled, --papers and --task together.")
    settings = load_settings(context)
    model = wiring.load_language_model(
        settings.model_copy(update={"model": name or settings.model, "judge": "writer", "llm_url": ""})
    )
    if not model.depth:
        raise UsageError(
            f"The model {model.info.name} does not expose its hidden states, so no probe can be fitted on it. "
            "It judges by its own yes and no."
        )
    target = folder or wiring.probes_made(settings)
    if task in ("", "requests") and not labelled:
        with render.progress_bar() as listen:
            probes = intent_training.calibrate(model, listen)
        for probe_name, probe in probes.items():
            probe.save(target / model.fingerprint / f"request_{probe_name}.safetensors")
        render.message(f"{model.info.name}, requests: {len(probes)} probes, saved in {target}.")
    for each in tasks:
        if labelled and papers:
            examples = calibration.read(each, labelled, papers)
        else:
            examples = calibration.shipped_examples(each)
        with render.progress_bar() as listen:
            fits = calibration.fit(each, model, examples, listen)
        for fitted in fits:
            file = calibration.save(fitted, model, target)
            render.message(
                f"{model.info.name}, {fitted.task}: fitted on {fitted.examples:,} examples; area under the ROC curve "
                f"on held-out abstracts {fitted.area:.3f}. Saved in {file}."
            )
