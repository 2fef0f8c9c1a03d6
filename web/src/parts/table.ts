import type { Snippet } from "svelte";

/** A column of a table. `value` is what is sorted by, and shown where neither `text` nor `cell` says otherwise. */
export interface Column<Row> {
  key: string;
  title: string;
  value: (row: Row) => string | number | null | undefined;
  text?: (row: Row) => string;
  cell?: Snippet<[Row]>;
  number?: boolean;
  /** Not shown before it is chosen. */
  hidden?: boolean;
  /** Left out where there is little room. */
  wide?: boolean;
  help?: string;
}

export interface Sorting {
  key: string;
  down: boolean;
}

/** Rows in a column's order; rows without a value come last either way. Without sorting as they came. */
export function sorted<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sorting: Sorting | null): readonly Row[] {
  const column = sorting && columns.find((one) => one.key === sorting.key);
  if (!column) return rows;
  const direction = sorting.down ? -1 : 1;
  const none = (value: unknown): boolean => value === null || value === undefined || value === "";
  return [...rows].sort((a, b) => {
    const [left, right] = [column.value(a), column.value(b)];
    if (none(left) || none(right)) return Number(none(left)) - Number(none(right));
    if (typeof left === "number" && typeof right === "number") return direction * (left - right);
    return direction * String(left).localeCompare(String(right), "en", { numeric: true });
  });
}

/** The next of: as it came, one way, the other way. Numbers start with the largest. */
export function nextSorting<Row>(sorting: Sorting | null, column: Column<Row>): Sorting | null {
  const first = Boolean(column.number);
  if (sorting?.key !== column.key) return { key: column.key, down: first };
  return sorting.down === first ? { key: column.key, down: !first } : null;
}
