"""The command line: one file a verb; parse, call, print. No logic lives here.

`main` is the entry of the console script. The verb's module is imported when the verb is known, and what the verb
needs (torch, numba, scipy, plotly) when it runs, so that `--help` stays quick. Data go to stdout, everything else to
stderr. Exit codes: 0, 2 for a usage or input error, 130 for Ctrl-C, 1 for a bug in gradlab.
"""
