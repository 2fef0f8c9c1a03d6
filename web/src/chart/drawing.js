/** The drawing code that chart files carry too. */
export { ChartView } from "../../../src/pinery/app/chart/page/chart.js";
export { prepare, setZone } from "../../../src/pinery/app/chart/page/columns.js";
export { formatNumber } from "../../../src/pinery/app/chart/page/text.js";
export { drawFills, drawLevels, drawTrades, levelsOf } from "../../../src/pinery/app/chart/page/trading.js";
export { applyUpdate } from "../../../src/pinery/app/chart/page/updates.js";
import "../../../src/pinery/app/chart/page/chart.css";
