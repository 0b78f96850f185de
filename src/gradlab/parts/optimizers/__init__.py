"""Optimizers: how a weight moves along its gradient, as torch has them and, where they differ, as Keras has them."""

from gradlab.parts.optimizers import keras_forms, torch_forms  # noqa: F401  their records enter the catalog
from gradlab.parts.optimizers.record import OPTIMIZERS, Optimizer, UpdateRule

__all__ = ["OPTIMIZERS", "Optimizer", "UpdateRule"]
