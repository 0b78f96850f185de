"""Numbers of every network at every look: of its outputs, of its units, of how far its weights have come.

What a look says of itself is taken as it passes (`Meter.see`); what compares looks is found when all are there
(`Meter.values`). Kinds:

- loss, accuracy, rmse: of the outputs on an input set; with statistics "anew", of those that networks with batch norm would
  give if no running statistics lagged behind their weights.
- dead_units: hidden units whose slope is 0 for every input of the set.
- recovered_units: hidden units that are alive and were dead at an earlier look.
- weight_change, hidden_bias_change: the largest |now - at the first look| of any weight, or of any bias of a hidden layer.
- unit_difference: the largest difference between two units of the first hidden layer, in any weight or bias. Where it is
  0, such a layer sees one linear function of the inputs.
- plateau: epochs until another metric has made nine tenths of its way from the first look to this one, for good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from gradlab.data import Examples
from gradlab.parts import LOSSES
from gradlab.studies.seen import outputs_anew
from gradlab.studies.seen import seen as captured_at
from gradlab.studies.study import Metric
from gradlab.training import Job, Look
from gradlab.training.measures import accuracy, mean_loss, rmse

PLATEAU_LEFT = 0.1  # share of its way that a metric may still have to go


class Meter:
    """Reads the metrics of a job's networks off its looks, one after the other."""

    def __init__(self, metrics: Mapping[str, Metric], job: Job) -> None:
        """What to read, of which networks."""
        self._metrics, self._job = metrics, job
        self._steps: list[int] = []
        self._read: dict[str, list[Float[ndarray, " R"]]] = {name: [] for name in metrics}
        self._live: dict[str, list[Bool[ndarray, "R U"]]] = {}
        self._birth: Sequence[ndarray | None] | None = None
        self._anew: Mapping[str, Float[ndarray, "R Q N"]] = {}

    def see(self, look: Look) -> None:
        """Take down what one look shows."""
        self._steps.append(look.step)
        for over in {metric.over for metric in self._metrics.values() if metric.kind == "recovered_units"}:
            self._live.setdefault(over, []).append(live_units(look, self._job, over))
        if self._birth is None and {"weight_change", "hidden_bias_change"} & {m.kind for m in self._metrics.values()}:
            self._birth = [None if array is None else array.copy() for array in (*look.weights, *look.biases)]
        self._anew = outputs_anew(look, self._job, {m.over for m in self._metrics.values() if m.statistics})
        for name, metric in self._metrics.items():
            self._read[name].append(self._number(metric, look))

    def values(self) -> Float[ndarray, "S M R"]:
        """Every metric of every network at the looks seen."""
        for name, metric in self._metrics.items():
            if metric.kind == "recovered_units":
                self._read[name] = list(recovered(np.stack(self._live[metric.over])).astype(float))
        for name, metric in self._metrics.items():
            if metric.of is not None:
                batches = self._job.recipe.batch_sizes(self._job.points)
                epochs = np.array(self._steps) / len(batches)
                self._read[name] = list(plateau(epochs, np.stack(self._read[metric.of])))
        replicas = len(self._job.stack)
        rows = [np.stack(read) for read in self._read.values()]
        return np.stack(rows, axis=1) if rows else np.empty((len(self._steps), 0, replicas))

    def _number(self, metric: Metric, look: Look) -> Float[ndarray, " R"]:
        """What this look alone says; 0 where looks have to be compared, until they are."""
        job, seen, targets = self._job, look.sets[metric.over], self._job.sets[metric.over].targets
        outputs = self._anew.get(metric.over, seen.outputs) if metric.statistics else seen.outputs
        match metric.kind:
            case "accuracy":
                assert targets is not None
                # a number that is to be 0 or 1 says 1 from a half on, and logits and signs from 0 on
                is_number = LOSSES[job.recipe.loss.name].targets == "real" and bool((targets >= 0).all())
                return accuracy(outputs, targets, 0.5 if is_number else 0.0)
            case "loss":
                assert targets is not None
                return mean_loss(LOSSES[job.recipe.loss.name], job.loss_params, outputs, targets)
            case "rmse":
                assert targets is not None
                return rmse(outputs, targets)
            case "dead_units":
                hidden = sum(weights.shape[1] for weights in job.stack.weights[:-1])
                return np.asarray(hidden - seen.live_units.sum(axis=1), float)
            case "weight_change" | "hidden_bias_change":
                return self._change(metric, look)
            case "unit_difference":
                return _unit_difference(look)
        return np.zeros(len(look.loss))

    def _change(self, metric: Metric, look: Look) -> Float[ndarray, " R"]:
        assert self._birth is not None
        count = len(look.weights)
        is_weights = metric.kind == "weight_change"
        now = look.weights if is_weights else look.biases[:-1]
        before = self._birth[:count] if is_weights else self._birth[count:-1]
        pairs = [(a, b) for a, b in zip(now, before, strict=True) if a is not None and b is not None]
        far = [np.abs(a.astype(float) - b).reshape(len(a), -1).max(axis=1) for a, b in pairs]
        return np.max(far, axis=0) if far else np.zeros(len(look.loss))


def _unit_difference(look: Look) -> Float[ndarray, " R"]:
    if len(look.weights) == 1:
        return np.zeros(len(look.loss))
    bias = look.biases[0]
    units = look.weights[0] if bias is None else np.concatenate([look.weights[0], bias[:, :, None]], axis=2)
    return np.asarray(np.ptp(units.astype(float), axis=1).max(axis=1))


def live_units(look: Look, job: Job, over: str) -> Bool[ndarray, "R U"]:
    """Which hidden units have a slope that is not 0 for some input of a set, layer after layer.

    Looks count the live units of each layer; which ones they are is found here, from the weights.
    """
    captured = captured_at(look, job, slice(None), Examples(job.sets[over].inputs, None))
    live = [(layer.slope != 0).any(axis=1) for layer in captured.layers[:-1]]
    return np.concatenate(live, axis=1) if live else np.zeros((len(look.loss), 0), bool)


def recovered(live: Bool[ndarray, "S R U"]) -> ndarray:
    """How many units are alive that were dead at an earlier look [S, R].

    Example:
        >>> recovered(np.array([[[True, True]], [[False, True]], [[True, True]]])).tolist()
        [[0], [0], [1]]
    """
    return np.asarray((live & np.logical_or.accumulate(~live, axis=0)).sum(axis=2))


def plateau(epochs: Float[ndarray, " S"], values: Float[ndarray, "S R"]) -> Float[ndarray, "S R"]:
    """Epochs until values have made nine tenths of their way from the first look to each look, for good.

    A value that goes nowhere is there from the first; one that is no number gives NaN.

    Example:
        >>> plateau(np.array([0.0, 1.0, 2.0, 3.0]), np.array([[10.0], [4.0], [0.5], [0.0]])).ravel().tolist()
        [0.0, 1.0, 2.0, 2.0]
    """
    found = np.full(values.shape, np.nan)
    for s in range(len(values)):
        left = np.abs(values[: s + 1] - values[s])
        is_late = ~(left <= PLATEAU_LEFT * np.abs(values[0] - values[s]))  # NaN is late
        first = (s + 1 - is_late[::-1].argmax(axis=0)) * is_late.any(axis=0)
        found[s] = np.where(np.isfinite(values[s]) & np.isfinite(values[0]), epochs[np.minimum(first, s)], np.nan)
    return found
