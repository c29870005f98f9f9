"""The commands `assistant models ...`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

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


def _registry(context: typer.Context) -> Any:
    from assistant import settings, wiring

    wiring.quiet_environment()
    return wiring.registry(settings.load(**context.obj))
