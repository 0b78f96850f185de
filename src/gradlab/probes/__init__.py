"""Measuring networks that stand still. A probe leaves no trace."""

from gradlab.probes.capture import capture

__all__ = ["capture"]
