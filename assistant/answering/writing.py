"""Prose answers: what the model is given to read, and what is shown of what it wrote."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

import prompts
from assistant.answering import refusals
from assistant.grounding import Embed, Supports, tokens, verifier
from assistant.models import prompting
from assistant.protocols import Ended, LanguageModel, Written
from assistant.text import content_words, counted, fold, prompt_safety, quotation, split_sentences
from assistant.types import Answer, ComparisonPlan, Message, PassagesPlan, Sentence, Source, Span

_TRANSLATION_TOKENS = 120
_LANGUAGES = {"de": "German", "es": "Spanish", "fr": "French", "zh": "Chinese"}
"""Languages that a request is recognised in. Told only to use the question's, the default model writes English."""

_SHORTEST_TRANSLATION = 0.25
"""Characters of a translation, beside those of the English: Chinese needs a third."""

STOPPED = "stopped by the reader"
"""Why an answer ends early."""

_UNFINISHED_THOUGHT = (
    "cut before the answer began: ask a narrower question or, where the model thinks long, choose one that thinks less"
)
"""Why there is no answer where thoughts took all the room."""

_MARK = re.compile(r"\[\d+\]")
_END = re.compile(r"[.!?…。！？]\W*(?:\[\d+\]\W*)*$")
_LONGEST_END = 100
"""Characters at a text's end in which its last sentence ends, with its marks."""

_SAID_FROM = 0.8
"""Share of a quotation's words from which an answer says it already."""

_CONTRIBUTION = re.compile(
    r"\b(?:we|this (?:paper|work|study|article)|the (?:paper|authors?))\b[^.]{0,40}\b(?:propos|introduc|present|"
    r"develop|show|find|investigat|describ|demonstrat|stud|report|explor|provid|design|address|build)",
    re.IGNORECASE,
)


def in_english(model: LanguageModel, question: str, stop: threading.Event) -> str:
    """Return a question in English, by the model; "" where it writes nothing."""
    asked = Message("user", prompts.load("translation", question=question))
    written = Written(model.generate([asked], max_new_tokens=_TRANSLATION_TOKENS, stop=stop)).whole()
    lines = [line.strip(' "“”') for line in written.splitlines() if line.strip()]
    return lines[0] if lines else ""


def with_translation(
    model: LanguageModel, answer: Answer, sentences: Sequence[Sentence], stop: threading.Event
) -> Answer:
    """Put before an answer its sentences in the language of its question, by the model.

    What was compared with the abstracts is the English text, which stays under it. It is left alone where a sentence
    is not wholly supported, and where the translation lacks a number or a name, adds a number, or was cut.
    """
    english = prompt_safety.harmless(" ".join(sentence.text for sentence in sentences))
    language = _LANGUAGES.get(answer.plan.language, "") if answer.plan else ""
    if not language or not sentences or any(sentence.status not in ("exact", "supported") for sentence in sentences):
        return answer
    asked = Message("user", prompts.load("answer_translation", language=language, answer=english))
    written = Written(model.generate([asked], max_new_tokens=_TRANSLATION_TOKENS * 3, stop=stop))
    translation = " ".join(_MARK.sub("", written.whole()).split()).strip(' "“”')
    is_cut = stop.is_set() or bool(cut_short(written.text, written.ended))
    if is_cut or fold(translation) == fold(english) or not _says_the_same(translation, english):
        return answer
    reason = "; ".join(part for part in (answer.reason, "translated by the model; checked in English") if part)
    text = f"{translation}\n\nIn English: {answer.text}"
    return replace(answer, text=text, translation=translation, reason=reason)


def cut_short(text: str, ended: Ended) -> str:
    """Return how a text was cut, in words, "" for a whole one; where nobody tells, it is whole that ends a sentence."""
    if ended.why == "length":
        return "cut at the longest answer allowed" if text.strip() else _UNFINISHED_THOUGHT
    is_whole = ended.why == "stop" or _END.search(text[-_LONGEST_END:]) or not text.strip()
    return "" if is_whole else "broken off: the server did not say that this is the whole answer"


def _says_the_same(translation: str, english: str) -> bool:
    """Tell whether two texts hold the same numbers, and the first the second's names that are not plain words."""
    numbers = [set(re.findall(r"\d+", text)) for text in (translation, english)]
    said = (name.removesuffix("'s") for name in tokens.names(tokens.readable(english)))
    names = [name for name in said if not name[1:].islower()]
    is_whole = len(translation) >= _SHORTEST_TRANSLATION * len(english)
    return is_whole and numbers[0] == numbers[1] and all(name in translation for name in names)


def prove(
    written: str,
    plan: PassagesPlan | ComparisonPlan,
    sources: Sequence[Source],
    supports: Supports,
    embed: Embed | None,
) -> tuple[Sentence, ...]:
    """Return the sentences of a text with what the sources say to each; an order in an abstract says nothing.

    Where papers are compared and one of them is cited by no sentence, its own main sentence is quoted. Without `embed`
    words alone find the spans.
    """
    shown = prompting.numbered(sources)  # what the model writes goes by the numbers of its prompt
    proved = verifier.prove(written, plan.question, [verifier.provable(source) for source in shown], supports, embed)
    own = {one.number: source.number for one, source in zip(shown, sources, strict=True)}
    sentences = tuple(_numbered(sentence, own) for sentence in proved)
    if isinstance(plan, PassagesPlan):
        return sentences
    cited = {number for sentence in sentences if is_shown(sentence) for number in sentence.sources}
    quoted = [_quotation(source) for source in sources if source.number not in cited]
    return (*sentences, *(sentence for sentence in quoted if sentence))


def _numbered(sentence: Sentence, numbers: Mapping[int, int]) -> Sentence:
    """Return a sentence with other numbers of its sources."""
    spans = sorted(
        (replace(span, source=numbers[span.source]) for span in sentence.spans), key=lambda each: each.source
    )
    return replace(sentence, sources=tuple(sorted(numbers[each] for each in sentence.sources)), spans=tuple(spans))


def is_shown(sentence: Sentence) -> bool:
    """Tell whether a sentence stands in the answer."""
    return sentence.status != "unsupported"


def finished(
    answer: Answer, written: str, proved: Sequence[Sentence], *, stopped: bool, cut: str, anyway: bool = False
) -> Answer:
    """Return the answer with what is kept of the text, or the refusal where nothing of it is supported.

    `cut` says how the text was cut, "" for a whole one. With `anyway` all of it is kept, what no abstract supports with
    a mark, and the reason says so.
    """
    shown = tuple(sentence for sentence in proved if is_shown(sentence) or anyway)
    withheld = tuple(sentence for sentence in proved if sentence not in shown)
    unproved = not any(sentence.sources for sentence in shown)
    is_refused = not stopped and cut != _UNFINISHED_THOUGHT and (unproved or prompting.is_refusal(written))
    if is_refused and not (anyway and written.strip()):
        text, reason = refusals.not_said(answer.sources)
        reason = reason if written.strip() else "the model wrote nothing"
        return replace(answer, kind="refusal", refused=True, text=text, reason=reason, withheld=withheld)
    remarks = [
        STOPPED if stopped else cut,
        "not assured: answered without asking whether an abstract states the answer" if anyway else "",
        f"{counted(len(withheld), 'sentence')} withheld: no abstract supports {'it' if len(withheld) == 1 else 'them'}"
        if withheld
        else "",
    ]
    return replace(
        answer,
        text=verifier.cited_text(shown),
        reason="; ".join(remark for remark in remarks if remark),
        sentences=shown,
        withheld=withheld,
        is_cut=stopped or bool(cut),
    )


def with_evidence(answer: Answer, number: int | None, quote: str) -> Answer:
    """Put behind an answer, word for word, the sentence of its abstract that states what is asked for.

    A small model often answers a half, or with the sentence beside. Nothing is put where the answer says it already.
    """
    if not (sentence := _quotation_of(answer, number, quote)):
        return answer
    said = set(content_words(fold(" ".join(each.text for each in answer.sentences))))
    words = set(content_words(fold(quote)))
    if len(words & said) >= _SAID_FROM * len(words):
        return answer
    sentence = replace(sentence, text=f"The abstract says: {sentence.text}")
    sentences = (*answer.sentences, sentence)
    return replace(answer, text=verifier.cited_text(sentences), sentences=sentences)


def quoted(answer: Answer, number: int | None, quote: str) -> Answer:
    """Return a sentence of a source's abstract as the answer, in place of a text of which nothing is supported."""
    if not (sentence := _quotation_of(answer, number, quote)):
        return answer
    return replace(
        answer,
        kind="passages",
        refused=False,
        text=verifier.cited_text([sentence]),
        sentences=(sentence,),
        reason="quoted: no abstract supports what the model wrote",
    )


def _quotation_of(answer: Answer, number: int | None, quote: str) -> Sentence | None:
    """Return a sentence of a source's abstract as a quotation; None of another text, or of an order to its reader."""
    source = next((source for source in answer.sources if source.number == number), None)
    if source is None or not quote or quote not in prompt_safety.without_orders(source.abstract):
        return None
    return Sentence(f"“{quotation(quote)}”", "exact", (source.number,), (Span(source.number, quote),))


def _quotation(source: Source) -> Sentence | None:
    """Return the sentence of an abstract that says what the paper does, as a quotation."""
    sentences = split_sentences(prompt_safety.without_orders(source.abstract))
    if not sentences:
        return None
    said = next((sentence for sentence in sentences if _CONTRIBUTION.search(sentence)), sentences[0])
    return Sentence(f"{source.title}: “{said}”", "exact", (source.number,), (Span(source.number, said),))
