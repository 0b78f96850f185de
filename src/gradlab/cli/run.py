"""`gradlab study run`: plan, train what is missing, judge, print, write the page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from gradlab.cli.options import STORE, AsJson, Count, Device, Seed, Settings, StoreFolder, Workers, flag, path
from gradlab.errors import StoreError, UserError

if TYPE_CHECKING:
    from gradlab.studies.plan import Plan
    from gradlab.studies.results import Analysis
    from gradlab.studies.store import Store

ALL = "all"
Quick = Annotated[bool, flag("--quick", "The reduced size that the study's file states: seconds, and no downloads.")]
Quiet = Annotated[bool, flag(("--quiet", "-q"), "Nothing on stderr but warnings and errors.")]
Verbose = Annotated[bool, flag(("--verbose", "-v"), "Say on stderr what is planned and where it goes.")]


def run(
    study: Annotated[str, Parameter(help="A shipped study's name, the path of a TOML file, or all.")],
    /,
    *,
    settings: Settings = None,
    seed: Seed = 0,
    store: StoreFolder = STORE,
    engine: Annotated[Literal["auto", "torch", "narrow"], Parameter(help="What trains the networks.")] = "auto",
    device: Device = "auto",
    jobs: Annotated[int, Workers, Parameter(help="Processes that train side by side.")] = 1,
    threads: Annotated[int | None, Workers, Parameter(help="Threads in all; by default one a core.")] = None,
    chunk: Annotated[
        int | None, Count, Parameter(help="Most networks that train as one stack and are recorded together.")
    ] = None,
    as_json: AsJson = False,
    report: Annotated[
        Path | None, Parameter(converter=path, help="Where the page goes; by default STORE/STUDY.html.")
    ] = None,
    no_report: Annotated[bool, flag("--no-report", "Write no page.")] = False,
    quick: Quick = False,
    dry_run: Annotated[bool, flag("--dry-run", "Only say how many networks, how much memory and time.")] = False,
    fresh: Annotated[bool, flag("--fresh", "Forget what the store holds of this study and start anew.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Train a study's networks, and say what came out.

    What the store holds already is not trained again: after an interruption the
    same command goes on. The table goes to stdout, progress to stderr, and a
    self-contained page into the store. "all" runs every study that comes with
    gradlab, one after the other.

    For example:
      gradlab study run dying-relu
      gradlab study run dying-relu --set row=B1 --set replicas=200
      gradlab study run my-study.toml --dry-run
      gradlab study run leaky-collapse --json > result.json
      gradlab study run all --quick
    """
    _refuse_both("--quiet", quiet, "--verbose", verbose)
    _refuse_both("--report", report is not None, "--no-report", no_report)

    from rich.console import Console

    from gradlab.cli.design import print_plans
    from gradlab.cli.device import available
    from gradlab.cli.documents import results_document
    from gradlab.cli.output import check_folder, check_writable, note, print_json
    from gradlab.cli.stored import run_command
    from gradlab.reports.text import print_analysis, print_verdicts
    from gradlab.stats.text import counted_text
    from gradlab.studies.load import load_study, shipped_studies
    from gradlab.studies.plan import make_plan

    # what is best takes as long as loading torch to find out; what is asked for has to be there for a dry run, too
    where = device if dry_run and device == "auto" else available(device)
    names = list(shipped_studies()) if study == ALL else [study]
    if study == ALL and report is not None:
        raise UserError("--report", got="one page for all studies", do='Leave it out; "gradlab report" joins pages')
    # of all studies, those that train nothing stay as they are
    given = {name: () if study == ALL and load_study(name).is_exact else tuple(settings or ()) for name in names}
    plans = {}  # all of them, before the first is trained
    for name in names:
        resolved = load_study(name, given[name], quick=quick)
        plans[name] = make_plan(resolved, seed=seed, chunk=chunk, engine=engine, device=where, jobs=jobs)
        _ = plans[name].chunks  # refuses an engine that cannot train them
    if report is not None:
        check_writable(report)  # now, not after hours of training
    if dry_run:
        check_folder(store)
        print_plans(list(plans.values()), as_json)
        return
    analyses = []
    for name, plan in plans.items():
        if verbose:
            sizes = {"cell": len(plan.cells), "network": plan.networks, "chunk": len(plan.chunks)}
            note(f"store {store}: {', '.join(counted_text(n, noun) for noun, n in sizes.items())}.")
        if study == ALL:
            if not quiet:
                note(plan.study.name)
        elif plan.study.is_exact and any((seed, chunk, engine != "auto", device != "auto", jobs != 1, threads, fresh)):
            note(f"{plan.study.name} trains nothing, so that options of training have no effect on it.")
        command = run_command(name, plan, given[name], quick=quick)
        page = None if no_report else report or store / f"{plan.study.name}.html"
        analyses.append(_trained(plan, store, command, jobs, threads, fresh, quiet, page))
    if as_json:
        print_json(analyses[0].to_dict() if study != ALL else results_document(analyses))
    elif study != ALL:
        print_analysis(analyses[0], Console(), page)
    else:
        print_verdicts(analyses, Console(), None if no_report else store)


def _trained(
    plan: Plan, store: Path, command: str, jobs: int, threads: int | None, fresh: bool, quiet: bool, page: Path | None
) -> Analysis:
    """Train what the store does not hold, analyze what is then on the disk, and write the page."""
    from concurrent.futures import BrokenExecutor

    from gradlab.cli.output import written_page
    from gradlab.cli.stored import note_replaced
    from gradlab.data import TASKS
    from gradlab.reports.progress import Progress
    from gradlab.studies.analyze import analyze
    from gradlab.studies.run import run_study
    from gradlab.studies.store import Store

    for fetch in dict.fromkeys(TASKS[cell.setup.task.name].fetch for cell in plan.cells):
        if fetch is not None:
            fetch(quiet)  # once, here: not in every process, nor under the progress line
    with Store.open(store, write=True) as opened:
        note_replaced(opened, plan)
        done = 0 if fresh else sum(opened.done(plan).values())
        try:
            with Progress(plan.networks, done, quiet) as progress:
                run_study(
                    plan, opened, jobs=jobs, threads=threads, fresh=fresh, progress=progress.advance, command=command
                )
        except KeyboardInterrupt as interrupt:
            on = "the same command without --fresh" if fresh else "the same command"
            raise type(interrupt)(_kept(opened, f"what is finished is kept, and {on} goes on from there.")) from None
        except BrokenExecutor as error:
            do = f"Use fewer --jobs or a smaller --chunk; {_kept(opened, 'what is finished is kept')}"
            raise UserError(
                "a process that trains was ended from outside, perhaps for lack of memory", do=do
            ) from error
        opened.reread(plan)
        analysis = analyze(opened, plan, command)
        if page is not None:
            (analysis,) = written_page([analysis], page)
        opened.check_in_place()
        return analysis


def _kept(store: Store, said: str) -> str:
    """What is said of the store after an interruption: `said`, where that is so."""
    try:
        store.check_in_place()
    except StoreError as error:
        return str(error)
    return said


def _refuse_both(one: str, is_one: bool, other: str, is_other: bool) -> None:
    if is_one and is_other:
        raise UserError(f"{one} and {other}", got="both", expected="at most one of them", do="Leave one out")
