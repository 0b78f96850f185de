"""gradlab's engines, called as a study calls them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy import ndarray

from benchmarks.case import Case, Run, Seen
from gradlab.training import Look, train


def narrow(case: Case) -> Run:
    """The compiled loop."""
    return _engine(case, "narrow")


def batched_torch(case: Case) -> Run:
    """Batched products."""
    return _engine(case, "torch")


def _engine(case: Case, name: str) -> Run:
    def run() -> Iterator[Seen]:
        for look in train(case.job, case.looks, engine=name):
            outputs = {key: seen.outputs for key, seen in look.sets.items()}
            yield Seen(look.loss, outputs, lambda look=look: _flat(look))  # type: ignore[misc]

    return run


def _flat(look: Look) -> ndarray:
    pieces = []
    for weights, biases in zip(look.weights, look.biases, strict=True):
        pieces += [weights.reshape(len(weights), -1)] + ([] if biases is None else [biases])
    return np.concatenate(pieces, axis=1)
