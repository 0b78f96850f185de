"""Slow, obvious re-implementations that gradlab's fast code is held against. They share no code with it."""
