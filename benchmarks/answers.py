"""Answers of the real model to labelled questions.

`python -m benchmarks.answers QUESTIONS.jsonl [FILE...]` adds the files (default: the sample library) to a new library,
asks every "fact" and "unanswerable" question, and prints the share that is right. A fact is right when its text matches
every regular expression under "must", ignoring case, and a cited source's title holds the text under "paper"; an
unanswerable question is right when it is refused. Add --verbose to see the wrong answers.
"""

from __future__ import annotations

import re
import statistics
import sys
from collections import Counter
from pathlib import Path

from assistant import questions
from assistant.types import Answer
from benchmarks.collections import open_with


def is_right(question: questions.Question, answer: Answer) -> bool:
    """Tell whether an answer is what the question's labels ask for."""
    if question.line["type"] == "unanswerable":
        return answer.refused
    cited = [source.title for source in answer.sources if source.number in answer.cited_numbers]
    return all(re.search(pattern, answer.text, re.IGNORECASE) for pattern in question.line["must"]) and any(
        question.line["paper"].casefold() in title.casefold() for title in cited
    )


def main() -> None:
    """Print the shares of right answers by type, and the medians of the timings."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--verbose"]
    if not arguments:
        sys.exit("Usage: python -m benchmarks.answers QUESTIONS.jsonl [FILE...] [--verbose]")
    asked = [q for q in questions.read(Path(arguments[0])) if q.line["type"] in ("fact", "unanswerable")]
    total, right = Counter(question.line["type"] for question in asked), Counter[str]()
    first_tokens, rates = [], []
    with open_with(*map(Path, arguments[1:])) as workspace:
        print(f"{workspace.library.count()} papers, {workspace.language_model().info}")
        for question in asked:
            answer = workspace.assistant.ask_after(question.text, question.history)
            good = is_right(question, answer)
            right[question.line["type"]] += good
            if answer.timings.first_token_s:
                first_tokens.append(answer.timings.first_token_s)
                rates.append(answer.timings.new_tokens_per_s or 0.0)
            if not good and "--verbose" in sys.argv:
                print(f"  {question.id} {question.text}\n    {answer.text}")
    for kind, count in sorted(total.items()):
        print(f"{kind:14} {right[kind]} of {count} right")
    print(f"median: first token after {statistics.median(first_tokens):.1f} s, {statistics.median(rates):.1f} tokens/s")


if __name__ == "__main__":
    main()
