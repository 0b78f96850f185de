"""`gradlab study list | show | status | export`; `run` is in a file of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from gradlab import __version__
from gradlab.cli.options import STORE, AsJson, Name, Settings, StoredName, StoreFolder, flag, path
from gradlab.cli.run import run
from gradlab.errors import UserError, shown

if TYPE_CHECKING:
    from gradlab.studies.plan import Plan
    from gradlab.studies.store import Store

app = App(name="study", help="List, show, run and export studies.", version=__version__)
app.command(run)


@app.command(name="list")
def list_(*, as_json: AsJson = False) -> None:
    """List the studies that come with gradlab.

    For example:
      gradlab study list
    """
    from rich.console import Console

    from gradlab.cli.documents import studies_document
    from gradlab.cli.output import print_json
    from gradlab.reports.text import print_studies
    from gradlab.studies.load import load_study, shipped_studies
    from gradlab.studies.plan import make_plan

    studies = [load_study(name) for name in shipped_studies()]
    if as_json:
        print_json(studies_document(make_plan(study) for study in studies))
    else:
        print_studies(studies, Console())


@app.command
def show(study: Name, /, *, settings: Settings = None, as_json: AsJson = False) -> None:
    """Show a study before it runs, and what running it would cost.

    Question, sources, rows, factors, cells, looks and claims.

    For example:
      gradlab study show dying-relu
      gradlab study show leaky-collapse --set replicas=200
    """
    from rich.console import Console

    from gradlab.cli.design import print_cost, print_design
    from gradlab.cli.documents import plan_document
    from gradlab.cli.output import print_json
    from gradlab.reports.text import print_study
    from gradlab.reports.words import levels_text
    from gradlab.studies.load import load_study
    from gradlab.studies.plan import make_plan

    plan = make_plan(load_study(study, settings or ()))
    if as_json:
        print_json(plan_document(plan))
        return
    console = Console()
    rows = [(levels_text(cell.levels), cell.replicas, cell.setup.total_steps) for cell in plan.cells]
    print_study(plan.study, rows, console)
    print_design(plan, console)
    print_cost(plan, console)


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
    from rich.console import Console

    from gradlab.cli.design import say
    from gradlab.cli.documents import status_document
    from gradlab.cli.output import print_json
    from gradlab.cli.stored import stored_plan
    from gradlab.reports.text import print_status
    from gradlab.reports.words import levels_text
    from gradlab.stats.text import counted_text
    from gradlab.studies.store import Store
    from gradlab.studies.stored import stored_plans

    console = Console()
    with Store.open(store, write=False) as opened:
        stored = stored_plans(opened) if study is None else [(study, *stored_plan(opened, study))]
        if as_json:
            print_json(status_document(stored))
            return
        for name, plan, networks in stored:
            say(
                console, f"{name}, seed {plan.seed}: {networks:,} of {counted_text(plan.networks, 'network')} recorded."
            )
        if study is not None:
            done = opened.done(stored[0][1])
            rows = [(levels_text(cell.levels), done[cell.id], cell.replicas) for cell in stored[0][1].cells]
            print_status(rows, console)


@app.command
def export(
    study: StoredName,
    /,
    *,
    format: Annotated[
        Literal["csv", "json", "gif"] | None,
        Parameter(help="One line a row, which is the default; one array of objects; or moving pictures."),
    ] = None,
    gif: Annotated[bool, flag("--gif", "The same as --format gif.")] = False,
    output: Annotated[
        Path | None, Parameter(converter=path, help="Write to this file instead; for pictures, into this folder.")
    ] = None,
    store: StoreFolder = STORE,
) -> None:
    """Print one row a network: how it started and how it ended. Or draw how it trained.

    Rows have a fixed order and no times: they are the same from every run of the
    study. Pictures are GIFs of weights, weight changes and activations, one for
    each cell that kept snapshots; they go into the store's folder.

    For example:
      gradlab study export dying-relu > rows.csv
      gradlab study export dying-relu --format json --output rows.json
      gradlab study export pictures-of-training --gif --output pictures
    """
    from gradlab.cli.output import note, opened_for_writing
    from gradlab.cli.stored import stored_plan
    from gradlab.stats.text import counted_text
    from gradlab.studies.export import export_rows
    from gradlab.studies.store import Store

    if gif and format not in (None, "gif"):
        raise UserError("--gif and --format", got="both", expected="at most one of them", do="Leave one out")
    with Store.open(store, write=False) as opened:
        plan, done = stored_plan(opened, study)
        if gif or format == "gif":
            _export_gifs(opened, plan, output or store)
        else:
            with opened_for_writing(output) as out:
                export_rows(opened, plan, format or "csv", out)
    if done < plan.networks:
        note(f"{study} is not complete: {done:,} of {counted_text(plan.networks, 'network')}.")


def _export_gifs(opened: Store, plan: Plan, folder: Path) -> None:
    """Draw a GIF for each pictured cell and print its path.

    Raises:
        UserError: Nothing was kept to draw, or a file could not be written.
    """
    from gradlab.cli.output import note, written_files
    from gradlab.reports.figures.pictures import left_out_text, pictured
    from gradlab.reports.gifs import gifs
    from gradlab.studies.analyze import analyze

    name = f"study {shown(plan.study.name)}"
    if plan.study.snapshots is None:
        do = "Add one to the study file and run it again"
        raise UserError(name, got="no snapshots to draw", expected="a [snapshots] table", do=do)
    analysis = analyze(opened, plan)
    if not pictured(analysis):
        raise UserError(name, got="no snapshots to draw yet", do="Run it again: it goes on where it stopped")
    for file in written_files(gifs(analysis), folder):
        print(file)
    if left_out := left_out_text(analysis):
        note(left_out)
