"""Charts of time, as Vega-Lite: publications, and the shares of themes with their intervals."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import altair as alt

from assistant.analysis.charts.chart_style import (
    INK,
    LINE,
    LONGEST_THEME,
    PALETTE,
    QUIET,
    WIDTH,
    Chart,
    data,
    placeholder,
    shortened,
    sized,
)
from assistant.analysis.charts.label_places import text_width
from assistant.analysis.trends import Share, Trends
from assistant.analysis.trends import Trend as Course
from assistant.text import counted, one_line

_CHANGE_COLOURS: Mapping[str, str] = {"rising": PALETTE[0], "falling": PALETTE[1]}
_MOST_BARS = 2
"""Periods that are drawn as bars."""

_LETTER = 7.6
"""Pixels of a letter of a panel's heading."""

_LEAST_PART = 0.02
"""Part of the fullest period's papers below which a share in a period is chance: such periods are not drawn."""

_AXIS_ROOM = 62
"""Pixels left of a chart that its axis takes."""


def publications(found: Trends) -> Chart:
    """Draw how many papers there are of each period."""
    if not found.publications:
        return placeholder("No paper has a date.")
    rows = [
        {"period": period, "papers": count, "said": f"{period}: {counted(count, 'paper')}"}
        for period, count in found.publications
    ]
    width = min(WIDTH - _AXIS_ROOM, 70 * len(rows) + 40)
    most = max(count for _, count in found.publications)
    base = alt.Chart(data(rows)).encode(
        x=_period_axis([period for period, _ in found.publications], width, found.by.capitalize()),
        y=alt.Y("papers:Q", title="Papers", axis=_counts(most), scale=alt.Scale(domain=[0, most * 1.12])),
    )
    bars = base.mark_bar(color=PALETTE[0], width=alt.RelativeBandSize(0.72)).encode(description="said:N")
    if width / len(rows) < text_width(f"{most:,}", 12):
        return sized(alt.layer(bars), width, 240)
    numbers = base.mark_text(dy=-8, fontSize=12, color=INK, aria=False).encode(text=alt.Text("papers:Q", format=","))
    return sized(alt.layer(bars, numbers), width, 240)


def shares(themes: Sequence[Course], by: str) -> Chart:
    """Draw the share of each theme in the papers of each period, with its 95 % interval.

    Up to two periods are bars; of more, each theme has a panel of its own, all of one scale.
    """
    if not themes:
        return placeholder("No themes were found in these papers.")
    periods = told_periods(themes)
    if not periods:
        return placeholder("No paper has a date, so that no theme has a share of a period.")
    themes = [_within(course, periods, is_whole=len(periods) > _MOST_BARS) for course in themes]
    if len(periods) <= _MOST_BARS:
        return _interval_bars(themes, periods)
    top = _top(themes)
    columns = len(themes) if len(themes) <= 2 else 2 if len(themes) == 4 else 3
    width = min(420, WIDTH // columns - 70)
    panels = [_panel(course, by, width, top, len(periods)) for course in themes]
    shown: Chart = alt.concat(*panels, columns=columns, spacing=22).configure_view(stroke=LINE)
    return shown


def told_periods(themes: Sequence[Course]) -> list[str]:
    """Return the periods of which shares are drawn: those with at least a fiftieth of the fullest one's papers."""
    periods = themes[0].shares if themes else ()
    least = _LEAST_PART * max((share.papers for share in periods), default=0)
    return [share.period for share in periods if share.papers and share.papers >= least]


def _within(course: Course, periods: Sequence[str], *, is_whole: bool) -> Course:
    """Return a course with only these periods; where `is_whole`, with those between them too, as if without papers."""
    known = set(periods)
    kept = [
        share if share.period in known else replace(share, papers=0)
        for share in course.shares
        if share.period in known or (is_whole and periods[0] < share.period < periods[-1])
    ]
    return replace(course, shares=tuple(kept))


def _panel(course: Course, by: str, width: int, top: float, periods: int) -> Chart:
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
    base = alt.Chart(data(rows)).encode(
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
        _two_lines(course.label, int(width / _LETTER)),
        subtitle=f"{counted(len(course.paper_ids), 'paper')} · {change}",
        anchor="start",
        frame="group",
        fontSize=13.5,
        subtitleFontSize=12,
        subtitleColor=colour,
        color=INK,
        offset=6,
    )
    shown: Chart = alt.layer(band, line, dots).properties(width=width, height=110, title=title)
    return shown


def _two_lines(text: str, letters: int) -> list[str]:
    """Return a heading on at most two lines of so many letters, cut where it is longer."""
    lines = textwrap.wrap(one_line(text), letters) or [""]
    return lines if len(lines) < 3 else [lines[0], shortened(f"{lines[1]} {lines[2]}", letters)]


def _interval_bars(themes: Sequence[Course], periods: Sequence[str]) -> Chart:
    names = _distinct([shortened(course.label, LONGEST_THEME) for course in themes])
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
    base = alt.Chart(data(rows)).encode(
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
    percent = alt.Axis(
        format=".0%", title=f"Share of the papers of {' or '.join(periods)}", tickCount=6, labelFlush=False
    )
    colour: dict[str, Any] = {} if is_two else {"color": PALETTE[0]}
    rules = base.mark_rule(strokeWidth=2, opacity=0.55, aria=False, **colour).encode(
        x=alt.X("low:Q", axis=percent, scale=whole), x2="high:Q"
    )
    dots = base.mark_circle(size=90, opacity=1, **colour).encode(
        x=alt.X("share:Q", axis=percent, scale=whole), description="said:N"
    )
    height = len(names) * (40 if is_two else 28) + 10
    return sized(alt.layer(rules, dots), WIDTH - 320, height)


def _share_said(theme: str, share: Share) -> str:
    percent = f"{100 * share.share:.0f} % (95 % interval {100 * share.low:.0f} to {100 * share.high:.0f} %)"
    return f"{shortened(theme, 80)}, {share.period}: {share.count:,} of {counted(share.papers, 'paper')}, {percent}"


def _top(themes: Sequence[Course]) -> float:
    """Return the upper end of the scale of shares: intervals that are much wider than shares are high are cut."""
    known = [share for course in themes for share in course.shares if share.papers]
    highest = max(share.share for share in known)
    return min(1.0, max(share.high for share in known), max(0.05, 1.8 * highest))


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
