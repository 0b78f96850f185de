"""Theory beside drawn networks, on a terminal."""

from __future__ import annotations

import math

from rich.console import Console

from gradlab.reports.tables import WIDE, print_line, print_table
from gradlab.signals import QUANTITIES
from gradlab.signals.thinning import evenly
from gradlab.stats import Mean
from gradlab.stats.text import counted_text, mean_text, number_text
from gradlab.studies.sampled import Comparison

MOST_ROWS = 8
FAR = 4.0  # standard errors
_SHOWN = ("pre_activation_second_moment", "relative_gradient_rms")
_MORE = ("activation_std", "saturation")


def print_comparison(comparison: Comparison, console: Console) -> None:
    """A table for each quantity: what theory expects of this width, what was measured, and by how many errors they differ."""
    examples = "one input each" if comparison.examples == 1 else f"{comparison.examples:,} inputs each"
    console.print()
    print_line(
        console,
        f"Theory beside {counted_text(comparison.networks, 'network')}, drawn and not trained, {examples}. Theory is that "
        f"{'for this width' if comparison.is_finite else 'of infinitely wide layers and infinite batches'}: "
        "q and gradients of the typical network (geometric means), z the distance in standard errors.",
    )
    console.print()
    names = (*_SHOWN, *_MORE) if console.width >= WIDE else _SHOWN
    layers = evenly(len(comparison.theory.layers), MOST_ROWS).tolist()
    for name in names:
        means, z = comparison.means[name], comparison.z[name]
        rows = [
            (
                comparison.theory.layers[k],
                number_text(float(comparison.theory[name][0, k])),
                _text(means[k]),
                f"{means[k].n:,}",
                "-" if math.isnan(z[k]) else f"{z[k]:+.1f}",
            )
            for k in layers
        ]
        print_table(console, rows, ["layer"], [f"{QUANTITIES[name].symbol}, theory", "measured", "n", "z"])
    every = [float(one) for name in comparison.z for one in comparison.z[name] if not math.isnan(one)]
    outside = sum(abs(one) > FAR for one in every)
    worst = max(map(abs, every), default=0.0)
    print_line(
        console,
        f"{outside:,} of {len(every):,} numbers are more than {FAR:g} standard errors from theory; the farthest is {worst:.1f}.",
    )


def _text(mean: Mean) -> str:
    if mean.n == 0:
        return "no value"
    if 0.0 < abs(mean.mean) < 1e-3 or abs(mean.mean) >= 1e4:
        return f"{mean.mean:.3g} [{mean.low:.3g}, {mean.high:.3g}]"
    return mean_text(mean.mean, mean.low, mean.high)
