"""Stacks with layers of any kind as tensors, differentiated by torch: convolution, pooling, norms, residual blocks.

Numbers in a row have examples as the last axis, [R, N, B], as in a plain stack; images are [B, R * C, H, W], the channels of
one replica after those of another, so that a grouped convolution, a pool and a batch norm of all replicas are one call each.
Of a single replica both are what a network alone would have.
"""

from gradlab.nets.torch_layers.layered_stack import LayeredStack, Pass
from gradlab.nets.torch_layers.numbers import LayeredNumbers

__all__ = ["LayeredNumbers", "LayeredStack", "Pass"]
