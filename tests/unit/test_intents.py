"""What a masked question asks for."""

from __future__ import annotations

import pytest

from assistant import intents


@pytest.mark.parametrize(
    ("question", "measure"),
    [
        ("how many papers are in the library?", "count"),
        ("how many papers did @a0 publish @d0?", "count"),
        ("number of articles by @a0", "count"),
        ("how often did @a0 and @a1 publish together?", "count"),
        ("list the @c0 papers", "papers"),
        ("which papers released code?", "papers"),
        ("what did @a0 and @a1 publish together?", "papers"),
        ("did @a0 and @a1 ever work together?", "papers"),
        ("is there anything by @a0 from @d0?", "papers"),
        ("show me the latest 3 papers by @a0", "newest"),
        ("what is @a0 most recent publication?", "newest"),
        ("what is the oldest paper?", "oldest"),
        ("when did @a0 first publish?", "oldest"),
        ("how many papers per year?", "per_year"),
        ("in which year did @a0 publish the most papers?", "per_year"),
        ("papers per category", "per_category"),
        ("which venues do the papers come from?", "per_venue"),
        ("who has written the most papers?", "per_author"),
        ("top 5 authors", "per_author"),
        ("how many different authors are there?", "per_author"),
        ("who is most often first author?", "per_first_author"),
        ("who are @a0 most frequent co-authors?", "coauthors"),
        ("with whom does @a0 publish most often?", "coauthors"),
        ("who wrote @p0?", "authors_of"),
        ("is @a0 the first author of @p0?", "authors_of"),
        ("how many authors does @p0 have?", "authors_of"),
        ("when was @p0 published?", "details"),
        ("does @p0 release code?", "details"),
    ],
)
def test_questions_for_the_catalogue_are_known_by_their_words(question: str, measure: str) -> None:
    intent = intents.read(question)
    assert (intent.kind, intent.measure, intent.leftover) == ("catalogue", measure, ())


@pytest.mark.parametrize(
    "question",
    [
        "what batch size was used for @p0?",
        "how many benchmarks were used to evaluate the review mechanism?",
        "how many video benchmarks does the @p0 evaluation framework cover?",
        "what does @a0 say about protein folding?",
        "what problem do current works on knowledge editing have?",
        "how many experts are activated?",
        "how many papers does the @p0 survey review for each language family?",
        "which paper introduces constrained subset search?",
        "which papers propose a new benchmark for video?",
    ],
)
def test_questions_about_content_are_not_for_the_catalogue(question: str) -> None:
    intent = intents.read(question)
    assert intent.kind == "passages" or intent.leftover


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("which papers are about lora?", "lora"),
        ("how many papers about reinforcement learning are there?", "reinforcement learning"),
        ("how many reinforcement learning papers are there @d0?", "reinforcement learning"),
        ("what is the most recent publication of @a0 about mixture of experts?", "mixture of experts"),
        ("does the library have anything on quantum computing?", "quantum computing"),
        ("which papers at @v0 @d0 discuss parsing?", "parsing"),
        ("how many papers mention @q0?", "@q0"),
    ],
)
def test_the_topic_of_the_papers_is_found(question: str, topic: str) -> None:
    intent = intents.read(question)
    assert (intent.topic, intent.leftover) == (topic, ())


def test_flags_and_limits_are_read() -> None:
    assert intents.read("how many papers by @a0 have code?").has_code is True
    assert intents.read("list all papers without code").has_code is False
    assert intents.read("which papers are open source?").has_code is True
    assert intents.read("how many first-author papers does @a0 have?").position == "first"
    assert intents.read("show me the latest 3 papers by @a0").limit == 3
    assert intents.read("the five oldest papers").limit == 5


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("compare @p0 and @p1", "comparison"),
        ("what is the difference between @p0 and @p1?", "comparison"),
        ("what has @a0 worked on?", "synthesis"),
        ("summarise @a0 work on reinforcement learning", "synthesis"),
        ("what are the main themes of the @d0 papers?", "synthesis"),
        ("hello", "about"),
        ("what can you do?", "about"),
        ("thanks!", "about"),
    ],
)
def test_prose_and_small_talk_are_told_apart(question: str, kind: str) -> None:
    assert intents.read(question).kind == kind


def test_after_a_list_papers_need_no_word() -> None:
    assert intents.read("which of those is the newest?", of_list=True).measure == "newest"
    assert intents.read("how many of them have code?", of_list=True).measure == "count"
    assert intents.read("list them", of_list=True).measure == "papers"


def test_chinese_cues_are_put_into_english() -> None:
    assert "how many papers" in intents.in_english("顾乃斌发表了几篇论文？")
    assert intents.is_chinese("论文")
    assert intents.in_english("How many papers?") == "How many papers?"
