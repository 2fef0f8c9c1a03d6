// Numbers, times and small elements.

function money(value) {
  if (value === null || value !== value) return "—";
  return cents(value);
}

function percentText(value) {
  if (value === null || value !== value) return "—";
  return `${cents(value)}%`;
}

// Two decimals; what rounds to zero has no sign.
function cents(value) {
  return signed((Number(value.toFixed(2)) || 0).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 }));
}

function plainNumber(value) {
  return value === null || value !== value ? "—" : signed(value.toLocaleString("en-US", { maximumFractionDigits: 8 }));
}

function signed(text) {
  return text.replaceAll("-", "−");
}

function tone(value) {
  return value > 0 ? "up" : value < 0 ? "down" : "";
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// Steps of 1, 2 or 5 times a power of ten that give about `count` marks between two values.
function marks(low, high, count) {
  if (!(high > low)) return [low];
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((k) => k * power >= rough) * power;
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) found.push(Math.abs(k * step) < step * 1e-9 ? 0 : k * step);
  return found;
}

function short(value) {
  const size = Math.abs(value);
  for (const [unit, name] of [[1e9, "B"], [1e6, "M"], [1e3, "K"]]) if (size >= unit) return signed(`${Number((value / unit).toPrecision(4))}${name}`);
  return signed(String(Number(value.toPrecision(4))));
}
