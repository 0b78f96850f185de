"""Faults that `mutants.py` puts in, one at a time: where, which text becomes which, and which tests are near."""

from __future__ import annotations

from typing import NamedTuple

STACK = "tests/laws/test_stack_equals_singles.py"
SHAPES = (STACK, "-k", "every_shape")
LAYERS = ("tests/laws/test_layers_equal_singles.py", "-k", "several_steps and (dense or LeNet or l2)")
SIZE = ("tests/studies/test_size.py", "-k", "bound or counts_pairs")
COLUMNS = ("tests/reports/test_columns.py",)
SEEDS = ("tests/test_seeds.py",)
STATS = ("tests/test_stats.py",)
VERDICTS = ("tests/studies/test_verdicts.py",)


class Fault(NamedTuple):
    """One fault.

    Attributes:
        file: Below src/gradlab.
        old: Text that stands there exactly once.
        new: What it becomes.
        near: Arguments of pytest.
    """

    file: str
    old: str
    new: str
    near: tuple[str, ...]


FAULTS = [
    # engines
    Fault("training/torch_batches.py", "return x[:, start : start + size], t[:, start : start + size]",
          "return x[:, start + 1 : start + size], t[:, start + 1 : start + size]", LAYERS),
    Fault("training/torch_batches.py", "(a[:, :, here : here + count] for a in self.data)",
          "(a[:, :, here + 1 : here + count] for a in self.data)", (STACK, "-k", "sequential")),
    Fault("training/torch_optimizer.py", "float(step - 1), self.total_steps", "float(step), self.total_steps",
          (STACK, "-k", "cosine_with_warmup")),
    Fault("training/shares.py", "self.bad_step_R = torch.where(newly_R, self.step + 1,",
          "self.bad_step_R = torch.where(newly_R, self.step,", ("tests/training/test_torch_engine.py", "-k", "frozen")),
    Fault("nets/torch_stack.py", "bias_grad.add_(upstream_RNB.sum(2))", "bias_grad.add_(upstream_RNB.mean(2))", SHAPES),
    Fault("nets/torch_stack.py", "torch.sum(upstream_RNB, 2, out=bias_grad)", "torch.mean(upstream_RNB, 2, out=bias_grad)",
          (STACK, "-k", "single_precision and rmsprop")),
    Fault("training/outcomes.py", "loss < (1.0 - BEATS_CONSTANT_BY) * constant_loss", "loss < constant_loss",
          ("tests/training/test_outcomes.py",)),
    Fault("training/outcomes.py", "return np.asarray((seen.live_units == 0).any(axis=1))",
          "return np.asarray((seen.live_units == 0).all(axis=1))", ("tests/training/test_outcomes.py",)),
    # parts
    Fault("parts/activations/sigmoidal.py", "    return k * (1.0 - a * a)", "    return k * (1.0 - a)",
          ("tests/laws/test_activations.py", "-k", "tanh")),
    Fault("parts/optimizers/torch_forms.py", "new_square = beta2 * square + new2 * decayed * decayed",
          "new_square = beta2 * square + new1 * decayed * decayed", (STACK, "-k", "every_variant and adam")),
    Fault("parts/optimizers/torch_forms.py", "xp.where(step < 1.5, 1.0, 1.0 - dampening)", "1.0 - dampening",
          (STACK, "-k", "every_variant and dampening")),
    Fault("parts/optimizers/torch_forms.py", "        1.0 - lr * weight_decay,", "        1.0 - weight_decay,",
          (STACK, "-k", "every_variant and adamw")),
    Fault("parts/schedules.py", "(step + 1.0) / xp.maximum(warmup, 1.0)", "step / xp.maximum(warmup, 1.0)",
          ("tests/laws/test_schedules.py",)),
    Fault("parts/losses.py", '"example_mean": examples, "sum": 1', '"example_mean": examples * units, "sum": 1',
          ("tests/training/test_birth.py", "-k", "losses")),
    Fault("parts/initializers.py", "gain * math.sqrt(2.0 / (fan_in + fan_out))", "gain * math.sqrt(1.0 / (fan_in + fan_out))",
          ("tests/laws/test_initializers.py", "-k", "glorot")),
    # data and seeds
    Fault("data/functions.py", "np.sqrt(np.abs(up + x1 / 2.0))", "np.sqrt(np.abs(up + x1))", ("tests/data/test_functions.py",)),
    Fault("seeds/streams.py", "for _ in range(10):", "for _ in range(9):", SEEDS),
    Fault("seeds/streams.py", "(np.float64(word) + 0.5) * _TO_UNIT", "np.float64(word) * _TO_UNIT", SEEDS),
    Fault("seeds/hashed.py", "(word >> SHIFT_32) >= threshold", "(word >> SHIFT_32) > threshold", SEEDS),
    # stats
    Fault("stats/differences.py", "return Difference((only_a - only_b) / n, low", "return Difference((only_b - only_a) / n, low",
          ("tests/test_stats.py", *SIZE)),
    Fault("stats/differences.py", "center = (a - b) / (n + 2)", "center = (b - a) / (n + 2)", STATS),
    Fault("stats/proportions.py", "low, high = np.searchsorted(cumulative, [outside, 1 - outside])",
          "low, high = np.searchsorted(cumulative, [2 * outside, 1 - outside])", STATS),
    Fault("stats/means.py", "student_quantile(level, len(others) - 1) * std", "student_quantile(level, len(others)) * std",
          STATS),
    Fault("stats/means.py", "/ 2 * math.sqrt(found.n + 1)", "/ 2 * math.sqrt(found.n)", STATS),
    # claims
    Fault("studies/claims/criteria/bound.py", '"held" if far < slack or', '"held" if near < slack or', SIZE),
    Fault("studies/claims/criteria/bound.py", "if near > 0.0 or", "if far > 0.0 or", SIZE),
    Fault("studies/claims/criteria/bound.py", "bound, slack = (1.0 if self.is_upper else -1.0)",
          "bound, slack = (-1.0 if self.is_upper else 1.0)", SIZE),
    Fault("studies/claims/criteria/published.py", "if one.n < LEAST_NETWORKS",
          "if one.borrowed is None and one.n < LEAST_NETWORKS", VERDICTS),
    Fault("studies/claims/criteria/published.py", "> math.log(self.resolution(one))", "> self.resolution(one)", VERDICTS),
    Fault("stats/scales.py", "np.log(x + half) - np.log(self.top - x + half)",
          "np.log(x + half) - np.log(self.top - x)", VERDICTS),
    Fault("studies/claims/measures/mean.py", "mine[:pairs] - others[:pairs]", "mine[:pairs] - others[::-1][:pairs]",
          ("tests/studies/test_numbers.py", "-k", "paired_replicas")),
    Fault("studies/analyze.py", 'f"SELECT SUM({first} > {second}), SUM({first} < {second}), COUNT(*)',
          'f"SELECT SUM({first} < {second}), SUM({first} > {second}), COUNT(*)', SIZE),
    # settings, plan, store, metrics
    Fault("studies/settings.py", "list(range(first, last + 1))", "list(range(first, last))", ("tests/studies/test_settings.py",)),
    Fault("studies/plan.py", "best[cell.id].replicas < cell.replicas", "best[cell.id].replicas > cell.replicas",
          ("tests/studies/test_run.py", "-k", "share_networks")),
    Fault("studies/plan.py", "stop = min(cell.replicas, start + room)", "stop = min(cell.replicas, start + capacity)",
          ("tests/studies/test_run.py", "-k", "chunk or every_trial")),
    Fault("studies/study.py", "range(0, total + 1, per_epoch)", "range(0, total, per_epoch + 1)",
          ("tests/studies/test_run.py", "-k", "looks_come or every_trial")),
    Fault("studies/store.py", "as_mask(trials.looks.flags[-1]).tolist()", "as_mask(trials.looks.flags[0]).tolist()", SIZE),
    Fault("studies/store.py", "for code in range(len(OUTCOME_ORDER)))", "for code in reversed(range(len(OUTCOME_ORDER))))", SIZE),
    Fault("studies/metrics.py", "np.logical_or.accumulate(~live, axis=0)", "~live",
          ("tests/studies/test_metrics.py", "-k", "recovers")),
    Fault("studies/claims/measures/reaching.py", "if self._reaches(cell) and not self._reaches(other)]",
          "if self._reaches(other) and not self._reaches(cell)]", ("tests/studies/test_reaching.py",)),
    # theory
    Fault("theory/finite/dead.py", "dead += one * half + both * quarter", "dead += one * half", ("tests/theory/test_finite.py",)),
    Fault("theory/finite/dead.py", "return depth + 1  # the quotient", "return depth  # the quotient",
          ("tests/theory/test_finite.py", "-k", "safe_depth")),
    Fault("theory/meanfield/maps.py", "return fan_out / fan_in * chi1(", "return fan_in / fan_out * chi1(",
          ("tests/theory/test_meanfield.py",)),
    # signals
    Fault("signals/quantities/gradients.py", "np.asarray(sizes / sizes[:, -1:])", "np.asarray(sizes / sizes[:, :1])",
          ("tests/signals/test_quantities.py",)),
    Fault("signals/histogram.py", "nans=self.nans + other.nans)", "nans=self.nans)", ("tests/signals/test_distributions.py",)),
    # reports
    Fault("reports/words.py", "(cell.at_birth if at_birth else cell.outcomes).get(outcome)", "cell.outcomes.get(outcome)",
          COLUMNS),
    Fault("reports/selection.py", '("at birth", "collapsed", True)', '("at birth", "collapsed", False)', COLUMNS),
    Fault("reports/selection.py", "(happened and heading in ALWAYS)", "(happened and heading in BRIEF)",
          ("tests/reports/test_headings.py", "-k", "diverged")),
    Fault("reports/words.py", "metric.mean(values[:, -1])", "metric.mean(values[:, 0])",
          ("tests/reports/test_columns.py", "tests/reports/test_words.py")),
    Fault("reports/words.py", "{whole // 60} min {whole % 60:02d} s", "{whole // 60} min {whole % 60} s",
          ("tests/reports/test_words.py",)),
    # study files
    Fault("studies/shipped/best-of-all.toml", "published = 0.9762", "published = 0.9672", ("tests/studies/test_published.py",)),
]  # fmt: skip
