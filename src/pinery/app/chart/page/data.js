// Unpacks the data that the page carries: gzip, base64, then columns.

async function unpack() {
  const text = document.getElementById("pinery-data").textContent.trim();
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const data = JSON.parse(await new Response(stream).text());
  data.utc = running(data.time);
  data.shown = shownTimes(data.utc, data.zone);
  for (const item of data.items) for (const key of item.columns) item[key] = numbers(item[key]);
  for (const key of ["o", "h", "l", "c", "v"]) data.bars[key] = numbers(data.bars[key]);
  return data;
}

function running(deltas) {
  let sum = 0;
  return Float64Array.from(deltas, (d) => (sum += d));
}

// The library knows no time zones: it is given the exchange's wall clock as if it were UTC.
// Times must grow, also in the hour that the end of summer time repeats.
function shownTimes(utc, changes) {
  const shown = new Float64Array(utc.length);
  let change = 0, last = -Infinity;
  for (let i = 0; i < utc.length; i++) {
    while (change + 1 < changes.length && changes[change + 1][0] <= i) change++;
    last = Math.max(utc[i] + (changes.length ? changes[change][1] : 0), last + 1);
    shown[i] = last;
  }
  return shown;
}

function numbers(values) {
  return values === null ? null : Float64Array.from(values, (v) => (v === null ? NaN : v));
}

// Colours of one output by bar: one constant, or a palette with run lengths [count, index, …].
class Colors {
  constructor(spec, length) {
    this.constant = !spec ? null : spec.one ?? null;
    this.palette = spec?.palette;
    if (this.palette) {
      this.index = new Int32Array(length).fill(-1);
      let at = 0;
      for (let r = 0; r < spec.runs.length; r += 2) {
        this.index.fill(spec.runs[r + 1], at, at + spec.runs[r]);
        at += spec.runs[r];
      }
    }
  }

  at(i) {
    if (!this.index) return this.constant;
    const k = this.index[i];
    return k === undefined || k < 0 ? null : this.palette[k];
  }

  last() {
    return this.index ? this.at(this.index.length - 1) : this.constant;
  }
}

function fade(color, factor) {
  const alpha = color.length > 7 ? parseInt(color.slice(7, 9), 16) : 255;
  return color.slice(0, 7) + Math.round(alpha * factor).toString(16).padStart(2, "0");
}
