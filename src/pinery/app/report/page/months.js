// A row per year, a column per month: the deeper the colour, the larger the return.

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function drawMonths(box, { report }) {
  if (!report.months.length) return box.append(element("p", { className: "empty" }, "No bars, no months."));
  const largest = Math.max(0.01, ...report.months.map(([, , , change]) => Math.abs(change ?? 0)));
  const table = element("table", { className: "heat" });
  table.append(element("thead", {}, element("tr", {}, element("th", { className: "text" }, "Year"), ...MONTHS.map((name) => element("th", {}, name)), element("th", {}, "Year"))));
  const body = element("tbody");
  for (const [year, , profit, change, trades] of [...report.years].reverse()) {
    const row = element("tr", {}, element("th", { className: "text" }, String(year)));
    for (let month = 1; month <= 12; month++) row.append(monthCell(report.months.find(([y, m]) => y === year && m === month), largest, report));
    const total = element("td", { className: `total ${tone(change)}`, title: monthTitle(profit, trades, report) }, percentText(change));
    row.append(total);
    body.append(row);
  }
  table.append(body);
  box.append(table);
}

function monthCell(period, largest, report) {
  if (!period) return element("td", { className: "none" });
  const [, , profit, change, trades] = period;
  const cell = element("td", { title: monthTitle(profit, trades, report) }, percentText(change));
  if (change) cell.style.background = `color-mix(in srgb, var(--${change > 0 ? "up" : "down"}) ${Math.round(10 + (55 * Math.abs(change)) / largest)}%, transparent)`;
  else cell.className = "none";
  return cell;
}

function monthTitle(profit, trades, report) {
  return `${trades} closed trade${trades === 1 ? "" : "s"}: ${money(profit)} ${report.currency}`;
}
