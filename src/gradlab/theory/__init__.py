"""Predictions from the description alone: closed forms with their assumptions. No weights, no data, no torch."""
