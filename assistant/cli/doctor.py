"""Command doctor: what keeps the program from working well here, and what mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli import client, render
from assistant.cli.options import AsJson, open_here

if TYPE_CHECKING:
    from assistant.diagnosis import Check, Diagnosis

app = typer.Typer()

_STYLES = {"fine": "", "warning": "yellow", "wrong": "red"}


@app.command()
def doctor(
    context: typer.Context,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also compare the models' files with their checksums, and read every row.")
    ] = False,
    self_test: Annotated[
        bool, typer.Option("--self-test/--no-self-test", help="Ask a minute of questions made of your library.")
    ] = True,
    seed: Annotated[int, typer.Option(help="Another number makes other questions.")] = 0,
    seconds: Annotated[float, typer.Option(min=0, help="Seconds of the self-test, beside loading the models.")] = 60,
    as_json: AsJson = False,
) -> None:
    """Look at machine, models, library, servers, disks, clock and network, and say what mends what is wrong.

    Ends with 1 where something is wrong; warnings do not count.
    """
    from assistant import wiring

    wiring.quiet_environment()
    from assistant.diagnosis import diagnose

    def show(check: Check) -> None:
        render.line(f"{check.verdict:8}{check.part}, {check.name}: {check.found}", _STYLES[check.verdict], wrap=False)
        if check.mend:
            render.line(f"        {'more' if check.verdict == 'fine' else 'mend'}: {check.mend}", wrap=False)

    with render.progress_bar() as listen:
        found = diagnose(
            context.obj,
            deep=deep,
            with_self_test=self_test,
            seed=seed,
            seconds=seconds,
            open_workspace=open_here,
            server=lambda settings: client.ask(settings.library, "who"),
            on_check=(lambda _: None) if as_json else show,
            on_progress=listen,
        )
    render.show(as_json, found.to_json, lambda: _show_end(found))
    if found.verdict == "wrong":
        raise typer.Exit(1)


def _show_end(found: Diagnosis) -> None:
    if tested := found.self_test:
        if tested.is_sample:
            render.line("Your library holds no abstract yet, so the sample library was asked.")
        for wrong in tested.wrong:
            render.line(f"  not right: {wrong}", "dim")
        render.line(tested.measures, "dim")
    elif found.without_self_test:
        render.line(f"No self-test. {found.without_self_test}", "yellow")
    verdicts = [check.verdict for check in found.checks]
    render.line(
        f"{verdicts.count('wrong')} wrong, {verdicts.count('warning')} to be warned of, {verdicts.count('fine')} fine."
    )
