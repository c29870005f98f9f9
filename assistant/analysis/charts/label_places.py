"""Boxes moved apart until none lies on another, so that the words in them can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

_ROUNDS = 400
_WIDTH_OF_LETTER = 0.58
"""Mean width of a letter of a sans-serif font, in font sizes."""

_WIDE = "\u1100"
"""From here on scripts begin whose signs are about as wide as high."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle by its centre and its size, in pixels."""

    x: float
    y: float
    width: float
    height: float


def text_width(text: str, size: float) -> float:
    """Return about how many pixels a line of text is wide at a font size in pixels."""
    return size * sum(1.0 if character >= _WIDE else _WIDTH_OF_LETTER for character in text)


def apart(boxes: Sequence[Box], width: float, height: float) -> list[Box]:
    """Return the boxes in their order, moved as little as needed until none overlaps another, within a frame.

    The frame goes from (0, 0) to (width, height). Where they do not all fit in, some still overlap.
    """
    placed = [_inside(box, width, height) for box in boxes]
    for _ in range(_ROUNDS):
        has_moved = False
        for one in range(len(placed)):
            for other in range(one + 1, len(placed)):
                has_moved |= _push(placed, one, other, width, height)
        if not has_moved:
            break
    return placed


def _push(placed: list[Box], one: int, other: int, width: float, height: float) -> bool:
    """Move two boxes apart along the side on which they overlap less; tell whether they did overlap."""
    a, b = placed[one], placed[other]
    over_x = (a.width + b.width) / 2 - abs(a.x - b.x)
    over_y = (a.height + b.height) / 2 - abs(a.y - b.y)
    if over_x <= 0.01 or over_y <= 0.01:
        return False
    if over_x < over_y:
        step = over_x / 2 if a.x <= b.x else -over_x / 2
        moved = replace(a, x=a.x - step), replace(b, x=b.x + step)
    else:
        step = over_y / 2 if a.y <= b.y else -over_y / 2
        moved = replace(a, y=a.y - step), replace(b, y=b.y + step)
    placed[one], placed[other] = (_inside(box, width, height) for box in moved)
    return True


def _inside(box: Box, width: float, height: float) -> Box:
    x = min(max(box.x, box.width / 2), max(box.width / 2, width - box.width / 2))
    y = min(max(box.y, box.height / 2), max(box.height / 2, height - box.height / 2))
    return replace(box, x=x, y=y)
