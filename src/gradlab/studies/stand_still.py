"""The forward and backward pass of some networks of a look, on any examples."""

from __future__ import annotations

from gradlab.data import Examples
from gradlab.probes import capture
from gradlab.signals import Captured
from gradlab.training import Job, Look


def captured(look: Look, job: Job, networks: slice, examples: Examples) -> Captured:
    """What networks of a stack that stands still do with examples; without targets there is no backward pass.

    Args:
        look: The stack standing still.
        job: What is trained.
        networks: Which of its networks.
        examples: Theirs, or shared by all.
    """
    return capture(
        job.stack.spec,
        [[p[networks] for p in each] for each in job.stack.activation_params],
        [w[networks] for w in look.weights],
        [None if b is None else b[networks] for b in look.biases],
        job.recipe.loss,
        [p[networks] for p in job.loss_params],
        examples,
    )
