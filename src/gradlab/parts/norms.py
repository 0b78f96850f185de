"""Norms: what stands between a layer's products and its activation, and makes mean 0 and variance 1 of them.

Every norm ends with a scale gamma and a shift beta of each unit, or of each channel of an image; they train. A record says
over what its statistics are taken; engines compute them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gradlab.catalog import Catalog
from gradlab.parts.param import Param


@dataclass(frozen=True, slots=True, kw_only=True)
class Norm:
    """A norm.

    Attributes:
        name: torch's name, without the dimension.
        formula: What it does in plain text.
        source: Where it was published.
        over: What mean and variance are taken over: "examples" of the batch, each unit or channel by itself (and over the
            places of an image), or "units" of one example, all together.
        has_running: Whether looks use running statistics gathered in training instead of those of the batch.
        params: Its parameters.
    """

    name: str
    formula: str
    source: str
    over: Literal["examples", "units"]
    has_running: bool
    params: tuple[Param, ...] = ()


NORMS: Catalog[Norm] = Catalog("norm", "norms")

_EPS = Param("eps", 1e-5, "added to the variance before its root is taken", low=0.0)

NORMS.add(
    Norm(
        name="batch_norm",
        formula="gamma (z - mean) / sqrt(var + eps) + beta, mean and biased variance of a unit over the batch; looks use "
        "running ones: running = (1 - momentum) running + momentum batch, with the unbiased variance",
        source="Ioffe & Szegedy 2015, Batch Normalization, algorithm 1; momentum as in torch (Keras' 0.99 is 0.01 here)",
        over="examples",
        has_running=True,
        params=(Param("momentum", 0.1, "share of the newest batch in the running statistics", low=0.0, high=1.0), _EPS),
    )
)
NORMS.add(
    Norm(
        name="layer_norm",
        formula="gamma (z - mean) / sqrt(var + eps) + beta, mean and biased variance of one example over all units; of an "
        "image over channels and places, gamma and beta a channel (torch's GroupNorm of one group)",
        source="Ba, Kiros & Hinton 2016, Layer Normalization, eqs. 3-4",
        over="units",
        has_running=False,
        params=(_EPS,),
    )
)
