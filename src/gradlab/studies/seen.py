"""What probes see of networks of a stack at a look, by whichever probe serves networks of that kind."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from jaxtyping import Float
from numpy import ndarray

from gradlab.data import Examples
from gradlab.nets.stack import NormNumbers, Stack
from gradlab.probes import capture
from gradlab.signals import Captured
from gradlab.training import Job, Look


def seen(look: Look, job: Job, networks: slice, examples: Examples) -> Captured:
    """A forward pass, and where there are targets a backward pass, of some networks.

    Args:
        look: The stack standing still.
        job: What is trained.
        networks: Which of its networks.
        examples: Theirs; without targets no backward pass is made.
    """
    stack = job.stack
    loss_params = [p[networks] for p in job.loss_params]
    if not stack.spec.is_plain:
        from gradlab.probes.capture_layers import capture_layers

        return capture_layers(stack_at(look, stack, networks), job.recipe.loss, loss_params, examples)
    return capture(
        stack.spec,
        [[p[networks] for p in each] for each in stack.activation_params],
        [w[networks] for w in look.weights],
        [None if b is None else b[networks] for b in look.biases],
        job.recipe.loss,
        loss_params,
        examples,
    )


def outputs_anew(look: Look, job: Job, names: Collection[str]) -> dict[str, Float[ndarray, "R Q N"]]:
    """Outputs on some input sets with the statistics of batch norms gathered anew; nothing for networks that keep none.

    Args:
        look: The stack standing still.
        job: What is trained.
        names: Of which input sets.
    """
    if not names or not any(norm.mean is not None for norm in look.norms):
        return {}
    from gradlab.probes.norms_anew import outputs_anew as measured

    size = job.points if job.recipe.batch_size == "full" else job.recipe.batch_size
    stack = stack_at(look, job.stack, slice(None))
    return measured(stack, job.examples.inputs, size, {name: job.sets[name].inputs for name in names})


def stack_at(look: Look, stack: Stack, networks: slice) -> Stack:
    """Some networks of a stack as they stand at a look."""

    def of(array: Float[ndarray, "R ..."] | None) -> Float[ndarray, "_ ..."] | None:
        return None if array is None else array[networks]

    return replace(
        stack,
        replicas=stack.replicas[networks],
        weights=[w[networks] for w in look.weights],
        biases=[of(b) for b in look.biases],
        activation_params=[tuple(p[networks] for p in each) for each in stack.activation_params],
        dropout=[p[networks] for p in stack.dropout],
        l2=[p[networks] for p in stack.l2],
        norms=[NormNumbers(n.scale[networks], n.shift[networks], of(n.mean), of(n.var)) for n in look.norms],
        standard=[(m, s) if len(m) == 1 else (m[networks], s[networks]) for m, s in stack.standard],
    )
