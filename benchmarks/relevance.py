"""Does the gate before the model let the right questions through?

`python -m benchmarks.relevance FOLDER...` asks every collection's queries of its own library (nothing should be
refused) and of every other one (everything should be). A FOLDER holds corpus.jsonl, queries.jsonl and qrels.tsv.
Technical queries of one field find something in the next one, so a refusal of all is not to be expected here: the gate
saves the model from what is far off, and the model and the proof refuse after it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from assistant import relevance
from assistant.answering import Assistant
from benchmarks.collections import Collection


def passed(assistant: Assistant, questions: list[str]) -> float:
    """Return the share of the questions about which something in the library is."""
    plans = [assistant.planner.plan(question) for question in questions]
    found = [assistant.retriever.search(plan.subject, assistant.passages, plan.chosen) for plan in plans]
    about = [relevance.is_about(assistant.library, *pair) for pair in zip(plans, found, strict=True)]
    return sum(about) / len(about)


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
