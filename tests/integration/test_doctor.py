"""`assistant doctor` on set-ups that are broken: each fault is named with what mends it, and all else is looked at."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import psutil
import pytest

from assistant.diagnosis import (
    Check,
    Diagnosis,
    diagnose,
    installation,
    last,
    library_state,
    machine,
    model_files,
    network,
)
from assistant.diagnosis.checks import Looking, carried_out
from assistant.library import FILE_NAME, Library, Ownership, condition, upsert
from assistant.models.convert import write_manifest
from assistant.models.registry import Registry, default_chat_model
from assistant.settings import Settings
from assistant.types import Record
from tests.conftest import make_paper
from tests.fakes import ScriptedModel
from tests.tiny_models import tiny_chat_model, tiny_embedder
from tests.unit.cli.test_main import CommandLine, model, run

__all__ = ["model", "run"]

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "docs" / "schemas" / "diagnosis.schema.json"
PAGE = 1


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return settings that name two tiny models."""
    folder = tmp_path_factory.mktemp("models")
    return {"model": str(tiny_chat_model(folder / "chat")), "embedder": str(tiny_embedder(folder / "embedder"))}


@pytest.fixture
def flags(tmp_path: Path, prepared: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the settings of a set-up that works, with a library of one paper."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(network, "PORT", PAGE)
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("ASSISTANT_"):
            monkeypatch.delenv(name)
    folder = tmp_path / "library"
    with closing(Library(folder)) as library:
        upsert.store(library, [Record(make_paper("Beams", "A beam is an adapter."), 1)], "a.bib")
    folder.chmod(0o700)
    return {"library": folder, "models": tmp_path / "models", **prepared}


@contextmanager
def holding(flags: Mapping[str, Any], *words: str) -> Iterator[int]:
    """Have the library held by another process, started with these words; yield its number."""
    hold = (
        "import sys, pathlib; from assistant.library import Ownership; "
        f"held = Ownership(pathlib.Path({str(flags['library'])!r})); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", hold, *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process.pid
        process.communicate()


def looked(flags: dict[str, Any], **options: Any) -> Diagnosis:
    return diagnose(flags, with_self_test=False, **options)


def one(found: Diagnosis, part: str, name: str) -> Check:
    return next(check for check in found.checks if (check.part, check.name) == (part, name))


def wrong(found: Diagnosis) -> list[str]:
    return [f"{check.part}, {check.name}" for check in found.checks if check.verdict == "wrong"]


def test_nothing_is_wrong_where_everything_works_and_the_result_is_kept(flags: dict[str, Any]) -> None:
    found = looked(flags)
    assert wrong(found) == []
    assert {check.part for check in found.checks} == {
        "settings",
        "machine",
        "disk",
        "models",
        "library",
        "server",
        "network",
    }
    assert all(check.mend for check in found.checks if check.verdict == "warning")
    assert last(flags["library"]) == found
    jsonschema.validate(found.to_json(), json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_a_broken_set_up_is_told_fault_by_fault(
    flags: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing model, a full disk, a locked library and a dead server at once."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{closed.getsockname()[1]}"
    usage = SimpleNamespace(total=10**12, used=10**12, free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with closing(Ownership(flags["library"])):
        found = looked({**flags, "model": "qwen2.5-coder-0.5b", "chroma_url": dead})
    assert set(wrong(found)) == {"models, chat model", "disk, room", "server, Chroma"}
    assert one(found, "models", "chat model").mend.endswith(" models get qwen2.5-coder-0.5b")
    assert "full" in one(found, "disk", "room").found
    assert one(found, "server", "Chroma").found.startswith(f"{dead} does not answer")
    assert f"--port {dead.rpartition(':')[2]}" in one(found, "server", "Chroma").mend
    assert one(found, "library", "lock").verdict == "fine"  # this program itself has it
    assert diagnose({**flags, "model": "qwen2.5-coder-0.5b"}).without_self_test.endswith("chat model.")


def test_a_library_that_another_program_holds_is_told_with_that_program(flags: dict[str, Any]) -> None:
    hold = (
        "import sys, pathlib; from assistant.library import Ownership; held = Ownership(pathlib.Path(sys.argv[1])); "
        "print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", hold, str(flags["library"])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == "held\n"
        found = diagnose(flags)
        state = {"state": "runs", "since": "2026-11-30 08:00", "idle_minutes": None}
        of_page = one(looked(flags, server=lambda _: state), "library", "lock")
        process.stdin.close()
    assert (of_page.verdict, of_page.mend) == ("fine", "")  # one's own page is not to be ended
    assert "since 2026-11-30 08:00" in of_page.found
    lock = one(found, "library", "lock")
    assert lock.verdict == "warning"
    assert f"process {process.pid}" in lock.found
    assert lock.mend.endswith(f"--stop || kill {process.pid}")
    assert f"process {process.pid}" in found.without_self_test
    assert one(looked(flags), "library", "lock").found == "free"


@pytest.mark.parametrize(
    ("words", "is_mcp"),
    [
        (["--library", "papers", "mcp"], True),
        (["/usr/bin/assistant", "mcp"], True),
        (["search", "mcp"], False),
        (["--library", "mcp", "reindex"], False),
    ],
)
def test_an_mcp_server_is_told_by_its_command(flags: dict[str, Any], words: list[str], is_mcp: bool) -> None:
    with holding(flags, *words):
        found = one(looked(flags), "library", "lock")
    assert ("MCP server" in found.found, "kill" in found.mend) == (is_mcp, not is_mcp)


def test_an_mcp_server_that_holds_the_library_is_not_to_be_killed(flags: dict[str, Any]) -> None:
    with holding(flags, "mcp") as process:
        lends = one(looked(flags, server=lambda _: {"state": "lends"}), "library", "lock")
        silent = one(looked(flags), "library", "lock")
    assert (lends.verdict, lends.mend) == ("fine", "")
    assert silent.verdict == "warning"
    assert "kill" not in silent.mend
    for lock in (lends, silent):
        started_by = psutil.Process().name()
        assert f"an MCP server that {started_by} started, process {process}" in lock.found


def _cut(flags: dict[str, Any], tmp_path: Path) -> None:
    copy = tmp_path / "chat"
    shutil.copytree(flags["model"], copy)
    weights = next(copy.glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-64])
    flags["model"] = str(copy)


def _make_newer(flags: dict[str, Any], _: Path) -> None:
    with closing(sqlite3.connect(flags["library"] / FILE_NAME)) as connection:
        connection.execute("PRAGMA user_version = 999")


def _damage(flags: dict[str, Any], _: Path) -> None:
    (flags["library"] / FILE_NAME).write_bytes(b"This is no database, and has never been one." * 100)


def _lose(flags: dict[str, Any], _: Path) -> None:
    (flags["library"] / FILE_NAME).unlink()


def _empty(flags: dict[str, Any], _: Path) -> None:
    (flags["library"] / FILE_NAME).write_bytes(b"")


def _cut_off(flags: dict[str, Any], _: Path) -> None:
    file = flags["library"] / FILE_NAME
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _go_halfway(flags: dict[str, Any], _: Path) -> None:
    with closing(sqlite3.connect(flags["library"] / FILE_NAME)) as connection:
        connection.execute("PRAGMA user_version = 16")


def _drop_a_table(flags: dict[str, Any], _: Path) -> None:
    with closing(sqlite3.connect(flags["library"] / FILE_NAME)) as connection:
        connection.execute("DROP TABLE users")


def _lose_the_tokenizer(flags: dict[str, Any], tmp_path: Path) -> None:
    copy = tmp_path / "chat"
    shutil.copytree(flags["model"], copy, ignore=shutil.ignore_patterns("tokenizer.json"))
    flags["model"] = str(copy)


def _break_the_configuration(flags: dict[str, Any], tmp_path: Path) -> None:
    copy = tmp_path / "chat"
    shutil.copytree(flags["model"], copy)
    (copy / "config.json").write_text("{", encoding="utf-8")
    flags["model"] = str(copy)


def _name_no_device(flags: dict[str, Any], _: Path) -> None:
    flags["device"] = "xpu:7"


def _open_to_all(flags: dict[str, Any], _: Path) -> None:
    flags["library"].chmod(0o777)


def _is_newer_than_now(flags: dict[str, Any], _: Path) -> None:
    with closing(sqlite3.connect(flags["library"] / FILE_NAME)) as connection, connection:
        connection.execute("UPDATE papers SET added = '2099-01-01T00:00:00'")


def _embed_otherwise(flags: dict[str, Any], _: Path) -> None:
    with closing(Library(flags["library"])) as library:
        library.set_metadata("embedder", "another one")


def _misspell(flags: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "assistant.toml").write_text('libary = "x"\n', encoding="utf-8")


def _break_off(flags: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "assistant.toml").write_text("passages = [", encoding="utf-8")


@pytest.mark.parametrize(
    ("harm", "where", "said", "mended"),
    [
        (_cut, "models, chat model", "is damaged", "Copy the model"),
        (_make_newer, "library, file", "newer program", "upgrade"),
        (_damage, "library, file", "cannot be read", "Restore it from a copy"),
        (_cut_off, "library, file", "malformed", "Restore it from a copy"),
        (_lose, "library, file", "is gone", "Restore it"),
        (_empty, "library, file", "is empty", "Restore it"),
        (_go_halfway, "library, file", "of a later version", "Restore it"),
        (_drop_a_table, "library, file", "lacks the table users", "Restore it"),
        (_lose_the_tokenizer, "models, chat model", "tokenizer", "Copy the model"),
        (_break_the_configuration, "models, chat model", "config.json", "Copy the model"),
        (_name_no_device, "machine, GPU", "no device xpu:7", "ASSISTANT_DEVICE=auto"),
        (_open_to_all, "library, permissions", "may change", "chmod"),
        (_is_newer_than_now, "machine, clock", "before the newest paper", "Set the clock"),
        (_embed_otherwise, "library, vectors", "another embedding model", " reindex"),
        (_misspell, "settings, settings", "libary", "assistant.toml"),
        (_break_off, "settings, settings", "assistant.toml", "assistant.toml"),
    ],
)
def test_one_fault_is_named_with_its_cure_and_nothing_else(
    flags: dict[str, Any], tmp_path: Path, harm: Callable[..., None], where: str, said: str, mended: str
) -> None:
    harm(flags, tmp_path)
    found = looked(flags)
    check = one(found, *where.split(", "))
    assert check.verdict == "wrong"
    assert said in check.found
    assert mended in check.mend
    if harm not in (_misspell, _break_off):  # the defaults, which stand in for settings then, may lack their models
        assert wrong(found) == [where]
    assert len({check.part for check in found.checks}) == 7


def test_a_damaged_model_of_ours_is_found_by_its_size_or_its_checksum(flags: dict[str, Any]) -> None:
    folder, pinned = flags["models"] / "minilm-l6", Registry(flags["models"]).entry("minilm-l6")
    shutil.copytree(flags["embedder"], folder)
    write_manifest(folder, pinned.name, "here", pinned.files, pinned.sha256)
    settings = Settings(**{**flags, "embedder": pinned.name})

    def seen(*, deep: bool) -> Check:
        return list(carried_out(model_files.checks(deep=deep), settings))[1]

    assert seen(deep=False).found.startswith("minilm-l6: whole")
    assert seen(deep=True).found.startswith("minilm-l6: every checksum is right")
    weights = next(folder.glob("*.safetensors"))
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert seen(deep=False).verdict == "fine"
    deep = seen(deep=True)
    assert (deep.verdict, deep.mend) == ("wrong", "assistant models get minilm-l6")
    assert "SHA-256" in deep.found
    write_manifest(folder, pinned.name, "here", pinned.files, pinned.sha256)
    weights.write_bytes(whole[:-1])
    quick = seen(deep=False)
    assert (quick.verdict, quick.mend) == ("wrong", "assistant models get minilm-l6")
    assert "not whole" in quick.found


def test_a_library_in_a_folder_that_cannot_be_written_is_read_all_the_same(
    flags: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    before = sorted(flags["library"].iterdir())
    assert condition(flags["library"]).papers == 1
    assert sorted(flags["library"].iterdir()) == before


def test_a_folder_that_cannot_be_written_is_named(flags: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    usual = tempfile.TemporaryFile

    def refuse(*values: Any, **named: Any) -> Any:
        if named.get("dir") == flags["library"]:
            raise PermissionError(30, "Read-only file system")
        return usual(*values, **named)

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    found = looked(flags)
    assert wrong(found) == ["disk, writing"]
    assert f"library ({flags['library']}): Read-only file system" in one(found, "disk", "writing").found
    assert "mount -o remount,rw" in one(found, "disk", "writing").mend


def test_a_folder_of_models_is_written_to_only_where_one_is_missing(
    flags: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = tempfile.TemporaryFile
    flags["models"].mkdir()

    def refuse(*values: Any, **named: Any) -> Any:
        if named.get("dir") == flags["models"]:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return usual(*values, **named)

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    assert machine.writable(Settings(**flags))[0] == "fine"
    assert machine.writable(Settings(**{**flags, "embedder": "minilm-l6"}))[0] == "wrong"


@pytest.mark.parametrize(("number", "mended"), [(errno.ENOSPC, "df -i"), (errno.EACCES, "chmod -R u+rwX")])
def test_what_lets_files_be_written_depends_on_what_kept_them_from_it(
    flags: dict[str, Any], monkeypatch: pytest.MonkeyPatch, number: int, mended: str
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    assert mended in machine.writable(Settings(**flags))[2]


def test_a_file_of_the_library_that_may_not_be_changed_is_named(
    flags: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: usual(path, mode) and Path(path).name != FILE_NAME)
    verdict, found, mend = machine.writable(Settings(**flags))
    assert (verdict, FILE_NAME in found) == ("wrong", True)
    assert mend == f"chmod -R u+rwX {flags['library']}"


def test_a_program_that_writes_into_the_file_without_our_lock_is_noticed(flags: dict[str, Any]) -> None:
    with closing(sqlite3.connect(flags["library"] / FILE_NAME, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        lock = one(looked(flags), "library", "lock")
    assert lock.verdict == "warning"
    assert "another program writes into" in lock.found
    assert one(looked(flags), "library", "lock").found == "free"


def test_a_command_that_mends_carries_the_settings_that_came_by_flags(
    flags: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    _embed_otherwise(flags, Path())
    mend = one(looked(flags), "library", "vectors").mend
    assert f"--library={flags['library']}" in mend
    assert mend.endswith(" reindex")
    for name, value in flags.items():
        monkeypatch.setenv(f"ASSISTANT_{name.upper()}", str(value))
    assert one(looked({}), "library", "vectors").mend == "assistant reindex"


def test_nothing_is_kept_in_a_folder_that_is_no_library(flags: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    looked({**flags, "library": tmp_path / "documents"})
    assert not list((tmp_path / "documents").iterdir())


def test_a_self_test_whose_model_does_not_load_is_wrong(flags: dict[str, Any]) -> None:
    found = diagnose({**flags, "model": flags["embedder"]})
    failed = one(found, "models", "self-test")
    assert (found.verdict, failed.verdict) == ("wrong", "wrong")
    assert failed.mend.endswith(" models check")
    assert found.without_self_test == failed.found


def test_a_file_of_settings_that_may_not_be_read_is_wrong(
    flags: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "assistant.toml").mkdir()
    monkeypatch.setattr(Path, "is_file", lambda _: True)
    assert one(looked(flags), "settings", "settings").verdict == "wrong"


def test_every_row_is_read_where_that_is_asked_for(flags: dict[str, Any]) -> None:
    assert one(looked(flags, deep=True), "library", "every row").verdict == "fine"
    with closing(sqlite3.connect(flags["library"] / FILE_NAME)) as connection, connection:
        connection.execute("UPDATE papers SET title = 'Another'")
    assert one(looked(flags, deep=True), "library", "every row").mend.endswith(" check --mend")
    assert not [check for check in looked(flags).checks if check.name == "every row"]


def test_a_machine_with_too_little_memory_is_told(flags: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=10**6))
    monkeypatch.setattr(psutil, "Process", lambda *_: SimpleNamespace(memory_info=lambda: SimpleNamespace(rss=10**6)))
    found = machine.memory(Settings(**flags))
    assert found[0] == "wrong"
    assert "close other programs" in found[1]
    assert found[2] == "assistant models get qwen2.5-coder-0.5b && export ASSISTANT_MODEL=qwen2.5-coder-0.5b"


def test_a_container_s_limit_of_memory_counts(
    flags: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in {
        "max": "2000000000\n",
        "current": "1990000000\n",
        "stat": "anon 1\ninactive_file 5000\n",
    }.items():
        (tmp_path / f"memory.{name}").write_text(text, encoding="utf-8")
    monkeypatch.setattr(machine, "_CONTAINER", tmp_path)
    monkeypatch.setattr(psutil, "Process", lambda *_: SimpleNamespace(memory_info=lambda: SimpleNamespace(rss=0)))
    verdict, found, _ = machine.memory(Settings(**flags))
    assert verdict == "wrong"
    assert found.startswith("10 MB free for this program; the models need about 1.5 GB")
    (tmp_path / "memory.max").write_text("max\n", encoding="utf-8")
    assert "10 MB" not in machine.memory(Settings(**flags))[1]


def test_a_package_of_another_version_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["numpy<1", "nosuchpackage>=2", 'x; extra == "dev"']
    monkeypatch.setattr(installation.metadata, "requires", lambda _: wanted)
    verdict, found, mend = installation.packages(Settings())
    assert (verdict, mend) == ("wrong", f"{sys.executable} -m pip install 'numpy<1' 'nosuchpackage>=2'")
    assert "numpy" in found
    assert "nosuchpackage is missing" in found


def test_telemetry_and_proxies_that_are_turned_on_are_told(
    flags: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANONYMIZED_TELEMETRY", "True")
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    found = looked(flags)
    assert one(found, "network", "telemetry").mend == "unset ANONYMIZED_TELEMETRY"
    assert one(found, "network", "proxies").mend.startswith("export NO_PROXY=")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    assert one(looked(flags), "network", "proxies").verdict == "fine"


def test_a_server_beyond_this_machine_is_named(flags: dict[str, Any]) -> None:
    settings = SimpleNamespace(chroma_url="http://127.0.0.1:1", llm_url="http://models.example.org/v1", embed_url="")
    verdict, found, _ = network.promise(settings)  # type: ignore[arg-type]
    assert verdict == "warning"
    assert "models.example.org (llm_url)" in found
    assert "127.0.0.1" not in found


class _Models(BaseHTTPRequestHandler):
    """A server of two models for those who have the key, of a page for all, and of what goes wrong."""

    def do_GET(self) -> None:
        answer = {"busy": 503, "broken": 500, "nowhere": 404}.get(self.path.split("/")[1], 200)
        is_page = not self.path.startswith("/v1/")
        is_known = is_page or self.headers["Authorization"] == "Bearer secret"
        self.send_response(answer if is_known else 401)
        self.send_header(
            "Content-Type", "text/html" if is_page and not self.path.startswith("/none") else "application/json"
        )
        self.end_headers()
        listed = {"object": "list", "data": [{"id": name, "object": "model"} for name in ("a", "b")]}
        none = b'{"object": "list", "data": []}'
        page = none if self.path.startswith("/none") else b"<html>A page</html>"
        self.wfile.write(page if is_page else json.dumps(listed).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def model_server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Models) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_model_server_is_asked_with_its_key(
    flags: dict[str, Any], model_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_KEY", "secret")
    for proxy in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:1")  # which the program does not ask for this machine's servers
    usual = {**flags, "llm_url": model_server, "llm_key_env": "THE_KEY", "llm_model": "a"}

    def seen(**changed: str) -> Check:
        settings = Settings(**{**usual, **changed})
        return next(check for check in carried_out(network.checks(), settings) if check.name == "chat model")

    assert seen().verdict == seen(llm_url=f"{model_server}/v1/").verdict == "fine"
    monkeypatch.setenv("WRONG_KEY", "guess")
    for changed, said, mended in (
        ({"llm_key_env": ""}, "wants a key", "export ASSISTANT_LLM_KEY_ENV=SERVER_KEY SERVER_KEY=KEY"),
        ({"llm_key_env": "WRONG_KEY"}, "wants a key", "export WRONG_KEY=KEY"),
        ({"llm_key_env": "NO_SUCH_KEY"}, "NO_SUCH_KEY", "export NO_SUCH_KEY=KEY"),
        ({"llm_model": "c"}, "has no model c", "curl http://"),
        ({"llm_model": ""}, "several models", "curl http://"),
        ({"llm_url": f"{model_server}/page"}, "is no OpenAI-compatible server", "curl http://"),
        ({"llm_url": f"{model_server}/nowhere", "llm_model": ""}, "does not list its models (404)", "curl http://"),
        ({"llm_url": f"{model_server}/busy"}, "not ready yet", "Wait until it is ready: curl http://"),
        ({"llm_url": f"{model_server}/broken"}, "failed", "See its own log"),
        ({"llm_url": "http://127.0.0.1:1"}, "No server answers", "Start it"),
    ):
        check = seen(**changed)
        assert check.verdict == "wrong", changed
        assert said in check.found
        assert mended in check.mend
        assert ("Start it" in check.mend) == (mended == "Start it")
    for path in ("nowhere", "none"):
        unlisted = seen(llm_url=f"{model_server}/{path}")
        assert (unlisted.verdict, unlisted.mend) == ("warning", "assistant models check")


def test_it_is_said_where_the_server_of_the_model_has_to_judge(flags: dict[str, Any], tmp_path: Path) -> None:
    served = Settings(**{**flags, "model": "", "models": tmp_path}, llm_url="http://127.0.0.1:1")

    def seen(settings: Settings) -> list[Check]:
        return [check for check in carried_out(model_files.checks(deep=False), settings) if check.name == "chat model"]

    (check,) = seen(served)
    assert (check.verdict, check.mend) == ("warning", f"assistant models get {default_chat_model()}")
    assert seen(served.model_copy(update={"judge": "writer"})) == []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Registry, "is_present", lambda *_: True)
        assert seen(served) == []  # the judge, which is looked at by itself


def test_a_server_that_is_no_chroma_is_told(flags: dict[str, Any], model_server: str) -> None:
    found = network.chroma(Settings(**flags, chroma_url=model_server))
    assert found
    assert (found[0], "is no Chroma server" in found[1]) == ("wrong", True)
    assert found[2].startswith("Name the address of one")  # its port is taken


def test_who_has_the_port_of_the_page_is_told(
    flags: dict[str, Any], model_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "PORT", int(model_server.rpartition(":")[2]))
    assert network.page(Settings(**flags))[0] == "fine"  # this process itself
    monkeypatch.setattr(network.os, "getpid", lambda: 0)
    verdict, found, mend = network.page(Settings(**flags))
    assert verdict == "warning"
    assert "is taken by" in found
    assert mend.startswith("assistant serve --port ")


def test_a_check_that_breaks_keeps_no_other_from_being_made() -> None:
    def fail(_: Settings) -> None:
        raise RuntimeError("boom")

    checks = list(
        carried_out([Looking("disk", "a", fail), Looking("disk", "b", lambda _: ("fine", "", ""))], Settings())
    )
    assert [(check.name, check.verdict) for check in checks] == [("a", "wrong"), ("b", "fine")]
    assert "boom" in checks[0].found


def test_the_command_prints_each_check_and_its_cure_and_ends_by_what_is_wrong(
    run: CommandLine, model: ScriptedModel, prepared: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model.replies *= 10
    monkeypatch.setenv("ASSISTANT_MODEL", prepared["model"])
    monkeypatch.setenv("ASSISTANT_EMBEDDER", prepared["embedder"])
    monkeypatch.setattr(library_state, "embedder_fingerprint", lambda _: "hashing-256")
    run("add", "papers.bib")
    assert "fine    library, file: 2 papers" in run("doctor", "--no-self-test")
    found = run.json("doctor")
    jsonschema.validate(found, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert found["self_test"]["asked"] == found["self_test"]["planned"] > 0
    assert not found["self_test"]["is_sample"]
    assert {"probes", "self-test"} <= {check["name"] for check in found["checks"]}
    assert "right: " in run("doctor", "--seconds", "0")
    monkeypatch.setenv("ASSISTANT_MODEL", "qwen2.5-coder-0.5b")
    monkeypatch.setenv("ASSISTANT_MODELS", str(run.library / "none"))
    run("doctor", code=1)
    assert " models get qwen2.5-coder-0.5b\n" in run.stdout
    assert "No self-test." in run.stdout


def test_an_empty_library_has_the_sample_library_asked_and_stays_absent(
    run: CommandLine, model: ScriptedModel, prepared: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model.replies *= 10
    monkeypatch.setenv("ASSISTANT_MODEL", prepared["model"])
    monkeypatch.setenv("ASSISTANT_EMBEDDER", prepared["embedder"])
    found = run.json("doctor")
    assert found["self_test"]["is_sample"]
    assert found["self_test"]["asked"] > 0
    assert not run.library.exists()


def test_a_package_that_is_not_there_is_named_with_the_command_that_installs_it() -> None:
    without = (
        "import sys; from importlib import metadata; sys.modules['psutil'] = None; usual = metadata.version\n"
        "def version(name):\n"
        "    if name == 'psutil': raise metadata.PackageNotFoundError(name)\n"
        "    return usual(name)\n"
        "metadata.version = version; sys.argv = ['assistant', 'doctor']\n"
        "from assistant.__main__ import main; main()"
    )
    said = subprocess.run([sys.executable, "-c", without], capture_output=True, text=True, cwd=ROOT, check=False)
    assert said.returncode == 1
    assert "Traceback" not in said.stderr
    assert f"{sys.executable} -m pip install 'psutil>=7'" in said.stderr
