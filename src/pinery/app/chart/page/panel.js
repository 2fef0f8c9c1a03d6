// The bar at the top and the panel with alerts, logs and inputs; then the start.

import { ChartView } from "./chart.js";
import { bindSwitch, chooseLook } from "./switches.js";
import { unpack } from "./unpack.js";

function listPanel(page, rows, empty) {
  const list = document.createElement("div");
  list.className = "rows";
  if (!rows.length) list.innerHTML = `<p class="empty">${empty}</p>`;
  for (const [bar, text, tone] of rows.slice(-2000).reverse()) {
    const row = document.createElement("button");
    row.className = `row ${tone || ""}`;
    const time = document.createElement("time");
    time.textContent = page.timeText(bar);
    const message = document.createElement("span");
    message.textContent = text;
    row.append(time, message);
    row.onclick = () => page.goTo(bar);
    list.append(row);
  }
  return list;
}

function inputsPanel(inputs) {
  const list = document.createElement("dl");
  if (!inputs.length) return Object.assign(document.createElement("p"), { className: "empty", textContent: "This script has no inputs." });
  for (const [name, value] of inputs) {
    list.append(Object.assign(document.createElement("dt"), { textContent: name }), Object.assign(document.createElement("dd"), { textContent: value }));
  }
  return list;
}

function buildPanel(page) {
  const { data } = page;
  const panel = document.getElementById("panel"), tabs = document.getElementById("tabs"), body = document.getElementById("panel-body");
  const contents = [
    ["Alerts", data.alerts.length, () => listPanel(page, data.alerts, "No alerts fired.")],
    ["Logs", data.logs.length, () => listPanel(page, data.logs, "Nothing was logged.")],
    ["Inputs", data.meta.inputs.length, () => inputsPanel(data.meta.inputs)],
  ];
  const show = (name) => {
    const same = !panel.hidden && panel.dataset.tab === name;
    panel.hidden = same;
    for (const tab of tabs.children) tab.setAttribute("aria-pressed", String(!same && tab.dataset.tab === name));
    if (same) return;
    panel.dataset.tab = name;
    body.replaceChildren(contents.find(([title]) => title === name)[2]());
  };
  for (const [name, count] of contents) {
    const tab = document.createElement("button");
    tab.dataset.tab = name;
    tab.innerHTML = `${name} <small>${count}</small>`;
    tab.onclick = () => show(name);
    tabs.append(tab);
  }
}

async function main() {
  const root = document.documentElement;
  chooseLook(root);
  const page = new ChartView(LightweightCharts, document.getElementById("chart"), await unpack());
  page.start();
  buildPanel(page);
  bindSwitch("theme", "theme", ["dark", "light"], page);
  bindSwitch("tones", "tones", ["green", "blue"], page);
  document.getElementById("fit").onclick = () => page.chart.timeScale().fitContent();
  document.getElementById("log").onclick = (event) => {
    const log = event.currentTarget.getAttribute("aria-pressed") !== "true";
    event.currentTarget.setAttribute("aria-pressed", String(log));
    page.setLogarithmic(log);
  };
  root.dataset.ready = "yes";
}

main().catch((error) => {
  document.getElementById("chart").textContent = `This page could not be drawn: ${error.message}. A current Chrome, Edge, Firefox or Safari is needed.`;
  throw error;
});
