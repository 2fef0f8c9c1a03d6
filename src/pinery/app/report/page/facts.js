// Headlines, notes, the gate's verdict, the table of figures, inputs and settings.

function drawFacts({ report }) {
  const headlines = document.getElementById("headlines");
  for (const [title, amount, more] of report.headlines) {
    const judged = /profit$/i.test(title) ? (amount.startsWith("-") ? "down" : /[1-9]/.test(amount) ? "up" : "") : "";
    headlines.append(element("div", {}, element("span", {}, title), element("b", { className: judged }, signed(amount)), element("small", {}, signed(more))));
  }
  document.getElementById("notes").append(...report.warnings.map((text) => element("p", { className: "note" }, text)));
  if (report.gate) drawGate(document.getElementById("gate"), report.gate);
  drawFigures(document.getElementById("figures"), report);
  pairs(document.getElementById("inputs"), report.inputs, "This script has no inputs.");
  pairs(document.getElementById("settings"), report.settings, "");
}

function drawGate(box, gate) {
  box.hidden = false;
  box.firstElementChild.append(" ", element("span", { className: `chip ${gate.passed ? "pass" : "fail"}` }, gate.passed ? "✓ passed" : "✗ not passed"));
  const body = element("tbody");
  for (const [title, value, word, limit, passed] of gate.checks) {
    body.append(element("tr", {}, element("td", { className: "text" }, title), element("td", {}, signed(value)), element("td", {}, `${word} ${signed(limit)}`), element("td", { className: passed ? "pass" : "fail" }, passed ? "✓ pass" : "✗ fail")));
  }
  box.append(element("table", {}, element("thead", {}, element("tr", {}, element("th", { className: "text" }, "Check"), element("th", {}, "Value"), element("th", {}, "Limit"), element("th", {}, "Result"))), body));
}

function drawFigures(box, { figures, currency }) {
  const body = element("tbody");
  for (const { group, rows } of figures) {
    body.append(element("tr", { className: "group" }, element("th", { colSpan: 4 }, group)));
    for (const [title, formula, ...texts] of rows) {
      body.append(element("tr", {}, element("td", { title: formula }, title), ...texts.map((text) => element("td", {}, signed(text)))));
    }
  }
  const head = element("tr", {}, element("th", { className: "text" }, `Amounts in ${currency}`), ...["All", "Long", "Short"].map((name) => element("th", {}, name)));
  box.append(element("table", {}, element("thead", {}, head), body));
}

function pairs(box, list, empty) {
  if (!list.length) return box.append(element("p", { className: "empty" }, empty));
  const made = element("dl");
  for (const [name, value] of list) made.append(element("dt", {}, name), element("dd", {}, value));
  box.append(made);
}
