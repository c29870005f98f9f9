"""The plots of the trends of a set of papers: four drawings as one page, as one picture, or one by one."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import vl_convert

from assistant.analysis.charts import drawings, layouts
from assistant.analysis.charts.drawings import STYLE, Drawing
from assistant.analysis.charts.layouts import Network
from assistant.analysis.trends import Trends, heading
from assistant.errors import AssistantError, UsageError
from assistant.library import Library
from assistant.text import one_line
from assistant.types import PaperFilter
from assistant.whole_files import replaced

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;color:#1f2933;background:#fff}main{max-width:62rem;margin:1rem auto}"
    "h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:0}p{margin:0 0 .4rem;color:#5f6b76;font-size:.92rem}"
    "figure{margin:2rem 0;break-inside:avoid;overflow-x:auto}svg{height:auto;max-width:max(100%,42rem)}"
    "[role=graphics-symbol]:not(g):hover{stroke:#1f2933;stroke-width:2px}"
)


@dataclass(frozen=True, slots=True)
class Plots:
    """The four drawings of a set of papers, and what they are drawn of in words."""

    heading: str
    words: str
    drawings: tuple[Drawing, ...]

    def png(self) -> bytes:
        """Return all drawings as one picture, below each other with their titles and words."""
        page = {
            "title": {**_titled(self.heading, self.words, 24), "offset": 30},
            "vconcat": [{**each.chart, "title": _titled(each.title, each.words, 18)} for each in self.drawings],
            "resolve": {"scale": dict.fromkeys(("color", "shape", "size", "strokeWidth"), "independent")},
            "spacing": 40,
            "padding": 36,
        }
        return bytes(vl_convert.vegalite_to_png(page, scale=2, config=STYLE, allowed_base_urls=[]))

    def html(self) -> str:
        """Return all drawings as one page that needs no network, no script and no other file.

        What stands in it of papers and people is escaped; its own policy forbids whatever would get in all the same.
        """
        namespace = ' xmlns="http://www.w3.org/2000/svg"'  # not needed within HTML
        figures = "".join(
            f"<figure><figcaption><h2>{html.escape(each.title)}</h2><p>{html.escape(each.words)}</p></figcaption>"
            f"{each.svg.replace(namespace, '', 1)}</figure>"
            for each in self.drawings
        )
        title = html.escape(self.heading)
        return (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{title}</title><style>{_STYLE}</style></head><body><main><h1>{title}</h1>"
            f"<p>{html.escape(self.words)}</p>{figures}</main></body></html>\n"
        )


def draw(found: Trends, library: Library, paper_filter: PaperFilter) -> Plots:
    """Draw the trends of the papers of a filter: how many, their themes, who wrote with whom, and a map of them."""
    drawn = (
        drawings.publications(found),
        drawings.shares(found),
        draw_people(library, paper_filter)[1],
        draw_map(found, library, paper_filter),
    )
    selected = one_line(found.selected) if found.selected.strip() not in ("", "papers") else "all papers"
    words = f"{heading(found)} Drawn from titles, abstracts, authors and dates alone."
    return Plots(f"Trends: {selected}", words, drawn)


def draw_people(
    library: Library,
    paper_filter: PaperFilter,
    link: Callable[[str], str] | None = None,
    link_pair: Callable[[str, str], str] | None = None,
) -> tuple[Network, Drawing]:
    """Draw who wrote with whom in the papers of a filter; the links are as in `drawings.coauthors`."""
    ids = library.ids(paper_filter)
    network = layouts.coauthor_network(library, ids)
    return network, drawings.coauthors(network, len(ids), link, link_pair)


def draw_map(
    found: Trends, library: Library, paper_filter: PaperFilter, link: Callable[[str], str] | None = None
) -> Drawing:
    """Draw the papers of a filter by meaning; the link is as in `drawings.paper_map`."""
    ids = library.ids(paper_filter)
    places = layouts.paper_map(library.vectors(sorted(ids)))
    titles = {paper.id: paper.title for paper in library.papers_by_id([*places])}
    return drawings.paper_map(places, len(ids), titles, found, link)


def write(found: Trends, library: Library, file: Path, paper_filter: PaperFilter) -> None:
    """Write the four drawings into one file: a page (.html) or a picture (.png); see `draw`.

    Raises UsageError for another ending, before anything is drawn, and AssistantError where the file cannot be written.
    A file that is there stays as it was until the new one is whole.
    """
    check_ending(file)
    plots = draw(found, library, paper_filter)
    content = plots.png() if file.suffix.casefold() == ".png" else plots.html().encode()
    try:
        with replaced(file) as opened:
            opened.write(content)
    except OSError as error:
        raise AssistantError(
            f"The plots cannot be written to {file} ({error.strerror}). Name another file, in a folder that is there "
            "and that you may write to, or make room."
        ) from error


def check_ending(file: Path) -> None:
    """Raise UsageError unless plots can be written to a file of this name."""
    if file.suffix.casefold() not in (".html", ".png"):
        raise UsageError(f"Plots cannot be written as “{one_line(file.name)}”. Name a file that ends in .html or .png.")


def _titled(title: str, words: str, size: int) -> dict[str, Any]:
    return {"text": textwrap.wrap(title, 75), "subtitle": textwrap.wrap(words, 140), "fontSize": size}
