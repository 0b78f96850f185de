"""How fast gradlab trains, beside what else one could use, measured in one run: `python -m benchmarks`, or `make bench`.

`case` says what is trained, `competitors` who trains it, `rounds` takes turns and forms ratios, `sections` are the tables
of docs/performance.md, `page` and `results` write them down. A competitor is a function `(Case) -> callable`; each starts
from the same weights and examples, and `check` shows that its gradients are the same.
"""
