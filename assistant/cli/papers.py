"""Library commands: papers, paper, label, labels, merge, split, remove, complete, reindex, check."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated

import typer

from assistant.cli import render
from assistant.cli.options import AsJson, open_library, open_workspace, with_filters
from assistant.errors import UsageError
from assistant.text import counted
from assistant.types import PaperFilter

app = typer.Typer()

PaperName = Annotated[
    str, typer.Argument(help="An id, a DOI, an arXiv id, a citation key, the beginning of an id, or a title.")
]


@app.command()
@with_filters
def papers(
    context: typer.Context,
    *,
    filters: PaperFilter,
    duplicates: Annotated[bool, typer.Option("--duplicates", help="List pairs that may be duplicates.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the papers in the library, or the pairs of papers that may be duplicates."""
    from assistant.library import curation

    with open_library(context) as library:
        if duplicates:
            ids = library.ids(filters)
            pairs = [pair for pair in curation.alike_pairs(library) if {pair.one.id, pair.other.id} & ids]
            render.show(as_json, lambda: [render.pair_json(each) for each in pairs], lambda: render.show_pairs(pairs))
        else:
            found = library.papers(filters)
            profiles = library.profiles() if filters.is_empty else ()
            render.show(
                as_json,
                lambda: [each.to_json() for each in found],
                lambda: render.show_papers(found, profiles),
            )


@app.command()
def paper(context: typer.Context, name: PaperName, as_json: AsJson = False) -> None:
    """Show one paper in full, and which source states which field."""
    from assistant.library import curation, provenance_json

    with open_library(context) as library:
        found = curation.named(library, name)
        statements = curation.sources(library, found.id)
    render.show(
        as_json,
        lambda: provenance_json(found, statements),
        lambda: render.show_paper(found, statements),
    )


@app.command()
@with_filters
def label(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the collection.")],
    names: Annotated[
        list[str] | None, typer.Argument(help="Ids, DOIs, arXiv ids, beginnings of ids, or whole titles.")
    ] = None,
    *,
    filters: PaperFilter,
    remove: Annotated[bool, typer.Option("--remove", help="Take the papers out of it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put papers into a collection, or take them out of it; all of its papers where no others are named."""
    from assistant.library import curation, labels

    if not (names or remove) and filters.is_empty:
        raise UsageError("Choose what to put into the collection: papers by name, --author, --category, --year ...")
    with open_workspace(context) as opened:
        library = opened.library
        if names:
            filters = replace(filters, among=tuple(curation.named(library, each).id for each in names))
        count = (labels.remove if remove else labels.add)(library, name, filters)
    done = f"{counted(count, 'paper')} {'taken out of' if remove else 'put into'} “{name}”."
    render.show(as_json, lambda: {"label": name, "papers": count}, lambda: render.message(done))


@app.command("labels")
def list_labels(context: typer.Context, as_json: AsJson = False) -> None:
    """List the collections and how many papers each has: those made here, then keywords and tags that sources state."""
    from assistant.library import labels

    with open_library(context) as library:
        found = labels.listed(library)
    rows = [(each.name, f"{each.count:,}", "here" if each.is_own else "by sources") for each in found]
    render.show(
        as_json,
        lambda: [asdict(each) for each in found],
        lambda: render.show_table(("collection", "papers", "given"), rows),
    )


@app.command()
def merge(context: typer.Context, one: PaperName, other: PaperName, as_json: AsJson = False) -> None:
    """Merge two papers into one, which keeps the first one's id; what their sources state stays recorded."""
    from assistant.library import curation

    with open_workspace(context) as opened:
        library = opened.library
        merged = curation.merge(library, curation.named(library, one).id, curation.named(library, other).id)
    done = f"Merged into {merged.id} ({merged.title}). `assistant split {merged.id}` undoes it."
    render.show(as_json, lambda: merged.to_json(), lambda: render.message(done))


@app.command()
def split(
    context: typer.Context,
    name: PaperName,
    other: Annotated[str, typer.Argument(help="A second paper: keep the two apart, however alike they are.")] = "",
    as_json: AsJson = False,
) -> None:
    """Split a paper into those that its sources describe, or keep two papers apart. Later imports respect it."""
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
    done = f"{len(parts)} papers: " + "; ".join(f"{part.id} ({part.title})" for part in parts)
    render.show(as_json, lambda: [part.to_json() for part in parts], lambda: render.message(done))


@app.command()
@with_filters
def remove(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(help="Ids, DOIs, arXiv ids, beginnings of ids, or whole titles.")
    ] = None,
    *,
    filters: PaperFilter,
    source: Annotated[
        str, typer.Option(help="Forget this file or reference; papers that other sources describe too stay.")
    ] = "",
    query: Annotated[str, typer.Option(help="Only papers that contain all these words.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove papers from the library after listing them. Adding their source again brings them back."""
    from assistant.library import curation

    is_selective = bool(names or query or not filters.is_empty)
    if not (is_selective or source):
        raise UsageError("Choose what to remove: papers by name, --author, --source, --query, --year ...")
    if source and is_selective:
        raise UsageError("Give either --source, or papers and filters: a source is forgotten as a whole.")
    with open_workspace(context) as opened:
        library = opened.library
        if source:
            origins = curation.origins(library, source)
            going = curation.only_of(library, origins)
        else:
            listed = [curation.named(library, name) for name in names or ()]
            going = curation.chosen_papers(library, listed, filters, query)
        render.show_papers(going, console=render.stderr if as_json else render.stdout)
        action = f"Forget {', '.join(origins)}, and remove" if source else "Remove"
        if (going or source) and not (yes or typer.confirm(f"{action} {counted(len(going), 'paper')}?", err=True)):
            render.message("Nothing was removed.")
            raise typer.Exit(1)
        if source:
            curation.remove_sources(library, origins)
        else:
            curation.remove(library, [paper.id for paper in going])
    done = f"{counted(len(going), 'paper')} removed."
    render.show(as_json, lambda: {"removed": [paper.id for paper in going]}, lambda: render.message(done))


@app.command()
@with_filters
def complete(
    context: typer.Context,
    *,
    filters: PaperFilter,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be asked for.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Ask also for papers that were asked for in vain within a month.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Number of papers to ask for at most.")] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch abstracts that papers lack from arXiv, OpenAlex and Semantic Scholar, by DOI, arXiv id or PubMed number."""
    with open_workspace(context) as opened:
        report = opened.complete(filter=filters, preview=True, again=again, limit=limit)
        render.show_wanted_abstracts(report, render.stdout if dry_run and not as_json else render.stderr)
        if report.asked and not dry_run:
            try:
                with render.progress_bar() as listen:
                    report = opened.complete(filter=filters, again=again, limit=limit, on_progress=listen)
            except KeyboardInterrupt:
                render.message("Stopped. What came is kept; the same command goes on from here.", "yellow")
                raise typer.Exit(130) from None
            render.show_notices(report.notices)
    render.show(as_json, report.to_json, lambda: render.show_completion(report) if not dry_run else None)
    if report.failed and not report.found:
        raise typer.Exit(1)


@app.command()
def reindex(
    context: typer.Context,
    anew: Annotated[bool, typer.Option("--anew", help="Embed every paper again, even with the same model.")] = False,
) -> None:
    """Rebuild the vector index from the library's vectors; with another embedding model, embed every paper again."""
    with open_workspace(context) as opened, render.progress_bar() as listen:
        done = opened.reindex(anew=anew, on_progress=listen)
        count = opened.library.indexed_count()
    render.message(f"{counted(done, 'paper')} embedded; the index holds {count:,}.")


@app.command()
def check(
    context: typer.Context,
    repair: Annotated[bool, typer.Option("--mend", help="Repair what the records of the sources can restore.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check the whole library for damage: papers, full-text search, vectors and index."""
    with open_workspace(context) as opened:
        report = opened.check(repair=repair)
    render.show(as_json, report.to_json, lambda: render.show_check(report))
    if not report.is_sound:
        raise typer.Exit(1)
