"""Taking turns. In every round each contender trains for a turn, and ratios are formed within the round.

What slows the machine down for a while slows both sides of a ratio; every second round runs backwards, so that a drift
within a round cancels too. A turn is as many trainings as fit its seconds, at least one. Compiling, and the first two
runs of everything, come before the first round and are reported apart.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.case import Case, Competitor, Seen
from benchmarks.competitors import competitor, missing

DIVERGED = 1e6  # a loss from here on; all targets are of order one


@dataclass(frozen=True, slots=True)
class Options:
    """How thoroughly to measure.

    Attributes:
        rounds: Rounds of every measurement.
        turn_seconds: Least length of a turn.
        is_quick: Sizes cut down, to see that everything runs; the numbers mean nothing.
    """

    rounds: int = 5
    turn_seconds: float = 0.2
    is_quick: bool = False

    def fewer(self, number: int) -> int:
        """A number of networks, examples or updates, cut down where it is quick."""
        return max(2, number // 50) if self.is_quick else number


@dataclass(slots=True)
class Contender:
    """Someone who takes turns.

    Attributes:
        name: Unique in a measurement.
        networks: Networks trained by one call.
        call: Trains them once; returns seconds.
        steps: Updates done by one call.
        startup_seconds: Building, compiling and first run, less a later run.
        losses: Mean loss at the end and its standard error, over the networks of a call; None for no networks.
    """

    name: str
    networks: float
    call: Callable[[], float]
    steps: int = 0
    startup_seconds: float = 0.0
    losses: tuple[float, float] | None = None


def contender(
    name: str,
    case: Case,
    who: str | Competitor = "",
    *,
    from_first_look: bool = False,
    clock: Callable[[], float] = time.perf_counter,
) -> Contender:
    """A competitor with a case.

    A case that ends before its recipe does is extrapolated: what comes before the first evaluation counts once, the rest
    as often as the training is longer. Not for the narrow engine, which trains between looks in one call.

    Args:
        name: What it is called in the measurement.
        case: What it trains.
        who: The competitor or its name, where that is not `name`.
        from_first_look: What comes before the first evaluation does not count: for trainings so much shorter than real
            ones that preparing them would weigh too much.
        clock: Seconds of training are told by it.
    """
    built = time.perf_counter()
    run = who(case) if callable(who) else competitor(who or name)(case)
    made = Contender(name, case.networks, lambda: 0.0, case.steps)
    longer = case.job.total_steps / case.steps if case.steps else 1.0
    assert "narrow" not in (who, name) or (longer == 1 and not from_first_look)

    def call() -> float:
        started = clock()
        looks = run()
        seen = next(looks)
        first = clock()
        for seen in looks:  # noqa: B007  (the last one is used)
            pass
        rest = clock() - first
        made.losses = _losses(name, seen)
        return rest * longer + (0.0 if from_first_look else first - started)

    made.call = call
    call()
    started = time.perf_counter()
    call()
    again = time.perf_counter()
    made.startup_seconds = (started - built) - (again - started)
    return made


def _losses(name: str, seen: Seen) -> tuple[float, float]:
    """Mean and standard error, when nobody has diverged: an engine may leave such networks alone, which costs less."""
    loss = np.asarray(seen.loss, np.float64)
    if not (loss < DIVERGED).all():
        raise RuntimeError(
            f"{name}: a network diverged, so that its training may be cut short; lower the learning rate"
        )
    return float(loss.mean()), float(loss.std() / len(loss) ** 0.5)


def measure(
    label: str, contenders: Sequence[Contender], ratios: Sequence[tuple[str, str]], options: Options, **facts: Any
) -> dict[str, Any]:
    """Let contenders take turns.

    Args:
        label: What is measured.
        contenders: At least two.
        ratios: Pairs of names whose speeds are divided, round by round.
        options: Rounds and length of a turn.
        facts: Kept with the result.

    Returns:
        label, facts, rounds; for each contender networks at once, updates, networks a second in every round, start-up
        seconds and final loss; for each ratio its value in every round, median, least and largest.
    """
    rates: dict[str, list[float]] = {each.name: [] for each in contenders}
    for number in range(options.rounds):
        gc.collect()
        for each in contenders if number % 2 == 0 else reversed(contenders):
            rates[each.name].append(_turn(each, options.turn_seconds))
    result = {
        "label": label,
        **facts,
        "rounds": options.rounds,
        "contenders": {
            each.name: {
                "networks": each.networks,
                "steps": each.steps,
                "networks_per_second": rates[each.name],
                "startup_seconds": each.startup_seconds,
                "final_loss": each.losses,
            }
            for each in contenders
        },
        "ratios": [_ratio(a, b, rates) for a, b in ratios if a in rates and b in rates],
    }
    say(f"  {label}: " + ", ".join(f"{r['of']}/{r['to']} {r['median']:.3g}" for r in result["ratios"]))
    return result


def _turn(each: Contender, turn_seconds: float) -> float:
    """Networks a second over as many calls as fit a turn."""
    seconds, calls = 0.0, 0
    while calls == 0 or seconds < turn_seconds:
        seconds += each.call()
        calls += 1
    return each.networks * calls / seconds


def _ratio(of: str, to: str, rates: dict[str, list[float]]) -> dict[str, Any]:
    values = [a / b for a, b in zip(rates[of], rates[to], strict=True)]
    return {
        "of": of,
        "to": to,
        "each": values,
        "median": statistics.median(values),
        "low": min(values),
        "high": max(values),
    }


def present(names: Sequence[str]) -> list[str]:
    """Competitors that can run here; the others are named on stderr once."""
    return [name for name in names if missing(name) is None]


def say(line: str) -> None:
    """A line of progress."""
    print(line, file=sys.stderr, flush=True)
