// A small plot: scales, axes, paths. Coordinates are those of the viewBox, so that print scales it.

const SVG = "http://www.w3.org/2000/svg";

function svgElement(name, attributes = {}, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

class Plot {
  constructor(width, height, x, y, margin = { left: 8, right: 56, top: 8, bottom: 20 }) {
    Object.assign(this, { width, height, margin });
    this.svg = svgElement("svg", { class: "plot", viewBox: `0 0 ${width} ${height}`, role: "img" });
    const [x0, x1] = x[0] === x[1] ? [x[0] - 1, x[1] + 1] : x;
    const [y0, y1] = y[0] === y[1] ? [y[0] - 1, y[1] + 1] : y;
    this.domain = { x: [x0, x1], y: [y0, y1] };
    const w = width - margin.left - margin.right, h = height - margin.top - margin.bottom;
    this.x = (v) => margin.left + ((v - x0) / (x1 - x0)) * w;
    this.y = (v) => margin.top + (1 - (v - y0) / (y1 - y0)) * h;
    this.xOf = (px) => x0 + ((px - margin.left) / w) * (x1 - x0);
  }

  add(name, attributes, text) {
    const made = svgElement(name, attributes, text);
    this.svg.append(made);
    return made;
  }

  line(x1, y1, x2, y2, kind, more = {}) {
    return this.add("line", { x1, y1, x2, y2, class: kind, ...more });
  }

  gridY(values, label) {
    for (const value of values) {
      const y = this.y(value);
      this.line(this.margin.left, y, this.width - this.margin.right, y, "grid");
      this.add("text", { x: this.width - this.margin.right + 6, y: y + 4 }, label(value));
    }
  }

  gridX(values, label) {
    for (const value of values) {
      const x = this.x(value);
      this.line(x, this.margin.top, x, this.height - this.margin.bottom, "grid");
      this.add("text", { x, y: this.height - 5, "text-anchor": "middle" }, label(value));
    }
  }

  path(d, style) {
    return this.add("path", { d, style });
  }

  // Many dots as one path of round line ends.
  dots(points, color, size) {
    const d = points.map(([x, y]) => `M${this.x(x).toFixed(1)} ${this.y(y).toFixed(1)}h0`).join("");
    this.path(d, `stroke:${color};stroke-width:${size};stroke-linecap:round;stroke-opacity:.6;fill:none`);
  }
}

// A curve of many values by at most two points (lowest and highest) per column of the plot.
function thinned(values, columns) {
  const n = values.length;
  if (n <= columns * 2) return Array.from(values, (v, i) => [i, v]).filter(([, v]) => v === v);
  const points = [];
  for (let c = 0; c < columns; c++) {
    const from = Math.floor((c * n) / columns), to = Math.floor(((c + 1) * n) / columns);
    let low = -1, high = -1;
    for (let i = from; i < to; i++) {
      if (values[i] !== values[i]) continue;
      if (low < 0 || values[i] < values[low]) low = i;
      if (high < 0 || values[i] > values[high]) high = i;
    }
    if (low < 0) continue;
    for (const i of low === high ? [low] : low < high ? [low, high] : [high, low]) points.push([i, values[i]]);
  }
  if (points[points.length - 1]?.[0] !== n - 1 && values[n - 1] === values[n - 1]) points.push([n - 1, values[n - 1]]);
  return points;
}

function pathOf(points, plot) {
  return points.map(([x, y], k) => `${k ? "L" : "M"}${plot.x(x).toFixed(1)} ${plot.y(y).toFixed(1)}`).join("");
}

function extent(values, more = []) {
  let low = Infinity, high = -Infinity;
  for (const list of [values, more]) {
    for (const v of list) {
      if (v === null || v !== v) continue;
      if (v < low) low = v;
      if (v > high) high = v;
    }
  }
  return low > high ? [0, 1] : [low, high];
}
