"""Training: stacks advance from look to look; outcomes say what became of each replica."""

from gradlab.training.outcomes import Outcome
from gradlab.training.train import Job, Look, SetLook, prepare, stack_key, train

__all__ = ["Job", "Look", "Outcome", "SetLook", "prepare", "stack_key", "train"]
