"""How much of what overviews and summaries show is proved, and how much of what the model wrote was kept.

    python -m benchmarks.faithfulness LIBRARY [--authors 3] [--papers 5] [--topic WORDS ...] [--length medium]

asks for an overview of each of the library's most frequent authors and of each topic, and for a summary of some papers.
"Shown" counts the sentences of the answers that state something; "proved" are those with the status exact or supported.
The intervals are Wilson's at 95 %.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from assistant import settings
from assistant.evaluation.statistics import Share
from assistant.types import Answer, CataloguePlan, OverviewPlan, PaperFilter
from assistant.workspace import Workspace


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", type=Path)
    parser.add_argument("--authors", type=int, default=3)
    parser.add_argument("--papers", type=int, default=5)
    parser.add_argument("--topic", action="append", default=[])
    parser.add_argument("--length", choices=["short", "medium", "long"], default="medium")
    given = parser.parse_args()
    shown: Counter[str] = Counter()
    written: Counter[str] = Counter()
    with Workspace(settings.load(library=given.library)) as workspace:
        for plan in _plans(workspace, given):
            answer = workspace.assistant.ask(plan.question, plan=plan).answer()
            _count(answer, shown, written)
            cited = len({span.source for sentence in answer.sentences for span in sentence.spans})
            covered = f"{answer.coverage.read} of {answer.coverage.matching}" if answer.coverage else "refused"
            print(f"{plan.question}  {covered} papers, {cited} cited, {answer.timings.total_s:.0f} s", flush=True)
    _say("shown sentences that are proved", Share(shown["exact"] + shown["supported"], shown.total()))
    kept = written["exact"] + written["supported"]
    _say("sentences of the model that are kept", Share(kept, written.total()))


def _plans(workspace: Workspace, given: argparse.Namespace) -> list[OverviewPlan]:
    from assistant import catalogue

    plans = []
    if given.authors:
        ranking = CataloguePlan(question="", measure="per_author", limit=given.authors)
        for row in catalogue.answer(workspace.library, ranking).rows[: given.authors]:
            question = f"Summarise the papers by {row['author']}."
            plans.append(
                OverviewPlan(question=question, filter=PaperFilter(author=row["person_id"]), length=given.length)
            )
    for topic in given.topic:
        question = f"Summarise the papers about {topic}."
        plans.append(OverviewPlan(question=question, topic=topic, length=given.length))
    for paper in workspace.library.papers(limit=given.papers):
        question = f"Summarise “{paper.title}”."
        plans.append(OverviewPlan(question=question, papers=(paper.id,)))
    return plans


def _count(answer: Answer, shown: Counter[str], written: Counter[str]) -> None:
    for sentence in answer.sentences:
        if sentence.status != "unchecked":
            shown[sentence.status] += 1
        if sentence.spans and "“" not in sentence.text:
            written[sentence.status] += 1
    for sentence in answer.withheld:
        written[f"withheld {sentence.status}"] += 1


def _say(what: str, share: Share) -> None:
    interval = f" = {share.value:.3f} [{share.interval[0]:.3f}, {share.interval[1]:.3f}]" if share.interval else ""
    print(f"{what}: {share.right} of {share.total}{interval}")


if __name__ == "__main__":
    main()
