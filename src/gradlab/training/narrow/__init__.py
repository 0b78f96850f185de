"""The narrow engine: networks up to a few dozen units wide, one compiled loop per replica. See `engine`."""

from gradlab.training.narrow.engine import WIDEST, can_train, train_narrow

__all__ = ["WIDEST", "can_train", "train_narrow"]
