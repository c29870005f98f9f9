"""Answers of the real model to labelled questions over files of one's own.

`python -m benchmarks.answers QUESTIONS.jsonl [FILE...]` adds the files (default: the sample library) to a new library
and scores the questions as `assistant evaluate` does; --verbose shows the wrong answers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assistant.cli.evaluate import ask_all, show_run
from assistant.evaluation import scoring
from benchmarks import measuring


def main(questions: Path, files: Annotated[list[Path] | None, typer.Argument()] = None, verbose: bool = False) -> None:
    """Print the table of a run."""
    asked = scoring.labelled(questions)
    with measuring.library_with(*files or ()) as workspace:
        print(f"{workspace.library.count()} papers, {workspace.language_model().info}")
        show_run(list(ask_all(asked, workspace.assistant.ask_after)), wrong=verbose)


if __name__ == "__main__":
    measuring.run(main, __doc__)
