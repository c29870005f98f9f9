"""The commands about the library: what is in it, which papers are one, what is to go, whether it is sound."""

from __future__ import annotations

from typing import Annotated

import typer

from assistant.cli.options import (
    AsJson,
    Author,
    Category,
    HasCode,
    Since,
    Source,
    Until,
    Year,
    Yes,
    open_workspace,
    paper_filter,
)
from assistant.errors import UsageError

app = typer.Typer()

Papers = Annotated[list[str], typer.Argument(help="Ids, DOIs, arXiv ids, beginnings of ids, or whole titles.")]
Paper = Annotated[str, typer.Argument(help="An id, a DOI, an arXiv id, the beginning of an id, or a whole title.")]


@app.command()
def papers(
    context: typer.Context,
    author: Author = "",
    year: Year = None,
    since: Since = None,
    until: Until = None,
    category: Category = "",
    code: HasCode = None,
    source: Source = "",
    duplicates: Annotated[bool, typer.Option("--duplicates", help="List pairs that may be one paper.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the papers in the library, or the pairs of which a person should say whether they are one."""
    from assistant import settings
    from assistant.cli import console, render
    from assistant.library import Library, curation

    chosen = paper_filter(author, year, since, until, category, code, source)
    library = Library(settings.load(**context.obj).library)
    if duplicates:
        pairs = [
            pair for pair in curation.alike_pairs(library) if chosen.is_empty or _either(library.ids(chosen), pair)
        ]
        if as_json:
            console.show_json([render.pair_json(pair) for pair in pairs])
        else:
            render.show_pairs(pairs)
    else:
        found = library.papers(chosen)
        if as_json:
            console.show_json([render.paper_json(paper) for paper in found])
        else:
            render.show_papers(found, library.profiles() if chosen.is_empty else ())
    library.close()


@app.command()
def paper(context: typer.Context, name: Paper, as_json: AsJson = False) -> None:
    """Show one paper whole, and which source says what of it."""
    from assistant import settings
    from assistant.cli import console, render
    from assistant.library import Library, curation

    library = Library(settings.load(**context.obj).library)
    found = curation.named(library, name)
    told = curation.sources(library, found.id)
    library.close()
    if as_json:
        console.show_json(render.provenance_json(found, told))
    else:
        render.show_paper(found, told)


@app.command()
def merge(context: typer.Context, one: Paper, other: Paper, as_json: AsJson = False) -> None:
    """Make one paper of two. It keeps the first one's id; what the two sources say is remembered."""
    from assistant.cli import console, render
    from assistant.library import curation

    with open_workspace(context) as opened:
        library = opened.library
        merged = curation.merge(library, curation.named(library, one).id, curation.named(library, other).id)
    if as_json:
        console.show_json(render.paper_json(merged))
    else:
        console.remark(f"One paper now: {merged.id} ({merged.title}). `assistant split {merged.id}` parts it again.")


@app.command()
def split(
    context: typer.Context,
    name: Paper,
    other: Annotated[str, typer.Argument(help="With a second paper: keep the two apart, however alike.")] = "",
    as_json: AsJson = False,
) -> None:
    """Part a paper into what its sources speak of; or say that two papers are two. Later imports respect it."""
    from assistant.cli import console, render
    from assistant.library import curation

    with open_workspace(context) as opened:
        library = opened.library
        first = curation.named(library, name)
        if other:
            second = curation.named(library, other)
            curation.keep_apart(library, first.id, second.id)
            parts = [first, second]
        else:
            parts = curation.split(library, first.id)
    if as_json:
        console.show_json([render.paper_json(part) for part in parts])
    else:
        console.remark(f"{len(parts)} papers: " + "; ".join(f"{part.id} ({part.title})" for part in parts))


@app.command()
def remove(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(help="Ids, DOIs, arXiv ids, beginnings of ids, or whole titles.")
    ] = None,
    author: Author = "",
    year: Year = None,
    since: Since = None,
    until: Until = None,
    category: Category = "",
    code: HasCode = None,
    source: Annotated[
        str, typer.Option(help="Forget this file or reference; papers that others speak of too stay.")
    ] = "",
    query: Annotated[str, typer.Option(help="Only papers that hold all these words.")] = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Take papers out of the library, after showing which. Adding their source again brings them back."""
    from assistant.cli import console, render
    from assistant.library import curation

    chosen = paper_filter(author, year, since, until, category, code)
    if not (names or query or source or not chosen.is_empty):
        raise UsageError("Say what is to go: papers by name, --author, --source, --query, --year ...")
    if source and (names or query or not chosen.is_empty):
        raise UsageError("Give either --source, or papers and filters: a source is forgotten as a whole.")
    with open_workspace(context) as opened:
        library = opened.library
        if source:
            origins = curation.origins(library, source)
            going = curation.only_of(library, origins)
        else:
            listed = [curation.named(library, name) for name in names or ()]
            going = curation.chosen_papers(library, listed, chosen, query)
        render.show_papers(going, on_stderr=as_json)
        named = ", ".join(origins) if source else ""
        if (going or source) and not (yes or typer.confirm(_question(len(going), named), err=True)):
            console.remark("Nothing was removed.")
            raise typer.Exit(1)
        if source:
            curation.remove_sources(library, origins)
        else:
            curation.remove(library, [paper.id for paper in going])
    if as_json:
        console.show_json({"removed": [paper.id for paper in going]})
    else:
        console.remark(f"{len(going):,} removed.")


@app.command()
def reindex(
    context: typer.Context,
    anew: Annotated[bool, typer.Option("--anew", help="Make every vector anew, even with the same model.")] = False,
) -> None:
    """Make a fresh index from the vectors in the library; with another embedding model, every vector anew."""
    from assistant.cli import console

    with open_workspace(context) as opened, console.progress_bar() as listen:
        done = opened.reindex(anew=anew, on_progress=listen)
        count = opened.library.indexed_count()
    console.remark(f"{done:,} papers have new vectors; the index holds {count:,}.")


@app.command()
def check(
    context: typer.Context,
    mend: Annotated[
        bool, typer.Option("--mend", help="Put right what can be told from what the sources said.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read the whole library and say whether each part of it is what was written: papers, search, vectors, index."""
    from assistant.cli import console

    with open_workspace(context) as opened:
        report = opened.check(mend=mend)
    if as_json:
        console.show_json(report.to_json())
    else:
        console.show_check(report)
    if not report.is_sound:
        raise typer.Exit(1)


def _question(count: int, source: str) -> str:
    what = f"Forget {source}, and remove" if source else "Remove"
    return f"{what} {count:,} paper{'' if count == 1 else 's'}?"


def _either(ids: set[str], pair: object) -> bool:
    one, other = (getattr(pair, side).id for side in ("one", "other"))
    return one in ids or other in ids
