// Times PineTS on one script, in a process of its own; prints one line of JSON.
//
//     node run_pinets.mjs PACKAGE_FOLDER SCRIPT.pine BARS.csv RUNS BUDGET_SECONDS
//
// Timed is run(): the bar loop and, as the interface does not part them, the translation of the script.
// A run over the first 500 bars comes before, untimed.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [folder, script, bars, runs, budget] = process.argv.slice(2);
const load = createRequire(join(folder, 'package.json'));
const { PineTS } = load('pinets');
const version = JSON.parse(readFileSync(join(folder, 'node_modules', 'pinets', 'package.json'), 'utf8')).version;

const text = readFileSync(script, 'utf8');
const candles = readFileSync(bars, 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [openTime, open, high, low, close, volume] = line.split(',').map(Number);
    return { openTime, open, high, low, close, volume };
  });

await new PineTS(candles.slice(0, 500)).run(text);

const seconds = [];
let last = {};
while (seconds.length < Number(runs) && seconds.reduce((a, b) => a + b, 0) < Number(budget)) {
  const market = new PineTS(candles);
  const started = performance.now();
  const { plots } = await market.run(text);
  seconds.push((performance.now() - started) / 1000);
  last = {};
  for (const [title, plot] of Object.entries(plots)) {
    const value = plot.data?.at(-1)?.value;
    if (typeof value === 'number' && plot.data.length === candles.length) last[title] = value;
  }
}
console.log(JSON.stringify({ version, seconds, last }));
