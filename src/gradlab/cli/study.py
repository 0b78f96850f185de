"""`gradlab study list | show | status | export`; `run` is in a file of its own."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import App, Parameter

from gradlab import __version__
from gradlab.cli.options import STORE, AsJson, Name, Output, Settings, StoredName, StoreFolder
from gradlab.cli.run import run

app = App(name="study", help="List, show, run and export studies.", version=__version__)
app.command(run)


@app.command(name="list")
def list_(*, as_json: AsJson = False) -> None:
    """List the studies that come with gradlab.

    For example:
      gradlab study list
    """
    from gradlab.cli.documents import studies_document
    from gradlab.cli.output import print_json
    from gradlab.reports.text import print_studies
    from gradlab.studies.load import load_study, shipped_studies
    from gradlab.studies.plan import make_plan

    plans = [make_plan(load_study(name)) for name in shipped_studies()]
    if as_json:
        print_json(studies_document(plans))
    else:
        print_studies(plans)


@app.command
def show(study: Name, /, *, settings: Settings = None, as_json: AsJson = False) -> None:
    """Show a study before it runs, and what running it would cost.

    Question, sources, rows, factors, cells, looks and claims.

    For example:
      gradlab study show dying-relu
      gradlab study show leaky-collapse --set replicas=200
    """
    from gradlab.cli.documents import plan_document
    from gradlab.cli.output import print_json
    from gradlab.reports.text import print_study
    from gradlab.studies.load import load_study
    from gradlab.studies.plan import make_plan

    plan = make_plan(load_study(study, settings or ()))
    if as_json:
        print_json(plan_document(plan))
    else:
        print_study(plan)


@app.command
def status(
    study: Annotated[str | None, Parameter(help="Only this one.")] = None,
    /,
    *,
    store: StoreFolder = STORE,
    as_json: AsJson = False,
) -> None:
    """Say which studies a store holds, and how much of each is done.

    For example:
      gradlab study status
      gradlab study status dying-relu --store results
    """
    from gradlab.cli.documents import status_document
    from gradlab.cli.output import print_json
    from gradlab.cli.stored import stored_plan
    from gradlab.reports.text import print_status
    from gradlab.studies.store import Store, stored_plans

    with Store.open(store, write=False) as opened:
        stored = stored_plans(opened) if study is None else [(study, *stored_plan(opened, study))]
    if as_json:
        print_json(status_document(stored))
    else:
        print_status(stored)


@app.command
def export(
    study: StoredName,
    /,
    *,
    format: Annotated[Literal["csv", "json"], Parameter(help="One line a row, or one array of objects.")] = "csv",
    output: Output = None,
    store: StoreFolder = STORE,
) -> None:
    """Print one row a network: how it started and how it ended.

    Rows have a fixed order and no times: they are the same from every run of the
    study.

    For example:
      gradlab study export dying-relu > rows.csv
      gradlab study export dying-relu --format json --output rows.json
    """
    from gradlab.cli.output import note, opened_for_writing
    from gradlab.cli.stored import stored_plan
    from gradlab.studies.export import export_rows
    from gradlab.studies.store import Store

    with Store.open(store, write=False) as opened:
        plan, done = stored_plan(opened, study)
        with opened_for_writing(output) as out:
            export_rows(opened, plan, format, out)
    if done < plan.networks:
        note(f"{study} is not complete: {done:,} of {plan.networks:,} networks.")
