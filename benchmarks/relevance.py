"""Does the gate before the model let the right questions through?

`python -m benchmarks.relevance FOLDER...` asks every collection's queries of its own library (nothing should be refused)
and of every other one (everything should be). A FOLDER holds corpus.jsonl, queries.jsonl and qrels.tsv. The libraries of
other fields are near enough that a refusal of all is not to be expected: the model is the second to refuse.
"""

from __future__ import annotations

import sys
from pathlib import Path

from assistant import planning, relevance
from assistant.answering import Assistant
from benchmarks.collections import Collection


def passed(assistant: Assistant, questions: list[str]) -> float:
    """Return the share of the questions about which something in the library is."""
    plans = [planning.plan(assistant.library, question) for question in questions]
    return sum(
        relevance.is_about(assistant.library, plan, assistant.retriever.search(plan.subject, assistant.passages, plan.chosen))
        for plan in plans
    ) / len(plans)


def main() -> None:
    """Print, for each library, the share of each collection's queries that pass."""
    collections = [Collection(Path(name)) for name in sys.argv[1:]]
    if len(collections) < 2:
        sys.exit("Usage: python -m benchmarks.relevance FOLDER FOLDER...")
    for library in collections:
        with library.workspace() as workspace:
            for asked in collections:
                share = passed(workspace.assistant, [query.text for query in asked.queries])
                print(f"{asked.folder.name:12} asked of {library.folder.name:12} {share:7.1%} pass")


if __name__ == "__main__":
    main()
