"""Charts of signals in a real browser: all drawn, nothing complained about, as tall as they ask for, also when narrow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
import pytest
from plotly.offline import get_plotlyjs

import gradlab.reports
from gradlab.reports.charts.classes import confusion
from gradlab.reports.charts.heat import LayerHistory, by_layer_and_step
from gradlab.reports.charts.history import TrainingCurve, training_curves
from gradlab.reports.charts.layers import LayerValues, by_layer
from gradlab.reports.charts.violins import violins
from tests.reports.test_browser import FIT, opened
from tests.reports.test_violins import histograms

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
TEMPLATES = Path(gradlab.reports.__file__).parent / "templates"
NAMES = ["1", "2", "3", "output"]
STEPS = [0, 1, 10, 100, 1000]


def figures() -> dict[str, go.Figure]:
    draw = np.random.default_rng(4)
    sizes = 10.0 ** draw.normal([[-8, -6, -3, -1]], 0.3, (5, 4))
    sizes[:3, :2] = 0.0
    history = np.tile(sizes, (5, 1, 1))
    history[2:4, :, 1] = np.nan
    loss = np.abs(draw.normal(2.0, 0.1, (5, 5)))
    loss[0, 3:] = np.nan
    counts = draw.integers(0, 1200, (2, 10, 10))
    classes = [str(k) for k in range(10)]
    entries = np.tanh(draw.normal(0, 1, (3, 4, 500)) * np.array([0.05, 1, 5, 50])[:, None])
    made = {
        "violins": violins([histograms("tanh", entries, "tanh", theory_std=np.ones(4) / 2)], "activation")["tanh"],
        "layers": by_layer([LayerValues("relu", "#D55E00", NAMES, sizes, theory=sizes[4] * 2)], "gradient"),
        "heat": by_layer_and_step([LayerHistory("relu", STEPS, NAMES, history)], "gradient")["relu"],
        "curves": training_curves([TrainingCurve("relu", "#D55E00", STEPS, loss)], "loss", has_log_steps=True),
        "confusion": confusion(counts, classes),
    }
    assert all(figure is not None for figure in made.values())
    return made


def page(folder: Path) -> Path:
    """The charts alone, with the report's style and script."""
    made = figures()
    charts = json.dumps({id: json.loads(figure.to_json()) for id, figure in made.items()}, allow_nan=False)
    boxes = "".join(f'<div class="panel"><div class="chart" id="{id}"></div></div>' for id in made)
    style, script = ((TEMPLATES / name).read_text(encoding="utf-8") for name in ("report.css", "report.js"))
    path = folder / "charts.html"
    path.write_text(
        '<!DOCTYPE html><html><head><meta charset="utf-8"><link rel="icon" href="data:,">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<style>{style}</style></head><body><nav></nav><main><div class="panels">{boxes}</div></main>'
        f"<script>{get_plotlyjs()}</script>"
        f'<script type="application/json" id="charts">{charts.replace("<", chr(92) + "u003c")}</script>'
        f"<script>{script}</script></body></html>",
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize("width", [400, 1400])
def test_charts_of_signals_are_drawn_and_readable(browser: Browser, tmp_path: Path, width: int) -> None:
    tab, complaints, requests = opened(browser, page(tmp_path), width)
    for chart in tab.evaluate(FIT):
        assert chart["width"] > 250 and chart["height"] > 100 and chart["marks"] > 0, chart
        assert abs(chart["short"]) <= 4, chart
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    smallest = tab.evaluate(
        "Math.min(...[...document.querySelectorAll('svg text')].filter((e) => e.textContent.trim())"
        ".map((e) => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= 13.9
    assert complaints == [] and len([url for url in requests if not url.startswith(("data:", "blob:"))]) == 1
    box = tab.evaluate(
        "(() => { const chart = document.getElementById('violins'), size = chart._fullLayout._size;"
        " const at = chart.getBoundingClientRect(); window.scrollTo(0, at.y);"
        " const now = chart.getBoundingClientRect();"
        " return [now.x + size.l + size.w * 0.375, now.y + size.t + size.h / 2]; })()"
    )
    tab.mouse.move(*box)
    tab.wait_for_selector("#violins .hoverlayer .hovertext")
    assert "layer 2" in (tab.locator("#violins .hoverlayer .hovertext").first.text_content() or "")
    tab.context.close()
