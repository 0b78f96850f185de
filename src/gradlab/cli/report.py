"""`gradlab report`: the page of what a store holds."""

from __future__ import annotations

from gradlab.cli.options import STORE, AsJson, Output, StoredName, StoreFolder


def report(
    study: StoredName,
    /,
    *,
    output: Output = None,
    store: StoreFolder = STORE,
    as_json: AsJson = False,
) -> None:
    """Write the page of what a store holds of a study.

    Nothing is trained. The page of a study that was interrupted says how much of
    it there is.

    For example:
      gradlab report dying-relu
      gradlab report dying-relu --output dying-relu.html
      gradlab report dying-relu --json > result.json
    """
    from gradlab.cli.output import note, print_json, written_page
    from gradlab.cli.stored import stored_plan
    from gradlab.studies.analyze import analyze
    from gradlab.studies.store import Store

    with Store.open(store, write=False) as opened:
        plan, _ = stored_plan(opened, study)
        analysis = analyze(opened, plan)
    if not analysis.is_complete:
        note(f"{study} is not complete: {analysis.networks:,} of {analysis.wanted:,} networks.")
    if as_json and output is None:
        print_json(analysis.to_dict())
        return
    page = output or store / f"{study}.html"
    analysis = written_page(analysis, page)
    if as_json:
        print_json(analysis.to_dict())
    else:
        print(page)
