// Tables stand above the chart as ordinary HTML, so that their text can be selected.

export const TABLE_SIZES = { auto: 12, tiny: 9, small: 11, normal: 13, large: 17, huge: 26 };

export function tableElement(table) {
  const grid = document.createElement("div");
  const [vertical, horizontal] = table.position.split("_");
  grid.className = `pine-table ${vertical} ${horizontal}`;
  grid.style.gridTemplateColumns = `repeat(${table.columns}, auto)`;
  if (table.bgcolor) grid.style.background = table.bgcolor;
  if (table.framecolor && table.framewidth) grid.style.border = `${table.framewidth}px solid ${table.framecolor}`;
  const covered = new Set();
  for (const [c1, r1, c2, r2] of table.merged)
    for (let r = r1; r <= r2; r++) for (let c = c1; c <= c2; c++) if (r !== r1 || c !== c1) covered.add(`${c},${r}`);
  for (const cell of table.cells) {
    if (covered.has(`${cell.column},${cell.row}`)) continue;
    const box = document.createElement("div");
    const merge = table.merged.find(([c, r]) => c === cell.column && r === cell.row);
    box.style.gridColumn = merge ? `${merge[0] + 1} / ${merge[2] + 2}` : `${cell.column + 1}`;
    box.style.gridRow = merge ? `${merge[1] + 1} / ${merge[3] + 2}` : `${cell.row + 1}`;
    box.textContent = cell.text;
    if (cell.bgcolor) box.style.background = cell.bgcolor;
    if (cell.color) box.style.color = cell.color;
    if (table.bordercolor && table.borderwidth) box.style.border = `${table.borderwidth}px solid ${table.bordercolor}`;
    const size = typeof cell.size === "number" && cell.size > 0 ? cell.size * 1.15 : TABLE_SIZES[cell.size] || TABLE_SIZES.auto;
    box.style.fontSize = `${size}px`;
    box.style.justifyContent = { left: "flex-start", right: "flex-end" }[cell.halign] || "center";
    box.style.alignItems = { top: "flex-start", bottom: "flex-end" }[cell.valign] || "center";
    box.style.textAlign = cell.halign || "center";
    if (cell.format) box.style.font = `${cell.format} ${box.style.fontSize} var(--font)`;
    if (cell.mono) box.style.fontFamily = "monospace";
    if (cell.width) box.style.minWidth = `${cell.width}cqw`;
    if (cell.height) box.style.minHeight = `${cell.height}cqh`;
    if (cell.tooltip) box.title = cell.tooltip;
    grid.append(box);
  }
  return grid;
}
