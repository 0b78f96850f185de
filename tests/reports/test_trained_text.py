"""What trained the networks, as pages and terminals say it."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from gradlab.reports.sections import how_run
from gradlab.reports.text import print_analysis
from gradlab.reports.trained_text import trained_lines
from gradlab.studies.environment import Environment, Trained
from tests.reports import fake
from tests.reports.fake import ENVIRONMENT

OLD = Environment({"gradlab": "0.0.1", "torch": "2.0.0"}, {"processor": "abacus", "cores": 3, "threads": 1})
HERE = Trained(ENVIRONMENT, "torch", "cpu", 1200, 90.0, 0.0)
THERE = Trained(OLD, "narrow", "cpu", 1, 2.0, 0.0)


def test_one_environment_is_named_line_by_line() -> None:
    several_engines = [HERE, replace(HERE, engine="narrow")]
    for trained in ([HERE], several_engines):
        assert trained_lines(trained) == [
            ("gradlab", "0.1.0"), ("python", "3.11.2"), ("torch", "2.13.0"), ("numpy", "2.3.1"), ("processor", "x86_64"),
            ("cores", "2"), ("threads", "2"),
        ]  # fmt: skip
    assert trained_lines([]) == []


def test_several_environments_are_all_named_with_their_networks() -> None:
    (_, here), (counted, there) = trained_lines([HERE, THERE])
    assert counted == "1 network trained by"
    assert there == "narrow on cpu, abacus, cores 3, threads 1; gradlab 0.0.1, torch 2.0.0; in 2 s"
    assert "x86_64" in here and "gradlab 0.1.0" in here


def test_page_and_terminal_name_all_that_trained() -> None:
    dying = fake.dying()
    mixed = replace(dying, trained=[HERE, THERE])
    assert ("1,200 networks trained by", trained_lines(mixed.trained)[0][1]) in how_run(mixed)
    assert dict(how_run(mixed))["time"].startswith("1 min 32 s")
    for width in (60, 200):
        out = io.StringIO()
        print_analysis(mixed, Console(file=out, width=width), None)
        said = " ".join(out.getvalue().split())
        assert "1 network trained by narrow on cpu, abacus" in said and "1,200 networks trained by torch on cpu" in said
    out = io.StringIO()
    print_analysis(dying, Console(file=out, width=200), None)
    assert "trained by" not in out.getvalue()
