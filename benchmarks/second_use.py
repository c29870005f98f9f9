"""Seconds of commands with a server of the library and without, one after the other, and of the server's own start.

Each command is a process of its own, as in a shell. The server is started for this, with the models in use, over a new
library with the sample papers; the first use of every command is not counted.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from benchmarks import measuring

COUNT = ("ask", "How many papers are there per year?")
PROSE = ("ask", "What effect did reversing the source words have on BLEU?")


def main(
    runs: Annotated[int, typer.Option(help="Runs of each of the two quick commands, with and without.")] = 7,
    prose: Annotated[int, typer.Option(help="Runs of a question that the chat model answers.")] = 1,
) -> None:
    """Print the median of each command and the ratio."""
    with TemporaryDirectory() as folder:
        library, sockets = Path(folder) / "library", Path(folder) / "s"
        sockets.mkdir(mode=0o700)
        environment = {**os.environ, "XDG_RUNTIME_DIR": str(sockets)}

        def seconds(folder: Path, *arguments: str) -> float:
            before = time.perf_counter()
            command = measuring.assistant_command(folder, *arguments)
            subprocess.run(command, env=environment, capture_output=True, check=True)
            return time.perf_counter() - before

        twin = Path(folder) / "twin"  # without a server: one library has one owner
        for each in (library, twin):
            seconds(each, "add", str(measuring.SAMPLE))
            seconds(each, *COUNT)
        print(f"server until it answers: {seconds(library, 'serve', '--daemon'):.2f} s")
        try:
            print(f"its first answer in prose, while it loads the models: {seconds(library, *PROSE):.1f} s")
            for name, count, arguments in (
                ("count", runs, COUNT),
                ("list", runs, ("papers",)),
                ("prose", prose, PROSE),
            ):
                pairs = [(seconds(library, *arguments), seconds(twin, *arguments)) for _ in range(count)]
                served, alone = (median(column) for column in zip(*pairs, strict=True))
                print(f"{name}: {alone:.2f} s without, {served:.2f} s with a server, 1 : {alone / served:.0f}")
        finally:
            seconds(library, "serve", "--stop")


if __name__ == "__main__":
    measuring.run(main, __doc__)
