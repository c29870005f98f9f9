"""Boxes moved apart, so that words on a plane can be read."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from assistant.analysis.charts.label_places import Box, apart, text_width

WIDTH, HEIGHT = 900.0, 600.0
BOXES = st.lists(
    st.builds(Box, st.floats(0, WIDTH), st.floats(0, HEIGHT), width=st.floats(20, 120), height=st.floats(10, 30)),
    max_size=12,
)


def overlap(one: Box, other: Box) -> bool:
    return (
        abs(one.x - other.x) < (one.width + other.width) / 2 - 1
        and abs(one.y - other.y) < (one.height + other.height) / 2 - 1
    )


@given(BOXES)
def test_boxes_with_room_do_not_overlap_and_stay_within_the_frame(boxes: list[Box]) -> None:
    placed = apart(boxes, WIDTH, HEIGHT)
    assert not any(overlap(one, other) for one, other in combinations(placed, 2))
    assert all(box.width / 2 <= box.x <= WIDTH - box.width / 2 for box in placed)
    assert all(box.height / 2 <= box.y <= HEIGHT - box.height / 2 for box in placed)
    assert [(box.width, box.height) for box in placed] == [(box.width, box.height) for box in boxes]


def test_boxes_that_do_not_touch_stay_where_they_are() -> None:
    boxes = [Box(100, 100, 50, 20), Box(300, 100, 50, 20)]
    assert apart(boxes, WIDTH, HEIGHT) == boxes


def test_boxes_on_one_place_are_parted() -> None:
    placed = apart([Box(450, 300, 80, 20)] * 5, WIDTH, HEIGHT)
    assert not any(overlap(one, other) for one, other in combinations(placed, 2))


def test_boxes_without_room_are_still_placed() -> None:
    assert len(apart([Box(10, 10, 500, 20)] * 4, 100, 30)) == 4


def test_chinese_signs_are_wider_than_letters() -> None:
    assert text_width("织机", 12) > text_width("ab", 12)
