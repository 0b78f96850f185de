"""`Snapshot`: arrays for pictures of one step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from gradlab.errors import UserError


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Arrays for pictures, as they were at one step.

    Attributes:
        step: Updates done.
        arrays: By kind, or by kind and layer with a stroke in between: "weights/1", "weights/output", "updates/1",
            "activations/1" (what was drawn, usually means over the batch), "confusion", "embedding". Replicas are the
            first axis.
    """

    step: int
    arrays: Mapping[str, ndarray]

    def by_layer(self, kind: str) -> dict[str, ndarray]:
        """The arrays of one kind, by layer; empty where there are none.

        Example:
            >>> list(Snapshot(0, {"weights/1": np.ones((1, 2, 3)), "embedding": np.ones((1, 5, 2))}).by_layer("weights"))
            ['1']
        """
        return {name.removeprefix(f"{kind}/"): a for name, a in self.arrays.items() if name.startswith(f"{kind}/")}

    def to_arrays(self) -> dict[str, ndarray]:
        """One flat table "STEP/NAME" -> array, as safetensors stores; those of several steps may be merged."""
        return {f"{self.step}/{name}": np.ascontiguousarray(array) for name, array in self.arrays.items()}

    @staticmethod
    def from_arrays(arrays: Mapping[str, ndarray]) -> tuple[Snapshot, ...]:
        """The snapshots in a table that `to_arrays` made, merged or not, by step.

        Raises:
            UserError: A name does not begin with a step.
        """
        steps: dict[int, dict[str, ndarray]] = {}
        for key, array in arrays.items():
            step, _, name = key.partition("/")
            if not (step.isdecimal() and name):
                raise UserError("snapshot", got=key, expected='a name such as "100/weights/1"')
            steps.setdefault(int(step), {})[name] = array
        return tuple(Snapshot(step, steps[step]) for step in sorted(steps))
