"""What every embedder does, tried on each of them."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import ModelError
from assistant.models.light_embedder import BertEncoder, LightEmbedder
from assistant.protocols import Embedder
from tests.fakes import HashingEmbedder
from tests.tiny_models import tiny_embedder


@pytest.fixture(params=["hashing", "transformer", "light"])
def embedder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    if request.param == "hashing":
        return HashingEmbedder()
    from assistant.models.embedder import TransformerEmbedder

    folder = str(tiny_embedder(tmp_path_factory.mktemp("embedder")))
    if request.param == "transformer":
        return TransformerEmbedder(folder)
    encoder = BertEncoder.find(folder)
    assert encoder
    return LightEmbedder(encoder, lambda: TransformerEmbedder(folder))


def test_every_text_gets_a_unit_vector_in_order(embedder: Embedder) -> None:
    texts = ["low rank adapters", "sourdough bread", "?", "low rank adapters", "long " * 2000]
    vectors = embedder.embed(texts)
    assert vectors.shape == (5, embedder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(vectors[0], vectors[3], atol=2e-2)


def test_many_texts_come_in_batches_each_position_once(embedder: Embedder) -> None:
    texts = [f"text {number} " + "word " * (number % 40) for number in range(500)]
    taken = [0]

    def counted() -> Iterator[str]:
        for text in texts:
            taken[0] += 1
            yield text

    batches = list(embedder.embed_many(counted()))
    assert sorted(position for positions, _ in batches for position in positions) == list(range(500))
    assert len(batches) > 1
    found = dict(pair for positions, values in batches for pair in zip(positions, values, strict=True))
    for number in (0, 39, 40, 499):
        np.testing.assert_allclose(found[number], embedder.embed([texts[number]])[0], atol=2e-2)
    assert list(embedder.embed_many([])) == []
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_many_texts_may_be_left_early(embedder: Embedder) -> None:
    before = threading.active_count()
    batches = embedder.embed_many(f"text {number}" for number in range(10_000))
    positions, values = next(batches)
    assert len(positions) == len(values)
    batches.close()
    assert threading.active_count() == before


def test_more_texts_than_are_sorted_together_keep_their_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assistant.models import embedder as embedding

    model = embedding.TransformerEmbedder(str(tiny_embedder(tmp_path / "model")))
    texts = [f"{number} " + "adapter " * (number * 7 % 30) for number in range(70)]
    whole = model.embed(texts)
    monkeypatch.setattr(embedding, "_WINDOW", 16)
    monkeypatch.setitem(embedding._TOKENS_AT_ONCE, model._model.device.type, 50)
    np.testing.assert_allclose(model.embed(texts), whole, atol=2e-2)


def test_the_vectors_are_those_of_sentence_transformers(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    from assistant.models.embedder import TransformerEmbedder

    folder = str(tiny_embedder(tmp_path / "model"))
    texts = ["What is a beam?", "Low-rank adapters " * 9, "pruning"]
    reference = SentenceTransformer(folder, device="cpu").encode(texts, normalize_embeddings=True)
    np.testing.assert_allclose(TransformerEmbedder(folder).embed(texts), reference, atol=2e-2)
    encoder = BertEncoder.find(folder)
    assert encoder
    np.testing.assert_allclose([encoder.vector(text) for text in texts], reference, atol=1e-5)


def test_the_light_embedder_is_the_same_model_and_loads_the_other_only_for_several_texts(tmp_path: Path) -> None:
    from assistant.models.embedder import TransformerEmbedder

    folder = str(tiny_embedder(tmp_path / "model"))
    loaded: list[TransformerEmbedder] = []

    def load() -> TransformerEmbedder:
        loaded.append(TransformerEmbedder(folder))
        return loaded[-1]

    encoder = BertEncoder.find(folder)
    assert encoder
    light = LightEmbedder(encoder, load)
    one = light.embed(["word " * 2000])
    assert (one.shape, list(light.embed_many([])), loaded) == ((1, light.dimension), [], [])
    several = light.embed(["word " * 2000, "pruning"])
    assert light.embed(["one", "two"]).shape == (2, light.dimension)
    assert [model.fingerprint for model in loaded] == [light.fingerprint]
    np.testing.assert_allclose(one[0], several[0], atol=2e-2)


@pytest.mark.parametrize(
    ("file", "name", "value"),
    [
        ("config.json", "hidden_act", "relu"),
        ("config.json", "architectures", ["RobertaModel"]),
        ("1_Pooling/config.json", "pooling_mode", "cls"),
        ("config_sentence_transformers.json", "default_prompt_name", "query"),
    ],
)
def test_the_light_embedder_leaves_other_models_alone(tmp_path: Path, file: str, name: str, value: object) -> None:
    folder = tiny_embedder(tmp_path / "model")
    (folder / file).write_text(json.dumps({**json.loads((folder / file).read_text()), name: value}))
    assert BertEncoder.find(str(folder)) is None
    assert BertEncoder.find("owner/name") is None


def test_one_text_is_embedded_without_torch(tmp_path: Path) -> None:
    folder = tiny_embedder(tmp_path / "model")
    program = (
        "import sys\nfrom assistant import settings, wiring\n"
        f"light = wiring.load_embedder(settings.load(embedder={str(folder)!r}))\n"
        "print(light.embed(['What is a beam?']).shape)\n"
        "print([name for name in ('torch', 'transformers', 'sentence_transformers', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["(1, 32)", "[]"]


def test_embedding_leaves_the_number_of_threads_as_it_was(tmp_path: Path) -> None:
    import torch

    from assistant.models.embedder import TransformerEmbedder

    before = torch.get_num_threads()
    model = TransformerEmbedder(str(tiny_embedder(tmp_path / "model")))
    model.embed(["one", "two"])
    seen: list[int] = []
    later = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert (torch.get_num_threads(), seen) == (before, [before])


def test_the_fingerprint_is_the_same_for_the_same_model(embedder: Embedder) -> None:
    assert embedder.fingerprint
    assert embedder.fingerprint == embedder.fingerprint


def test_two_models_have_two_fingerprints(tmp_path: Path) -> None:
    from assistant.models.embedder import TransformerEmbedder

    one = TransformerEmbedder(str(tiny_embedder(tmp_path / "one", seed=1)))
    other = TransformerEmbedder(str(tiny_embedder(tmp_path / "other", seed=2)))
    moved = TransformerEmbedder(str((tmp_path / "one").rename(tmp_path / "moved")))
    assert one.fingerprint != other.fingerprint
    assert one.fingerprint == moved.fingerprint


def test_a_model_of_the_hub_is_known_by_its_commit() -> None:
    from assistant.models.embedder import _identity

    assert _identity("a/b", "c0ffee", 384) != _identity("a/b", "decaf", 384)
    assert _identity("a/b", None, 384) != _identity("a/b", None, 768)


def test_a_failing_embedder_is_an_error_for_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant.models.embedder import TransformerEmbedder

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("not enough memory")

    model = TransformerEmbedder(str(tiny_embedder(tmp_path / "model")))
    monkeypatch.setattr(model._model[0], "forward", broken)
    for texts in (["text"], ["one", "two"]):
        with pytest.raises(ModelError, match="not enough memory"):
            model.embed(texts)
