"""From a question to a finished answer, with scripted models around the real path."""

import json
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import date

import pytest

from assistant import stopping
from assistant.answering import Assistant, refusals, writing
from assistant.answering.assistant import LONGEST_QUESTION
from assistant.answering.model_queue import Ticket
from assistant.errors import QuestionError
from assistant.grounding import Judgement
from assistant.library import Library, upsert
from assistant.planning import Gazetteer, Planner
from assistant.protocols import Ended
from assistant.search import PersistentIndex, Retriever, embedding_queue
from assistant.types import (
    AnswerFinished,
    ComparisonPlan,
    EvidenceFound,
    OverviewPlan,
    PaperFilter,
    Passage,
    PassagesPlan,
    Progress,
    QuestionPlanned,
    Record,
    Source,
    TextProduced,
    Waiting,
)
from tests.conftest import make_paper
from tests.fakes import FailingModel, HashingEmbedder, MarkedReader, MemoryPlace, ScriptedModel, TrustingJudge, marked

BEAMS = "BeamLoRA treats each adapter as a beam. It was tested on 12 datasets."
PRUNING = "Light-PEFT prunes the foundation model early. It was tested on GLUE."

READER = MarkedReader(
    marked("count", "How many papers by {Naibin Gu|author} are there?"),
    marked("count", "How many papers did {Naibin Gu|author} publish in {2024|year}?"),
    marked("count", "How many papers by {Vivian Wang|author} are there?"),
    marked("count", "How many papers?"),
    marked("coauthors", "Who are the most frequent co-authors of {Naibin Gu|author}?"),
    marked("meta", "What can you do?"),
    marked("count", "How many papers did {John Smithers|author} publish?"),
    marked("comparison_papers", "Compare {BeamLoRA|title} and {Light-PEFT|title}"),
    marked("content", "{BeamLoRA|title} 把什么看作波束？", language="zh"),
    marked("content", "What has {Peng Fu|author} worked on?"),
    marked("followup", "What was it tested on?", ask="content", mode="refer"),
)


def never() -> ScriptedModel:
    raise AssertionError("the model must not be called")


def assistant_over(
    library: Library,
    embedder: HashingEmbedder,
    model: ScriptedModel | None = None,
    judge: TrustingJudge | None = None,
    index: PersistentIndex | None = None,
) -> Assistant:
    def in_english(phrase: str) -> str:
        return writing.in_english(model or never(), phrase, threading.Event())

    return Assistant(
        library=library,
        planner=Planner(library, READER, Gazetteer(library), today=lambda: date(2026, 11, 25), in_english=in_english),
        retriever=Retriever(library, index or PersistentIndex(library, MemoryPlace()), embedder),
        judge=judge or TrustingJudge(),
        language_model=(lambda: model) if model else never,
        passages=5,
        prompt_tokens=3000,
        answer_tokens=50,
    )


@pytest.fixture
def build(library: Library, embedder: HashingEmbedder) -> Callable[..., Assistant]:
    papers = [
        make_paper("BeamLoRA", BEAMS, authors=("Naibin Gu",), date="2025-02-19", url="https://example.org/b"),
        make_paper("Light-PEFT", PRUNING, authors=("Naibin Gu", "Peng Fu"), date="2024"),
    ]
    upsert.store(library, [Record(paper, 1) for paper in papers], "x")
    index = PersistentIndex(library, MemoryPlace())
    embedding_queue.embed_pending(library, index, embedder)

    def make(model: ScriptedModel | None = None, judge: TrustingJudge = TrustingJudge()) -> Assistant:  # noqa: B008
        return assistant_over(library, embedder, model, judge, index)

    return make


def test_plan_and_evidence_come_before_the_model_is_called(build: Callable[..., Assistant]) -> None:
    events = iter(build().ask("What treats each adapter as a beam?"))
    planned, found = next(events), next(events)
    assert isinstance(planned, QuestionPlanned)
    assert planned.plan.kind == "passages"
    assert isinstance(found, EvidenceFound)
    assert [(source.number, source.title) for source in found.sources] == [(1, "BeamLoRA"), (2, "Light-PEFT")]
    with pytest.raises(AssertionError):
        next(events)


def test_a_named_paper_is_the_only_evidence(build: Callable[..., Assistant]) -> None:
    answer = build(ScriptedModel("BeamLoRA treats each adapter as a beam.")).ask("What is BeamLoRA?").answer()
    assert [source.title for source in answer.sources] == ["BeamLoRA"]


def test_a_count_comes_from_the_database_and_every_paper_is_a_source(build: Callable[..., Assistant]) -> None:
    answer = build().ask("How many papers by Naibin Gu are there?").answer()
    assert (answer.kind, answer.count, answer.refused, answer.model) == ("catalogue", 2, False, None)
    assert answer.text == "2 papers by Naibin Gu. [1][2]"
    assert {source.title for source in answer.sources} == {"BeamLoRA", "Light-PEFT"}
    assert all(sentence.status == "exact" for sentence in answer.sentences)


def test_a_question_judged_to_have_no_answer_is_refused_before_the_model(build: Callable[..., Assistant]) -> None:
    answer = build(ScriptedModel(), TrustingJudge("batch")).ask("What batch size does BeamLoRA use?").answer()
    assert (answer.kind, answer.refused, answer.model) == ("refusal", True, None)
    assert answer.text.endswith("The closest passage says: “BeamLoRA treats each adapter as a beam.” [1]")


def test_a_refused_question_is_answered_anyway_and_marked(build: Callable[..., Assistant]) -> None:
    model = ScriptedModel("BeamLoRA treats each adapter as a beam. It uses batches of 64.")
    answer = build(model, TrustingJudge("batch")).ask("What batch size does BeamLoRA use?", anyway=True).answer()
    assert not answer.refused
    assert answer.text == "BeamLoRA treats each adapter as a beam. [1] It uses batches of 64. (not in the abstracts)"
    assert answer.reason.startswith("not assured")


def test_what_no_abstract_supports_is_withheld_and_counted(build: Callable[..., Assistant]) -> None:
    model = ScriptedModel("BeamLoRA treats each adapter as a beam. It was tested on 15 datasets.")
    answer = build(model).ask("What is BeamLoRA?").answer()
    assert answer.text == "BeamLoRA treats each adapter as a beam. [1]"
    assert [sentence.text for sentence in answer.withheld] == ["It was tested on 15 datasets."]
    assert answer.reason == "1 sentence withheld: no abstract supports it"


def test_what_surely_stands_in_an_abstract_is_quoted_where_the_model_writes_it_wrongly(
    build: Callable[..., Assistant],
) -> None:
    judge = TrustingJudge()
    judge.probability = 0.9
    answer = build(ScriptedModel("It was tested on 15 datasets."), judge).ask("On what was BeamLoRA tested?").answer()
    assert (answer.kind, answer.refused) == ("passages", False)
    assert answer.text == "“BeamLoRA treats each adapter as a beam.” [1]"
    assert [sentence.text for sentence in answer.withheld] == ["It was tested on 15 datasets."]
    silent = build(ScriptedModel("The abstracts do not say."), judge).ask("How large is BeamLoRA?").answer()
    assert silent.refused


def test_small_talk_needs_neither_model(build: Callable[..., Assistant]) -> None:
    answer = build().ask("What can you do?").answer()
    assert (answer.kind, answer.refused) == ("about", False)
    assert "2 papers in this library" in answer.text


def test_a_name_that_nobody_has_counts_none(build: Callable[..., Assistant]) -> None:
    answer = build().ask("How many papers did John Smithers publish?").answer()
    assert (answer.kind, answer.count, answer.refused) == ("catalogue", 0, False)
    assert "“John Smithers”" in answer.text


def test_a_comparison_cites_each_paper_also_where_the_model_forgets_one(build: Callable[..., Assistant]) -> None:
    model = ScriptedModel("BeamLoRA treats each adapter as a beam.")
    answer = build(model).ask("Compare BeamLoRA and Light-PEFT").answer()
    assert answer.kind == "comparison"
    assert answer.cited_numbers == {1, 2}
    assert "Light-PEFT: “Light-PEFT prunes the foundation model early.”" in answer.text


def test_a_comparison_that_names_no_paper_is_of_the_nearest(build: Callable[..., Assistant]) -> None:
    model = ScriptedModel("BeamLoRA treats each adapter as a beam.")
    answer = build(model).ask("What treats each adapter as a beam?", kind="comparison").answer()
    assert answer.kind == "comparison"
    assert {source.title for source in answer.sources} == {"BeamLoRA", "Light-PEFT"}


def test_the_reader_s_filter_holds_also_where_the_reader_chooses_the_kind(build: Callable[..., Assistant]) -> None:
    events = iter(build().ask("How do beams work?", filter=PaperFilter(since=2025), kind="synthesis"))
    planned = next(events)
    assert isinstance(planned, QuestionPlanned)
    assert (planned.plan.kind, planned.plan.filter.since) == ("synthesis", 2025)


def test_a_question_in_chinese_is_put_into_english_for_prose_and_its_proved_answer_into_chinese(
    build: Callable[..., Assistant],
) -> None:
    english = "BeamLoRA treats each adapter as a beam."
    model = ScriptedModel("What does BeamLoRA treat as a beam?", english, "BeamLoRA 把每个适配器看作波束。")
    answer = build(model).ask("BeamLoRA 把什么看作波束？").answer()
    assert answer.standalone_question == "What does BeamLoRA treat as a beam?"
    assert answer.translation == "BeamLoRA 把每个适配器看作波束。"
    assert answer.text == f"BeamLoRA 把每个适配器看作波束。\n\nIn English: {english} [1]"
    assert [sentence.text for sentence in answer.sentences] == [english]
    assert "translated by the model" in answer.reason
    assert english in model.prompts[-1][0].content


@pytest.mark.parametrize(
    "translation",
    [
        "",
        "LoRA 把每个适配器看作波束。",
        "BeamLoRA 把 7 个适配器看作波束。",
        "BeamLoRA",
        "BeamLoRA treats each adapter as a beam.",
        "BeamLoRA 把每个适配器看作波束。 " * 200,
    ],
    ids=["nothing", "another name", "another number", "too short", "not translated", "cut"],
)
def test_a_translation_that_does_not_say_the_same_is_left_out(
    build: Callable[..., Assistant], translation: str
) -> None:
    english = "BeamLoRA treats each adapter as a beam."
    model = ScriptedModel("What does BeamLoRA treat as a beam?", english, translation)
    assert build(model).ask("BeamLoRA 把什么看作波束？").answer().text == f"{english} [1]"


def test_the_sentence_that_states_the_answer_is_put_behind_one_that_does_not_say_it(
    build: Callable[..., Assistant],
) -> None:
    model = ScriptedModel("BeamLoRA was tested on 12 datasets.")
    answer = build(model).ask("What does BeamLoRA treat as a beam?").answer()
    quoted = "The abstract says: “BeamLoRA treats each adapter as a beam.” [1]"
    assert answer.text == f"BeamLoRA was tested on 12 datasets. [1] {quoted}"
    assert answer.sentences[-1].status == "exact"
    assert answer.sentences[-1].spans[0].quote in BEAMS


def test_an_answer_that_says_it_already_gets_no_quotation(build: Callable[..., Assistant]) -> None:
    model = ScriptedModel("Each adapter is what BeamLoRA treats as a beam.")
    answer = build(model).ask("What does BeamLoRA treat as a beam?").answer()
    assert "The abstract says" not in answer.text


def test_numbers_that_the_model_writes_go_by_its_prompt_and_are_shown_as_the_sources_own() -> None:
    beams = Source(3, "p1", "BeamLoRA", (), "2025", "", BEAMS)
    pruning = Source(5, "p2", "Light-PEFT", (), "2024", "", PRUNING)
    plan, silent = PassagesPlan(question="Which paper prunes?", subject="Which paper prunes?"), lambda *_: None
    alone = writing.prove("The paper that prunes early is [1].", plan, [pruning], silent, HashingEmbedder().embed)
    assert [(one.text, one.sources) for one in alone] == [("The paper that prunes early is “Light-PEFT”.", (5,))]
    assert {span.source for span in alone[0].spans} == {5}
    both = writing.prove("The paper on beams is [2].", plan, [beams, pruning], silent, HashingEmbedder().embed)
    assert [(one.text, one.sources) for one in both] == [("The paper on beams is “BeamLoRA”.", (3,))]


def test_the_reader_s_word_on_the_kind_counts(build: Callable[..., Assistant]) -> None:
    answer = build().ask("What treats each adapter as a beam?", kind="catalogue").answer()
    assert (answer.kind, answer.count) == ("catalogue", 2)


def test_a_paper_far_behind_the_best_one_is_shown_and_not_read(
    build: Callable[..., Assistant], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Noting(TrustingJudge):
        def judge(self, question: str, sources: Sequence[Source], *others: object, **named: object) -> Judgement:
            read.append(len(sources))
            return super().judge(question, sources, *others, **named)

    read: list[int] = []
    assistant = build(ScriptedModel(*["BeamLoRA treats each adapter as a beam."] * 5), Noting())
    first, second = (passage.paper_id for passage in assistant.retriever.search("What is a beam?", 2))
    for score, similarity in ((0.72, 0.1), (0.3, 0.45), (0.3, 0.1), (0.9, None), (0.3, None)):
        found = [Passage(first, 1.0, 0.5), Passage(second, score, similarity)]
        monkeypatch.setattr(Retriever, "search", lambda *_, found=found: found)
        assert len(assistant.ask("What treats each adapter as a beam?").answer().sources) == 2
    assert read == [2, 2, 1, 2, 1]


def test_text_follows_and_the_finished_answer_cites(build: Callable[..., Assistant]) -> None:
    stream = build(ScriptedModel("BeamLoRA treats each adapter as a beam [2].")).ask("What is BeamLoRA?")
    pieces = [event.text for event in stream if isinstance(event, TextProduced)]
    answer = stream.answer()
    assert "".join(pieces).strip() == "BeamLoRA treats each adapter as a beam [2]."
    assert answer.text == "BeamLoRA treats each adapter as a beam. [1]"
    assert answer.sentences[0].spans[0].quote in BEAMS
    assert (answer.kind, answer.refused, answer.reason) == ("passages", False, "")
    assert answer.timings.first_evidence_s <= (answer.timings.first_token_s or 0) <= answer.timings.total_s


@pytest.mark.parametrize(
    ("question", "refused", "judge", "sent_to"),
    [
        ("What is BeamLoRA?", False, "gpu.lab", ("gpu.lab", "embed.lab")),
        ("What is BeamLoRA?", True, "gpu.lab", ("gpu.lab", "embed.lab")),
        ("What is BeamLoRA?", False, "", ("gpu.lab", "embed.lab")),
        ("What is BeamLoRA?", True, "", ("embed.lab",)),
        ("How many papers?", False, "gpu.lab", ("embed.lab",)),
    ],
)
def test_an_answer_names_the_machines_that_were_sent_something(
    build: Callable[..., Assistant], question: str, refused: bool, judge: str, sent_to: tuple[str, ...]
) -> None:
    judging = TrustingJudge("BeamLoRA") if refused else TrustingJudge()
    built = build(ScriptedModel("BeamLoRA treats each adapter as a beam."), judging)
    answer = replace(built, hosts=lambda: ("gpu.lab", judge, "embed.lab")).ask(question).answer()
    assert (answer.refused, answer.sent_to) == (refused, sent_to)
    assert answer.elsewhere == (
        f"The model runs on another machine, {', '.join(sent_to)}: the question and abstracts were sent there."
    )
    assert built.ask("How many papers?").answer().elsewhere == ""


def test_the_answer_object_is_the_stable_contract(build: Callable[..., Assistant]) -> None:
    value = (
        build(ScriptedModel("It was tested on 12 datasets."))
        .ask("What is BeamLoRA?", question_id="q1")
        .answer()
        .to_json()
    )
    assert list(value) == [
        "id", "question", "standalone_question", "kind", "text", "refused", "reason", "plan", "sentences", "withheld",
        "sources", "rows", "count", "coverage", "translation", "is_cut", "model", "timings",
        "sent_to",
    ]  # fmt: skip
    assert set(value["sentences"][0]) == {"text", "status", "sources", "spans"}
    assert set(value["sentences"][0]["spans"][0]) == {"source", "quote"}
    assert set(value["sources"][0]) == {"number", "paper_id", "title", "authors", "date", "url"}
    assert set(value["model"]) == {"name", "device", "dtype", "host"}
    assert set(value["timings"]) == {
        "first_evidence_s", "first_token_s", "total_s", "prompt_tokens", "new_tokens", "new_tokens_per_s",
    }  # fmt: skip
    assert json.loads(json.dumps(value))["sources"][0]["authors"] == ["Naibin Gu"]
    assert (value["id"], value["rows"], value["count"]) == ("q1", [], None)


def test_a_question_about_nothing_in_the_library_is_refused_without_the_model(build: Callable[..., Assistant]) -> None:
    answer = build().ask("Who won the football cup in Norway?").answer()
    assert (answer.kind, answer.refused, answer.model, answer.sources) == ("refusal", True, None, ())
    assert "Who won the football cup in Norway?" in answer.text
    assert "in 2 of them" in answer.text


def test_an_empty_library_says_how_to_add_papers(library: Library, embedder: HashingEmbedder) -> None:
    answer = assistant_over(library, embedder).ask("What is BeamLoRA?").answer()
    assert answer.refused
    assert "assistant add" in answer.text


def test_the_model_s_word_that_the_abstracts_are_silent_is_a_refusal(build: Callable[..., Assistant]) -> None:
    answer = build(ScriptedModel("The abstracts do not say.")).ask("How large is a beam in BeamLoRA?").answer()
    assert (answer.kind, answer.refused, answer.sentences) == ("refusal", True, ())
    assert "The closest passage says" in answer.text


def test_an_answer_whose_number_no_source_holds_is_refused(build: Callable[..., Assistant]) -> None:
    answer = build(ScriptedModel("BeamLoRA was tested on 15 datasets.")).ask("On what was BeamLoRA tested?").answer()
    assert (answer.refused, answer.sentences) == (True, ())
    assert "15" not in answer.text


def test_an_author_s_name_alone_finds_their_papers(build: Callable[..., Assistant]) -> None:
    answer = build(ScriptedModel("BeamLoRA and Light-PEFT.")).ask("What has Peng Fu worked on?").answer()
    assert [source.title for source in answer.sources] == ["Light-PEFT"]


def test_a_filter_restricts_the_sources(build: Callable[..., Assistant]) -> None:
    answer = (
        build(ScriptedModel("Nothing."))
        .ask("Which foundation model is tested?", filter=PaperFilter(until=2024))
        .answer()
    )
    assert [source.title for source in answer.sources] == ["Light-PEFT"]


def test_a_follow_up_keeps_the_papers_of_the_answer_before(build: Callable[..., Assistant]) -> None:
    model = ScriptedModel("Light-PEFT prunes the foundation model early.", "It was tested on GLUE.")
    assistant = build(model)
    turn = assistant.ask("What does Light-PEFT prune?").answer().turn()
    assert turn.answer == "Light-PEFT prunes the foundation model early. [1]"
    answer = assistant.ask("What was it tested on?", [turn]).answer()
    assert answer.plan
    assert answer.plan.subject == "Light-PEFT: What was it tested on?"
    assert answer.sources[0].paper_id == turn.paper_ids[0]
    assert [message.role for message in model.prompts[1]] == ["system", "user"]


@pytest.mark.parametrize(
    ("question", "message"), [("", "empty"), (" \n\t", "empty"), ("x" * 100_000, "100,000 characters")]
)
def test_a_question_that_cannot_be_asked_says_why(build: Callable[..., Assistant], question: str, message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        build().ask(question)


def test_a_question_of_the_longest_length_is_asked(build: Callable[..., Assistant]) -> None:
    assert build().ask("word " * (LONGEST_QUESTION // 5 - 1)).answer().refused


def test_a_stream_can_be_read_again(build: Callable[..., Assistant]) -> None:
    stream = build(ScriptedModel("BeamLoRA is a beam.")).ask("What is BeamLoRA?")
    assert list(stream) == list(stream)
    assert isinstance(list(stream)[-1], AnswerFinished)


def test_closing_stops_the_model_and_keeps_what_was_written(build: Callable[..., Assistant]) -> None:
    stream = build(ScriptedModel("BeamLoRA treats each adapter as a beam and much more.")).ask("What is BeamLoRA?")
    for event in stream:
        if isinstance(event, TextProduced) and "adapter" in event.text:
            stream.close()
    assert stream.answer().text.startswith("BeamLoRA treats each adapter")
    assert "much" not in stream.answer().text
    assert stream.answer().reason == "stopped by the reader"


def test_an_error_midway_reaches_the_reader_after_the_text_before_it(build: Callable[..., Assistant]) -> None:
    stream = build(FailingModel("BeamLoRA is")).ask("What is BeamLoRA?")
    seen = []
    with pytest.raises(RuntimeError, match="out of memory"):
        seen.extend(stream)
    with pytest.raises(RuntimeError, match="without an answer"):
        stream.answer()


def test_an_empty_reply_is_a_refusal(build: Callable[..., Assistant]) -> None:
    answer = build(ScriptedModel("")).ask("What is BeamLoRA?").answer()
    assert (answer.sentences, answer.refused, answer.reason) == ((), True, "the model wrote nothing")


def test_an_answer_whose_room_a_thought_took_is_cut_and_no_refusal(
    build: Callable[..., Assistant], monkeypatch: pytest.MonkeyPatch
) -> None:
    def think(*_: object, **__: object) -> Generator[str, None, Ended]:
        yield from ()
        return Ended("length")

    model = ScriptedModel()
    monkeypatch.setattr(model, "generate", think)
    for anyway, text in ((False, "The abstract says: “BeamLoRA treats each adapter as a beam.” [1]"), (True, "")):
        answer = build(model).ask("Was ist BeamLoRA?", anyway=anyway).answer()
        assert (answer.text, answer.refused, answer.is_cut) == (text, False, True)
        assert "before the answer began" in answer.reason


def test_an_answer_that_no_abstract_holds_is_refused(build: Callable[..., Assistant]) -> None:
    answer = build(ScriptedModel("Paris is the capital of France.")).ask("What is BeamLoRA?").answer()
    assert answer.refused
    assert "Paris" not in answer.text


def test_a_question_in_odd_characters_is_asked_all_the_same(build: Callable[..., Assistant]) -> None:
    answer = build(ScriptedModel("BeamLoRA treats each adapter as a beam.")).ask("What is Be\udcffamLoRA?").answer()
    assert answer.question == "What is BeamLoRA?"


def test_a_cut_answer_says_so(build: Callable[..., Assistant]) -> None:
    answer = build(ScriptedModel("beam " * 80)).ask("What is BeamLoRA?").answer()
    assert (answer.reason, answer.is_cut) == ("cut at the longest answer allowed", True)
    whole = build(ScriptedModel("BeamLoRA treats each adapter as a beam.")).ask("What is BeamLoRA?").answer()
    assert not whole.is_cut
    refused = build(ScriptedModel("Paris is the capital of France. " * 80)).ask("What is BeamLoRA?").answer()
    assert (refused.refused, refused.is_cut) == (True, False)  # which is said whole


@pytest.mark.parametrize("end", ["", ".", ". [1]", ".” [1] [2]", "。"])
def test_a_text_of_which_nobody_tells_how_it_ended_is_whole_where_a_sentence_ends(end: str) -> None:
    text = f"BeamLoRA treats each adapter as a beam{end}"
    assert ("broken off" in writing.cut_short(text, Ended())) == (end == "")
    assert not writing.cut_short(text, Ended("stop"))
    assert "longest" in writing.cut_short(text, Ended("length"))


def test_who_stops_while_a_server_is_waited_for_gets_an_answer_without_a_word(
    build: Callable[..., Assistant], monkeypatch: pytest.MonkeyPatch
) -> None:
    def search(*_: object) -> None:
        stream.close()
        stopping.result(Future[None]())  # of a server that hangs

    monkeypatch.setattr(Retriever, "search", search)
    stream = build(ScriptedModel()).ask("What is treated as a beam?", kind="passages")
    answer = stream.answer()
    assert (answer.text, answer.reason, answer.refused) == ("", "stopped by the reader", False)


BEAM = "BeamLoRA treats each adapter as a beam."


OWN_WORDS = "In BeamLoRA each adapter is treated as a beam."
"""Not those of the abstract, so that their meaning is compared."""


def served(stop: Callable[[], object]) -> Callable[..., None]:
    """Return how a server embeds that is waited for while an answer is stopped."""

    def embed(*_: object) -> None:
        stop()
        stopping.result(Future[None]())

    return embed


@pytest.mark.parametrize("stopped", ["while it is written", "while it is proved"])
def test_what_was_written_stays_where_a_server_embeds(
    build: Callable[..., Assistant], monkeypatch: pytest.MonkeyPatch, stopped: str
) -> None:
    built = replace(build(ScriptedModel(OWN_WORDS)), hosts=lambda: ("a", "b", "c"))
    stream = built.ask("What is BeamLoRA?")
    monkeypatch.setattr(HashingEmbedder, "embed", served(stream.close))
    for event in stream:
        if stopped == "while it is written" and isinstance(event, TextProduced) and "beam." in event.text:
            stream.close()
    answer = stream.answer()
    assert (answer.text, answer.reason) == (f"{OWN_WORDS} [1]", "stopped by the reader")
    assert [source.title for source in answer.sources] == ["BeamLoRA"]
    assert answer.sent_to == ("a", "b", "c")


def test_an_overview_that_is_stopped_while_a_server_embeds_keeps_what_was_told(
    build: Callable[..., Assistant], monkeypatch: pytest.MonkeyPatch
) -> None:
    question = "What is there?"
    stream = build(ScriptedModel(OWN_WORDS)).ask(question, plan=OverviewPlan(question=question))
    monkeypatch.setattr(HashingEmbedder, "embed", served(stream.close))
    answer = stream.answer()
    assert (answer.kind, answer.reason, len(answer.sources)) == ("synthesis", "stopped by the reader", 2)
    assert answer.text
    assert answer.is_cut


def test_who_stops_before_the_writing_keeps_plan_and_sources(
    build: Callable[..., Assistant], monkeypatch: pytest.MonkeyPatch
) -> None:
    built = replace(build(ScriptedModel()), hosts=lambda: ("a", "b", "c"))
    stream = built.ask("Compare BeamLoRA and Light-PEFT")
    monkeypatch.setattr(ScriptedModel, "count_prompt_tokens", served(stream.close))
    answer = stream.answer()
    assert (answer.kind, answer.text, answer.reason) == ("comparison", "", "stopped by the reader")
    assert answer.is_cut
    assert isinstance(answer.plan, ComparisonPlan)
    assert len(answer.sources) == 2
    assert answer.sent_to == ("b", "c")


def hold(assistant: Assistant) -> Ticket:
    """Return the ticket of one who has the model until it is closed."""
    ticket = assistant.queue.ticket(stop=threading.Event())
    assert list(ticket.wait()) == []
    return ticket


def test_ten_who_ask_at_once_are_answered_in_their_order_and_see_their_place(build: Callable[..., Assistant]) -> None:
    assistant = build(ScriptedModel(*[BEAM] * 10))
    before = hold(assistant)
    places: list[list[int]] = [[] for _ in range(10)]
    queued, ended = threading.Semaphore(0), list[int]()

    def follow(number: int) -> None:
        for event in assistant.ask("What treats each adapter as a beam?", asker=f"asker {number}"):
            if isinstance(event, Waiting):
                places[number].append(event.place)
                queued.release()
            if isinstance(event, AnswerFinished):
                assert event.answer.text == f"{BEAM} [1]"
                ended.append(number)

    threads = [threading.Thread(target=follow, args=(number,), daemon=True) for number in range(10)]
    for thread in threads:
        thread.start()
        assert queued.acquire(timeout=20)
    before.close()
    for thread in threads:
        thread.join(20)
    assert ended == list(range(10))
    for number, seen in enumerate(places):
        assert (seen[0], seen[-1]) == (number + 1, 0)
        assert seen == sorted(seen, reverse=True)
    assert assistant.queue.is_free


def test_what_the_library_alone_answers_does_not_wait(build: Callable[..., Assistant]) -> None:
    assistant = build()
    hold(assistant)
    assert assistant.ask("How many papers?").answer().count == 2
    assert assistant.ask("What can you do?").answer().kind == "about"


def test_what_only_the_model_can_read_waits_before_it_is_planned(
    build: Callable[..., Assistant], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MarkedReader, "known", lambda *_: None)
    monkeypatch.setattr(MarkedReader, "read", lambda self, text, *_: self.requests[text])
    assistant = build()
    before = hold(assistant)
    events = iter(assistant.ask("How many papers?"))
    assert next(events) == Waiting(1)
    before.close()
    assert next(events) == Waiting(0)
    assert isinstance(next(events), QuestionPlanned)


def test_what_is_counted_of_an_overview_is_there_before_its_turn(build: Callable[..., Assistant]) -> None:
    assistant = build(ScriptedModel())
    hold(assistant)
    question = "What is there?"
    kinds = []
    for event in assistant.ask(question, plan=OverviewPlan(question=question)):
        kinds.append(type(event))
        if isinstance(event, Waiting):
            break
    assert kinds[-4:] == [EvidenceFound, TextProduced, Progress, Waiting]


def test_who_is_stopped_while_waiting_leaves_without_the_model(build: Callable[..., Assistant]) -> None:
    model = ScriptedModel(BEAM)
    assistant = build(model)
    hold(assistant)
    stream = assistant.ask("What treats each adapter as a beam?")
    events = iter(stream)
    assert [type(next(events)) for _ in range(3)] == [QuestionPlanned, EvidenceFound, Waiting]
    other = assistant.queue.ticket(stop=threading.Event())
    assert assistant.queue.place(other) == 2
    stream.close()
    answer = stream.answer()
    assert (answer.text, answer.reason) == ("", "stopped by the reader")
    assert assistant.queue.place(other) == 1


def test_an_error_in_one_answer_frees_the_model_for_the_next(build: Callable[..., Assistant]) -> None:
    assistant = build(FailingModel("BeamLoRA is"))
    with pytest.raises(RuntimeError):
        assistant.ask("What is BeamLoRA?").answer()
    assert assistant.queue.is_free


def test_an_answer_that_is_forgotten_midway_frees_the_model(build: Callable[..., Assistant]) -> None:
    assistant = build(ScriptedModel(BEAM))
    events = iter(assistant.ask("What treats each adapter as a beam?"))
    while not isinstance(next(events), TextProduced):
        pass
    assert not assistant.queue.is_free
    del events
    assert assistant.queue.is_free


def add_titles(library: Library, embedder: HashingEmbedder, *titles: str, **fields: object) -> PersistentIndex:
    """Add papers without abstracts."""
    papers = [replace(make_paper(title, **fields), abstract="") for title in titles]
    upsert.store(library, [Record(paper, 1) for paper in papers], "titles")
    index = PersistentIndex(library, MemoryPlace())
    embedding_queue.embed_pending(library, index, embedder)
    return index


def test_papers_without_an_abstract_are_no_evidence_however_near(
    build: Callable[..., Assistant], library: Library, embedder: HashingEmbedder
) -> None:
    build()
    index = add_titles(library, embedder, *(f"What treats each adapter as a beam? {number}" for number in range(9)))
    found = assistant_over(library, embedder, index=index)
    sources, _ = found.evidence(PassagesPlan(question="q", subject="What treats each adapter as a beam?"))
    assert {source.title for source in sources} == {"BeamLoRA", "Light-PEFT"}
    assert found.retriever.search("What treats each adapter as a beam?", 1)[0].paper_id in {
        paper.id for paper in library.papers(PaperFilter(has_abstract=False))
    }


def test_without_such_papers_the_search_is_not_restricted(build: Callable[..., Assistant]) -> None:
    assistant, asked = build(), []

    class Noting(Retriever):
        def search(self, question: str, limit: int, filter: PaperFilter = PaperFilter()) -> list[Passage]:
            asked.append(filter)
            return super().search(question, limit, filter)

    noting = Noting(assistant.library, assistant.retriever.index, assistant.retriever.embedder)
    replace(assistant, retriever=noting).evidence(PassagesPlan(question="q", subject="beams"))
    assert asked == [PaperFilter()]


def test_a_question_about_a_paper_without_an_abstract_is_refused_and_says_so(
    build: Callable[..., Assistant], library: Library, embedder: HashingEmbedder
) -> None:
    build()
    index = add_titles(library, embedder, "Stellar Winds", doi="10.1/winds", authors=("Vera Rubin",))
    assistant = assistant_over(library, embedder, index=index)
    (bare,) = library.papers(PaperFilter(has_abstract=False))
    plan = PassagesPlan(question="What is Stellar Winds about?", subject="q", papers=(bare.id,))
    for asked in (plan, OverviewPlan(question="Summarise Stellar Winds", papers=(bare.id,))):
        answer = assistant.ask(asked.question, plan=asked).answer()
        assert (answer.refused, answer.reason) == (True, refusals.NO_ABSTRACT)
        assert answer.text.startswith("“Stellar Winds” is in the library without an abstract")
        assert "`assistant complete`" in answer.text
    beam = next(paper.id for paper in library.papers() if paper.title == "BeamLoRA")
    compared = ComparisonPlan(question="Compare both", papers=(bare.id, beam))
    assert assistant.ask("Compare both", plan=compared).answer().reason == refusals.NO_ABSTRACT
    hers = PassagesPlan(question="What did she find?", subject="find", filter=PaperFilter(author="Vera Rubin"))
    answer = assistant.ask("What did she find?", plan=hers).answer()
    assert answer.text.startswith("The only paper by Vera Rubin has no abstract.")
    asked = PassagesPlan(question="beams?", subject="beams", filter=PaperFilter(has_abstract=False))
    assert "in the library has no abstract" in assistant.ask("beams?", plan=asked).answer().text


def test_a_named_paper_with_an_abstract_is_answered_beside_one_without(
    build: Callable[..., Assistant], library: Library, embedder: HashingEmbedder
) -> None:
    build()
    index = add_titles(library, embedder, "Stellar Winds")
    ids = tuple(paper.id for paper in library.papers() if paper.title in ("BeamLoRA", "Stellar Winds", "Light-PEFT"))
    assistant = assistant_over(library, embedder, index=index)
    for plan in (PassagesPlan(question="q", subject="q", papers=ids), ComparisonPlan(question="q", papers=ids)):
        assert {source.title for source in assistant.evidence(plan)[0]} == {"BeamLoRA", "Light-PEFT"}
