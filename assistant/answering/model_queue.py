"""Queue at the chat model: whole answers, one at a time or as many as a server writes, people in rotation."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import zip_longest
from typing import TypeVar

from assistant.types import Waiting

T = TypeVar("T")

PATIENCE = 2.0
"""Seconds for which nobody fetches the next event of an answer before others go past it: its reader may be gone."""

_LOOK = 0.1
"""Seconds between two looks at whether one who waits was stopped, and whether the answer before goes on."""


class Ticket:
    """One answer's place in the queue, and then its turn at the chat model. Close it when the answer ends.

    `stop` ends the waiting. Only answers go by tickets: the model itself is guarded by its own lock.
    """

    def __init__(self, queue: ModelQueue, asker: object, stop: threading.Event) -> None:
        self.asker = asker
        self.stop = stop
        self.was_called = False
        self._queue = queue
        self._left_alone: float | None = None

    def wait(self) -> Iterator[Waiting]:
        """Wait for the turn and yield the place as often as it changes, 0 at last.

        Nothing is yielded where nobody is before, nor when the turn has come already.
        """
        told = 0
        while not self.stop.is_set() and (place := self._queue.place(self)) is not None:
            if place == told:
                self._queue.sleep()
            else:
                told = place
                yield Waiting(place)
        if not self.was_called:
            self.close()
        elif told:
            yield Waiting(0)

    def close(self) -> None:
        """Let the next one have the turn, or give up the place in the queue."""
        self._queue.end(self)

    def followed(self, events: Iterator[T]) -> Iterator[T]:
        """Yield the events of the answer; close the ticket at their end, be it an error or that nobody wants more."""
        with closing(self):
            for event in events:
                self._left_alone = time.monotonic()
                yield event
                self._left_alone = None

    @property
    def is_deserted(self) -> bool:
        """Tell whether nobody has fetched the next event for a while."""
        return self._left_alone is not None and time.monotonic() - self._left_alone > PATIENCE


class ModelQueue:
    """Who has the chat model and who waits for it.

    In a round everybody has one answer, in the order in which they asked; whoever has asked several things waits for
    the next round with the second. `at_once` answers have the model together: several where a server writes them.
    """

    def __init__(self, at_once: int = 1) -> None:
        self.at_once = at_once
        self._changed = threading.Condition()
        self._holders: list[Ticket] = []
        self._waiting: dict[object, list[Ticket]] = {}

    def ticket(self, asker: str = "", *, stop: threading.Event) -> Ticket:
        """Return a ticket to wait with. `asker` tells who asks; without a name each is somebody else."""
        return Ticket(self, asker or object(), stop)

    @property
    def is_free(self) -> bool:
        """Tell whether nobody has the model or waits for it."""
        with self._changed:
            self._go_past()
            return not self._holders

    def place(self, ticket: Ticket) -> int | None:
        """Return how many answers come before one, which queues with the first call; None as soon as its turn comes."""
        with self._changed:
            if not ticket.was_called and ticket not in self._waiting.get(ticket.asker, ()):
                self._waiting.setdefault(ticket.asker, []).append(ticket)
                self._changed.notify_all()
            self._go_past()
            if ticket.was_called:
                return None
            return max(0, self._order().index(ticket) + len(self._holders) - self.at_once + 1)

    def sleep(self) -> None:
        """Wait a moment, or until the queue changes."""
        with self._changed:
            self._changed.wait(_LOOK)

    def end(self, ticket: Ticket) -> None:
        """Take a ticket out of the queue, or call the next."""
        with self._changed:
            if ticket in self._waiting.get(ticket.asker, ()):
                self._take_out(ticket)
                self._changed.notify_all()
            elif ticket in self._holders:
                self._give_up(ticket)
                self._call()

    def _go_past(self) -> None:
        """Call the next where somebody may have the model, and go past those whose answers nobody fetches any more."""
        for ticket in [each for each in self._holders if each.is_deserted]:
            self._give_up(ticket)
        self._call()

    def _give_up(self, ticket: Ticket) -> None:
        """Take the model from somebody, who comes last in the next round."""
        self._holders.remove(ticket)
        if ticket.asker in self._waiting:
            self._waiting[ticket.asker] = self._waiting.pop(ticket.asker)
        self._changed.notify_all()

    def _call(self) -> None:
        """Let the first who wait have the model, as many as may have it."""
        while len(self._holders) < self.at_once and (order := self._order()):
            order[0].was_called = True
            self._take_out(order[0])
            self._holders.append(order[0])
            self._changed.notify_all()

    def _take_out(self, ticket: Ticket) -> None:
        self._waiting[ticket.asker].remove(ticket)
        if not self._waiting[ticket.asker]:
            del self._waiting[ticket.asker]

    def _order(self) -> list[Ticket]:
        """Return those who wait, the next one first: everybody's first, then everybody's second ..."""
        holding = {ticket.asker for ticket in self._holders}
        rounds = zip_longest(
            *(self._waiting[asker] for asker in sorted(self._waiting, key=lambda each: each in holding))
        )
        return [ticket for each in rounds for ticket in each if ticket]
