"""JSON that is none by the letter: what Python prints, what JavaScript holds, what people wrote."""

import datetime
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ingestion.readers import read
from assistant.ingestion.readers.objects.json_values import (
    LARGEST_VALUE,
    PIECE,
    EndlessTextError,
    Progress,
    json_events,
)
from assistant.ingestion.readers.objects.lenient_json import lenient_events
from assistant.types import Problem, ReaderItem, Record

AS_OF = datetime.date(2026, 11, 23)
A = '{"title": "Lamps", "authors": ["Anna Berg", "Rick Roe"], "year": 2010, "abstract": "Wet."}'
B = '{"title": "Ropes", "authors": ["Eva Elm"], "year": 2011}'
PY_A, PY_B = (one.replace('"', "'") for one in (A, B))
BARE_A = A.replace('"title"', "title").replace('"year"', "year").replace('"authors"', "authors")
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
).filter(lambda value: isinstance(value, dict | list))


def items_of(tmp_path: Path, text: str, name: str = "a.json") -> list[ReaderItem]:
    path = tmp_path / name
    path.write_text(text)
    return list(read(path, as_of=AS_OF))


@pytest.mark.parametrize(
    "text",
    [
        f"[{A[:-1]},}},\n{B},\n]",
        f'// exported\n[\n /* first */ {A}, # as it is\n {B} // last, with "marks\n]\n',
        f"[{PY_A}, {PY_B}]",
        f"({PY_A}, {PY_B})".replace("(", "[", 1).replace(")", "]"),
        f"{PY_A}\n{PY_B}\n",
        f"{PY_A}{PY_B}",
        f"# two\n{PY_A}\n# and\n{B}",
        f'[{A[:-1]}, "open": True, "note": None, "score": nan}}, {B}]',
        f"var papers = [{A},\n{B}];\n",
        f"const papers = [\n{BARE_A},\n{B},\n];\nexport default papers;\n",
        f'window.data = {{"items": [{BARE_A}, {B}]}};',
        f"module.exports = [{PY_A}, {PY_B}]",
        f"callback([{A}, {B}]);",
        f"callback({{papers: [{A}, {B}]}});",
        f"[{A}\n{B}]",
        f"[{A}, {B}]".replace("Wet.", "Wet.\tAnd\ndry."),
        f"[{A}, {B}]".replace("Wet.", "Wet \x02."),
        f"{{'papers': [{PY_A}, {PY_B}], 'count': 2}}",
        f"[{PY_A}, {PY_B}]".replace("'Wet.'", "u'Wet\\x2e It\\'s // no [comment'"),
        f"[{PY_A}, {PY_B}]".replace("2010", "datetime.date(2010, 3, 1)").replace("{", "{'_id': ObjectId('5f'), "),
        f"[{PY_A}, {PY_B}]".replace("['Anna Berg', 'Rick Roe']", "('Anna Berg', 'Rick Roe')"),
    ],
)
def test_what_is_meant_is_read(tmp_path: Path, text: str) -> None:
    items = items_of(tmp_path, text)
    records = [item for item in items if isinstance(item, Record)]
    assert len(records) == len(items) == 2
    assert [record.paper.title for record in records] == ["Lamps", "Ropes"]
    assert [record.paper.authors for record in records] == [("Anna Berg", "Rick Roe"), ("Eva Elm",)]
    assert [record.paper.date[:4] for record in records] == ["2010", "2011"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f'[{A},\n{B},\n{{"title": "Ti', 3),
        (f'{{"papers": [{A}, {B}, {{"title": "Ti', 1),
        (f"[{PY_A},\n{PY_B},\n{{'title': 'Ti", 3),
        (f'{A}\n{B}\n{{"title": "Ti', 3),
        (f"[{A}, {B}", 1),
    ],
)
def test_whole_objects_before_a_cut_are_kept_and_the_cut_is_said(tmp_path: Path, text: str, line: int) -> None:
    *records, problem = items_of(tmp_path, text)
    assert [record.paper.title for record in records if isinstance(record, Record)] == ["Lamps", "Ropes"]
    assert isinstance(problem, Problem)
    assert problem.line == line


@pytest.mark.parametrize(
    "text", [f"[{A}]\nSome remarks of mine.\n", f"[{A}, =]", f"[{A}, lamp]", f"{A}\nlamp\n", f"[{A}}}"]
)
def test_what_is_no_json_even_so_is_said(tmp_path: Path, text: str) -> None:
    record, problem = items_of(tmp_path, text)
    assert isinstance(record, Record)
    assert isinstance(problem, Problem)


@pytest.mark.parametrize("mark", "'`\"")
def test_a_text_of_millions_of_characters_is_read_whole(mark: str) -> None:
    text = f"[{mark}{'x' * 2_500_000}\\{mark}{'x' * 2_500_000}{mark}, ]"
    found = [value for kind, value in lenient_events(io.StringIO(text), Progress()) if kind == "string"]
    assert found == [f"{'x' * 2_500_000}{mark}{'x' * 2_500_000}"]


def test_no_more_is_read_of_a_text_without_an_end_than_the_largest_value() -> None:
    stream = io.StringIO("['" + "x" * (3 * LARGEST_VALUE))
    with pytest.raises(EndlessTextError):
        list(lenient_events(stream, Progress()))
    assert stream.tell() <= LARGEST_VALUE + 2 * PIECE


@given(ANYTHING)
def test_json_by_the_letter_gives_the_same_events(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1)
    strict, lenient = Progress(), Progress()
    assert list(lenient_events(io.StringIO(text), lenient)) == list(json_events(io.StringIO(text), strict))
    assert lenient.line == strict.line
