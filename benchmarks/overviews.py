"""Overviews beside what the plain chat model writes from the same abstracts.

`python -m benchmarks.overviews LIBRARY FOLDER --author "..." --topic "..."` writes both texts of each pair to files of
the folder, under names that do not tell which is which, and `key.json`, which does. It prints of either: words, papers
cited, the share of its sentences that abstracts support, and seconds; of ours, how many papers had been read ahead.
Somebody who has not seen the key reads the pairs and says which they would send; `--judged FILE`, JSON Lines of
{"pair": 1, "preferred": "a"}, prints the share of ours.
"""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from assistant import settings
from assistant.grounding import support, verifier
from assistant.search import topics
from assistant.types import Message, PaperFilter, Source
from assistant.wiring import probes_made
from assistant.workspace import Workspace
from benchmarks import measuring

PLAIN_PROMPT_TOKENS = 4000
PLAIN_NEW_TOKENS = 450

_MARK = re.compile(r"\[(\d+)\]")


def plain(workspace: Workspace, sources: Sequence[Source], subject: str) -> str:
    """Return what the model writes when it is shown the abstracts, as many as fit, and asked for a summary."""
    model, shown = workspace.language_model(), list(sources)
    while True:
        listed = "\n\n".join(f"[{each.number}] {each.title} ({each.date})\n{each.abstract}" for each in shown)
        asked = Message(
            "user",
            f"{listed}\n\nWrite a summary of the research {subject}, for a colleague: the main themes, what the papers "
            "propose and find, and how the work has changed over the years. Cite the abstracts by their numbers, as "
            "in [1].",
        )
        if model.count_prompt_tokens([asked]) <= PLAIN_PROMPT_TOKENS or len(shown) == 1:
            return "".join(model.generate([asked], max_new_tokens=PLAIN_NEW_TOKENS, stop=threading.Event()))
        shown.pop()


def supported_share(workspace: Workspace, text: str, sources: Sequence[Source]) -> str:
    """Return how many of a text's sentences on papers are supported by the sources that they are nearest to."""
    supports = support.reader(workspace.language_model(), probes_made(workspace.settings), 3000)
    judged = verifier.prove(text, "", [verifier.provable(source) for source in sources], supports)
    looked_at = [sentence for sentence in judged if sentence.status != "unchecked"]
    good = sum(sentence.status in ("exact", "supported") for sentence in looked_at)
    return f"{good} of {len(looked_at)} sentences supported"


def compare(workspace: Workspace, folder: Path, number: int, author: str, topic: str, length: str) -> dict[str, str]:
    """Write one pair of texts; return which of the files holds ours."""
    began = time.monotonic()
    answer = workspace.summarize(author=author, topic=topic, length=length).answer()  # type: ignore[arg-type]
    seconds = time.monotonic() - began
    ahead = answer.coverage.read_ahead if answer.coverage else 0
    on_papers = [sentence for sentence in answer.sentences if sentence.spans]
    print(f"\n{number}. {author or topic}: {answer.count} papers, {ahead} read ahead")
    proved = sum(sentence.status in ("exact", "supported") for sentence in on_papers)
    print(
        f"  ours:  {len(answer.text.split())} words, {len(answer.cited_numbers)} papers cited, {proved} of "
        f"{len(on_papers)} sentences on papers supported, {seconds:.1f} s",
        flush=True,
    )
    selected = topics.select(workspace.library, topic, PaperFilter(author=author), workspace.nearest)
    papers = workspace.library.papers(selected.filter)
    sources = [Source.of(place, paper) for place, paper in enumerate(papers, 1)]
    began = time.monotonic()
    text = plain(workspace, sources, f"by {author}" if author else f"on {topic}")
    seconds = time.monotonic() - began
    cited = len({mark for mark in _MARK.findall(text) if int(mark) <= len(sources)})
    share = supported_share(workspace, text, sources)
    print(f"  plain: {len(text.split())} words, {cited} papers cited, {share}, {seconds:.1f} s", flush=True)
    ours = "ab"[random.Random(f"{number} {author} {topic}").randrange(2)]
    other = "b" if ours == "a" else "a"
    references = "\n".join(f"[{each.number}] {each.title} ({each.date})" for each in answer.sources)
    titles = "\n".join(f"[{each.number}] {each.title} ({each.date})" for each in sources)
    for name, written, listed in ((ours, answer.text, references), (other, text, titles)):
        (folder / f"{number}{name}.txt").write_text(f"{written}\n\nPapers:\n{listed}\n", encoding="utf-8")
    return {"pair": str(number), "about": author or topic, "ours": ours}


def main(
    library: Path,
    folder: Path,
    author: Annotated[list[str] | None, typer.Option()] = None,
    topic: Annotated[list[str] | None, typer.Option()] = None,
    length: str = "medium",
    judged: Annotated[Path | None, typer.Option(help="JSON Lines of a reader's choices.")] = None,
) -> None:
    """Write the pairs and print their figures, or print what a reader preferred."""
    key = folder / "key.json"
    if judged:
        ours = {each["pair"]: each["ours"] for each in json.loads(key.read_text(encoding="utf-8"))}
        chosen = [each["preferred"] == ours[str(each["pair"])] for each in measuring.read_lines(judged)]
        measuring.print_share("ours preferred", sum(chosen), len(chosen))
        return
    folder.mkdir(parents=True, exist_ok=True)
    asked = [*((name, "") for name in author or ()), *(("", name) for name in topic or ())]
    with Workspace(settings.load(library=library)) as workspace:
        pairs = [compare(workspace, folder, number, *each, length) for number, each in enumerate(asked, 1)]
    key.write_text(json.dumps(pairs, indent=1), encoding="utf-8")


if __name__ == "__main__":
    measuring.run(main, __doc__)
