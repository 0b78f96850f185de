"""`History`: Profiles by step, as arrays with a leading axis S."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from gradlab.errors import UserError
from gradlab.signals.histogram import Histogram, check_same_bins, joined
from gradlab.signals.profile import Profile, Source, check_same_layers, held

_ABOUT = "about"  # the entry of `to_arrays` that holds steps, layers, source and assumptions


@dataclass(frozen=True, slots=True)
class History:
    """Quantities by step, replica and layer.

    Attributes:
        steps: Updates done at each look, increasing.
        layers: Their names, from the input: "1", "2", ..., "output".
        source: Where the numbers come from.
        values: By quantity [S, R, L], float64; NaN where a layer has none, or where a step did not measure it.
        histograms: By distribution, with the steps as leading axis: counts [S, R, L, K].
        assumptions: What must hold for the numbers to be right, a sentence each.
    """

    steps: tuple[int, ...]
    layers: tuple[str, ...]
    source: Source
    values: Mapping[str, Float[ndarray, "S R L"]]
    histograms: Mapping[str, Histogram] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        leading = {array.shape for array in self.values.values()} | {one.nans.shape for one in self.histograms.values()}
        assert len(leading) <= 1, f"one shape for all quantities, not {leading}"
        assert all((len(self.steps), len(self.layers)) == (shape[0], shape[2]) for shape in leading), leading

    @classmethod
    def of(cls, profiles: Sequence[Profile]) -> History:
        """The history that Profiles of rising steps make.

        A quantity that only some steps measured (updates, before the first) is NaN at the others, and a histogram is
        empty.

        Raises:
            UserError: There are none, their steps do not rise, or layers, replicas, sources or bins differ.
        """
        if not profiles:
            raise UserError("history", got="no profiles", expected="at least one")
        steps = tuple(profile.step for profile in profiles)
        if sorted(set(steps)) != list(steps):
            raise UserError("history", got=f"steps {', '.join(map(str, steps))}", expected="each later than the last")
        first = profiles[0]
        check_same_layers(profile.layers for profile in profiles)
        for profile in profiles[1:]:
            if (profile.replicas, profile.source) != (first.replicas, first.source):
                got = f"{first.replicas} {first.source} and {profile.replicas} {profile.source} replicas"
                raise UserError("history", got=got, expected="as many at each step, from one source")
        missing = np.full((first.replicas, len(first.layers)), np.nan)
        return cls(
            steps,
            first.layers,
            first.source,
            {
                name: np.stack([profile.values.get(name, missing) for profile in profiles])
                for name in _all_names([profile.values for profile in profiles])
            },
            {
                name: _by_step([profile.histograms.get(name) for profile in profiles])
                for name in _all_names([profile.histograms for profile in profiles])
            },
            tuple(_all_names([dict.fromkeys(profile.assumptions) for profile in profiles])),
        )

    @classmethod
    def join(cls, parts: Sequence[History]) -> History:
        """Several groups of replicas of one network as one, in their order.

        Raises:
            UserError: There are none, or they differ in anything but their replicas.
        """
        if not parts:
            raise UserError("histories", got="none", expected="at least one")
        first = parts[0]
        check_same_layers(part.layers for part in parts)
        for what in ("steps", "source", "values", "histograms"):
            for part in parts[1:]:
                mine, others = (getattr(one, what) for one in (first, part))
                if isinstance(mine, Mapping):
                    mine, others = sorted(mine), sorted(others)
                if mine != others:
                    raise UserError("histories", got=f"different {what}: {mine} and {others}", expected="the same")
        return replace(
            first,
            values={name: np.concatenate([part.values[name] for part in parts], axis=1) for name in first.values},
            histograms={name: joined([part.histograms[name] for part in parts]) for name in first.histograms},
            assumptions=tuple(_all_names([dict.fromkeys(part.assumptions) for part in parts])),
        )

    def __getitem__(self, quantity: str) -> Float[ndarray, "S R L"]:
        """The values of a quantity.

        Raises:
            UnknownName: It is not in this history.
        """
        return held(self.values, quantity)

    def at(self, step: int) -> Profile:
        """The Profile of one step.

        Raises:
            UserError: Nothing was measured at that step.
        """
        if step not in self.steps:
            raise UserError("step", got=step, expected=f"one that was measured: {', '.join(map(str, self.steps))}")
        s = self.steps.index(step)
        return Profile(
            {name: array[s] for name, array in self.values.items()},
            self.layers,
            self.source,
            step,
            {name: replace(one, counts=one.counts[s], nans=one.nans[s]) for name, one in self.histograms.items()},
            self.assumptions,
        )

    def to_arrays(self) -> dict[str, ndarray]:
        """One flat table name -> array, as safetensors stores; counts in the narrowest whole numbers that hold them."""
        about = {
            "steps": self.steps,
            "layers": self.layers,
            "source": self.source,
            "assumptions": self.assumptions,
            "order": [*self.values, *self.histograms],  # safetensors sorts by name
        }
        arrays = {_ABOUT: np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)}
        arrays |= {f"values/{name}": np.ascontiguousarray(array) for name, array in self.values.items()}
        for name, histogram in self.histograms.items():
            for part in fields(histogram):
                array = getattr(histogram, part.name)
                if part.name in ("counts", "nans"):
                    array = array.astype(np.min_scalar_type(array.max(initial=0)))
                arrays[f"histograms/{name}/{part.name}"] = np.ascontiguousarray(array)
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, ndarray]) -> History:
        """What `to_arrays` made a table of.

        Raises:
            UserError: The table is no history.
        """
        if _ABOUT not in arrays:
            raise UserError("history", got=f"arrays {', '.join(arrays) or 'none'}", expected=f'one called "{_ABOUT}"')
        try:
            return cls._from_table(arrays)
        except (KeyError, TypeError, ValueError, AssertionError) as error:
            what = f"a damaged table ({type(error).__name__}: {error})"
            raise UserError("history", got=what, expected="what to_arrays made") from error

    @classmethod
    def _from_table(cls, arrays: Mapping[str, ndarray]) -> History:
        """The same, without a word about what is wrong with the table."""
        about = json.loads(arrays[_ABOUT].tobytes())
        steps, layers, assumptions = (tuple(about[name]) for name in ("steps", "layers", "assumptions"))
        values: dict[str, ndarray] = {}
        parts: dict[str, dict[str, ndarray]] = {}
        for key, array in arrays.items():
            kind, _, name = key.partition("/")
            if kind == "values":
                values[name] = array
            elif kind == "histograms":
                distribution, _, part = name.rpartition("/")
                parts.setdefault(distribution, {})[part] = array if part == "edges" else array.astype(np.int64)
        place = {name: k for k, name in enumerate(about.get("order", ()))}
        in_order = sorted([*values, *parts], key=lambda name: place.get(name, len(place)))
        return cls(
            steps,
            layers,
            about["source"],
            {name: values[name] for name in in_order if name in values},
            {name: Histogram(**parts[name]) for name in in_order if name in parts},
            assumptions,
        )


def _all_names(tables: Sequence[Mapping[str, object]]) -> list[str]:
    """The names in any of the tables, in the order in which they are met."""
    return list(dict.fromkeys(name for table in tables for name in table))


def _by_step(histograms: Sequence[Histogram | None]) -> Histogram:
    """With a leading axis of steps; no entries at a step that has none."""
    known = [one for one in histograms if one is not None]
    check_same_bins(known)
    counts, nans = np.zeros_like(known[0].counts), np.zeros_like(known[0].nans)
    return replace(
        known[0],
        counts=np.stack([counts if one is None else one.counts for one in histograms]),
        nans=np.stack([nans if one is None else one.nans for one in histograms]),
    )
