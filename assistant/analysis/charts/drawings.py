"""Charts as drawings: rendered without a browser, and cleaned so that they can stand in a page or in one picture."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import vl_convert
from lxml import etree  # type: ignore[import-untyped]

from assistant.analysis.charts.chart_style import INK, LINE, QUIET, WIDTH, Chart
from assistant.analysis.charts.label_places import text_width
from assistant.errors import AssistantError

SCALE = 2
"""Pixels of a PNG for each pixel of the drawing: sharp on fine screens and in print."""

_SVG = "http://www.w3.org/2000/svg"
_TAGS = frozenset({"svg", "g", "path", "line", "rect", "text", "tspan", "circle", "defs", "clipPath", "title"})
_ATTRIBUTES = frozenset(
    (
        "aria-hidden aria-label class clip-path d dx dy fill fill-opacity font-family font-size font-style font-weight "
        "height id opacity pointer-events role rx ry stroke stroke-dasharray stroke-linecap stroke-linejoin "
        "stroke-miterlimit stroke-opacity stroke-width text-anchor transform viewBox width x x1 x2 y y1 y2"
    ).split()
)
_MARKS = frozenset({"path", "line", "rect", "text", "circle"})
_INNER = re.compile(r"url\(#([\w-]+)\)")
_LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}(?:e-?\d+)?")
_MARGIN = 36
_FONT = "sans-serif"

_CONFIG: dict[str, Any] = {
    "font": _FONT,
    "background": "white",
    "axis": {
        "labelFontSize": 12,
        "titleFontSize": 12.5,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": QUIET,
        "gridColor": LINE,
        "domainColor": QUIET,
        "tickColor": QUIET,
        "titlePadding": 8,
    },
    "legend": {"labelFontSize": 12, "titleFontSize": 12},
}


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart as SVG of a size in pixels, with a heading, and in words for those who do not see it."""

    title: str
    words: str
    svg: str
    width: float
    height: float


def draw(chart: Chart, title: str, words: str, prefix: str) -> Drawing:
    """Render a chart. `prefix` goes before the ids within it, so that several drawings can stand in one page.

    What a mark says of itself becomes its tooltip. Nothing is fetched, and no script, link or style is kept.
    """
    specification: dict[str, Any] = chart.to_dict(validate=False)
    specification["config"] = {**specification.get("config", {}), **_CONFIG}
    try:
        raw = vl_convert.vegalite_to_svg(specification, allowed_base_urls=[])
    except ValueError as error:
        raise AssistantError(f"The plot “{title}” cannot be drawn: {error}. Fewer papers or periods can be.") from error
    root = _clean(raw, prefix)
    width, height = float(root.get("width", WIDTH)), float(root.get("height", WIDTH))
    return Drawing(title, words, etree.tostring(root, encoding="unicode"), width, height)


def picture(drawings: Sequence[Drawing]) -> bytes:
    """Return a PNG of drawings below each other, bare of headings."""
    return _png(stacked("", "", drawings, is_bare=True))


def sheet(heading: str, words: str, drawings: Sequence[Drawing]) -> bytes:
    """Return a PNG of drawings below each other, with a heading and what is to be said of each."""
    return _png(stacked(heading, words, drawings))


def stacked(heading: str, words: str, drawings: Sequence[Drawing], *, is_bare: bool = False) -> str:
    """Return one SVG of drawings below each other."""
    width = max([WIDTH, *(drawing.width for drawing in drawings)]) + 2 * _MARGIN
    root = etree.Element(f"{{{_SVG}}}svg", nsmap={None: _SVG})
    ground = etree.SubElement(root, f"{{{_SVG}}}rect", fill="white", x="0", y="0")
    top = float(_MARGIN)
    if not is_bare:
        top = _lines(root, heading, top, size=24, colour=INK, width=width, weight="bold")
        top = _lines(root, words, top + 4, size=14, colour=QUIET, width=width) + 18
    for drawing in drawings:
        if not is_bare:
            top = _lines(root, drawing.title, top + 10, size=18, colour=INK, width=width, weight="bold")
            top = _lines(root, drawing.words, top + 2, size=13, colour=QUIET, width=width) + 12
        inner = etree.fromstring(drawing.svg, _parser())
        inner.set("x", str(_MARGIN))
        inner.set("y", f"{top:.1f}")
        root.append(inner)
        top += drawing.height + 28
    for element in (root, ground):
        element.set("width", f"{width:.0f}")
        element.set("height", f"{top:.0f}")
    return str(etree.tostring(root, encoding="unicode"))


def for_page(drawing: Drawing) -> str:
    """Return a drawing as it may stand within an HTML page: without the namespace, which HTML does not need."""
    return drawing.svg.replace(f' xmlns="{_SVG}"', "", 1)


def _png(svg: str) -> bytes:
    return bytes(vl_convert.svg_to_png(svg, scale=SCALE))


def _lines(
    root: Any, text: str, top: float, *, size: float, colour: str, width: float, weight: str = "normal"
) -> float:
    """Write text in lines below `top`, and return where they end."""
    letters = int((width - 2 * _MARGIN) / text_width("x", size) * 1.1)
    for line in _wrapped(text, letters):
        top += size * 1.4
        element = etree.SubElement(root, f"{{{_SVG}}}text", x=str(_MARGIN), y=f"{top:.1f}", fill=colour)
        element.set("font-family", _FONT)
        element.set("font-size", f"{size}px")
        element.set("font-weight", weight)
        element.text = line
    return top


def _wrapped(text: str, letters: int) -> list[str]:
    return [line for part in text.split("\n") for line in textwrap.wrap(part, letters) or []]


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)


def _clean(raw: str, prefix: str) -> Any:
    """Return an SVG with only what draws, its tooltips set, its ids made its own and its numbers rounded."""
    root = etree.fromstring(raw.encode(), _parser())
    for element in list(root.iter()):
        name = etree.QName(element).localname if isinstance(element.tag, str) else ""
        if name not in _TAGS:
            parent = element.getparent()
            if parent is not None:
                parent.remove(element)
            continue
        for attribute in list(element.attrib):
            if str(attribute) not in _ATTRIBUTES:
                del element.attrib[attribute]
        _keep_apart(element, prefix)
        label = element.get("aria-label")
        if name in _MARKS and label and not len(element):
            etree.SubElement(element, f"{{{_SVG}}}title").text = label
    etree.cleanup_namespaces(root)
    return root


def _keep_apart(element: Any, prefix: str) -> None:
    if "id" in element.attrib:
        element.set("id", prefix + element.get("id"))
    for attribute in ("clip-path", "fill", "stroke"):
        value = element.get(attribute)
        if value and value.startswith("url("):
            element.set(attribute, _INNER.sub(rf"url(#{prefix}\1)", value))
    for attribute in ("d", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height"):
        value = element.get(attribute)
        if value:
            element.set(attribute, _LONG_NUMBER.sub(lambda match: f"{float(match.group()):.1f}", value))
