// The list of trades: search, side, sorting by any column, pages, and a file of what is shown.

const PAGE_SIZES = [50, 200, 1000];

function listTrades(box, data, page) {
  const { report } = data, { trades } = report;
  if (!trades.number.length) return box.append(element("p", { className: "empty" }, "The strategy made no trades on these bars."));
  const price = (v) => formatNumber(v, report.precision);
  const columns = [
    ["#", (i) => trades.number[i], String],
    ["Side", (i) => (trades.side[i] > 0 ? "long" : "short"), String, "text"],
    ["Entry", (i) => trades.entry[i], (bar) => page.timeText(bar), "text"],
    ["Exit", (i) => trades.exit[i], (bar) => page.timeText(bar), "text"],
    ["Entry signal", (i) => trades.entrySignal[i], String, "text"],
    ["Exit signal", (i) => trades.exitSignal[i], String, "text"],
    [`Entry ${report.quote}`, (i) => trades.entryPrice[i], price],
    [`Exit ${report.quote}`, (i) => trades.exitPrice[i], price],
    ["Qty", (i) => trades.qty[i], plainNumber],
    ["Bars", (i) => trades.exit[i] - trades.entry[i] + 1, String],
    [`P&L ${report.currency}`, (i) => trades.profit[i], money, "tone"],
    ["P&L %", (i) => trades.percent[i], percentText, "tone"],
    ["MFE %", (i) => trades.mfe[i], percentText],
    ["MAE %", (i) => trades.mae[i], percentText],
    [`Total ${report.currency}`, (i) => trades.cumulative[i], money],
  ];
  const state = { text: "", side: "", sort: 0, down: false, page: 0, size: PAGE_SIZES[0] };
  let shown = [];
  const haystack = trades.number.map((_, i) => columns.slice(0, 6).map(([, read, write]) => write(read(i))).join(" ").toLowerCase());
  const head = element("tr"), body = element("tbody"), count = element("span", { className: "count" });
  const search = element("input", { type: "search", placeholder: "Search signals, dates, numbers", ariaLabel: "Search the list of trades" });
  const side = choice([["", "All sides"], ["1", "Long"], ["-1", "Short"]], "Side");
  const size = choice(PAGE_SIZES.map((n) => [String(n), `${n} rows`]), "Rows on a page");
  const back = element("button", { textContent: "‹", title: "Earlier page" }), next = element("button", { textContent: "›", title: "Next page" });
  const save = element("button", { textContent: "CSV", title: "Save the rows found as a file" });

  columns.forEach(([title, , , kind], k) => {
    const button = element("button", { textContent: title });
    button.onclick = () => {
      Object.assign(state, { down: state.sort === k ? !state.down : false, sort: k, page: 0 });
      update();
    };
    head.append(element("th", { className: kind === "text" ? "text" : "" }, button));
  });

  function update() {
    shown = [];
    for (let i = 0; i < haystack.length; i++) if ((!state.side || String(trades.side[i]) === state.side) && haystack[i].includes(state.text)) shown.push(i);
    const read = columns[state.sort][1], way = state.down ? -1 : 1;
    const order = (a, b) => (a === b ? 0 : a === null ? 1 : b === null ? -1 : a < b ? -way : way);
    shown.sort((i, j) => order(read(i), read(j)) || i - j);
    [...head.children].forEach((cell, k) => (k === state.sort ? cell.setAttribute("aria-sort", state.down ? "descending" : "ascending") : cell.removeAttribute("aria-sort")));
    paint();
  }

  function paint() {
    const pages = Math.max(1, Math.ceil(shown.length / state.size));
    state.page = Math.min(state.page, pages - 1);
    const from = state.page * state.size, rows = shown.slice(from, from + state.size);
    body.replaceChildren(...rows.map(rowOf));
    if (!rows.length) body.append(element("tr", {}, element("td", { className: "text", colSpan: columns.length }, "Nothing found.")));
    count.textContent = shown.length ? `${(from + 1).toLocaleString("en-US")}–${(from + rows.length).toLocaleString("en-US")} of ${shown.length.toLocaleString("en-US")}` : "0";
    back.disabled = state.page === 0;
    next.disabled = state.page >= pages - 1;
  }

  function rowOf(i) {
    const row = element("tr", { title: "Show on the chart" });
    for (const [, read, write, kind] of columns) {
      const value = read(i);
      row.append(element("td", { className: kind === "tone" ? tone(value) : kind || "" }, write(value)));
    }
    row.onclick = () => {
      document.getElementById("chart").scrollIntoView({ block: "center" });
      page.goTo((trades.entry[i] + trades.exit[i]) / 2);
    };
    return row;
  }

  search.oninput = () => (Object.assign(state, { text: search.value.trim().toLowerCase(), page: 0 }), update());
  side.onchange = () => (Object.assign(state, { side: side.value, page: 0 }), update());
  size.onchange = () => (Object.assign(state, { size: Number(size.value), page: 0 }), paint());
  back.onclick = () => (state.page--, paint());
  next.onclick = () => (state.page++, paint());
  save.onclick = () => {
    const cell = (value) => (/[",\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : value);
    const raw = (k, i) => (k === 2 || k === 3 ? page.timeText(columns[k][1](i)) : columns[k][1](i) ?? "");
    const lines = [columns.map(([title]) => cell(title)), ...shown.map((i) => columns.map((_, k) => cell(raw(k, i))))];
    const link = element("a", { download: "trades.csv", href: URL.createObjectURL(new Blob([lines.map((line) => line.join(",")).join("\n")], { type: "text/csv" })) });
    link.click();
  };
  box.append(element("div", { className: "tools" }, search, side, size, save, count, back, next), element("div", { className: "wide" }, element("table", {}, element("thead", {}, head), body)));
  update();
}

function choice(options, label) {
  const made = element("select", { ariaLabel: label });
  for (const [value, text] of options) made.append(element("option", { value, textContent: text }));
  return made;
}
