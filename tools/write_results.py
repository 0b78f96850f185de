"""Write docs/results/*.json and docs/seeds.md: run every shipped study and set its numbers beside the published ones.

Usage: python tools/write_results.py [--store DIR] [--set key=value ...] [--name FILE] [study ...]

Each study is run with `gradlab study run NAME --json`; the document is stored less its per-look counts (small files). The
page docs/seeds.md is written from all stored documents, so `--page-only` writes it again without running anything. Results of
an older format are named, on the page too: they have to be run again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from gradlab.stats.text import counted_text, given_text, interval_text, mean_text, percent_text, value_text
from gradlab.studies.results import SCHEMA

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "results"
PAGE = ROOT / "docs" / "seeds.md"
STATES = {True: "yes", False: "no", None: "undecided"}
OUTCOMES = ("reproduced", "not reproduced, for a reason shown by a run", "too wide to tell", "unexplained")


def run(study: str, store: Path, settings: list[str]) -> dict[str, Any]:
    """The study's result document, per-look counts and readings' raw cells left out."""
    command = [sys.executable, "-m", "gradlab", "study", "run", study, "--json", "--no-report", "--store", str(store)]
    for setting in settings:
        command += ["--set", setting]
    document: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    for cell in document["cells"]:
        del cell["by_look"]
    return document


def judged(claim: dict[str, Any]) -> str:
    """The verdict with what it was judged by, where the file says so."""
    judgement = claim.get("judgement")
    return f"{claim['verdict']} ({judgement})" if judgement else str(claim["verdict"])


def outcome(claim: dict[str, Any]) -> str:
    """Which of the four outcomes a claim about a published number has."""
    if claim["verdict"] in ("held", "too wide to tell"):
        return OUTCOMES[0] if claim["verdict"] == "held" else OUTCOMES[2]
    return OUTCOMES[1] if claim["verdict"] == "not held" and claim.get("explained_by") else OUTCOMES[3]


def reason(claim: dict[str, Any]) -> str:
    """How the verdict came about; where the claim does not hold, what shows why."""
    if claim["verdict"] != "not held":
        return str(claim["why"])
    shown = f"explained by {claim['explained_by']}" if claim.get("explained_by") else "unexplained"
    return f"{claim['why']}; {shown}"


def counts(documents: list[dict[str, Any]]) -> list[str]:
    """How many published numbers came out, how many did not, and of how many nothing can be said; a line an outcome.

    Files written before judgements were named hold verdicts of other rules; their studies are named and not counted.
    """
    old = [one["study"] for one in documents if any("judgement" not in claim for claim in one["claims"])]
    claims = [
        claim for one in documents if one["study"] not in old for claim in one["claims"] if claim["kind"] == "published"
    ]
    found = Counter(map(outcome, claims))
    lines = [
        f"Of {counted_text(len(claims), 'claim')} about published numbers:",
        "",
        "| of a published number | claims |",
        "|---|---|",
    ]
    lines += [f"| {word} | {found[word]} |" for word in OUTCOMES]
    if old:
        lines += [
            "",
            f"Not counted, since their results are from before verdicts name their judgement: {', '.join(old)}.",
        ]
    return lines


def claim_row(claim: dict[str, Any]) -> str:
    """One line of the table."""
    if claim["kind"] == "exact":
        texts = [claim["id"], claim["statement"], *map(value_text, (claim["expected"], claim["found"]))]
        return _row([*texts, "-", judged(claim), claim["why"]])
    unit = {"share": "%", "points": "points"}.get(claim.get("unit", "share"), "")
    published = "-" if claim["published"] is None else (percent_text if unit else given_text)(float(claim["published"]))
    if claim["kind"] == "bound":
        published = f"bound {published}"
    if claim["readings"]:
        fits = sum(bool(each["compatible"]) for each in claim["readings"])
        measured = f"{fits} of {counted_text(len(claim['readings']), 'reading')} tried"
    elif claim["measured"] is None or claim["low"] is None:
        measured = "-"
    else:
        mean, low, high = (float(claim[key]) for key in ("measured", "low", "high"))
        measured = interval_text(mean, low, high, unit) if unit else mean_text(mean, low, high)
    if claim.get("borrowed"):
        measured += ", spread borrowed"
    cells = [
        claim["id"], claim["statement"], published, measured,
        f"{claim['replicas']:,}", judged(claim), reason(claim),
    ]  # fmt: skip
    return _row(cells)


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(text.replace("|", "\\|") for text in cells) + " |"


def how(document: dict[str, Any]) -> str:
    """What was run, on what: of every environment that trained networks, how many, how long, and its versions."""
    count = counted_text(document["networks"], "network")
    if document["schema"] != SCHEMA:
        return f"{count}, a result of format {document['schema']}, which does not say what trained them"
    if "computed" in document:
        (here,) = document["trained"]
        return f"{counted_text(len(document['computed']), 'computation')}, nothing drawn ({_versions(here)})"
    parts = [_part(part) for part in document["trained"]]
    return parts[0] if len(parts) == 1 else f"{count}: {'; '.join(parts)}"


def _part(part: dict[str, Any]) -> str:
    """Networks of one environment, and what trained them."""
    hardware = part["hardware"]
    cores = f"{hardware['threads']} of {hardware['cores']} cores, " if "cores" in hardware else ""
    where = f"{part['engine']} engine on {part['device']}, {cores}{hardware['processor']}; {_versions(part)}"
    return f"{counted_text(part['networks'], 'network')} in {part['seconds']:,.0f} s ({where})"


def _versions(part: dict[str, Any]) -> str:
    return ", ".join(f"{name} {number}" for name, number in part["versions"].items())


def older(documents: dict[str, dict[str, Any]]) -> list[str]:
    """Names of the results that an older gradlab wrote: only running them again says what trained their networks."""
    return [name for name, document in documents.items() if document["schema"] != SCHEMA]


def page(documents: list[dict[str, Any]]) -> str:
    """docs/seeds.md."""
    lines = [
        "# The reports' numbers beside ours",
        "",
        "Written by `tools/write_results.py` from [docs/results](results); do not edit. Intervals are 95 %; by what a claim was",
        "judged stands behind its verdict (`docs/decisions/0012`). Differences are in points, closed forms over many cells are",
        "shares of cells. S0 to S4 are five course reports on deep learning whose experiments gradlab repeats: rows A look at",
        "signals at initialisation, rows B at collapse, rows C at deep networks and full-batch training on MNIST, rows D at",
        "networks in Keras, rows E at small things that can be worked out by hand.",
        "",
        *counts(documents),
    ]
    for document in documents:
        lines += [
            "",
            f"## {document['study']}",
            "",
            f"**{document['question']}** {document['answer']}",
            "",
            f"{how(document)}; again: `{document['command']}`.",
            "",
            "| claim | statement | published or expected | measured | n | verdict | why |",
            "|---|---|---|---|---|---|---|",
            *(claim_row(claim) for claim in document["claims"]),
        ]
        for claim in document["claims"]:
            if claim["readings"]:
                lines += ["", f"Readings of {claim['id']} (published {percent_text(claim['published'])}):", ""]
                lines += ["| reading | measured | 95 % prediction | reproduces it |", "|---|---|---|---|"]
                differ = [
                    key for key in claim["readings"][0]["levels"]
                    if len({str(reading["levels"].get(key)) for reading in claim["readings"]}) > 1
                ]  # fmt: skip
                for reading in claim["readings"]:
                    levels = ", ".join(f"{key} {reading['levels'].get(key)}" for key in differ)
                    whole = interval_text(reading["rate"], reading["low"], reading["high"])
                    low, high = reading["prediction"]
                    verdict = reading.get("verdict") or STATES[reading["compatible"]]
                    lines.append(f"| {levels} | {whole} | [{100 * low:.1f}, {100 * high:.1f}] | {verdict} |")
        if any(effect["largest"] > 0 for effect in document["effects"]):
            lines += ["", "How far each factor moves the collapse rate, all else fixed:", ""]
            lines += ["| factor | mean range of the rate |", "|---|---|"]
            lines += [
                f"| {effect['factor']} | {100 * effect['largest']:.1f} points |" for effect in document["effects"]
            ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the studies and write everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="*", default=["dying-relu", "leaky-collapse"])
    parser.add_argument("--store", type=Path, default=Path("gradlab-store"))
    parser.add_argument("--set", action="append", default=[], dest="settings")
    parser.add_argument("--name", default="", help="file name of the result, for a run with other settings")
    parser.add_argument("--page-only", action="store_true")
    options = parser.parse_args()
    RESULTS.mkdir(parents=True, exist_ok=True)
    if not options.page_only:
        for study in options.studies:
            document = run(study, options.store, options.settings)
            (RESULTS / f"{options.name or study}.json").write_text(json.dumps(document, indent=1) + "\n")
    stored = {path.stem: json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))}
    PAGE.write_text(page(list(stored.values())))
    for name in older(stored):
        print(f"{name}.json has format {stored[name]['schema']} instead of {SCHEMA}: run it again", file=sys.stderr)


if __name__ == "__main__":
    main()
