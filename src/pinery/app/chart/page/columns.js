// A chart's data as the drawing code reads it: columns of numbers, colours by bar.

// Takes the data as it came (JSON) and makes its columns; `zone` gives wall clocks other than the exchange's.
export function prepare(data, zone) {
  data.utc = running(data.time);
  setZone(data, zone);
  const bars = data.utc.length;
  for (const item of data.items) {
    for (const key of item.columns) item[key] = numbers(item[key]);
    for (const key of item.palettes) item[key] = new Colors(item[key], bars);
    if (item.type === "fill") [item.from, item.to] = [data.items[item.a], data.items[item.b]];
  }
  for (const key of ["o", "h", "l", "c", "v"]) data.bars[key] = numbers(data.bars[key]);
  data.barcolors = data.bars.colors && new Colors(data.bars.colors, bars);
  return data;
}

// The wall clock to show: of the exchange (no zone given), or of a zone by its IANA name.
export function setZone(data, zone) {
  data.clock = zone || null;
  data.changes = zone ? zoneChanges(data.utc, zone) : data.zone;
  data.shown = shownTimes(data.utc, data.changes);
}

// The same for the bars from `from` on, where only those are new.
export function extendZone(data, from) {
  const tail = data.utc.subarray(from);
  if (data.clock) {
    const changes = data.changes.filter(([bar]) => bar < from);
    for (const [bar, offset] of zoneChanges(tail, data.clock)) if (changes.at(-1)?.[1] !== offset) changes.push([from + bar, offset]);
    data.changes = changes;
  } else data.changes = data.zone;
  data.shown = replaceTail(data.shown, from, shownTimes(tail, data.changes, from, from ? data.shown[from - 1] : -Infinity));
}

export function running(deltas) {
  let sum = 0;
  return Float64Array.from(deltas, (d) => (sum += d));
}

// The library knows no time zones: it is given a wall clock as if it were UTC.
// Times must grow, also in the hour that the end of summer time repeats. `utc` begins with bar `from`, and the bar
// before that is shown at `last`.
export function shownTimes(utc, changes, from = 0, last = -Infinity) {
  const shown = new Float64Array(utc.length);
  let change = 0;
  for (let i = 0; i < utc.length; i++) {
    while (change + 1 < changes.length && changes[change + 1][0] <= from + i) change++;
    last = Math.max(utc[i] + (changes.length ? changes[change][1] : 0), last + 1);
    shown[i] = last;
  }
  return shown;
}

// [bar, seconds of local time before UTC] wherever they change.
export function zoneChanges(utc, zone) {
  const offset = offsetOf(zone);
  const changes = utc.length ? [[0, offset(utc[0])]] : [];
  const longest = 10 * 86400; // no zone changes twice within that
  const look = (first, last) => {
    if (last <= first) return;
    const same = offset(utc[first]) === offset(utc[last]);
    if (same && utc[last] - utc[first] < longest) return;
    if (last === first + 1) {
      if (!same) changes.push([last, offset(utc[last])]);
      return;
    }
    const middle = (first + last) >> 1;
    look(first, middle);
    look(middle, last);
  };
  look(0, utc.length - 1);
  return changes;
}

const CLOCKS = new Map();

export function offsetOf(zone) {
  let format = CLOCKS.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" });
    CLOCKS.set(zone, format);
  }
  return (utc) => {
    const part = {};
    for (const { type, value } of format.formatToParts(utc * 1000)) part[type] = Number(value);
    return Math.round(Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) / 1000 - utc);
  };
}

export function numbers(values) {
  return values === null ? null : Float64Array.from(values, (v) => (v === null ? NaN : v));
}

// A column with other values from bar `from` on. It shares its memory with the one before as long as there is room.
export function replaceTail(column, from, values) {
  const length = from + values.length;
  const have = column.buffer.byteLength / column.BYTES_PER_ELEMENT;
  let grown = column;
  if (length > have) {
    grown = new column.constructor(Math.max(64, Math.ceil(length * 1.25)));
    grown.set(column.subarray(0, Math.min(from, column.length)));
  }
  const whole = new column.constructor(grown.buffer);
  for (let k = 0; k < values.length; k++) whole[from + k] = values[k] === null ? NaN : values[k];
  return whole.subarray(0, length);
}

// Colours of one output by bar: one constant, or a palette with run lengths [count, index, …].
export class Colors {
  constructor(spec, length) {
    this.constant = !spec ? null : spec.one ?? null;
    this.length = length;
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

  // Other colours from bar `from` on, as a spec of their own.
  replaceTail(from, spec, length) {
    const tail = new Colors(spec, length - from);
    if (!this.index && !tail.index && (tail.constant === this.constant || from === 0)) {
      this.constant = tail.constant;
      this.length = length;
      return;
    }
    if (!this.index) {
      this.palette = this.constant === null ? [] : [this.constant];
      this.index = new Int32Array(this.length).fill(this.constant === null ? -1 : 0);
    }
    this.places ??= new Map(this.palette.map((color, k) => [color, k]));
    const own = [];
    for (let i = 0; i < length - from; i++) {
      const color = tail.at(i);
      if (color !== null && !this.places.has(color)) this.places.set(color, this.palette.push(color) - 1);
      own.push(color === null ? -1 : this.places.get(color));
    }
    this.index = replaceTail(this.index, from, own);
    this.length = length;
  }
}

export function fade(color, factor) {
  const alpha = color.length > 7 ? parseInt(color.slice(7, 9), 16) : 255;
  return color.slice(0, 7) + Math.round(alpha * factor).toString(16).padStart(2, "0");
}
