"use strict";
// Draw every chart; colours follow the style sheet, so a change between light and dark needs nothing from here.
const charts = JSON.parse(document.getElementById("charts").textContent);
const options = { displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: false };
for (const [id, chart] of Object.entries(charts)) {
  Plotly.newPlot(id, chart.data, chart.layout, options);
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
});
window.addEventListener("afterprint", () => {
  unfolded.forEach((one) => { one.open = false; });
  for (const id of Object.keys(charts)) {
    Plotly.relayout(id, { width: null, autosize: true });
  }
});
