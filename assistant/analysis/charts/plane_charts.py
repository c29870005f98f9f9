"""Charts of who wrote with whom and of what lies near what, as Vega-Lite: points on a plane with words beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from assistant.analysis.charts.chart_style import (
    INK,
    LINE,
    LONGEST_THEME,
    PALETTE,
    WIDTH,
    Chart,
    data,
    placeholder,
    shortened,
    sized,
)
from assistant.analysis.charts.coauthor_network import Network
from assistant.analysis.charts.label_places import Box, apart, text_width
from assistant.analysis.charts.paper_map import PaperMap
from assistant.text import counted

SHAPES = ("circle", "square", "triangle-up", "diamond")
"""Every seven themes the next shape: 28 themes look different."""

_DARKER = ("#005A8F", "#A64900", "#00674A", "#974574", "#865C00", "#1B6A99", "#5A432C")
"""The colours of the palette, dark enough for words on white."""

_NOBODY = "#b4bcc4"
_LONGEST_NAME = 26
_HEIGHT = 620
"""Pixels that a plane with many points on it is high."""

_MANY_LINKS = 120
_FEW_POINTS = 12
_NAME_SIZE, _THEME_SIZE = 12.5, 13.0
_ABOVE = 14
"""Pixels by which a theme's title stands above the middle of its papers, so as not to hide it."""


@dataclass(frozen=True, slots=True)
class MapPoint:
    """A paper on the map: where, its title, and the place of its theme among the themes; None where it has none."""

    x: float
    y: float
    title: str
    theme: int | None


def coauthors(network: Network) -> Chart:
    """Draw who wrote with whom: lines as wide, and points as large, as there are papers."""
    if not network.members:
        return placeholder("No author is named.")
    height = min(_HEIGHT, 110 + 26 * len(network.members))
    names = [shortened(member.name, _LONGEST_NAME) for member in network.members]
    boxes = apart(
        [
            Box(member.x * WIDTH, member.y * height, text_width(name, _NAME_SIZE) + 8, 36)
            for member, name in zip(network.members, names, strict=True)
        ],
        WIDTH,
        height,
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
            "width": 1 + 5 * (link.papers - 1) / max(4, most - 1),
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
    x, y = _pixels("x", WIDTH), _pixels("y", height)
    links = alt.Chart(data(lines)).mark_rule(
        color="#8fb8d4", strokeCap="round", opacity=0.75 if len(lines) <= _MANY_LINKS else 0.3
    )
    links = links.encode(
        x=x, y=y, x2="x2:Q", y2="y2:Q", strokeWidth=alt.StrokeWidth("width:Q", scale=None), description="said:N"
    )
    people = alt.Chart(data(points)).encode(x=x, y=y)
    dots = people.mark_circle(color=PALETTE[0], opacity=1, stroke="white", strokeWidth=1).encode(
        size=alt.Size("size:Q", scale=None), description="said:N"
    )
    above: dict[str, Any] = {"dy": -15, "fontSize": _NAME_SIZE, "aria": False}
    halo = people.mark_text(stroke="white", strokeWidth=4, strokeJoin="round", color="white", **above)
    words = people.mark_text(color=INK, **above)
    layers = [*([links] if lines else []), dots, halo.encode(text="name:N"), words.encode(text="name:N")]
    return sized(alt.layer(*layers), WIDTH, height)


def paper_map(points: Sequence[MapPoint], titles: Sequence[str]) -> Chart:
    """Draw papers by meaning, coloured by theme; a theme's title stands in the middle of its papers."""
    if not points:
        return placeholder("No paper has a vector yet, so that there is no map of them.")
    margin, whole = 12, _HEIGHT if len(points) > _FEW_POINTS else _HEIGHT // 2
    width, height = WIDTH - 2 * margin, whole - 2 * margin
    rows = [
        {
            "x": margin + point.x * width,
            "y": margin + point.y * height,
            "colour": _NOBODY if point.theme is None else PALETTE[point.theme % len(PALETTE)],
            "shape": "circle" if point.theme is None else SHAPES[point.theme // len(PALETTE) % len(SHAPES)],
            "said": shortened(point.title, 300),
        }
        for point in sorted(points, key=lambda point: point.theme is not None)
    ]
    x, y = _pixels("x", WIDTH), _pixels("y", whole)
    dots = alt.Chart(data(rows)).mark_point(filled=True, size=_dot_size(len(rows)), opacity=0.75)
    dots = dots.encode(
        x=x,
        y=y,
        color=alt.Color("colour:N", scale=None),
        shape=alt.Shape("shape:N", scale=None),
        description="said:N",
    )
    names = _theme_names(points, titles, width, height, whole)
    if not names:
        return sized(alt.layer(dots), WIDTH, whole, frame=LINE)
    words = alt.Chart(data(names)).encode(x=x, y=y, text="name:N")
    coloured = words.encode(color=alt.Color("colour:N", scale=None))
    style: dict[str, Any] = {"fontSize": _THEME_SIZE, "fontWeight": "bold", "aria": False}
    halo = words.mark_text(stroke="white", strokeWidth=5, strokeJoin="round", color="white", **style)
    return sized(alt.layer(dots, halo, coloured.mark_text(**style)), WIDTH, whole, frame=LINE)


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


def _theme_names(
    points: Sequence[MapPoint], titles: Sequence[str], width: float, height: float, whole: float
) -> list[dict[str, float | str]]:
    """Return the themes' titles with their colours, in the middle of their papers, moved apart."""
    names: list[tuple[str, str]] = []
    boxes: list[Box] = []
    for number, title in enumerate(titles):
        held = [point for point in points if point.theme == number]
        if held:
            name = shortened(title, LONGEST_THEME)
            names.append((name, _DARKER[number % len(_DARKER)]))
            x, y = _middle([point.x for point in held]) * width, _middle([point.y for point in held]) * height
            boxes.append(Box(x, y - _ABOVE, text_width(name, _THEME_SIZE) + 10, _THEME_SIZE + 6))
    placed = apart(boxes, WIDTH, whole)
    return [
        {"name": name, "colour": colour, "x": box.x, "y": box.y}
        for (name, colour), box in zip(names, placed, strict=True)
    ]


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


def _dot_size(count: int) -> float:
    return 160.0 if count <= 60 else 80.0 if count <= 400 else 36.0


def _pixels(channel: str, length: float) -> Any:
    axis = {"x": alt.X, "y": alt.Y}[channel]
    scale = alt.Scale(domain=[0, length] if channel == "x" else [length, 0], nice=False, zero=False)
    return axis(f"{channel}:Q", scale=scale, axis=None)
