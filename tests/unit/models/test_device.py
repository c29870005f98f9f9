"""Which device and number format are chosen, why, and what happens where memory is full; GPUs are fakes."""

import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from assistant import settings, wiring
from assistant.diagnosis import model_check
from assistant.errors import ModelError, UsageError
from assistant.models import Probe, probes
from assistant.models import device as devices
from assistant.models.chat_model import TransformersModel
from assistant.models.device import Device, choose, faster, placing
from assistant.models.embedder import TransformerEmbedder
from assistant.models.registry import Registry
from assistant.settings import Quantize
from assistant.types import Message
from tests.tiny_models import tiny_chat_model, tiny_embedder

GB = 10**9
BF16, FP16, FP32 = torch.bfloat16, torch.float16, torch.float32
CPU_WITHOUT: dict[str, bool] = {}
CPU_WITH = {"avx512_bf16": True}


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what gives the machine GPUs; without it there is none, whatever the tests run on."""

    def give(
        kind: str = "",
        total: Sequence[float] = (),
        *,
        free: Sequence[float] = (),
        has_bfloat16: bool = True,
        fails: Sequence[torch.dtype | str] = (),
        cpu: dict[str, bool] = CPU_WITH,
    ) -> None:
        ones = torch.ones

        def made(*shape: int, **options: Any) -> torch.Tensor:
            if options.get("dtype") in fails or options.get("device") in fails:
                raise TypeError("not on this device")
            return ones(*shape, **{**options, "device": "cpu"} if options.get("device") else options)

        for name in ("cuda", "xpu"):
            count = len(total) if kind == name else 0
            for function, given in {
                "is_available": lambda count=count: bool(count),
                "device_count": lambda count=count: count,
                "device": lambda _index: nullcontext(),
                "empty_cache": lambda: None,
                "is_bf16_supported": lambda *, including_emulation: has_bfloat16 and not including_emulation,
                "get_device_properties": lambda index: SimpleNamespace(total_memory=int(total[index] * GB)),
                "mem_get_info": lambda index: (int((free or total)[index] * GB), int(total[index] * GB)),
            }.items():
                monkeypatch.setattr(f"torch.{name}.{function}", given)
        monkeypatch.setattr("torch.backends.mps.is_available", lambda: kind == "mps")
        monkeypatch.setattr("torch.mps.recommended_max_memory", lambda: int(total[0] * GB))
        monkeypatch.setattr("torch.mps.empty_cache", lambda: None)
        monkeypatch.setattr("torch.ones", made)
        monkeypatch.setattr("torch.cpu.get_capabilities", lambda: cpu)
        monkeypatch.setattr(devices, "_DRIVERS", {})

    give()
    return give


@pytest.mark.parametrize(
    ("capabilities", "dtype"),
    [
        ({}, FP32),
        ({"avx512_bf16": False, "avx512_f": True}, FP32),
        ({"avx512_bf16": True}, BF16),
        ({"amx_bf16": True}, BF16),
    ],
)
def test_a_cpu_computes_in_bfloat16_only_with_instructions_for_it(
    machine: Callable[..., None], capabilities: dict[str, bool], dtype: torch.dtype
) -> None:
    machine(cpu=capabilities)
    chosen = choose()
    assert (chosen.name, chosen.dtype, chosen.memory) == ("cpu", dtype, 0)
    assert ("lacks instructions for bfloat16" in " ".join(chosen.reasons)) is (dtype is FP32)


@pytest.mark.parametrize("kind", ["cuda", "xpu", "mps"])
@pytest.mark.parametrize(
    ("fake", "dtype"),
    [({}, BF16), ({"fails": [BF16]}, FP16), ({"fails": [BF16, FP16]}, FP32)],
)
def test_a_gpu_computes_in_bfloat16_where_it_can(
    machine: Callable[..., None], kind: str, fake: dict[str, Any], dtype: torch.dtype
) -> None:
    machine(kind, [24], **fake)
    for chosen in (choose(), choose(kind), choose(for_one=True)):
        assert (chosen.name, chosen.dtype, chosen.memory) == (kind, dtype, 24 * GB)
        assert chosen.format in chosen.reasons[-1]


@pytest.mark.parametrize("kind", ["cuda", "xpu"])
def test_a_gpu_that_only_emulates_bfloat16_computes_in_float16(machine: Callable[..., None], kind: str) -> None:
    machine(kind, [16], has_bfloat16=False)
    assert choose().dtype is FP16


def test_a_gpu_that_cannot_compute_leaves_the_models_to_the_cpu(machine: Callable[..., None]) -> None:
    machine("cuda", [4], fails=["cuda"])
    chosen = choose()
    assert chosen.name == "cpu"
    assert "cuda is there, but this PyTorch cannot compute on it." in chosen.reasons
    with pytest.raises(UsageError, match="cannot compute on it"):
        choose("cuda")


def test_several_gpus_hold_a_chat_model_together_and_the_embedder_takes_the_emptiest(
    machine: Callable[..., None],
) -> None:
    machine("cuda", [8, 12], free=[7, 1])
    chat, embedding, second = choose(), choose(for_one=True), choose("cuda:1")
    assert (chat.name, chat.memory, placing(chat, 16)["device_map"]) == ("cuda", 20 * GB, "auto")
    assert (embedding.name, embedding.memory) == ("cuda:0", 8 * GB)
    assert (second.name, second.memory, placing(second, 16)["device_map"]) == ("cuda:1", 12 * GB, {"": "cuda:1"})
    machine("cuda", [8, 12], free=[1, 7], fails=["cuda:0"])
    assert (choose().name, choose().is_spread) == ("cuda:1", False)


def test_apple_and_cpu_hold_a_model_whole(machine: Callable[..., None]) -> None:
    assert placing(choose(), 16) == {"dtype": BF16, "device_map": {"": "cpu"}}
    machine("mps", [16])
    assert placing(choose(), 16) == {"dtype": BF16, "device_map": {"": "mps"}}
    assert choose("cpu").name == "cpu"


@pytest.mark.parametrize("wanted", ["cuda", "cuda:2", "xpu", "xpu:0", "mps"])
def test_a_device_that_is_not_there_is_said_plainly(machine: Callable[..., None], wanted: str) -> None:
    with pytest.raises(UsageError, match=f"no device {wanted}.*here is cpu alone"):
        choose(wanted)
    machine("cuda", [8, 8])
    if wanted != "cuda":
        with pytest.raises(UsageError, match=f"no device {wanted}.*here are cpu, cuda:0, cuda:1"):
            choose(wanted)


def test_a_gpu_that_pytorch_was_not_built_for_is_told_of(
    machine: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(devices, "_DRIVERS", {"cuda": (str(tmp_path),)})
    monkeypatch.setattr("torch.version.cuda", None)
    assert "was built for the CPU alone" in " ".join(choose().reasons)
    with pytest.raises(UsageError, match="was built for the CPU alone"):
        choose("cuda")
    monkeypatch.setattr("torch.version.cuda", "13.0")
    assert "does not see it" in " ".join(choose().reasons)


@pytest.mark.parametrize(
    ("memory", "quantize", "bits"),
    [
        (24, "no", 16),
        (24, "auto", 16),
        (24, "8", 8),
        (24, "4", 4),
        (12, "no", 16),
        (12, "auto", 8),
        (9, "auto", 4),
        (0, "auto", 16),
        (0, "8", 16),
        (0, "4", 4),
    ],
)
def test_bits_are_as_asked_and_with_auto_as_many_as_fit(memory: int, quantize: Quantize, bits: int) -> None:
    device = Device("cuda" if memory else "cpu", BF16, memory * GB)
    assert device.bits(quantize, 15 * GB) == bits


def test_weights_in_few_bits_go_through_bitsandbytes(
    machine: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine("cuda", [12])
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ModelError, match=r"abstract-assistant\[quantized\]"):
        placing(choose(), 8)
    made: list[dict[str, Any]] = []
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: object())
    monkeypatch.setattr("transformers.BitsAndBytesConfig", lambda **options: made.append(options))
    assert placing(choose(), 8)["device_map"] == {"": "cuda"}
    assert placing(choose(), 4)["dtype"] is BF16
    assert made[0] == {"load_in_8bit": True}
    assert made[1]["load_in_4bit"]
    assert made[1]["bnb_4bit_compute_dtype"] is BF16


@pytest.mark.parametrize(
    ("kind", "memory", "quantize", "is_large"),
    [
        ("", 0, "no", False),
        ("cuda", 8, "no", False),
        ("cuda", 16, "auto", False),
        ("cuda", 24, "no", True),
        ("cuda", 12, "8", True),
        ("cuda", 8, "4", False),
        ("cuda", 10, "4", True),
        ("mps", 22, "no", True),
        ("mps", 11, "no", False),
        ("xpu", 16, "no", False),
        ("xpu", 24, "no", True),
    ],
)
def test_the_larger_model_is_the_default_where_memory_holds_it(
    machine: Callable[..., None], tmp_path: Path, kind: str, memory: int, quantize: Quantize, is_large: bool
) -> None:
    machine(kind, [memory] if kind else [])
    name = wiring.default_chat_model(Registry(tmp_path), "auto", quantize)
    assert name == ("qwen2.5-7b" if is_large else "qwen2.5-coder-1.5b")
    if kind:
        assert wiring.default_chat_model(Registry(tmp_path), "cpu") == "qwen2.5-coder-1.5b"


def test_that_the_smaller_model_stands_in_for_the_larger_is_known(
    machine: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings.load(models=tmp_path)
    assert wiring.larger_chat_model(chosen) == ""  # which a CPU does not take
    machine("cuda", [24])
    assert wiring.larger_chat_model(chosen) == "qwen2.5-7b"
    assert wiring.larger_chat_model(chosen.model_copy(update={"model": "qwen2.5-coder-1.5b"})) == ""
    monkeypatch.setattr(Registry, "is_present", lambda *_: True)
    assert wiring.larger_chat_model(chosen) == ""


def test_a_device_that_is_not_there_does_not_keep_the_name_of_the_model_from_being_shown(tmp_path: Path) -> None:
    chosen = settings.load(models=tmp_path, device="cuda:3")
    assert wiring.chat_model_name(chosen) == "qwen2.5-coder-1.5b"
    with pytest.raises(UsageError, match="cuda:3"):
        wiring.get_default_models(chosen, lambda _: None)


def test_what_would_be_faster_is_said(machine: Callable[..., None]) -> None:
    machine(cpu={"avx512_vnni": True})
    said = faster(choose(), 3 * GB, "no", large=15 * GB)
    assert "A GPU with 5 GB" in said[0]
    assert "--quantize 8" in said[1]
    assert len(faster(choose(), 3 * GB, "8")) == 1
    assert "Without --quantize 4" in faster(choose(), 3 * GB, "4")[1]
    machine("cuda", [12])
    assert "larger default model would fit with --quantize 8" in faster(choose(), 3 * GB, "no", large=15 * GB)[0]
    assert "does not hold this model" in faster(choose(), 15 * GB, "no")[0]
    assert faster(choose(), 15 * GB, "auto") == []
    assert "a smaller model" in faster(choose(), 60 * GB, "no")[0]
    machine("cuda", [24])
    assert faster(choose(), 15 * GB, "no") == []


def test_the_check_says_what_was_chosen_why_and_what_would_be_faster(
    machine: Callable[..., None], tmp_path: Path
) -> None:
    machine(cpu=CPU_WITHOUT)
    chat, embedder = tiny_chat_model(tmp_path / "chat"), tiny_embedder(tmp_path / "embedder")
    chosen = settings.load(models=tmp_path, model=str(chat), embedder=str(embedder), device="cpu")
    checked = model_check.check_models(chosen)[0]
    assert checked["placement"] == {"": "cpu"}
    assert checked["dtype"] == "float32"
    assert "so float32" in checked["why"][-1]
    assert "A GPU with" in checked["faster"][0]


class Full:
    """Loads as transformers does, but for the devices whose memory is full."""

    def __init__(self, load: Callable[..., Any], *full: str) -> None:
        self.load, self.full, self.tried = load, full, list[str]()

    def __call__(self, model: str, *, device_map: Any, **options: Any) -> Any:
        place = device_map if isinstance(device_map, str) else device_map[""]
        self.tried.append(place)
        if place in self.full:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return self.load(model, device_map=device_map, **options)


def test_a_gpu_without_room_leaves_the_chat_model_to_the_cpu_unless_it_was_named(
    machine: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM

    machine("cuda", [8])
    full = Full(AutoModelForCausalLM.from_pretrained, "auto", "cuda", "cpu")
    monkeypatch.setattr("assistant.models.chat_model.AutoModelForCausalLM.from_pretrained", full)
    folder = str(tiny_chat_model(tmp_path))
    with pytest.raises(ModelError, match="--device cpu"):
        TransformersModel(folder, device="cuda")
    full.full = ("auto",)
    model = TransformersModel(folder)
    assert full.tried[-2:] == ["auto", "cpu"]
    assert model.info.device == "cpu"
    assert "had no room" in model.why[0]


def test_memory_that_is_full_while_reading_is_said_in_words_and_made_free(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model, stop = TransformersModel(str(tiny_chat_model(tmp_path))), threading.Event()
    prompt = (Message("user", "What is a beam? " * 20),)
    with monkeypatch.context() as patched:
        model.read(prompt, answers=("Yes",), stop=stop)
        assert model._prefixes._stored

        def full(*_: Any, **__: Any) -> Any:
            raise RuntimeError("MPS backend out of memory (MPS allocated: 8 GB)")

        patched.setattr(model, "_forward", full)
        with pytest.raises(ModelError, match="--quantize 8 or 4"):
            model.read(prompt, answers=("Yes",), stop=stop)
    assert not model._prefixes._stored
    assert model.read(prompt, answers=("Yes",), stop=stop)


def test_an_embedder_without_room_takes_the_cpu_and_one_that_runs_out_takes_halves(
    machine: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from assistant.models import embedder as module

    folder, load = str(tiny_embedder(tmp_path)), module.SentenceTransformer
    machine("cuda", [8, 8], free=[1, 2])
    tried: list[str] = []

    def loaded(model: str, *, device: str, **options: Any) -> Any:
        tried.append(device)
        if device != "cpu":
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return load(model, device=device, **options)

    monkeypatch.setattr(module, "SentenceTransformer", loaded)
    embedder = TransformerEmbedder(folder)
    assert tried == ["cuda:1", "cpu"]
    expected, at_once, rows = embedder.embed(["a beam", "an adapter", "a law"]), embedder._vectors_at_once, list[int]()

    def few(features: Any, wanted: Sequence[int]) -> Any:
        rows.append(len(wanted))
        if len(wanted) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return at_once(features, wanted)

    monkeypatch.setattr(embedder, "_vectors_at_once", few)
    with pytest.raises(ModelError, match="out of memory"):
        embedder.embed(["a beam", "an adapter", "a law"])  # a CPU has no more
    embedder._device = "cuda:1"

    def here(value: Any, chosen: Sequence[int], used: torch.Tensor) -> Any:
        return value[chosen][:, used] if isinstance(value, torch.Tensor) else value

    monkeypatch.setattr(embedder, "_rows", here)
    assert embedder.embed(["a beam", "an adapter", "a law"]) == pytest.approx(expected, abs=1e-2)
    assert max(rows) == 3


def test_weights_in_few_bits_are_judged_by_probes_of_their_own_or_those_of_the_same_weights(tmp_path: Path) -> None:
    def probe(layer: int) -> Probe:
        return Probe(
            layer, ("no", "yes"), *(np.ones(2, np.float32), np.ones(2, np.float32)), np.ones((1, 2)), np.ones(1)
        )

    probe(16).save(tmp_path / "abc" / "support.safetensors")
    found = [probes.find(name, "support", tmp_path) for name in ("abc", "abc-4bit", "abd-4bit", "")]
    assert [each and each.layer for each in found] == [16, 16, None, None]
    probe(4).save(tmp_path / "abc-4bit" / "support.safetensors")
    found = [probes.find(name, "support", tmp_path) for name in ("abc", "abc-4bit", "abc-8bit")]
    assert [each and each.layer for each in found] == [16, 4, 16]


def test_a_cpu_reads_and_writes_with_weights_in_4_bits(tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes")
    folder, stop = str(tiny_chat_model(tmp_path)), threading.Event()
    plain, model = TransformersModel(folder), TransformersModel(folder, quantize="4")
    assert model.memory < 0.7 * plain.memory
    assert model.dtype.endswith("weights in 4 bits")
    assert model.fingerprint == f"{plain.fingerprint}-4bit"
    prompt = (Message("user", "What is a beam?"),)
    readings = [each.read(prompt, answers=("Yes",), layers=(2,), stop=stop) for each in (plain, model)]
    assert readings[0] is not None
    assert readings[1] is not None
    assert readings[0].answers != readings[1].answers
    assert readings[0].last[2] == pytest.approx(readings[1].last[2], abs=0.5)
    assert "".join(model.generate(prompt, max_new_tokens=8, stop=stop))


def test_a_model_that_no_gpu_holds_whole_has_its_fingerprint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = str(tiny_chat_model(tmp_path / "model"))
    plain = TransformersModel(folder)
    parts = dict.fromkeys(("model.embed_tokens", "model.layers.0", "model.rotary_emb", "lm_head"), "cpu")
    split = {**parts, "model.layers.1": "disk", "model.norm": "disk"}
    options = {"dtype": BF16, "device_map": split, "offload_folder": str(tmp_path / "rest")}
    monkeypatch.setattr("assistant.models.chat_model.placing", lambda *_: options)
    model, prompt = TransformersModel(folder), (Message("user", "What is a beam?"),)
    assert model.placement == split
    assert model.fingerprint == plain.fingerprint
    read = [each.read(prompt, answers=("Yes",), stop=threading.Event()) for each in (plain, model)]
    assert [each and each.answers for each in read] == [read[0] and read[0].answers] * 2
