"""What theory says of a network, on one screen."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Console

from gradlab.reports.tables import WIDE, print_line, print_table
from gradlab.signals.thinning import evenly
from gradlab.stats.text import number_text, percent_text
from gradlab.theory.predict import Change, Prediction

MOST_ROWS = 12
NARROW = 72  # columns below which only lengths and gradients are shown
ANY_DEPTH = 1e6
_COLUMNS = {
    "weight_std": "std(W)",
    "pre_activation_second_moment": "q",
    "activation_mean": "mean(a)",
    "activation_std": "std(a)",
    "saturation": "flat",
    "relative_gradient_rms": "gradient",
}
_WIDE_ONLY = ("weight_std", "activation_mean")
_FEW = ("pre_activation_second_moment", "relative_gradient_rms")
_LEAST_DECADES = 2.0  # of a bar's scale, so that layers alike have bars alike
DOUBT = "?"


def print_prediction(prediction: Prediction, changes: Sequence[Change], console: Console) -> None:
    """The verdict, a row a layer (some of them where there are many), depth scales, what to change, what is in doubt.

    Args:
        prediction: What to show.
        changes: What to change, and what that would give.
        console: Where to.
    """
    print_line(console, f"{prediction.verdict}.", style="bold")
    print_line(console, f"Theory of {prediction.network}; no weights drawn.")
    console.print()
    _print_layers(prediction, console)
    for line in (*_scale_lines(prediction), *_seed_lines(prediction)):
        print_line(console, line, indent=2)
    for change in changes:
        console.print()
        print_line(console, f"Possible change: {change.text} ({change.reason}).", indent=2)
        print_line(console, f"  gives: {change.prediction.verdict}.", indent=4)
    console.print()
    for one in prediction.failing:
        print_line(console, f"{DOUBT} not so: {one.text}. {_sentence(one.why)}", indent=2)
    holding = "; ".join(one.text for one in prediction.assumptions if one.holds)
    print_line(console, f"Assumes: {holding}.", indent=2)


def bars(values: Sequence[float], width: int, *, is_ascii: bool) -> tuple[list[str], str]:
    """Bars on a logarithmic scale, and the scale in words.

    Args:
        values: At least 0.
        width: Of the longest bar, in columns.
        is_ascii: Whether the terminal has no blocks.
    """
    logs = [math.log10(value) if value > 0.0 else -math.inf for value in values]
    finite = [log for log in logs if math.isfinite(log)]
    if not finite:
        return [""] * len(logs), ""
    high = math.ceil(max(finite) - 1e-9)
    low = min(math.floor(min(finite)), high - _LEAST_DECADES)
    lengths = [width * min(1.0, max(0.0, (log - low) / (high - low))) for log in logs]
    if is_ascii:
        return ["#" * round(length) for length in lengths], f"1e{low:.0f} to 1e{high:.0f}"
    eighths = " ▏▎▍▌▋▊▉"
    made = []
    for length in lengths:
        whole, part = divmod(round(8 * length), 8)
        made.append("█" * whole + (eighths[part] if part else ""))
    return made, f"1e{low:.0f} to 1e{high:.0f}"


def _print_layers(prediction: Prediction, console: Console) -> None:
    profile, shown = prediction.profile, evenly(len(prediction.profile.layers), MOST_ROWS).tolist()
    names = [name for name in _COLUMNS if console.width >= WIDE or name not in _WIDE_ONLY]
    if console.width < NARROW:
        names = list(_FEW)
    columns = {"layer": [profile.layers[k] for k in shown]}
    for name in names:
        heading = _COLUMNS[name] + (f" {DOUBT}" if name in prediction.marked else "")
        percents = name == "saturation"
        values = [float(profile[name][0, k]) for k in shown]
        columns[heading] = [percent_text(round(v, 3)) if percents else number_text(v) for v in values]
    width = max(8, min(40, console.width - 12 * len(columns) - 4))
    gradients = profile["relative_gradient_rms"][0, shown].tolist()
    drawn, scale = bars(gradients, width, is_ascii=console.options.ascii_only)
    columns[f"gradient, {scale}" if scale else "gradient "] = drawn
    headings = list(columns)
    rows = list(zip(*columns.values(), strict=True))
    print_table(console, rows, headings[:1], headings[1:-1], headings[-1:])


def _scale_lines(prediction: Prediction) -> list[str]:
    scales = prediction.scales
    if scales is None:
        return []
    doubt = f" {DOUBT}" if "scales" in prediction.marked else ""
    lengths = {
        "xi_q": (scales.xi_q, "lengths"),
        "xi_c": (scales.xi_c, "likeness of inputs"),
        "xi_grad": (scales.xi_grad, "squared gradients"),
    }
    told = [f"{name} {_layers(value)} ({what})" for name, (value, what) in lengths.items() if value is not None]
    lines = [
        f"Phase{doubt}: {scales.phase}; squared gradients change by {number_text(scales.chi1)} a layer (chi1).",
        f"Depth scales{doubt}, layers over which things change by e: {', '.join(told)}.",
    ]
    if scales.six_scales is not None:
        six = "endless" if scales.six_scales > ANY_DEPTH else f"{number_text(scales.six_scales)} layers"
        lines.append(
            f"Six depth scales{doubt}: {six}; this one has {prediction.depth:,}. A rule for plain gradient descent (Schoenholz "
            "et al. 2017), which no study of gradlab confirms for adaptive rates such as Adam's."
        )
    return lines


def _seed_lines(prediction: Prediction) -> list[str]:
    lines = []
    dead, spread, gains = prediction.born_dead, prediction.spread, prediction.gains
    if dead is not None:
        doubt = f" {DOUBT}" if "born_dead" in prediction.marked else ""
        exact = "" if dead.p_exact is None else f", exactly {_chance(dead.p_exact)}"
        low = _chance(dead.p_low) if dead.p_low > 0.0 else "0"
        lines.append(
            f"Born dead{doubt}: {_chance(dead.p_single_input)} of seeds for one input; for every input {low} to "
            f"{_chance(dead.p_up)}{exact}."
        )
    if spread is not None:
        doubt = f" {DOUBT}" if "spread" in prediction.marked else ""
        q, g = (math.exp(float(one) / 2) for one in (spread.log_q[-1], spread.log_gradient[0]))
        lines.append(
            f"From seed to seed{doubt}: a factor of {number_text(q)} in the size of outputs and of {number_text(g)} in the "
            "first layer's gradients (one standard deviation)."
        )
    if gains is not None:
        critical = "" if gains.critical is None else f", edge of chaos {number_text(gains.critical)}"
        lines.append(
            f"Gains for {gains.activation}: forward {number_text(gains.forward)}, backward {number_text(gains.backward)}, "
            f"between {number_text(gains.compromise)}{critical}."
        )
    return lines


def _layers(value: float) -> str:
    return "infinite" if value > ANY_DEPTH else number_text(value)


def _chance(p: float) -> str:
    return "less than 1e-9" if 0.0 < p < 1e-9 else percent_text(p)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""
