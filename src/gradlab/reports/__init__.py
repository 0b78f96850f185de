"""What a person sees of a study: charts, one self-contained page, terminal tables, progress.

Everything here shows an `Analysis` (or plain rows) and computes nothing that `--json` does not hold, so that page,
terminal and document cannot disagree. Only `page` writes a file. There is no torch. Submodules are imported by name:
plotly and jinja2 are loaded only by whoever draws.
"""
