"""Live networks: stacks of replicas of one shape."""

from gradlab.nets.stack import Slice, Stack, build_stack

__all__ = ["Slice", "Stack", "build_stack"]
