"use strict";
// Draw every chart; colours follow the style sheet, so a change between light and dark needs nothing from here.
const charts = JSON.parse(document.getElementById("charts").textContent);
const options = { displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: false };

// Charts whose rows have a height in pixels keep it however many lines the legend takes.
function fit(id) {
  const chart = document.getElementById(id);
  const wanted = chart.layout.meta && chart.layout.meta.plot_px;
  for (let tries = 0; wanted && tries < 3; tries += 1) {
    const missing = Math.round(wanted - chart._fullLayout._size.h);
    if (Math.abs(missing) <= 3) break;
    Plotly.relayout(chart, { height: chart.layout.height + missing });
  }
}
const fitAll = () => Object.keys(charts).forEach(fit);

for (const [id, chart] of Object.entries(charts)) {
  Plotly.newPlot(id, chart.data, chart.layout, options);
  fit(id);
}
let waiting;
window.addEventListener("resize", () => {
  clearTimeout(waiting);
  waiting = setTimeout(fitAll, 250);
});

// On a narrow screen the contents of several studies stand on top: only their names, until one is opened.
if (window.matchMedia("(max-width: 1020px)").matches) {
  document.querySelectorAll("nav details").forEach((one) => { one.open = false; });
}

// On paper: figures as wide as the sheet, everything unfolded; afterwards as before.
const PAPER_WIDTH = 660;
let unfolded = [];
window.addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll("details:not([open])")];
  unfolded.forEach((one) => { one.open = true; });
  for (const id of Object.keys(charts)) {
    const many = document.getElementById(id).closest(".panels").classList.contains("many");
    Plotly.relayout(id, { width: many ? PAPER_WIDTH / 2 - 12 : PAPER_WIDTH });
  }
  fitAll();
});
window.addEventListener("afterprint", () => {
  unfolded.forEach((one) => { one.open = false; });
  for (const id of Object.keys(charts)) {
    Plotly.relayout(id, { width: null, autosize: true });
  }
  fitAll();
});
