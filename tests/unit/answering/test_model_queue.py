"""The queue at the chat model: who has it, who waits, and who leaves."""

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from assistant.answering import ModelQueue, model_queue
from assistant.answering.model_queue import Ticket
from assistant.types import Waiting


def take(queue: ModelQueue, asker: str = "") -> Ticket:
    """Return a ticket that stands in the queue, or has the model where nobody has it."""
    ticket = queue.ticket(asker, stop=threading.Event())
    queue.place(ticket)
    return ticket


def served(queue: ModelQueue, *tickets: Ticket) -> list[int]:
    """Close tickets as they are called and return their numbers in that order."""
    order = []
    while len(order) < len(tickets):
        (number,) = (n for n, ticket in enumerate(tickets) if n not in order and queue.place(ticket) is None)
        order.append(number)
        tickets[number].close()
    return order


def test_who_comes_first_is_served_first() -> None:
    queue = ModelQueue()
    tickets = [take(queue) for _ in range(10)]
    assert [queue.place(ticket) for ticket in tickets] == [None, *range(1, 10)]
    tickets[0].close()
    assert [queue.place(ticket) for ticket in tickets[1:]] == [None, *range(1, 9)]
    assert served(queue, *tickets[1:]) == list(range(9))
    assert queue.is_free


def test_everybody_has_one_answer_before_anybody_has_a_second() -> None:
    queue = ModelQueue()
    tickets = [take(queue, asker) for asker in ("ada", "ada", "ada", "eve", "eve", "bob")]
    assert [queue.place(ticket) for ticket in tickets] == [None, 3, 5, 1, 4, 2]
    assert served(queue, *tickets) == [0, 3, 5, 1, 4, 2]


def test_who_asks_again_and_again_does_not_go_past_another_s_second_question() -> None:
    queue = ModelQueue()
    first, second, other = take(queue, "ada"), take(queue, "ada"), take(queue, "eve")
    first.close()
    for _ in range(2):
        assert queue.place(second) == 1
        other.close()
        other = take(queue, "eve")
        assert queue.place(second) is None
        second.close()
        second = take(queue, "ada")


def test_the_place_is_told_whenever_it_changes() -> None:
    queue = ModelQueue()
    first, second, third = (take(queue) for _ in range(3))
    waiting = third.wait()
    assert next(waiting) == Waiting(2)
    second.close()
    assert next(waiting) == Waiting(1)
    first.close()
    assert list(waiting) == [Waiting(0)]
    assert list(third.wait()) == []  # its turn has come already


def test_who_is_alone_waits_for_nobody() -> None:
    ticket = ModelQueue().ticket(stop=threading.Event())
    assert list(ticket.wait()) == []
    assert list(ticket.wait()) == []


def test_who_is_stopped_leaves_and_the_others_move_up() -> None:
    queue = ModelQueue()
    first, second, third = (take(queue) for _ in range(3))
    waiting = second.wait()
    assert next(waiting) == Waiting(1)
    second.stop.set()
    assert list(waiting) == []
    assert list(second.wait()) == []  # nor does it queue again
    assert queue.place(third) == 1
    first.close()
    assert queue.place(third) is None


def answer(ticket: Ticket) -> Iterator[object]:
    yield from ticket.wait()
    yield "a word"
    raise RuntimeError("out of memory")


def finish(events: Iterator[object]) -> None:
    with pytest.raises(RuntimeError):
        list(events)


@pytest.mark.parametrize("leave", [finish, lambda events: events.close(), lambda _events: gc.collect()])
def test_an_answer_that_fails_is_closed_or_forgotten_makes_way(leave: Callable[[Iterator[object]], None]) -> None:
    queue = ModelQueue()
    ticket = queue.ticket(stop=threading.Event())
    events = ticket.followed(answer(ticket))
    assert next(events) == "a word"
    other = take(queue)
    assert queue.place(other) == 1
    leave(events)
    del events
    assert queue.place(other) is None


def test_who_leaves_the_queue_unread_is_not_waited_for() -> None:
    queue = ModelQueue()
    first = take(queue)
    ticket = queue.ticket(stop=threading.Event())
    events = ticket.followed(answer(ticket))
    assert next(events) == Waiting(1)
    other = take(queue)
    del events
    assert queue.place(other) == 1
    first.close()
    assert queue.place(other) is None


def test_others_go_past_an_answer_that_nobody_reads_on(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = ModelQueue()
    ticket = queue.ticket(stop=threading.Event())
    events = ticket.followed(answer(ticket))
    next(events)
    other = queue.ticket(stop=threading.Event())
    waiting = other.wait()
    assert next(waiting) == Waiting(1)
    monkeypatch.setattr(model_queue, "PATIENCE", 0.0)
    assert list(waiting) == [Waiting(0)]
    finish(events)  # it goes on without its turn, and takes nobody else's
    assert not queue.is_free
    other.close()
    assert queue.is_free


def test_ten_threads_have_the_model_one_at_a_time() -> None:
    queue, inside, most, done = ModelQueue(), 0, 0, []

    def work(number: int) -> None:
        nonlocal inside, most
        with closing(queue.ticket(f"asker {number % 4}", stop=threading.Event())) as ticket:
            places = [event.place for event in ticket.wait()]
            assert not places or places[-1] == 0
            inside += 1
            most = max(most, inside)
            threading.Event().wait(0.005)
            inside -= 1
            done.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == list(range(10))
    assert most == 1
    assert queue.is_free


def test_several_have_a_model_that_writes_several_answers_at_once() -> None:
    queue = ModelQueue(at_once=3)
    tickets = [take(queue) for _ in range(6)]
    assert [queue.place(ticket) for ticket in tickets] == [None, None, None, 1, 2, 3]
    tickets[1].close()
    assert [queue.place(ticket) for ticket in tickets[3:]] == [None, 1, 2]
    assert not queue.is_free
    for ticket in tickets:
        ticket.close()
    assert queue.is_free


def test_one_person_does_not_take_all_places_of_such_a_model() -> None:
    queue = ModelQueue(at_once=2)
    mine = [take(queue, "ada") for _ in range(3)]
    other = take(queue, "eve")
    assert [queue.place(ticket) for ticket in (*mine, other)] == [None, None, 2, 1]
    mine[0].close()
    assert queue.place(other) is None
