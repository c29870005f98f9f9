"""Checks: what is looked at, how bad it is, and the command that mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from assistant.errors import AssistantError
from assistant.settings import Settings

Part = Literal["settings", "machine", "disk", "models", "library", "server", "network"]
Verdict = Literal["fine", "warning", "wrong"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: `found` says what was there, `mend` what to do, "" where nothing is to be done.

    Commands in it are for a shell in the folder in which the program was called.

    `wrong` keeps the program from working, a `warning` makes it slower, less sure or less private.
    """

    part: Part
    name: str
    verdict: Verdict
    found: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Looking:
    """How one thing is looked at. `look` returns verdict, what was found and what mends it, or nothing to say."""

    part: Part
    name: str
    look: Callable[[Settings], Found | None]


Found = tuple[Verdict, str, str]


def carried_out(lookings: Iterable[Looking], settings: Settings) -> Iterator[Check]:
    """Yield what each found; one that fails is wrong itself, and keeps no other from being made."""
    for looking in lookings:
        try:
            found = looking.look(settings)
        except (AssistantError, OSError) as error:
            found = ("wrong", str(error), "")
        except Exception as error:  # noqa: BLE001 - a broken part must not keep the others from being looked at
            found = ("wrong", f"could not be looked at ({type(error).__name__}: {error})", "")
        if found:
            yield Check(looking.part, looking.name, *found)


def size(count: float) -> str:
    """Return a number of bytes in words."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
