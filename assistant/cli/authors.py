"""Author commands: `assistant authors ...`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from assistant.cli import render
from assistant.cli.options import AsJson, open_library, open_workspace
from assistant.errors import UsageError
from assistant.text import counted
from assistant.types import PaperFilter

if TYPE_CHECKING:
    from assistant.library.authors import Person

_LIST = "list"
_COAUTHORS = 5
_DETAILED = 20
"""People of one name who are shown with their co-authors."""


class _NameOrCommand(TyperGroup):
    """Lists whatever is not a command as a name, so that `assistant authors "Naibin Gu"` works."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        words = [word for word in args if not word.startswith("-")]
        asks_help = any(word in ctx.help_option_names for word in args)
        if not asks_help and not (words and args[0] in self.commands):
            args = [_LIST, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_NameOrCommand,
    help="List the authors in the library, merge and split them. `assistant authors NAME` shows whom a name may mean, "
    "with all spellings and the reason for each.",
    no_args_is_help=False,
)

PersonName = Annotated[str, typer.Argument(help="An author's id, such as naibin-gu, or a name that means one person.")]


@app.command(_LIST)
def list_people(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Whom to look for: a name in any spelling, or an id.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="Number of authors at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List all authors, most papers first; or whom NAME may mean, with spellings, reasons and co-authors."""
    from assistant.library import authors

    with open_library(context) as library, library.transaction() as connection:
        if name:
            found = authors.find(connection, name)
            if not found:
                raise UsageError(f"Nobody in the library is called “{name}”. `assistant authors` lists everybody.")
        else:
            found = authors.among(connection, sorted(library.ids(PaperFilter())))
        shown = found[:limit]
        detailed = shown[:_DETAILED] if name else []
        coauthors = {person.id: authors.coauthors(connection, person)[:_COAUTHORS] for person in detailed}
    render.show(
        as_json,
        lambda: [each.to_json(coauthors.get(each.id)) for each in shown],
        lambda: _show_candidates(shown, coauthors) if name else _show_people(shown),
    )
    if len(found) > len(shown):
        render.message(f"{len(shown):,} of {len(found):,} people; --limit shows more.")


@app.command()
def merge(context: typer.Context, one: PersonName, other: PersonName, as_json: AsJson = False) -> None:
    """Merge two authors into one person, who keeps the first one's id. Later papers follow this."""
    from assistant.library.authors import curation

    with open_workspace(context) as opened:
        with opened.library.transaction() as connection:
            first, second = curation.named(connection, one), curation.named(connection, other)
            decision = curation.merge(connection, first, second)
        with opened.library.transaction() as connection:
            person = curation.holders(connection, decision)[0]
    done = f"Merged into {_described(person)}. `assistant authors split {person.id}` undoes it."
    render.show(as_json, lambda: person.to_json(), lambda: render.message(done))


@app.command()
def split(
    context: typer.Context,
    person: PersonName,
    parts: Annotated[
        list[str] | None,
        typer.Argument(help="Spellings or paper ids that are somebody else's. Default: undo the last merge."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Split off spellings or papers of an author that are somebody else's."""
    from assistant.library.authors import curation

    with open_workspace(context) as opened:
        with opened.library.transaction() as connection:
            decision = curation.split(connection, curation.named(connection, person), parts or ())
        with opened.library.transaction() as connection:
            people = curation.holders(connection, decision)
    done = f"{len(people)} people: {'; '.join(map(_described, people))}"
    render.show(as_json, lambda: [each.to_json() for each in people], lambda: render.message(done))


@app.command()
def export(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="File to write. Default: stdout.")] = None,
) -> None:
    """Write the merges and splits as JSON, which another library can import."""
    from assistant.library.authors import curation

    with open_library(context) as library, library.transaction() as connection:
        content = curation.export(connection)
    if file is None:
        render.show_json(content)
        return
    try:
        file.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written ({error.strerror}). Name another file.") from error
    render.message(f"{counted(len(content['decisions']), 'decision')} written to {file}.")


@app.command("import")
def import_decisions(
    context: typer.Context, file: Annotated[Path, typer.Argument(help="A file that `authors export` wrote.")]
) -> None:
    """Apply the merges and splits of another library to the papers that are in this one too."""
    from assistant.library.authors import curation

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"{file} cannot be read ({reason}).") from error
    with open_workspace(context) as opened, opened.library.transaction() as connection:
        applied, skipped = curation.bring(connection, text)
    about = f"; {skipped:,} skipped, whose papers are not in this library." if skipped else "."
    render.message(f"{counted(applied, 'decision')} applied{about}")


def _show_people(people: Sequence[Person]) -> None:
    rows = (
        (
            f"{len(person.paper_ids):,}",
            person.id,
            person.name,
            ", ".join(each.name for each in person.variants if each.name != person.name),
        )
        for person in people
    )
    render.show_table(("papers", "id", "name", "other spellings"), rows)


def _show_candidates(people: Sequence[Person], coauthors: Mapping[str, Sequence[Person]]) -> None:
    for person in people:
        render.line(f"{person.id}: {person.name}, {counted(len(person.paper_ids), 'paper')}")
        for each in person.variants:
            render.line(f"  {each.name}: {counted(each.papers, 'paper')}; {each.reason} ({each.confidence:.2f})")
        if others := coauthors.get(person.id):
            render.line("  with " + ", ".join(f"{each.name} ({len(each.paper_ids):,})" for each in others))


def _described(person: Person) -> str:
    return f"{person.id} ({person.name}, {counted(len(person.paper_ids), 'paper')})"
