"""`LookArrays`: what the looks of one slice saw, and its form in the store: one blob of safetensors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import safetensors.numpy
from jaxtyping import Bool, Float
from numpy import ndarray

from gradlab.errors import StoreError, UserError
from gradlab.signals import History, Snapshot

_SIGNALS = "signals/"
_SNAPSHOTS = "snapshots/"


@dataclass(frozen=True, slots=True)
class LookArrays:
    """Arrays of R replicas at S looks.

    Attributes:
        flags: For each outcome rule: constant, and constant by dead units [S, 2 x rules, R].
        curves: Loss of the first replicas of the cell [K, S].
        metrics: The study's metrics [S, M, R].
        signals: Of the first replicas of the cell; None where none of them is here.
        snapshots: Arrays for pictures of the first replicas, by step; empty where none of them is here.
    """

    flags: Bool[ndarray, "S F R"]
    curves: Float[ndarray, "K S"]
    metrics: Float[ndarray, "S M R"]
    signals: History | None
    snapshots: tuple[Snapshot, ...] = ()

    def pack(self) -> bytes:
        """The blob: one bit a flag, float32 numbers."""
        arrays: dict[str, ndarray] = {
            "shape": np.array(self.flags.shape, np.int64),
            "bits": np.packbits(self.flags, axis=2),
            "curves": self.curves.astype(np.float32),
        }
        if self.metrics.size:
            arrays["metrics"] = np.ascontiguousarray(self.metrics, np.float32)
        if self.signals is not None:
            arrays |= {f"{_SIGNALS}{name}": array for name, array in self.signals.to_arrays().items()}
        for each in self.snapshots:
            arrays |= {f"{_SNAPSHOTS}{name}": array for name, array in each.to_arrays().items()}
        return safetensors.numpy.save(arrays)

    @classmethod
    def unpack(cls, blob: bytes) -> LookArrays:
        """What `pack` packed.

        Raises:
            StoreError: The blob is damaged.
        """
        try:
            arrays = safetensors.numpy.load(blob)
            steps, _, replicas = (int(size) for size in arrays["shape"])
            history = {name.removeprefix(_SIGNALS): a for name, a in arrays.items() if name.startswith(_SIGNALS)}
            kept = {name.removeprefix(_SNAPSHOTS): a for name, a in arrays.items() if name.startswith(_SNAPSHOTS)}
            return cls(
                np.unpackbits(arrays["bits"], axis=2, count=replicas).astype(bool),
                arrays["curves"],
                arrays.get("metrics", np.zeros((steps, 0, replicas), np.float32)),
                History.from_arrays(history) if history else None,
                Snapshot.from_arrays(kept),
            )
        except (safetensors.SafetensorError, UserError, KeyError, ValueError, IndexError, TypeError) as error:
            raise StoreError(
                f"store: the arrays of a chunk are damaged ({error})", do="Run the study again with --fresh"
            ) from None
