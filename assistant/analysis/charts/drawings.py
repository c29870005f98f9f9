"""The four charts of a set of papers, drawn by Vega-Lite without a browser or a network.

What comes from papers or people stands only in the data of a chart, as text; nothing of it is a formula.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import altair as alt
import vl_convert
from lxml import etree  # type: ignore[import-untyped]

from assistant.analysis.charts.layouts import FEWEST_NEIGHBOURS, Network, Places
from assistant.analysis.trends import Trends, publications_in_words, shown_themes, verdicts
from assistant.text import counted, joined, one_line

_PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A5C3E")
"""Colours that colour-blind people tell apart, after Okabe and Ito (Color Universal Design, 2008), but the last."""

_SHAPES = ("circle", "square", "triangle-up", "diamond")  # with the colours, 28 themes look different
_INK, _QUIET, _FRAME = "#1f2933", "#5f6b76", {"stroke": "#dfe3e8"}
_CHANGES = {"rising": _PALETTE[0], "falling": _PALETTE[1]}
_WIDTH = 900  # pixels

STYLE: dict[str, Any] = {
    "font": "sans-serif",
    "padding": 12,  # letters of the reader's font may be wider than those that the chart was measured with
    "view": {"stroke": None},
    "text": {"fontSize": 12.5, "color": _INK},
    "axis": {"labelFontSize": 12, "titleFontSize": 12.5, "titleFontWeight": "normal", "titleColor": _QUIET},
    "axisX": {"ticks": False, "labelAngle": 0, "labelOverlap": True, "labelSeparation": 8},
    "header": {"labelFontSize": 13, "labelAnchor": "start", "labelColor": _INK},
    "legend": {"labelFontSize": 12.5, "labelLimit": 270, "columns": 3, "columnPadding": 30, "orient": "bottom"},
    "range": {"category": _PALETTE, "symbol": _SHAPES},
    "title": {"anchor": "start", "frame": "group", "offset": 14, "subtitleFontSize": 14, "subtitleColor": _QUIET},
}


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart as Vega-Lite and as SVG, with a title; `words` say what it shows to those who do not see it."""

    title: str
    words: str
    chart: Mapping[str, Any]
    svg: str


def publications(found: Trends) -> Drawing:
    """Draw how many papers there are of each period."""
    title = f"Publications per {found.by}"
    if not found.publications:
        return _render(title, "No paper has a date.")
    rows = [
        {"period": period, "papers": count, "description": f"{period}: {counted(count, 'paper')}"}
        for period, count in found.publications
    ]
    papers = alt.Y("papers:Q", title="Papers", axis=alt.Axis(format=",d", tickMinStep=1))
    base = _chart(rows).encode(alt.X("period:O", title=found.by.capitalize()), papers)
    layers = [base.mark_bar(color=_PALETTE[0], size=min(50, 600 / len(rows))).encode(description="description:N")]
    if len(rows) <= 36:  # above more bars there is no room for numbers
        layers.append(base.mark_text(dy=-8, aria=False).encode(text=alt.Text("papers:Q", format=",")))
    chart = alt.layer(*layers).properties(width=_WIDTH, height=240)
    undated = f" {counted(found.undated, 'paper')} without a date not drawn." if found.undated else ""
    return _render(title, publications_in_words(found) + undated, chart)


def shares(found: Trends) -> Drawing:
    """Draw the share of each theme in the papers of each period, with its 95 % interval, in a panel for each theme.

    All panels have one scale; intervals that are much wider than shares are high are cut.
    """
    title = f"Themes: share of the papers per {found.by}"
    themes = shown_themes(found.themes)
    least = max((papers for _, papers in found.publications), default=0) / 50  # a share of fewer is chance
    drawn = [period for period, papers in found.publications if papers and papers >= least]
    if not themes or not drawn:
        return _render(title, "No themes were found: there are too few papers, or they have no vectors or no dates.")
    rows = _share_rows(found, drawn)
    top = min(1.0, max(0.05, 1.8 * max(row.get("share", 0) for row in rows)))
    period = alt.X("period:O", title=found.by.capitalize())
    scale, axis = alt.Scale(domain=[0, top], clamp=True), alt.Axis(format=".0%", tickCount=3)
    share = alt.Y("share:Q", title="Share of papers", axis=axis, scale=scale)
    base = _chart(rows).encode(period, share, color=alt.Color("colour:N", scale=None))
    intervals = base.mark_rule(strokeWidth=3, opacity=0.3, aria=False).encode(alt.Y("low:Q"), y2="high:Q")
    dots = base.mark_circle(opacity=1, size=30).encode(description="description:N")
    columns = min(3, len(themes))
    width = _WIDTH / columns - 25
    panel = alt.layer(intervals, base.mark_line(aria=False), dots).properties(width=width, height=110, view=_FRAME)
    header = alt.Header(labelExpr="split(slice(datum.label, 3), '|')", labelLimit=width, title=None)
    chart = panel.facet(alt.Facet("theme:N", header=header), columns=columns)
    about = f"found by meaning; shares are of all papers of a {found.by}, upright lines are 95 % intervals"
    parts = [f"{counted(len(themes), 'theme')}, {about}.", *verdicts(found)]
    if len(themes) < len(found.themes):
        parts.append(f"{counted(len(found.themes) - len(themes), 'smaller theme')} not drawn.")
    if left_out := [period for period, papers in found.publications if 0 < papers < least]:
        which = joined(left_out) if len(left_out) <= 6 else f"{len(left_out)} periods"
        parts.append(f"Not drawn, with less than a fiftieth of the papers of the fullest {found.by}: {which}.")
    return _render(title, " ".join(parts), chart)


def _share_rows(found: Trends, drawn: Sequence[str]) -> list[dict[str, Any]]:
    """Return the shares of each theme from the first period drawn to the last; those between that are not are empty."""
    rows: list[dict[str, Any]] = []
    for number, theme in enumerate(shown_themes(found.themes)):
        label = one_line(theme.label).replace("|", "/")
        change = "too few papers to say" if theme.change == "unclear" else theme.change
        # the number keeps themes in their order, and those of one title apart; it is not shown
        name = f"{number:03}{label}|{counted(len(theme.paper_ids), 'paper')} · {change}"
        for share in [each for each in theme.shares if drawn[0] <= each.period <= drawn[-1]]:
            known = {"share": share.share, "low": share.low, "high": share.high} if share.period in drawn else {}
            row = {"theme": name, "period": share.period, "colour": _CHANGES.get(theme.change, _QUIET), **known}
            told = f"{100 * share.share:.0f} % (95 % interval {100 * share.low:.0f} to {100 * share.high:.0f} %)"
            of = f"{share.count:,} of {counted(share.papers, 'paper')}"
            rows.append({**row, "description": f"{label}, {share.period}: {of}, {told}"})
    return rows


def coauthors(
    network: Network,
    paper_count: int,
    link: Callable[[str], str] | None = None,
    link_pair: Callable[[str, str], str] | None = None,
) -> Drawing:
    """Draw who wrote with whom: lines as wide, and points as large, as there are papers. `paper_count` are meant.

    `link` gives the address to which the point of the person of an id leads, `link_pair` that of a line of two.
    """
    title = "Who wrote with whom"
    if not network.members:
        return _render(title, "No author is named.")
    links_of = _Links()
    points = [
        {
            **asdict(each),
            "description": links_of.described(f"{each.name}: {counted(each.papers, 'paper')}", link and link(each.id)),
        }
        for each in network.members
    ]
    lines = [
        {
            **{"x": one.x, "y": one.y, "x2": other.x, "y2": other.y, "papers": count},
            "description": links_of.described(
                f"{one.name} and {other.name}: {counted(count, 'paper')} together",
                link_pair and link_pair(one.id, other.id),
            ),
        }
        for one, other, count in reversed(network.links)
    ]
    width = alt.Scale(domain=[0, max([5, *(count for *_, count in network.links)])], range=[0, 6])
    x, y = _plane("x", "y", padding=60)
    links = _chart(lines).mark_rule(color="#8fb8d4", opacity=0.6, strokeCap="round").encode(x, y, x2="x2", y2="y2")
    links = links.encode(strokeWidth=alt.StrokeWidth("papers:Q", scale=width, legend=None), description="description:N")
    size = alt.Size("papers:Q", scale=alt.Scale(domainMin=0, range=[0, 300]), legend=None)
    people = _chart(points).encode(x, y)
    dots = people.mark_circle(color=_PALETTE[0], opacity=1, stroke="white").encode(size, description="description:N")
    layers = [*([links] if lines else []), dots, *_lettering(people, "name", dy=-14, limit=180)]
    chart = alt.layer(*layers).properties(width=_WIDTH, height=min(620, 110 + 26 * len(points)))
    words = f"Of {counted(paper_count, 'paper')} by {counted(network.people, 'person', 'people')}."
    if network.links:
        most, other, count = network.links[0]
        words += (
            f" {counted(len(points), 'person', 'people')} who wrote together most; the more papers two wrote together, "
            f"the wider their line, the more one wrote, the larger the point."
            f" Most: {most.name} and {other.name}: {counted(count, 'paper')} together."
        )
    if network.cut:
        words += f" In {counted(network.cut, 'paper')} the list of authors is cut (“et al.”)."
    if network.crowded:
        words += f" {counted(network.crowded, 'paper')} of more than a hundred authors left out."
    return _render(title, words, chart, links_of)


def paper_map(
    places: Places,
    paper_count: int,
    titles: Mapping[str, str],
    found: Trends,
    link: Callable[[str], str] | None = None,
) -> Drawing:
    """Draw papers by meaning, coloured by theme; a paper of several themes has the first one's colour.

    `link` gives the address to which the point of the paper of an id leads.
    """
    title = "Map of the papers"
    if not places:
        return _render(title, "No paper has a vector yet, so that there is no map of them.")
    themes = {f"{number} {one_line(each.label)}": each for number, each in enumerate(shown_themes(found.themes), 1)}
    theme_of = {paper_id: name for name in reversed(themes) for paper_id in themes[name].paper_ids}
    links_of = _Links()
    described = {each: links_of.described(one_line(titles.get(each, "")), link and link(each)) for each in places}
    rows: list[dict[str, Any]] = [
        {"x": x, "y": y, "theme": theme_of.get(each, ""), "description": described[each]}
        for each, (x, y) in places.items()
    ]
    themed = [{**row, "number": row["theme"].partition(" ")[0]} for row in rows if row["theme"]]
    x, y = _plane("x", "y", padding=30)
    size = 160 if len(rows) <= 60 else 80 if len(rows) <= 400 else 36
    grey = _chart([row for row in rows if not row["theme"]]).mark_circle(color="#b4bcc4", size=size)
    layers = [grey.encode(x, y, description="description:N")]
    if themed:
        scale = alt.Scale(domain=[*themes])
        colour, shape = (channel("theme:N", title=None, scale=scale) for channel in (alt.Color, alt.Shape))
        points = _chart(themed).mark_point(filled=True, size=size, opacity=0.8)
        middles = _chart(themed).encode(*_plane("median(x)", "median(y)", padding=30))
        layers += [points.encode(x, y, colour, shape, description="description:N")]
        layers += _lettering(middles, "number", fontSize=15, fontWeight="bold")
    chart = alt.layer(*layers).properties(width=_WIDTH, height=620 if len(rows) > 12 else 310, view=_FRAME)
    near = "papers of like meaning lie near each other (t-SNE of the vectors of title and abstract)"
    if len(rows) < FEWEST_NEIGHBOURS:
        near = "the two directions in which the papers differ most (principal components of the vectors)"
    words = f"{len(rows):,} of {counted(paper_count, 'paper')}, a point each: {near}. Colour and shape are the theme, "
    words += "whose number is in the middle of its papers; grey ones are of no theme, or of one that is not shown."
    return _render(title, words, chart, links_of)


class _Links:
    """Addresses to which marks lead. Until it is drawn, the description of such a mark begins with a number.

    Vega draws links only where it may load what they name, so that they are put in afterwards.
    """

    def __init__(self) -> None:
        self._addresses: list[str] = []

    def described(self, words: str, address: str | None) -> str:
        """Return the description of a mark that leads to an address; in one chart all marks do, or none does."""
        if address is None:
            return words
        self._addresses.append(address)
        return f"{len(self._addresses) - 1}|{words}"

    def put_in(self, mark: etree._Element) -> None:
        """Make a mark of a chart a link, if it is one that leads somewhere."""
        number, separator, words = mark.get("aria-label").partition("|")
        if not (separator and number.isdecimal() and int(number) < len(self._addresses)):
            return
        link = etree.Element(f"{{{mark.nsmap[None]}}}a", {"href": self._addresses[int(number)], "aria-label": words})
        mark.set("aria-label", words)
        mark.getparent().replace(mark, link)
        link.append(mark)


def _render(title: str, words: str, chart: alt.TopLevelMixin | None = None, links: _Links | None = None) -> Drawing:
    """Draw a chart, or the words alone; the description of a mark becomes its tooltip."""
    if chart is None:
        remark = _chart([{"words": words}]).mark_text(color=_QUIET, fontSize=14, aria=False).encode(text="words:N")
        chart = remark.properties(width=_WIDTH, height=70)
    specification = chart.to_dict(validate=False)
    svg = vl_convert.vegalite_to_svg(specification, config=STYLE, allowed_base_urls=[])
    root = etree.fromstring(svg, etree.XMLParser(huge_tree=True))
    for mark in root.xpath("//*[@aria-label][not(*)]"):
        if links:
            links.put_in(mark)
        etree.SubElement(mark, f"{{{root.nsmap[None]}}}title").text = mark.get("aria-label")
    for layer in root.xpath("//*[@role='graphics-symbol'][not(@aria-label)]"):  # one that holds nothing to be named
        del layer.attrib["role"]
    etree.cleanup_namespaces(root)
    return Drawing(title, words, specification, etree.tostring(root, encoding="unicode"))


def _chart(rows: Sequence[Mapping[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.Data(values=list(rows)))  # type: ignore[no-untyped-call]


def _plane(x: str, y: str, padding: float) -> tuple[alt.X, alt.Y]:
    """Return two fields as places on a plane without axes, with so many pixels beside them and half above."""
    beside, above = (alt.Scale(zero=False, nice=False, padding=pixels) for pixels in (padding, padding / 2))
    return alt.X(f"{x}:Q", scale=beside, axis=None), alt.Y(f"{y}:Q", scale=above, axis=None)


def _lettering(base: alt.Chart, text: str, **style: Any) -> list[alt.Chart]:
    """Return a field of a chart as words with a white rim, so that they can be read on whatever they lie."""
    base = base.encode(text=f"{text}:N")
    rim = base.mark_text(aria=False, stroke="white", strokeWidth=4, strokeJoin="round", **style)
    return [rim, base.mark_text(aria=False, **style)]
