"""One sentence a paper: written once by the model, kept in the library, shown where the paper's abstract proves it.

Where it does not, the key sentence of the abstract stands in its place.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import insert, select

import prompts
from assistant.analysis.summaries.key_sentences import key_sentence
from assistant.grounding import Embed, Supports, provable, verifier
from assistant.library import Library, pages, paper_lines
from assistant.protocols import LanguageModel
from assistant.text import counted, prompt_safety, split_sentences
from assistant.types import Message, Paper, Progress, ProgressListener, Sentence, SentenceStatus, Source, Span

MOST_TOKENS = 64
"""Tokens of a line, more than 25 words of a paper take; what is cut off here is not shown."""

LONGEST_ABSTRACT = 6000
"""Characters of an abstract that the model reads; not tokens, so that what was read is known without the model."""

_PROVED: tuple[SentenceStatus, ...] = ("exact", "supported")
_WRAPPING = " \t*_\"'“”‘’`#"
_ANNOUNCED = re.compile(r"^(?:[^.!?:]{0,60}\b(?:summary|sentence|contribution)\b[^.!?:]{0,20}:)\s*", re.IGNORECASE)
_ENDED = re.compile(r"[.!?。！？][\"'”’)\]]*$")


@dataclass(frozen=True, slots=True)
class Line:
    """What a model said of a paper, "" for nothing, whether the abstract says it, and the abstract's words that do."""

    said: str
    status: SentenceStatus
    quotes: tuple[str, ...] = ()

    @property
    def is_proved(self) -> bool:
        """Tell whether the line may be shown."""
        return self.status in _PROVED


def write(
    library: Library,
    papers: Sequence[Paper],
    model: LanguageModel,
    supports: Supports,
    embed: Embed,
    stop: threading.Event,
    on_progress: ProgressListener,
) -> dict[str, Sentence]:
    """Return one proved sentence for each paper, by its id; the model writes only for those of which it kept no line.

    `Sentence.sources` numbers the papers from 1 in the order given. Where the abstract does not prove the model's line,
    the key sentence stands in its place, with the status "exact". Each line is kept as soon as it is written: when
    `stop` is set, what is done is kept and returned. Papers without an abstract are left out.
    """
    digests = _digests(papers)
    known = kept(library, list(digests.values()), model.info.name)
    missing = {digests[paper.id]: paper for paper in papers if digests.get(paper.id, "") not in {"", *known}}

    def report() -> None:
        done = sum(digests.get(paper.id, "") in {"", *known} for paper in papers)
        on_progress(Progress(done, len(papers), f"{done} of {counted(len(papers), 'paper')} read"))

    report()
    asked = [prompt(paper) for paper in missing.values()]
    order = list(missing)
    for index, text in model.write_all(asked, max_new_tokens=MOST_TOKENS, stop=stop) if asked else ():
        said = one_sentence(text)
        if stop.is_set() and not _ENDED.search(said):
            continue  # cut off in the middle; the next run writes it anew
        known[order[index]] = proved(said, missing[order[index]], supports, embed)
        _keep(library, order[index], model.info.name, known[order[index]])
        report()
    return _sentences(papers, digests, known)


def read(library: Library, papers: Sequence[Paper], model_name: str) -> dict[str, Sentence]:
    """Return the sentences as `write` does, of those papers only of which a line of this model is kept."""
    digests = _digests(papers)
    return _sentences(papers, digests, kept(library, list(digests.values()), model_name))


def unproved(library: Library, papers: Sequence[Paper], model_name: str) -> tuple[Sentence, ...]:
    """Return the kept lines that the papers' abstracts do not wholly support."""
    lines = kept(library, list(_digests(papers).values()), model_name)
    return tuple(Sentence(line.said, line.status) for line in lines.values() if not line.is_proved)


def prompt(paper: Paper) -> tuple[Message, ...]:
    """Return what the model is shown of a paper; nothing in it looks like a message or gives an order."""
    abstract = prompt_safety.quoted(paper.abstract)[:LONGEST_ABSTRACT]
    return (Message("user", prompts.load("line", title=prompt_safety.title(paper.title), abstract=abstract)),)


def digest(paper: Paper) -> str:
    """Return the SHA-256 of what the model is shown of a paper, in hexadecimal digits."""
    shown = "\0".join(message.content for message in prompt(paper))
    return hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest()


def one_sentence(written: str) -> str:
    """Return the first sentence of what the model wrote, without what announces it and without marks around it."""
    for text in written.splitlines():
        bare = _ANNOUNCED.sub("", " ".join(prompt_safety.visible(text).split()).strip(_WRAPPING)).strip(_WRAPPING)
        if sentences := split_sentences(bare):
            return sentences[0]
    return ""


def proved(said: str, paper: Paper, supports: Supports, embed: Embed | None) -> Line:
    """Return a line with what the paper's abstract says to it; one that was cut off is never proved."""
    if not _ENDED.search(said):
        return Line(said, "unsupported")
    source = provable(Source.of(1, paper))
    judged = verifier.prove(said, "", [source], supports, embed)
    if len(judged) != 1:
        return Line(said, "unsupported")
    return Line(judged[0].text, judged[0].status, tuple(span.quote for span in judged[0].spans))


def kept(library: Library, digests: Sequence[str], model_name: str) -> dict[str, Line]:
    """Return the kept lines of a model by the digest of what it read."""
    found: dict[str, Line] = {}
    with library.transaction() as connection:
        for page in pages(digests):
            rows = connection.execute(
                select(paper_lines.c.digest, paper_lines.c.line).where(
                    paper_lines.c.digest.in_(page), paper_lines.c.model == model_name
                )
            )
            for row in rows:
                value = json.loads(row.line)
                found[row.digest] = Line(value["said"], value["status"], tuple(value["quotes"]))
    return found


def _keep(library: Library, of: str, model_name: str, line: Line) -> None:
    row = {"digest": of, "model": model_name, "line": json.dumps(asdict(line), ensure_ascii=False)}
    with library.transaction() as connection:
        connection.execute(insert(paper_lines).prefix_with("OR REPLACE"), row)


def _sentences(papers: Sequence[Paper], digests: Mapping[str, str], lines: Mapping[str, Line]) -> dict[str, Sentence]:
    found: dict[str, Sentence] = {}
    for number, paper in enumerate(papers, 1):
        line = lines.get(digests.get(paper.id, ""))
        if line and (sentence := _shown(number, paper, line)):
            found[paper.id] = sentence
    return found


def _shown(number: int, paper: Paper, line: Line) -> Sentence | None:
    if line.is_proved:
        return Sentence(line.said, line.status, (number,), tuple(Span(number, quote) for quote in line.quotes))
    key = key_sentence(paper.title, paper.abstract)
    return Sentence(key, "exact", (number,), (Span(number, key),)) if key else None


def _digests(papers: Sequence[Paper]) -> dict[str, str]:
    """Return the digest of each paper that has an abstract, by its id."""
    return {paper.id: digest(paper) for paper in papers if any(map(str.isalnum, paper.abstract))}
