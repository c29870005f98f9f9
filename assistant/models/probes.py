"""Linear probes: logistic regressions over a model's hidden states.

That such states hold more than the model says is known: Slobodkin et al., "The Curious Case of Hallucinatory
(Un)answerability", 2023.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from assistant.errors import ModelError
from assistant.protocols import LanguageModel, Reading, Vectors
from assistant.types import Message

TASKS = ("answerability", "evidence", "support", "topic")
"""What is judged of an abstract."""

_ARRAYS = {"weights": np.float16, "bias": np.float16, "mean": np.float32, "scale": np.float32}


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """A logistic regression over the standardised hidden states of one layer.

    `mean` and `scale` have the shape (width,), `weights` (labels, width), `bias` (labels,). One weight vector for two
    labels speaks for the second.
    """

    layer: int
    labels: tuple[str, ...]
    mean: Vectors
    scale: Vectors
    weights: Vectors
    bias: Vectors

    def probabilities(self, states: Vectors) -> NDArray[np.float64]:
        """Return the probability of every label, shape (..., labels), for hidden states of the shape (..., width)."""
        from scipy.special import softmax

        values = ((states - self.mean) / self.scale @ self.weights.T + self.bias).astype(np.float64)
        if len(self.weights) == 1:
            values = np.concatenate([np.zeros_like(values), values], axis=-1)
        shares: NDArray[np.float64] = softmax(values, axis=-1)
        return shares

    def probability(self, label: str, state: Vectors) -> float:
        """Return the probability of one label for one hidden state, shape (width,)."""
        return float(self.probabilities(state)[self.labels.index(label)])

    def save(self, file: Path) -> None:
        """Write the probe as safetensors, in half precision."""
        file.parent.mkdir(parents=True, exist_ok=True)
        arrays = {name: np.ascontiguousarray(getattr(self, name), kind) for name, kind in _ARRAYS.items()}
        save_file(arrays, file, {"layer": str(self.layer), "labels": "\n".join(self.labels)})

    @classmethod
    def load(cls, file: Path) -> Probe:
        """Read a probe. Raises ModelError for any other file."""
        try:
            with safe_open(file, framework="numpy") as stored:
                metadata = stored.metadata() or {}
                arrays = {name: stored.get_tensor(name).astype(np.float32) for name in _ARRAYS}
                return cls(int(metadata["layer"]), tuple(metadata["labels"].split("\n")), **arrays)
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise ModelError(
                f"The probe {file} cannot be read: {error}. Make it with `assistant models calibrate`."
            ) from error


def fit(layer: int, states: Vectors, labels: Sequence[str], strength: float = 0.01) -> Probe:
    """Fit a probe on hidden states, shape (n, width), with a label each; `strength` is C, inverse regularisation."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(states)
    model = LogisticRegression(C=strength, max_iter=3000).fit(scaler.transform(states), np.array(labels))
    fitted = (scaler.mean_, scaler.scale_, model.coef_, model.intercept_)
    return Probe(layer, tuple(map(str, model.classes_)), *(array.astype(np.float32) for array in fitted))


def find(fingerprint: str, task: str, made: Path | None = None) -> Probe | None:
    """Return the probe of a model for a task: the one made here, else the one that ships; None without either.

    Where none was fitted on weights in few bits, the one that was on the same weights in 16 judges by their states.
    """
    shipped = Path(str(resources.files("assistant.models") / "probe_weights"))
    for name in dict.fromkeys((fingerprint, fingerprint.partition("-")[0])):
        for folder in (made, shipped):
            file = folder / name / f"{task}.safetensors" if folder and name else None
            if file and file.is_file():
                return Probe.load(file)
    return None


def yes(
    model: LanguageModel, task: str, messages: Sequence[Message], made: Path | None, stop: threading.Event
) -> float | None:
    """Return how likely the answer to a prompt that asks for yes or no is yes, in [0, 1]; None where that is not told.

    The task's probe decides; without one, what the model itself would say does. None also where `stop` was set.
    """
    return read(model, task, messages, made, stop)[0]


def read(
    model: LanguageModel, task: str, messages: Sequence[Message], made: Path | None, stop: threading.Event, of: str = ""
) -> tuple[float | None, Reading]:
    """Return the same, and what the model made of the prompt; with `of`, its attention to that passage too."""
    probe = find(model.fingerprint, task, made)
    layers = [probe.layer] if probe else []
    reading = model.read(messages, answers=("Yes", "No"), layers=layers, of=of, attention=bool(of), stop=stop)
    return (None, Reading()) if reading is None else (_chance(probe, reading), reading)


def _chance(probe: Probe | None, reading: Reading) -> float | None:
    if probe and probe.layer in reading.last:
        return probe.probability("yes", reading.last[probe.layer])
    if reading.answers is None:
        return None
    yes_share, no_share = reading.answers
    return 1 / (1 + math.exp(min(700.0, no_share - yes_share)))
