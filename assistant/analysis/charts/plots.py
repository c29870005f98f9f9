"""The plots of the trends of a set of papers: four drawings as one page, as one picture, or one by one."""

from __future__ import annotations

import contextlib
import errno
import html
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.analysis.charts import coauthor_network, drawings, plane_charts, time_charts
from assistant.analysis.charts import paper_map as maps
from assistant.analysis.charts.chart_style import shortened
from assistant.analysis.charts.coauthor_network import Network
from assistant.analysis.charts.drawings import Drawing
from assistant.analysis.charts.paper_map import PaperMap
from assistant.analysis.charts.plane_charts import MapPoint
from assistant.analysis.charts.time_charts import told_periods
from assistant.analysis.trends import Trends, heading, shown_themes
from assistant.errors import AssistantError, StorageFull, UsageError
from assistant.library import Library
from assistant.text import counted, joined, one_line
from assistant.types import PaperFilter

ENDINGS = (".html", ".png")

_MOST_NAMED = 12
"""Periods whose papers the words of a drawing give one by one."""

_MOST_UNTOLD = 6


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing as a PNG, with its heading; `words` say what it shows to those who do not see it."""

    title: str
    png: bytes
    words: str


@dataclass(frozen=True, slots=True)
class Plots:
    """The four drawings of a set of papers, and what they are drawn of in words."""

    heading: str
    words: str
    drawings: tuple[Drawing, ...]

    def pictures(self) -> tuple[Picture, ...]:
        """Return each drawing as a picture."""
        return tuple(Picture(each.title, drawings.picture([each]), each.words) for each in self.drawings)

    def png(self) -> bytes:
        """Return all drawings as one picture."""
        return drawings.sheet(self.heading, self.words, self.drawings)

    def html(self) -> str:
        """Return all drawings as one page that needs no network, no script and no other file.

        What stands in it of papers and people is escaped; its own policy forbids whatever would get in all the same.
        """
        figures = "".join(
            f"<figure><h2>{html.escape(each.title)}</h2><figcaption>{_paragraphs(each.words)}</figcaption>"
            f'<div class="drawing">{drawings.for_page(each)}</div></figure>'
            for each in self.drawings
        )
        title = html.escape(self.heading)
        return (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<meta name="referrer" content="no-referrer">'
            f"<title>{title}</title><style>{_STYLE}</style></head><body><main><h1>{title}</h1>"
            f"{_paragraphs(self.words)}{figures}</main></body></html>\n"
        )


_STYLE = (
    ":root{color-scheme:light dark}"
    "body{margin:0;font:16px/1.5 system-ui,sans-serif;color:#1f2933;background:#fff}"
    "main{max-width:62rem;margin:0 auto;padding:1.5rem 1.25rem 3rem}"
    "h1{font-size:1.6rem;margin:0 0 .3rem}h2{font-size:1.15rem;margin:0 0 .2rem}"
    "p{margin:0 0 .4rem}figcaption,main>p{color:#5f6b76;font-size:.92rem}"
    "figure{margin:2rem 0 0}.drawing{overflow-x:auto;background:#fff;margin-top:.6rem}"
    "svg{display:block;height:auto;max-width:max(100%,42rem)}"
    "[aria-label]:not(g):hover{stroke:#1f2933;stroke-width:2px}"
    "@media (prefers-color-scheme:dark){body{color:#e4e7eb;background:#141414}figcaption,main>p{color:#9aa5b1}"
    ".drawing{background:none}svg{filter:invert(.92) hue-rotate(180deg)}}"
    "@media print{figure{break-inside:avoid}}"
)


def draw(found: Trends, library: Library, chosen: PaperFilter | None = None) -> Plots:
    """Draw the trends of papers: how many there are, their themes, who wrote with whom, and a map of them.

    `chosen` are the papers that the trends were found in. Without it, people and map are those of the papers that a
    theme or a term names, and the words say so.
    """
    ids = library.ids(chosen) if chosen is not None else _named_papers(found)
    network = coauthor_network.find(library, ids)
    vectors = library.vectors(sorted(ids))
    places = maps.lay_out(vectors)
    titles = {paper.id: paper.title for paper in library.papers_by_id([place.paper_id for place in places.places])}
    themes = shown_themes(found.themes)
    points = plane_charts.map_points(places, titles, [course.paper_ids for course in themes])
    per = f"per {found.by}"
    parts = (
        (time_charts.publications(found), f"Publications {per}", _publications_said(found)),
        (time_charts.shares(themes, found.by), f"Themes: share of the papers {per}", _shares_said(found)),
        (plane_charts.coauthors(network), "Who wrote with whom", _network_said(network, len(ids), found.total)),
        (
            plane_charts.paper_map(points, [course.label for course in themes]),
            "Map of the papers",
            _map_said(places, len(ids), len(vectors), found, points),
        ),
    )
    drawn = tuple(
        drawings.draw(chart, title, words, f"d{number}-") for number, (chart, title, words) in enumerate(parts, 1)
    )
    return Plots(_heading(found), _summary(found), drawn)


def pictures(found: Trends, library: Library, chosen: PaperFilter | None = None) -> tuple[Picture, ...]:
    """Return the four drawings as pictures; see `draw`."""
    return draw(found, library, chosen).pictures()


def write(found: Trends, library: Library, file: Path, chosen: PaperFilter | None = None) -> None:
    """Write the four drawings into one file: a page (.html) or a picture (.png); see `draw`.

    Raises UsageError for another ending, before anything is drawn; AssistantError or StorageFull where the file cannot
    be written. A file that is there stays as it was until the new one is whole.
    """
    check_ending(file)
    plots = draw(found, library, chosen)
    content = plots.png() if file.suffix.casefold() == ".png" else plots.html().encode()
    _replace(file, content)


def check_ending(file: Path) -> None:
    """Raise UsageError unless plots can be written to a file of this name."""
    if file.suffix.casefold() not in ENDINGS:
        raise UsageError(f"Plots cannot be written as “{one_line(file.name)}”. Name a file that ends in .html or .png.")


def _replace(file: Path, content: bytes) -> None:
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{file.name[:40]}.", dir=file.parent)
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(file)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                Path(temporary).unlink(missing_ok=True)
        if error.errno == errno.ENOSPC:
            raise StorageFull(file) from error
        raise AssistantError(
            f"The plots cannot be written to {file} ({error.strerror}). Name a file in a folder that is there and that "
            "you may write to."
        ) from error


def _heading(found: Trends) -> str:
    selected = found.selected if found.selected.strip() not in ("", "papers") else "all papers"
    return shortened(f"Trends: {selected}", 120)


def _summary(found: Trends) -> str:
    said = f"{heading(found)} Drawn from titles, abstracts, authors and dates alone."
    return said if not found.undated else f"{said} {_undated(found)}"


def _undated(found: Trends) -> str:
    stands = "stands" if found.undated == 1 else "stand"
    return f"{counted(found.undated, 'paper')} without a date {stands} in no {found.by}."


def _publications_said(found: Trends) -> str:
    if not found.publications:
        return "No paper has a date."
    listed = [f"{period}: {count:,}" for period, count in found.publications]
    if len(listed) > _MOST_NAMED:
        most = max(count for _, count in found.publications)
        top = next(period for period, count in found.publications if count == most)
        listed = [f"from {found.periods[0]} to {found.periods[-1]}, most in {top} ({most:,})"]
    dated = counted(found.total - found.undated, "paper")
    said = f"{dated} by {found.by} of publication; {joined(listed)}."
    return f"{said} {_undated(found)}" if found.undated else said


def _shares_said(found: Trends) -> str:
    if not found.themes:
        return "No themes were found: there are too few papers, or they have no vectors yet."
    shown = shown_themes(found.themes)
    parts = [
        f"{counted(len(shown), 'theme')}, found by meaning; shares are of all papers of a {found.by}, "
        "with 95 % intervals (shaded bands, or lines where there are one or two periods).",
    ]
    for change in ("rising", "falling"):
        labels = [one_line(course.label) for course in shown if course.change == change]
        parts += [f"{change.capitalize()}: {joined(labels)}."] if labels else []
    unclear = sum(course.change == "unclear" for course in shown)
    if unclear:
        parts.append(f"For {unclear} of them there are too few papers to say whether they change.")
    if len(shown) < len(found.themes):
        parts.append(f"{counted(len(found.themes) - len(shown), 'smaller theme')} not drawn.")
    if found.unthemed:
        parts.append(f"{counted(found.unthemed, 'paper')} without a theme.")
    told = set(told_periods(shown))
    untold = [period for period, papers in found.publications if papers and period not in told]
    if untold:
        which = joined(untold) if len(untold) <= _MOST_UNTOLD else f"{len(untold)} periods"
        parts.append(f"Not drawn, with less than a fiftieth of the papers of the fullest {found.by}: {which}.")
    return " ".join(parts)


def _network_said(network: Network, drawn_of: int, total: int) -> str:
    if not network.members:
        return "No author is named."
    shown = len(network.members)
    parts = [
        f"Of {counted(drawn_of, 'paper')}{_of_all(drawn_of, total)}, with {counted(network.names, 'name')} on them."
    ]
    if network.links:
        first = network.links[0]
        called = {member.id: member.name for member in network.members}
        pair = f"{one_line(called[first.one])} and {one_line(called[first.other])}"
        parts.append(
            f"{'The ' if shown < network.names else ''}{counted(shown, 'person', 'people')} who wrote together most; a "
            "line is as wide as there are papers of two people together, a point as large as there are papers of one. "
            f"Most: {pair}, {counted(first.papers, 'paper')}."
        )
    else:
        parts.append("No two people wrote together.")
    if network.cut:
        parts.append(f"In {counted(network.cut, 'paper')} the list of authors is cut (“et al.”).")
    if network.crowded:
        parts.append(f"{counted(network.crowded, 'paper')} of more than a hundred authors left out.")
    return " ".join(parts)


def _map_said(places: PaperMap, drawn_of: int, with_vectors: int, found: Trends, points: Sequence[MapPoint]) -> str:
    if not places.places:
        return "No paper has a vector yet."
    near = (
        "papers of like meaning lie near each other (t-SNE of the vectors of title and abstract)"
        if places.method == "t-SNE"
        else "the two directions in which the papers differ most (principal components of the vectors)"
    )
    parts = [f"{counted(len(places.places), 'paper')}{_of_all(drawn_of, found.total)}, a point each: {near}."]
    parts.append("Colour is the theme; the axes have no unit.")
    grey = sum(point.theme is None for point in points)
    if grey:
        parts.append(f"Grey: {counted(grey, 'paper')} of no theme, or of one that is not shown.")
    if places.left_out:
        parts.append(f"A sample: {counted(places.left_out, 'more paper')} not drawn.")
    if with_vectors < drawn_of:
        parts.append(f"{counted(drawn_of - with_vectors, 'paper')} without a vector yet left out.")
    return " ".join(parts)


def _of_all(drawn_of: int, total: int) -> str:
    return f" of {total:,} (those that a theme or a term names)" if drawn_of < total else ""


def _named_papers(found: Trends) -> set[str]:
    return {paper_id for course in (*found.themes, *found.terms) for paper_id in course.paper_ids}


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{html.escape(line)}</p>" for line in text.split("\n"))
