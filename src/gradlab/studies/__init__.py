"""Experiments: a question, the cells that answer it, thousands of trials, rates with intervals, claims with verdicts."""
