"""JSON of plain data, read and written by pydantic, which is imported when it is first needed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")


def json_adapter(kind: type[T]) -> TypeAdapter[T]:
    """Return what reads and writes values of a class as JSON. It is made once: that takes as long as a hundred uses."""
    return _adapter(cast(Any, kind))


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
