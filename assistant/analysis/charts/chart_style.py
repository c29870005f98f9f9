"""What all charts share: colours that everybody tells apart, sizes, and a chart that says why there is none.

What comes from papers or people stands only in the data of a chart, as text; nothing of it is a formula.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from assistant.text import one_line

Chart = alt.Chart | alt.LayerChart | alt.FacetChart | alt.ConcatChart

WIDTH = 900
"""Pixels that a chart is wide, with its axes."""

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A5C3E")
"""Colours that colour-blind people tell apart, after Okabe and Ito (Color Universal Design, 2008), but the last."""

INK, QUIET, LINE = "#1f2933", "#5f6b76", "#dfe3e8"

LONGEST_THEME = 44
"""Letters of a theme's title beside or within a chart."""


def shortened(text: str, longest: int) -> str:
    """Return text on one line, cut where it is longer."""
    line = one_line(text)
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def placeholder(words: str) -> Chart:
    """Draw nothing but a remark that says why there is nothing."""
    chart = alt.Chart(data([{"words": words}])).mark_text(color=QUIET, fontSize=14, aria=False)
    return sized(chart.encode(text="words:N"), WIDTH, 70)


def data(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Return rows as the data of a chart."""
    return alt.Data(values=list(rows))  # type: ignore[no-untyped-call]


def sized(chart: Chart, width: float, height: float, frame: str | None = None) -> Chart:
    """Return a chart of a size in pixels, with a frame of a colour or none."""
    sized: Chart = chart.properties(width=width, height=height).configure_view(stroke=frame)
    return sized
