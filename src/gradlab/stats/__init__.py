"""Rates, means and differences with their intervals; no number without n, no rate without an interval.

Every function takes counts or plain numbers and returns a frozen record that carries the method's name. Formulas that
fit on a line are written out (and tested against scipy); for the rest scipy is underneath, imported when used. There is
no torch. Intervals are two-sided and equal-tailed. What they promise is checked by simulation in `tests/laws`.
"""

from __future__ import annotations

from gradlab.stats.differences import paired_difference, paired_rates_difference
from gradlab.stats.means import next_value, t_mean
from gradlab.stats.proportions import prediction_interval, standard_error, wilson
from gradlab.stats.records import Difference, Mean, Proportion, Ratio, Share
from gradlab.stats.scales import IDENTITY, Scale, mean_on, next_on
from gradlab.stats.variances import paired_variance_ratio

__all__ = [
    "IDENTITY",
    "Difference",
    "Mean",
    "Proportion",
    "Ratio",
    "Scale",
    "Share",
    "mean_on",
    "next_on",
    "next_value",
    "paired_difference",
    "paired_rates_difference",
    "paired_variance_ratio",
    "prediction_interval",
    "standard_error",
    "t_mean",
    "wilson",
]
