"""`gradlab report`: the page of what a store holds."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from gradlab.cli.options import STORE, AsJson, Output, StoreFolder

_TOGETHER = "_studies.html"


def report(
    studies: Annotated[list[str], Parameter(help="Names of studies that the store holds.", negative=())],
    /,
    *,
    output: Output = None,
    store: StoreFolder = STORE,
    as_json: AsJson = False,
) -> None:
    """Write the page of what a store holds of a study, or one page of several.

    Nothing is trained. The page of a study that was interrupted says how much of
    it there is.

    For example:
      gradlab report dying-relu
      gradlab report dying-relu leaky-collapse --output collapse.html
      gradlab report dying-relu --json > result.json
    """
    from gradlab.cli.documents import results_document
    from gradlab.cli.output import note, print_json, written_page
    from gradlab.cli.stored import stored_plan
    from gradlab.errors import UserError, shown
    from gradlab.stats.text import counted_text
    from gradlab.studies.analyze import analyze
    from gradlab.studies.store import Store

    twice = [name for k, name in enumerate(studies) if name in studies[:k]]
    if twice:
        raise UserError("report", got=f"study {shown(twice[0])} more than once", expected="each study once")
    with Store.open(store, write=False) as opened:
        plans = [stored_plan(opened, name)[0] for name in studies]  # every name, before the first is analyzed
        analyses = [analyze(opened, plan) for plan in plans]
    for name, analysis in zip(studies, analyses, strict=True):
        if not analysis.is_complete:
            note(f"{name} is not complete: {analysis.networks:,} of {counted_text(analysis.wanted, 'network')}.")
    page = output or store / (f"{studies[0]}.html" if len(studies) == 1 else _TOGETHER)
    if output is not None or not as_json:
        analyses = written_page(analyses, page)
    if as_json:
        print_json(analyses[0].to_dict() if len(analyses) == 1 else results_document(analyses))
    else:
        print(page)
