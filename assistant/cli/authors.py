"""The commands `assistant authors ...`: who is in the library, and who of them are one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from assistant.cli.options import AsJson, open_workspace
from assistant.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from assistant.library import Library
    from assistant.library.authors import Person

_LIST = "list"
_COAUTHORS = 5
_CANDIDATES = 20
"""People of one name who are shown with all that is known of them."""


class _NameOrCommand(TyperGroup):
    """Takes what is no command for a name to list, so that `assistant authors "Naibin Gu"` works."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        words = [word for word in args if not word.startswith("-")]
        asks_help = any(word in ctx.help_option_names for word in args)
        if not asks_help and not (words and args[0] in self.commands):
            args = [_LIST, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_NameOrCommand,
    help="List the people of the library; say who is one person and who is not. `assistant authors NAME` shows whom a "
    "name may mean, with the spellings and why each is theirs.",
    no_args_is_help=False,
)

PersonName = Annotated[str, typer.Argument(help="A person's id, such as naibin-gu, or a name that means one person.")]


@app.command(_LIST)
def list_people(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Whom to look for: a name in any spelling, or an id.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many people at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List everybody, most papers first; or whom a NAME may mean, with spellings, reasons and co-authors."""
    from assistant import settings
    from assistant.cli import console
    from assistant.library import Library, authors

    with closing(Library(settings.load(**context.obj).library)) as library, library.transaction() as connection:
        if name:
            found = authors.find(connection, name)
            if not found:
                raise UsageError(f"Nobody in the library is called “{name}”. `assistant authors` lists everybody.")
            shown = found[:limit]
            known = {person.id: _coauthors(connection, person) for person in shown[:_CANDIDATES]}
        else:
            found = authors.among(connection, _all_ids(library))
            shown, known = found[:limit], {}
    if as_json:
        console.show_json([_person_json(person, known.get(person.id)) for person in shown])
    elif name:
        _show_candidates(shown, known)
    else:
        _show_people(shown)
    if len(found) > len(shown):
        console.remark(f"{len(shown):,} of {len(found):,} people; --limit shows more.")


@app.command()
def merge(context: typer.Context, one: PersonName, other: PersonName, as_json: AsJson = False) -> None:
    """Say that two are one person, who keeps the first one's id. Later papers go the same way."""
    from assistant.cli import console
    from assistant.library.authors import curation

    with open_workspace(context) as opened, opened.library.transaction() as connection:
        first, second = curation.named(connection, one), curation.named(connection, other)
        person = curation.merge(connection, first, second)
    if as_json:
        console.show_json(_person_json(person))
    else:
        console.remark(
            f"One person now: {person.id} ({person.name}), {_papers(len(person.paper_ids))}. "
            f"`assistant authors split {person.id}` takes that back."
        )


@app.command()
def split(
    context: typer.Context,
    person: PersonName,
    parts: Annotated[
        list[str] | None,
        typer.Argument(help="Spellings or ids of papers that are somebody else's. Without: the last merge is undone."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say that some spellings or papers of a person are somebody else's."""
    from assistant.cli import console
    from assistant.library.authors import curation

    with open_workspace(context) as opened, opened.library.transaction() as connection:
        found = curation.split(connection, curation.named(connection, person), parts or ())
    if as_json:
        console.show_json([_person_json(each) for each in found])
    else:
        named = "; ".join(f"{each.id} ({each.name}, {_papers(len(each.paper_ids))})" for each in found)
        console.remark(f"{len(found)} people: {named}")


@app.command()
def export(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="File to write. Default: stdout.")] = None,
) -> None:
    """Write what was decided of people as JSON, which another library can import."""
    import json

    from assistant import settings
    from assistant.cli import console
    from assistant.library import Library
    from assistant.library.authors import curation

    with closing(Library(settings.load(**context.obj).library)) as library, library.transaction() as connection:
        content = curation.export(connection)
    if file is None:
        console.show_json(content)
        return
    try:
        file.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written ({error.strerror}). Name another file.") from error
    console.remark(f"{len(content['decisions']):,} decisions written to {file}.")


@app.command("import")
def bring(
    context: typer.Context, file: Annotated[Path, typer.Argument(help="A file that `authors export` wrote.")]
) -> None:
    """Take over what was decided in another library, where its papers are in this one too."""
    from assistant.cli import console
    from assistant.library.authors import curation

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"{file} cannot be read ({reason}).") from error
    with open_workspace(context) as opened, opened.library.transaction() as connection:
        kept, left = curation.bring(connection, text)
    console.remark(
        f"{kept:,} decisions hold here" + (f"; {left:,} speak of papers that are not here." if left else ".")
    )


def _all_ids(library: Library) -> Sequence[str]:
    from assistant.types import PaperFilter

    return sorted(library.ids(PaperFilter()))


def _coauthors(connection: Connection, person: Person) -> list[tuple[str, int]]:
    """Return with whom a person wrote most, and on how many papers."""
    from assistant.library import authors

    others = authors.among(connection, person.paper_ids)
    counts = Counter({each.name: len(each.paper_ids) for each in others if each.id != person.id})
    return counts.most_common(_COAUTHORS)


def _person_json(person: Person, coauthors: Sequence[tuple[str, int]] | None = None) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": person.id,
        "name": person.name,
        "papers": len(person.paper_ids),
        "paper_ids": list(person.paper_ids),
        "variants": [
            {"name": each.name, "papers": each.papers, "reason": each.reason, "confidence": each.confidence}
            for each in person.variants
        ],
    }
    if coauthors is not None:
        shown["coauthors"] = [{"name": name, "papers": count} for name, count in coauthors]
    return shown


def _show_people(people: Sequence[Person]) -> None:
    from rich.table import Table

    from assistant.cli import console

    table = Table("papers", "id", "name", "other spellings", box=None, pad_edge=False)
    for person in people:
        others = ", ".join(each.name for each in person.variants if each.name != person.name)
        table.add_row(
            f"{len(person.paper_ids):,}", console.plain(person.id), console.plain(person.name), console.plain(others)
        )
    console.stdout.print(table)


def _show_candidates(people: Sequence[Person], known: dict[str, list[tuple[str, int]]]) -> None:
    from assistant.cli import console

    for person in people:
        console.stdout.print(console.plain(f"{person.id}: {person.name}, {_papers(len(person.paper_ids))}"))
        for each in person.variants:
            console.stdout.print(
                console.plain(f"  {each.name}: {_papers(each.papers)}; {each.reason} ({each.confidence:.2f})")
            )
        if met := known.get(person.id):
            console.stdout.print(console.plain("  with " + ", ".join(f"{name} ({count:,})" for name, count in met)))


def _papers(count: int) -> str:
    return f"{count:,} paper{'' if count == 1 else 's'}"
