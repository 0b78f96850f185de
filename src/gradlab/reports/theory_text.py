"""What theory says, on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from gradlab.reports.tables import print_line, print_table
from gradlab.theory.finite import BornDead
from gradlab.theory.gauss import Moments
from gradlab.theory.meanfield import EdgePoint, FixedPoint, Gains


def print_moments(name: str, moments: Moments, console: Console) -> None:
    """Every expectation with the bound on its error."""
    print_line(console, f"{name} at q = {moments.q:g}:")
    rows = [(key, one.method, f"{one.value:.12g}", f"{one.error:.1e}") for key, one in moments.listed.items()]
    print_table(console, rows, ["expectation", "method"], ["value", "error below"])


def print_gains(gains: Sequence[Gains], console: Console) -> None:
    """A line for each activation."""
    rows = [
        (
            one.name,
            f"{one.forward:.6f}",
            f"{one.backward:.6f}",
            f"{one.forward_chi1:.4f}",
            f"{one.forward_slope:.4f}",
            "yes" if one.forward_keeps_length else "no",
        )
        for one in gains
    ]
    numbers = ["forward", "backward", "chi1 at forward", "slope at forward"]
    print_table(console, rows, ["activation"], numbers, ["length stable"])


def print_edge(points: Sequence[EdgePoint], console: Console) -> None:
    """Points of the edge of chaos."""
    rows = [
        ("any" if p.q is None else f"{p.q:.6g}", f"{p.sigma_w2:.6f}", f"{p.sigma_b2:.6g}", f"{p.sigma_b:.6g}", p.status)
        for p in points
    ]
    print_table(console, rows, [], ["q", "sigma_w2", "sigma_b2", "sigma_b"], ["fixed point"])


def print_fixed_point(title: str, found: FixedPoint, console: Console) -> None:
    """Where lengths and correlations go, and what is assumed."""

    def text(value: float | None) -> str:
        return "none" if value is None else f"{value:.8g}"

    stable = "stable" if found.is_stable else "not stable"
    rows = [
        ("q*", text(found.q_star), "second moment that pre-activations come to"),
        ("slope", text(found.slope), f"dq'/dq at it: {stable}"),
        ("xi_q", text(found.xi_q), "layers over which q comes closer by e"),
        ("chi1", text(found.chi1), "factor of squared gradients a layer"),
        ("xi_grad", text(found.xi_grad), "layers over which they change by e"),
        ("c*", text(found.c_star), "correlation that two inputs come to"),
        ("chi_c", text(found.chi_c), "slope of the correlation map at it"),
        ("xi_c", text(found.xi_c), "layers over which c comes closer by e"),
    ]
    print_line(console, f"{title}: {found.status.value}, {found.phase}.")
    print_table(console, rows, ["quantity"], ["value"], ["meaning"])
    for assumption in found.assumptions:
        print_line(console, f"Assumes: {assumption}.")


def print_born_dead(title: str, found: BornDead, console: Console) -> None:
    """Probabilities of being dead at birth."""
    exact = "unknown" if found.p_exact is None else f"{found.p_exact:.10g}"
    rows = [
        ("on one input", f"{found.p_single_input:.10g}", "exact"),
        ("on all inputs", exact, "exact, for a network with one input"),
        ("on all inputs", f"{found.p_low:.10g}", "at least, for a network with one input"),
        ("on all inputs", f"{found.p_up:.10g}", "at most"),
    ]
    print_line(console, f"{title}:")
    print_table(console, rows, ["dead at birth"], ["probability"], ["what it is"])
