"""The filter options that commands share, and what is printed whatever a paper's text holds."""

import json
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from assistant.cli import render
from assistant.cli.options import with_filters
from assistant.errors import UsageError
from assistant.types import PaperFilter

app = typer.Typer()
given: dict[str, object] = {}


@app.command()
@with_filters
def look(
    name: Annotated[str, typer.Argument()],
    *,
    filters: PaperFilter,
    source: Annotated[str, typer.Option(help="Its own.")] = "",
) -> None:
    given.update(name=name, filters=filters, source=source)


def run(*arguments: str) -> None:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output


def test_filter_options_become_one_filter() -> None:
    run("x", "--author", "Naibin Gu", "--since", "2023", "--category", "CL", "--no-code")
    assert given["filters"] == PaperFilter(author="Naibin Gu", since=2023, category="CL", has_code=False)
    run("x", "--no-abstract")
    assert given["filters"] == PaperFilter(has_abstract=False)
    run("x", "--year", "2024")
    assert given["filters"] == PaperFilter(since=2024, until=2024)
    run("x", "--label", "To read", "--added-since", "2026-01-31")
    assert given["filters"] == PaperFilter(label="To read", added_since="2026-01-31")
    run("x", "--label", "To read", "--label", "maps", "--without-label", "done", "--without-label", "bees")
    assert given["filters"] == PaperFilter(label="To read", with_labels=("maps",), without_labels=("done", "bees"))
    run("x")
    assert given["filters"] == PaperFilter()


def test_an_option_that_the_command_declares_is_its_own() -> None:
    run("x", "--source", "papers.bib")
    assert given == {"name": "x", "filters": PaperFilter(), "source": "papers.bib"}


@pytest.mark.parametrize("arguments", [("--year", "2024", "--until", "2025"), ("--since", "2025", "--until", "2024")])
def test_years_that_exclude_each_other_are_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="--until"):
        run("x", *arguments)


def test_filters_stand_in_the_help_where_the_command_puts_them() -> None:
    names = [parameter.name for parameter in typer.main.get_command(app).params]
    assert names[:7] == ["name", "author", "year", "since", "until", "category", "code"]
    assert names.count("source") == 1


def test_a_table_shows_hostile_text_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    render.show_table(("name",), [["\x1b[31m[bold]Mallory[/bold]\u202e"]])
    assert capsys.readouterr().out.split() == ["name", "[bold]Mallory[/bold]"]


@pytest.mark.parametrize("as_json", [True, False])
def test_a_result_is_shown_as_json_or_for_people(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    render.show(as_json, lambda: {"größe": 1}, lambda: render.line("one"))
    printed = capsys.readouterr().out
    assert (json.loads(printed) == {"größe": 1}) if as_json else (printed == "one\n")
