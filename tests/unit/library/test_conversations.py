from assistant.library import Conversations, Library
from assistant.types import Answer, ModelInfo, Sentence, Source, Span, Timings


def answer(question: str) -> Answer:
    source = Source(1, "p1", "Beams", ("A B",), "2025", "", "An abstract.")
    return Answer(
        question=question,
        standalone_question=question,
        kind="passages",
        text="An abstract. [1]",
        refused=False,
        reason="",
        sentences=(Sentence("An abstract.", "exact", (1,), (Span(1, "An abstract."),)),),
        sources=(source,),
        model=ModelInfo("m", "cpu", "bfloat16"),
        timings=Timings(0.1, 0.2, 0.3),
    )


def test_a_conversation_is_the_same_after_a_restart(library: Library) -> None:
    chats = Conversations(library)
    said = [answer("What are beams?"), answer("And <b>?")]
    chats.save("c1", said)
    library.close()
    again = Conversations(Library(library.folder))
    assert again.answers("c1") == tuple(said)
    assert [(chat.id, chat.title) for chat in again.latest(5)] == [("c1", "What are beams?")]


def test_keeping_again_replaces_what_was_said_and_keeps_the_beginning(library: Library) -> None:
    chats = Conversations(library)
    chats.save("c1", [answer("One?"), answer("Two?")])
    begun = chats.latest(1)[0].begun
    chats.save("c1", [answer("One?")])
    assert [kept.question for kept in chats.answers("c1")] == ["One?"]
    assert chats.latest(1)[0].begun == begun


def test_conversations_are_apart_and_can_be_deleted(library: Library) -> None:
    chats = Conversations(library)
    one, other = chats.new_id(), chats.new_id()
    chats.save(one, [answer("One?")])
    chats.save(other, [answer("Other?")])
    chats.forget(one)
    assert chats.answers(one) == ()
    assert [chat.title for chat in chats.latest(9)] == ["Other?"]


def test_a_conversation_without_answers_is_not_listed(library: Library) -> None:
    chats = Conversations(library)
    chats.save("c1", [])
    assert chats.latest(9) == []
