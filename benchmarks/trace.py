"""Which files one question enters, in the order in which it enters them: the trace in docs/architecture.md.

    python -m benchmarks.trace                         # a count and a question of prose, over the sample library
    python -m benchmarks.trace "Who wrote LoRA?" --library ~/papers

A file counts as entered where one of its functions is called, in any thread, between the call of `Workspace.ask` and
the end of the answer. Models are loaded before.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

import assistant
from benchmarks import measuring

ROOT = Path(assistant.__file__).parents[1]
ROOMS = ("assistant", "vectorstore", "prompts")
QUESTIONS = ("How many papers are there?", "What effect did reversing the source words have on BLEU?")


def entered(library: assistant.Workspace, question: str) -> list[str]:
    """Return the files of ours whose functions are called while a question is answered, in order of the first call."""
    files: dict[str, None] = {}

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            path = Path(frame.f_code.co_filename)
            if (
                path.is_relative_to(ROOT)
                and path.relative_to(ROOT).parts[0] in ROOMS
                and frame.f_code.co_name != "<module>"
            ):
                files.setdefault(str(path.relative_to(ROOT)))

    threading.setprofile_all_threads(note) if hasattr(threading, "setprofile_all_threads") else threading.setprofile(
        note
    )
    sys.setprofile(note)
    try:
        library.ask(question).answer()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return list(files)


def main(
    questions: Annotated[list[str] | None, typer.Argument()] = None,
    library: Annotated[Path | None, typer.Option(help="Folder of a library, else the sample library.")] = None,
) -> None:
    """Print the files of each question."""
    with tempfile.TemporaryDirectory() as folder, assistant.open_library(library or folder) as opened:
        if not library:
            opened.add_sample()
        opened.language_model()
        opened.ask("What does BERT propose?").answer()
        for question in questions or QUESTIONS:
            files = entered(opened, question)
            print(f"\n{question}\n{len(files)} files:")
            print("\n".join(f"  {number:2}  {file}" for number, file in enumerate(files, 1)))


if __name__ == "__main__":
    measuring.run(main, __doc__)
