// Numbers and colours as texts.

const FORMATS = new Map();

export function formatNumber(value, precision) {
  if (value !== value || value === undefined || value === null) return "∅";
  if (precision === "volume") return compact(value);
  const grouped = Math.abs(value) >= 1e6, key = grouped ? precision + 100 : precision;
  let format = FORMATS.get(key);
  if (!format) {
    format = new Intl.NumberFormat("en-US", { minimumFractionDigits: precision, maximumFractionDigits: precision, useGrouping: grouped });
    FORMATS.set(key, format);
  }
  return format.format(value);
}

export function compact(value) {
  for (const [size, unit] of [[1e9, "B"], [1e6, "M"], [1e3, "K"]]) if (Math.abs(value) >= size) return (value / size).toFixed(2).replace(/\.?0+$/, "") + unit;
  return String(Math.round(value * 100) / 100);
}

export function contrast(color) {
  const [r, g, b] = [1, 3, 5].map((k) => parseInt(color.slice(k, k + 2), 16));
  return r * 0.3 + g * 0.59 + b * 0.11 > 150 ? "#000000" : "#ffffff";
}

export function opaque(color, alpha) {
  return color.slice(0, 7) + Math.round(alpha * 255).toString(16).padStart(2, "0");
}

// Text nodes and elements; styles are set one by one, as a page's policy may forbid style attributes.
export function node(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}
