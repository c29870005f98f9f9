"""The four charts of a set of papers, as Vega-Lite: publications, shares of themes, co-authors, and the map.

What comes from papers or people stands only in the data of a chart, as text; nothing of it is a formula.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from assistant.coauthor_network import Network
from assistant.label_places import Box, apart, text_width
from assistant.paper_map import PaperMap
from assistant.trends import Course, Share, Trends
from assistant.wording import counted, one_line

WIDTH = 900
"""Pixels that a chart is wide, with its axes."""

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A5C3E")
"""Colours that colour-blind people tell apart, after Okabe and Ito (Color Universal Design, 2008), but for the brown."""

SHAPES = ("circle", "square", "triangle-up", "diamond")
"""Every seven themes the next shape: 28 themes look different."""

INK, QUIET, LINE, NOBODY = "#1f2933", "#5f6b76", "#dfe3e8", "#b4bcc4"

_CHANGE_COLOURS: Mapping[str, str] = {"rising": "#0072B2", "falling": "#D55E00"}
_LONGEST_NAME = 26
_LONGEST_THEME = 34
_LETTERS = 0.9
_NETWORK_HEIGHT, _MAP_HEIGHT = 620, 620
_NAME_SIZE, _THEME_SIZE = 12.5, 13.0
_AXIS_ROOM = 62
"""Pixels left of a chart that its axis takes."""


@dataclass(frozen=True, slots=True)
class MapPoint:
    """A paper on the map: where, its title, and the place of its theme among the themes; None where it has none."""

    x: float
    y: float
    title: str
    theme: int | None


def shortened(text: str, longest: int) -> str:
    """Return text on one line, cut where it is longer."""
    line = one_line(text)
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def publications(found: Trends) -> alt.LayerChart | alt.Chart:
    """Draw how many papers there are of each period."""
    if not found.publications:
        return placeholder("No paper has a date.")
    rows = [
        {"period": period, "papers": count, "said": f"{period}: {counted(count, 'paper')}"}
        for period, count in found.publications
    ]
    width = min(WIDTH - _AXIS_ROOM, 70 * len(rows) + 40)
    most = max(count for _, count in found.publications)
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=_period_axis([period for period, _ in found.publications], width, found.by.capitalize()),
        y=alt.Y("papers:Q", title="Papers", axis=_counts(most), scale=alt.Scale(domain=[0, most * 1.12])),
    )
    bars = base.mark_bar(color=PALETTE[0], width=alt.RelativeBandSize(0.72)).encode(description="said:N")
    if width / len(rows) < text_width(f"{most:,}", 12):
        return _sized(alt.layer(bars), width, 240)
    numbers = base.mark_text(dy=-8, fontSize=12, color=INK, aria=False).encode(text=alt.Text("papers:Q", format=","))
    return _sized(alt.layer(bars, numbers), width, 240)


def shares(themes: Sequence[Course], by: str) -> alt.TopLevelMixin:
    """Draw the share of each theme in the papers of each period, with its 95 % interval.

    Up to two periods are bars; of more, each theme has a panel of its own, all of one scale.
    """
    if not themes:
        return placeholder("No themes were found in these papers.")
    periods = [share.period for share in themes[0].shares if share.papers]
    if not periods:
        return placeholder("No paper has a date, so that no theme has a share of a period.")
    if len(periods) <= 2:
        return _interval_bars(themes, periods)
    top = _top(themes)
    columns = len(themes) if len(themes) <= 2 else 2 if len(themes) == 4 else 3
    width = min(420, WIDTH // columns - 70)
    panels = [_panel(course, by, width, top, len(periods)) for course in themes]
    return alt.concat(*panels, columns=columns, spacing=22).configure_view(stroke=LINE)


def coauthors(network: Network) -> alt.LayerChart | alt.Chart:
    """Draw who wrote with whom: lines as wide, and points as large, as there are papers."""
    if not network.members:
        return placeholder("No author is named.")
    names = [shortened(member.name, _LONGEST_NAME) for member in network.members]
    boxes = apart(
        [
            Box(member.x * WIDTH, member.y * _NETWORK_HEIGHT, text_width(name, _NAME_SIZE) + 8, 36)
            for member, name in zip(network.members, names, strict=True)
        ],
        WIDTH,
        _NETWORK_HEIGHT,
    )
    place = {member.id: box for member, box in zip(network.members, boxes, strict=True)}
    called = {member.id: name for member, name in zip(network.members, names, strict=True)}
    most = max((link.papers for link in network.links), default=1)
    lines = [
        {
            "x": place[link.one].x,
            "y": place[link.one].y + 6,
            "x2": place[link.other].x,
            "y2": place[link.other].y + 6,
            "width": 1 + 5 * (link.papers - 1) / max(1, most - 1),
            "said": f"{called[link.one]} and {called[link.other]}: {counted(link.papers, 'paper')} together",
        }
        for link in reversed(network.links)
    ]
    largest = max(member.papers for member in network.members)
    points = [
        {
            "x": place[member.id].x,
            "y": place[member.id].y + 6,
            "size": 40 + 260 * member.papers / largest,
            "name": called[member.id],
            "said": f"{called[member.id]}: {counted(member.papers, 'paper')}",
        }
        for member in network.members
    ]
    x, y = _pixels("x", WIDTH), _pixels("y", _NETWORK_HEIGHT)
    links = alt.Chart(alt.Data(values=lines)).mark_rule(color="#8fb8d4", strokeCap="round", opacity=0.75)
    links = links.encode(
        x=x, y=y, x2="x2:Q", y2="y2:Q", strokeWidth=alt.StrokeWidth("width:Q", scale=None), description="said:N"
    )
    people = alt.Chart(alt.Data(values=points)).encode(x=x, y=y)
    dots = people.mark_circle(color=PALETTE[0], opacity=1, stroke="white", strokeWidth=1).encode(
        size=alt.Size("size:Q", scale=None), description="said:N"
    )
    above = {"dy": -15, "fontSize": _NAME_SIZE, "aria": False}
    halo = people.mark_text(stroke="white", strokeWidth=4, strokeJoin="round", color="white", **above)
    words = people.mark_text(color=INK, **above)
    layers = [*([links] if lines else []), dots, halo.encode(text="name:N"), words.encode(text="name:N")]
    return _sized(alt.layer(*layers), WIDTH, _NETWORK_HEIGHT)


def paper_map(points: Sequence[MapPoint], titles: Sequence[str]) -> alt.LayerChart | alt.Chart:
    """Draw papers by their meaning, coloured by theme; the titles of the themes stand where most of their papers are."""
    if not points:
        return placeholder("No paper has a vector yet, so that there is no map of them.")
    margin = 12
    width, height = WIDTH - 2 * margin, _MAP_HEIGHT - 2 * margin
    rows = [
        {
            "x": margin + point.x * width,
            "y": margin + point.y * height,
            "colour": NOBODY if point.theme is None else PALETTE[point.theme % len(PALETTE)],
            "shape": "circle" if point.theme is None else SHAPES[point.theme // len(PALETTE) % len(SHAPES)],
            "said": shortened(point.title, 300),
        }
        for point in sorted(points, key=lambda point: point.theme is not None)
    ]
    x, y = _pixels("x", WIDTH), _pixels("y", _MAP_HEIGHT)
    dots = alt.Chart(alt.Data(values=rows)).mark_point(filled=True, size=_dot_size(len(rows)), opacity=0.75)
    dots = dots.encode(
        x=x,
        y=y,
        color=alt.Color("colour:N", scale=None),
        shape=alt.Shape("shape:N", scale=None),
        description="said:N",
    )
    names = _theme_names(points, titles, width, height)
    if not names:
        return _sized(alt.layer(dots), WIDTH, _MAP_HEIGHT)
    words = alt.Chart(alt.Data(values=names)).encode(x=x, y=y, text="name:N")
    style = {"fontSize": _THEME_SIZE, "fontWeight": "bold", "aria": False}
    halo = words.mark_text(stroke="white", strokeWidth=5, strokeJoin="round", color="white", **style)
    return _sized(alt.layer(dots, halo, words.mark_text(color=INK, **style)), WIDTH, _MAP_HEIGHT)


def map_points(places: PaperMap, titles: Mapping[str, str], themes: Sequence[Sequence[str]]) -> list[MapPoint]:
    """Return the papers of a map with titles and themes; a paper of several themes has the first one's colour."""
    theme_of: dict[str, int] = {}
    for number, paper_ids in enumerate(themes):
        for paper_id in paper_ids:
            theme_of.setdefault(paper_id, number)
    return [
        MapPoint(place.x, place.y, titles.get(place.paper_id, ""), theme_of.get(place.paper_id))
        for place in places.places
    ]


def placeholder(words: str) -> alt.Chart:
    """Draw nothing but a remark that says why there is nothing."""
    chart = alt.Chart(alt.Data(values=[{"words": words}])).mark_text(color=QUIET, fontSize=14, aria=False)
    framed: alt.Chart = _sized(chart.encode(text="words:N"), WIDTH, 70)
    return framed


def _panel(course: Course, by: str, width: int, top: float, periods: int) -> alt.LayerChart:
    rows = [
        {
            "period": share.period,
            "share": share.share if share.papers else None,
            "low": share.low if share.papers else None,
            "high": min(share.high, top) if share.papers else None,
            "said": _share_said(course.label, share),
        }
        for share in course.shares
    ]
    colour = _CHANGE_COLOURS.get(course.change, QUIET)
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=_period_axis([share.period for share in course.shares], width, by.capitalize())
    )
    percent = alt.Axis(format=".0%", tickCount=3, title="Share of papers")
    scale = alt.Scale(domain=[0, top], nice=False)
    band = base.mark_area(color=colour, opacity=0.2, clip=True, aria=False).encode(
        y=alt.Y("low:Q", axis=percent, scale=scale), y2="high:Q"
    )
    line = base.mark_line(color=colour, strokeWidth=2, aria=False).encode(y=alt.Y("share:Q", axis=percent, scale=scale))
    dots = base.mark_circle(color=colour, opacity=1, size=46 if periods <= 24 else 18).encode(
        y=alt.Y("share:Q", axis=percent, scale=scale), description="said:N"
    )
    change = course.change if course.change != "unclear" else "too few papers to say"
    title = alt.TitleParams(
        shortened(course.label, min(_LONGEST_THEME, int(width / 7.6))),
        subtitle=f"{counted(len(course.paper_ids), 'paper')} · {change}",
        anchor="start",
        frame="group",
        fontSize=13.5,
        subtitleFontSize=12,
        subtitleColor=colour,
        color=INK,
        offset=6,
    )
    shown: alt.LayerChart = alt.layer(band, line, dots).properties(width=width, height=110, title=title)
    return shown


def _interval_bars(themes: Sequence[Course], periods: Sequence[str]) -> alt.LayerChart | alt.Chart:
    names = _distinct([shortened(course.label, _LONGEST_THEME) for course in themes])
    rows = [
        {
            "theme": name,
            "period": share.period,
            "share": share.share,
            "low": share.low,
            "high": share.high,
            "said": _share_said(name, share),
        }
        for name, course in zip(names, themes, strict=True)
        for share in course.shares
        if share.papers
    ]
    is_two = len(periods) == 2
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("theme:N", sort=names, title=None, axis=alt.Axis(labelLimit=300, labelPadding=8, grid=False))
    )
    if is_two:
        colours = alt.Scale(domain=list(periods), range=[PALETTE[1], PALETTE[0]])
        legend = alt.Legend(title=None, orient="top", symbolType="circle", symbolSize=90, labelFontSize=13)
        base = base.encode(
            yOffset=alt.YOffset("period:N", sort=list(periods)),
            color=alt.Color("period:N", scale=colours, legend=legend),
        )
    whole = alt.Scale(
        domain=[0, min(1.0, max(course.high for each in themes for course in each.shares if course.papers))]
    )
    percent = alt.Axis(format=".0%", title=f"Share of the papers of {' or '.join(periods)}", tickCount=6)
    colour = {} if is_two else {"color": PALETTE[0]}
    rules = base.mark_rule(strokeWidth=2, opacity=0.55, aria=False, **colour).encode(
        x=alt.X("low:Q", axis=percent, scale=whole), x2="high:Q"
    )
    dots = base.mark_circle(size=90, opacity=1, **colour).encode(
        x=alt.X("share:Q", axis=percent, scale=whole), description="said:N"
    )
    height = len(names) * (40 if is_two else 28) + 10
    return _sized(alt.layer(rules, dots), WIDTH - 320, height)


def _share_said(theme: str, share: Share) -> str:
    percent = f"{100 * share.share:.0f} % (95 % interval {100 * share.low:.0f} to {100 * share.high:.0f} %)"
    return f"{shortened(theme, 80)}, {share.period}: {share.count:,} of {counted(share.papers, 'paper')}, {percent}"


def _top(themes: Sequence[Course]) -> float:
    """Return the upper end of the scale of shares: wide intervals of periods with few papers are cut rather than shown."""
    known = [share for course in themes for share in course.shares if share.papers]
    highest = max(share.share for share in known)
    return min(1.0, max(share.high for share in known), max(0.05, 1.8 * highest))


def _theme_names(
    points: Sequence[MapPoint], titles: Sequence[str], width: float, height: float
) -> list[dict[str, float | str]]:
    """Return the themes' titles in the middle of their papers, moved apart."""
    names: list[str] = []
    boxes: list[Box] = []
    for number, title in enumerate(titles):
        held = [point for point in points if point.theme == number]
        if held:
            name = shortened(title, _LONGEST_THEME)
            names.append(name)
            x, y = _middle([point.x for point in held]) * width, _middle([point.y for point in held]) * height
            boxes.append(Box(x, y, text_width(name, _THEME_SIZE) + 10, _THEME_SIZE + 6))
    placed = apart(boxes, WIDTH, _MAP_HEIGHT)
    return [{"name": name, "x": box.x, "y": box.y} for name, box in zip(names, placed, strict=True)]


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


def _dot_size(count: int) -> float:
    return 160.0 if count <= 60 else 80.0 if count <= 400 else 36.0


def _distinct(names: Sequence[str]) -> list[str]:
    """Return the names so that no two are the same: a chart would draw them as one."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


def _period_axis(periods: Sequence[str], width: float, title: str) -> alt.X:
    """Return the axis of the periods, all in order, with as many of their names as can be read."""
    letters = max((text_width(period, 12) for period in periods), default=40) + 14
    step = max(1, -(-len(periods) // max(1, int(width / letters))))
    shown = list(periods[::step])
    axis = alt.Axis(values=shown, labelAngle=0, labelFlush=False, labelOverlap=False, grid=False, title=title)
    return alt.X("period:O", sort=list(periods), scale=alt.Scale(domain=list(periods)), axis=axis)


def _counts(most: int) -> alt.Axis:
    return alt.Axis(format=",d", tickMinStep=1, tickCount=min(5, most))


def _pixels(channel: str, length: float) -> Any:
    axis = {"x": alt.X, "y": alt.Y}[channel]
    scale = alt.Scale(domain=[0, length] if channel == "x" else [length, 0], nice=False, zero=False)
    return axis(f"{channel}:Q", scale=scale, axis=None)


def _sized(chart: Any, width: float, height: float) -> Any:
    return chart.properties(width=width, height=height).configure_view(stroke=None)
