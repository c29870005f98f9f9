"""Commands run by a server of the library: real processes, with stand-ins for the models in the server."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters

from assistant.cli import client, server

pytestmark = pytest.mark.skipif(not hasattr(client.socket, "AF_UNIX"), reason="needs Unix sockets")

ROOT = Path(__file__).parents[2]
PAPERS = """@article{beam, title = {BeamLoRA}, author = {Gu, Naibin}, year = 2025,
  abstract = {BeamLoRA treats each adapter as a beam. It was tested on 12 datasets. %s}}
@article{light, title = {Light-PEFT}, author = {Gu, Naibin}, year = 2024, abstract = {It prunes a model early.}}
"""
SERVER = """
import sys
from pathlib import Path
from assistant import answering, wiring, workspace
from tests.fakes import HashingEmbedder, MemoryPlace, ScriptedModel, TrustingJudge

class Model(ScriptedModel):
    def generate(self, messages, **more):
        for number, fragment in enumerate(super().generate(messages, **more)):
            yield fragment
            if number == 20:  # asked for the next one, so the first sentence was taken
                Path("MARK").touch()

model = Model(*["BeamLoRA treats each adapter as a beam. " * 1000] * 9, delay=0.02)
wiring.index_place = lambda settings, place=MemoryPlace(): place
workspace.Workspace._load_embedder = lambda self: HashingEmbedder()
workspace.Workspace._load_language_model = lambda self: model
workspace.Judge = lambda *_: TrustingJudge()
answering.assistant._NEAR_SCORE = 0.0
from assistant.cli import main, server
LAST
"""
OTHER_VERSION = """
from assistant.cli import client, server
client.version = lambda: "another"
from assistant.__main__ import main
main()
"""


class Shell:
    """A user's shell in a folder, with a library of two papers."""

    def __init__(self, folder: Path, sockets: str) -> None:
        self.folder, self.library, self.mark = folder, folder / "library", folder / "writes"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ASSISTANT_")},
            "XDG_RUNTIME_DIR": sockets,
            "PYTHONPATH": str(ROOT),
            "ASSISTANT_LIBRARY": str(self.library),
            "ASSISTANT_MODELS": str(folder / "models"),
            "COLUMNS": "100",
        }
        self.servers: list[subprocess.Popen[str]] = []

    def serve(self, last: str = "server.background()", *arguments: str) -> subprocess.Popen[str]:
        """Start a server with stand-ins for the models, and wait until it answers."""
        process = self.launch(last, *arguments)
        until(lambda: bool(self.state()) or process.poll() is not None)
        return process

    def launch(self, last: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a server with stand-ins for the models."""
        script = SERVER.replace("MARK", str(self.mark)).replace("LAST", last)
        process = subprocess.Popen(
            [sys.executable, "-c", script, *arguments],
            stdin=subprocess.PIPE,
            cwd=self.folder,
            env=self.environment,
            text=True,
        )
        self.servers.append(process)
        assert process.stdin
        process.stdin.write("{}")
        process.stdin.close()
        return process

    def state(self) -> dict[str, Any]:
        return client.ask(self.library, "status")

    def begin(self, *arguments: str, **more: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "assistant", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **more}
        return subprocess.Popen(command, cwd=self.folder, env=self.environment, text=True, **pipes)

    def __call__(self, *arguments: str, code: int = 0) -> str:
        process = self.begin(*arguments)
        self.stdout, self.stderr = process.communicate(timeout=120)
        assert process.returncode == code, self.stderr
        return self.stdout


def until(is_so: Callable[[], bool]) -> None:
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.1)
    pytest.fail("It did not come to that within a minute.")


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    with tempfile.TemporaryDirectory() as sockets:  # a socket's path must be short
        monkeypatch.setenv("XDG_RUNTIME_DIR", sockets)
        made = Shell(tmp_path, sockets)
        (tmp_path / "papers.bib").write_text(PAPERS % "")
        yield made
        for server in made.servers:
            server.kill()
            server.wait()


@pytest.fixture
def served(shell: Shell) -> Shell:
    shell.serve()
    shell("add", "papers.bib")
    return shell


def test_commands_say_the_same_with_a_server_and_without(served: Shell) -> None:
    assert "2 papers" in served("ask", "How many papers are there?")
    assert served.state()["commands"] == 2
    assert "BeamLoRA" in served("search", "beam adapter", "-k", "1")
    for arguments, code in (
        (["papers"], 0),
        (["paper", "unknown"], 2),
        (["papers", "--year", "soon"], 2),
    ):
        before = served.state()["commands"]
        with_server = (served(*arguments, code=code), served.stderr)
        assert served.state()["commands"] == before + 1
        assert with_server == (served("--no-server", *arguments, code=code), served.stderr)
        assert served.state()["commands"] == before + 1


def test_a_terminal_looks_the_same(served: Shell) -> None:
    del served.environment["COLUMNS"]

    def shown(*arguments: str) -> bytes:
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 57, 0, 0))
        process = served.begin(*arguments, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        said = b""
        with suppress(OSError):  # as a terminal ends
            while received := os.read(ours, 1 << 16):
                said += received
        os.close(ours)
        process.wait()
        return said

    for arguments in (["papers"], ["paper", "beam"], ["paper", "unknown"]):
        with_server = shown(*arguments)
        assert with_server
        assert with_server == shown("--no-server", *arguments)


def test_files_are_found_from_the_folder_of_the_shell(served: Shell) -> None:
    served.folder = served.folder / "elsewhere"
    served.folder.mkdir()
    (served.folder / "more.bib").write_text("@article{c, title = {A Third}, abstract = {Of three.}, year = 2020}")
    served("add", "more.bib")
    assert served("export", "--format", "bibtex", "-o", "all.bib") == ""
    assert "A Third" in (served.folder / "all.bib").read_text()
    assert served.state()["commands"] == 3


def test_ctrl_c_stops_an_answer_and_shows_what_was_written(served: Shell) -> None:
    asked = served.begin("ask", "What does BeamLoRA treat as a beam?")
    until(served.mark.exists)
    asked.send_signal(signal.SIGINT)
    stdout, stderr = asked.communicate(timeout=60)
    assert "BeamLoRA treats" in stdout
    assert "stopped" in stderr
    assert asked.returncode == 0
    assert "2 papers" in served("ask", "How many papers are there?")


def test_an_answer_ends_with_the_client_and_the_next_command_waits_for_that(shell: Shell) -> None:
    shell.environment["ASSISTANT_ANSWER_TOKENS"] = "1000"  # longer than all else here takes
    shell.serve()
    shell("add", "papers.bib")
    asked = shell.begin("ask", "What does BeamLoRA treat as a beam?")
    until(shell.mark.exists)
    assert "BeamLoRA" in shell("papers")  # which can do without the server
    waiting = shell.begin("ask", "How many papers are there?")
    assert waiting.stderr
    assert "waits" in waiting.stderr.readline()
    waiting.send_signal(signal.SIGINT)
    assert waiting.wait(30) == 130
    asked.kill()
    asked.communicate()
    assert "2 papers" in shell("ask", "How many papers are there?")
    assert shell.state()["commands"] == 3


def test_a_pipe_that_nobody_reads_does_not_hold_the_server(served: Shell) -> None:
    (served.folder / "papers.bib").write_text(PAPERS % ("It is long. " * 1000))
    served("add", "papers.bib")
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    listing = served.begin("papers", "--json", stdout=writing)
    until(lambda: served.state()["commands"] == 3)
    listing.kill()
    listing.wait()
    assert "2 papers" in served("ask", "How many papers are there?")
    assert served.state()["commands"] == 4
    os.close(reading)
    os.close(writing)


def test_a_server_that_was_killed_is_not_missed_and_leaves_its_place_to_the_next(served: Shell) -> None:
    served.servers[0].kill()
    served.servers[0].wait()
    assert Path(client.address(served.library)).exists()
    assert len(json.loads(served("papers", "--json"))) == 2
    served("serve", "--status", code=1)
    served.serve()
    assert "2 papers" in served("ask", "How many papers are there?")


def test_a_server_of_another_version_ends(served: Shell) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OTHER_VERSION, "papers", "--json"],
        cwd=served.folder,
        env=served.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(json.loads(done.stdout)) == 2
    assert served.servers[0].wait(30) == 0


def test_a_server_ends_when_it_is_idle(shell: Shell) -> None:
    shell.environment["ASSISTANT_IDLE_MINUTES"] = "0.01"
    assert shell.serve().wait(60) == 0
    assert not Path(client.address(shell.library)).exists()


def test_a_server_gives_way_to_a_command_with_other_settings(served: Shell) -> None:
    served("--embedder", "another", "label", "mine", "--year", "2025")
    assert served.servers[0].wait(30) == 0
    assert "mine" in served("labels")


def test_a_server_is_started_once_told_of_and_stopped(shell: Shell) -> None:
    starts = [shell.begin("serve", "--daemon") for _ in range(2)]
    said = [start.communicate(timeout=120)[1] for start in starts]
    assert [start.returncode for start in starts] == [0, 0], said
    process = shell.state()["process"]
    try:
        assert all(f"process {process} " in "".join(each.split("\n")) for each in said)
        assert shell("papers", "--json").strip() == "[]"
        shell("serve", "--status")
        assert "1 command so far" in shell.stderr
    finally:
        shell("serve", "--stop")
    assert str(process) in shell.stderr
    assert not shell.state()
    shell("serve", "--daemon", "--bad", code=2)


def test_a_start_waits_for_a_server_that_has_the_library_but_does_not_answer_yet(shell: Shell) -> None:
    lasts = "import time; made = workspace.Library; workspace.Library = lambda at: time.sleep(4) or made(at)"
    slow = shell.launch(f"{lasts}; server.background()")
    until((shell.library / "owner.json").exists)
    shell("serve", "--daemon")
    assert f"process {slow.pid} " in shell.stderr
    assert shell.state()["process"] == slow.pid


def test_a_server_that_cannot_start_says_why(shell: Shell) -> None:
    shell.library.write_text("no folder")
    shell("serve", "--daemon", code=1)
    assert str(shell.library) in shell.stderr


def test_commands_run_beside_an_open_page(shell: Shell) -> None:
    page = shell.serve("main.main()", "serve", "--no-open", "--port", "0")
    shell("add", "papers.bib")
    assert "2 papers" in shell("ask", "How many papers are there?")
    shell("--embedder", "another", "label", "mine", "--year", "2025", code=1)
    assert "in use" in shell.stderr
    assert page.poll() is None
    page.send_signal(signal.SIGINT)
    assert page.wait(60) == 0


def asking(shell: Shell, *options: str) -> Client:
    """Return a program that asks by MCP, whose server has stand-ins for the models."""
    started = f"sys.argv[1:] = {[*options, 'mcp']}; main.main()"
    script = SERVER.replace("MARK", str(shell.mark)).replace("LAST", started)
    return Client(
        StdioServerParameters(command=sys.executable, args=["-c", script], cwd=shell.folder, env=shell.environment)
    )


async def asked(program: Client, question: str = "How many papers are there?", **more: Any) -> dict[str, Any]:
    answer = await program.call_tool("ask", {"question": question}, **more)
    assert not answer.is_error, answer.content
    assert isinstance(answer.structured_content, dict)
    return answer.structured_content


def test_programs_that_ask_by_mcp_are_answered_by_the_page(shell: Shell) -> None:
    shell.environment |= {"ASSISTANT_LLM_KEY_ENV": "OUR_KEY", "OUR_KEY": "secret"}
    page = shell.serve("main.main()", "serve", "--no-open", "--port", "0")
    shell("add", "papers.bib")
    progress: list[str | None] = []

    async def listen(_: float, __: float | None, message: str | None) -> None:
        progress.append(message)

    async def run() -> None:
        async with asking(shell) as program:
            answer = await asked(program, "What does BeamLoRA treat as a beam?", progress_callback=listen)
            assert answer["sentences"][0]["status"] == "exact"
            assert "each adapter as a beam" in answer["sentences"][0]["spans"][0]["quote"]
            assert any(progress)
            found = await program.call_tool("search", {"query": "beam", "limit": 1})
            assert found.structured_content
            refused = await program.call_tool("ask", {"question": "x" * 9000})
            assert "Shorten it" in str(refused.content)
        shell.environment["OUR_KEY"] = "another"
        async with asking(shell, "--embedder", "another") as program:
            refused = await program.call_tool("ask", {"question": "How many papers are there?"})
            assert refused.is_error
            assert "yours differ in embedder, the key in OUR_KEY." in str(refused.content)

    asyncio.run(run())
    assert page.poll() is None
    shell("label", "mine", "--year", "2025", code=1)
    assert "differ in the key in OUR_KEY" in shell.stderr
    shell("serve", "--no-open", code=1)
    assert "Its page is at http://127.0.0.1:" in shell.stderr
    del shell.environment["OUR_KEY"]
    shell("label", "mine", "--year", "2025")


def test_a_program_that_stops_asking_by_mcp_stops_the_answer_of_the_server(served: Shell) -> None:
    async def run() -> None:
        async with asking(served) as program:
            asking_on = asyncio.create_task(asked(program, "What does BeamLoRA treat as a beam?"))
            await asyncio.to_thread(until, served.mark.exists)
            assert served.state()["is_busy"]
            asking_on.cancel()
            await asyncio.to_thread(until, lambda: not served.state()["is_busy"])

    asyncio.run(run())
    assert served.state()["commands"] == 2


def test_who_asks_by_mcp_answers_others_and_gives_way_to_them(shell: Shell) -> None:
    shell.serve()
    shell("add", "papers.bib")
    shell("serve", "--stop")

    def holder() -> int:
        return int(json.loads((shell.library / "owner.json").read_text())["process"])

    async def run() -> None:
        async with asking(shell) as one, asking(shell) as other:
            assert (await asked(one))["count"] == 2
            first = holder()
            assert (await asked(other))["count"] == 2
            assert holder() == first
            await asyncio.to_thread(shell, "label", "mine", "--year", "2025")
            assert holder() != first
            assert (await asked(other))["count"] == 2
            shell.serve()
            assert shell.state()
            assert (await asked(one))["count"] == 2
            assert shell.state()["commands"] == 1

    asyncio.run(run())


def test_ctrl_c_in_the_page_s_own_terminal_ends_it_after_that_of_a_command(shell: Shell) -> None:
    page = shell.serve("main.main()", "serve", "--no-open", "--port", "0")
    shell("add", "papers.bib")
    asked = shell.begin("ask", "What does BeamLoRA treat as a beam?")
    until(shell.mark.exists)
    asked.send_signal(signal.SIGINT)
    asked.communicate(timeout=60)
    assert page.poll() is None
    page.send_signal(signal.SIGINT)
    assert page.wait(60) == 0


def test_a_server_that_is_stopped_holds_neither_a_pipe_nor_a_command(served: Shell) -> None:
    served.servers[0].send_signal(signal.SIGSTOP)
    assert len(json.loads(served("papers", "--json"))) == 2
    served("serve", "--status", code=1)
    assert "does not answer" in served.stderr
    served("label", "mine", "--year", "2025", code=1)
    assert "in use by process" in served.stderr


def test_a_command_that_waits_runs_in_its_own_process_when_the_server_is_ended(served: Shell) -> None:
    asked = served.begin("ask", "What does BeamLoRA treat as a beam?")
    until(served.mark.exists)
    waiting = served.begin("label", "mine", "--year", "2025")
    assert waiting.stderr
    assert "waits" in waiting.stderr.readline()
    served("serve", "--stop")
    assert "after the command" in served.stderr
    waiting.communicate(timeout=60)
    asked.communicate(timeout=60)
    assert (asked.returncode, waiting.returncode) == (0, 0)
    assert "mine" in served("labels")


def test_a_command_keeps_to_the_mask_of_its_shell_and_to_open_streams(served: Shell) -> None:
    before = os.umask(0o077)
    try:
        served("export", "--format", "bibtex", "-o", "private.bib")
    finally:
        os.umask(before)
    assert (served.folder / "private.bib").stat().st_mode & 0o777 == 0o600
    line = f"{sys.executable} -m assistant papers >&-"
    assert subprocess.run(["sh", "-c", line], cwd=served.folder, env=served.environment, timeout=60).returncode == 0
    assert served.state()["commands"] == 3


def test_a_folder_that_is_gone_is_no_fault_of_the_command(served: Shell) -> None:
    line = f"mkdir gone; cd gone; rmdir ../gone; {sys.executable} -m assistant papers --json"
    done = subprocess.run(
        ["sh", "-c", line], cwd=served.folder, env=served.environment, capture_output=True, timeout=60
    )
    assert len(json.loads(done.stdout)) == 2


def test_options_of_the_page_are_refused_where_it_is_not_served(shell: Shell) -> None:
    for arguments in (["--daemon", "--stop"], ["--daemon", "--sample"], ["--status", "--port", "80"]):
        shell("serve", *arguments, code=2)
        assert "alone" in shell.stderr


def test_a_log_that_cannot_be_written_is_named(shell: Shell) -> None:
    (shell.library / "server.log").mkdir(parents=True)
    shell("serve", "--daemon", code=1)
    assert "server.log" in shell.stderr
    assert "Traceback" not in shell.stderr


def test_a_malformed_request_ends_nothing(served: Shell) -> None:
    whole = {"do": "run", "wait": True, "arguments": [], "program": "x", "version": client.version()}
    for request in (b"[]", b"{}", b'{"do": "run"}', b'{"do": "stop"}', json.dumps(whole).encode()):
        with client.connect(served.library) as connection:
            connection.sendall(request + b"\n")
            if connection.recv(100):
                client.socket.send_fds(connection, [client.GO], range(3))
                assert b"elsewhere" in connection.recv(100)
    assert "2 papers" in served("ask", "How many papers are there?")


def test_what_keeps_a_stream_of_a_command_writes_to_no_file_opened_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[IO[str]] = []
    read, write = os.pipe()

    def call(descriptor: int) -> server._Call:
        request = {"folder": str(tmp_path), "umask": 0o077, "environment": {}, "encodings": [("utf-8", "strict")] * 3}
        return server._Call(client.socket.socket(), request, [os.dup(descriptor) for _ in range(3)])

    places = [os.open(os.devnull, os.O_RDWR) for _ in range(3)]
    for _ in range(2):
        one = call(write)
        with server._in_place_of(one, places):
            kept.append(sys.stderr)
            print("said", file=kept[0], flush=True)
        for number in one.descriptors:
            os.close(number)
        with (tmp_path / "library").open("wb") as opened, (tmp_path / "more").open("wb"), (tmp_path / "3").open("wb"):
            print("said too late", file=kept[0], flush=True)
            assert opened.tell() == 0
        assert [(tmp_path / name).stat().st_size for name in ("library", "more", "3")] == [0, 0, 0]
    os.close(write)
    with os.fdopen(read) as said:
        assert said.read() == "said\nsaid\n"
