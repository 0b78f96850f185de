"""The narrow engine: networks up to a few dozen units wide, one compiled loop per replica. See `engine`."""

from gradlab.training.narrow.engine import can_train, train_narrow

__all__ = ["can_train", "train_narrow"]
