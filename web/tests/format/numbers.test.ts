import { describe, expect, test } from "vitest";
import {
  arrow,
  decimalsOf,
  fixed,
  money,
  NONE,
  number,
  percent,
  price,
  setTick,
  short,
  shortSymbol,
  signedMoney,
  tone,
} from "../../src/format/numbers.ts";

describe("money", () => {
  test("has its currency, groups and two decimals", () => {
    expect(money(1234567.891, "USD")).toBe("1,234,567.89 USD");
    expect(money(5)).toBe("5.00");
  });
  test("shows the sign of gains and losses, and none of nothing", () => {
    expect(signedMoney(12.5, "USD")).toBe("+12.50 USD");
    expect(signedMoney(-12.5)).toBe("−12.50");
    expect(signedMoney(0)).toBe("0.00");
    expect(signedMoney(-0.001)).toBe("0.00");
  });
  test("is a dash where nothing is known", () => {
    for (const value of [null, undefined, NaN]) expect(money(value, "USD")).toBe(NONE);
  });
});

describe("prices", () => {
  test("have the decimals of the tick; an average may have two more", () => {
    setTick("T:A", 0.25);
    expect(price(3500.5, "T:A")).toBe("3,500.50");
    expect(price(3500, "T:A")).toBe("3,500.00");
    expect(price(3500.333333, "T:A")).toBe("3,500.3333");
  });
  test("of an unknown symbol have the decimals that they come with", () => {
    expect(price(0.00001234, "T:UNKNOWN")).toBe("0.00001234");
  });
  test("floating point adds no decimals", () => {
    expect(decimalsOf(0.1 + 0.2)).toBe(1);
    expect(decimalsOf(1e-7)).toBe(7);
    expect(number(1.5)).toBe("1.5");
  });
});

test("axes keep their marks apart", () => {
  expect(short(1_250_500, 500)).toBe("1,250.5k");
  expect(short(1_250_000, 50_000)).toBe("1.25M");
  expect(short(0.25, 0.05)).toBe("0.25");
  expect(short(5_000, 5_000, 15_000)).toBe("5k");
});

test("a gain is told by class, arrow and sign alike", () => {
  expect([tone(1), arrow(1)]).toEqual(["up", "▲"]);
  expect([tone(-1), arrow(-1)]).toEqual(["down", "▼"]);
  expect([tone(0), arrow(null)]).toEqual(["", ""]);
});

test("shares and symbols", () => {
  expect(percent(0.5486)).toBe("54.9 %");
  expect(fixed(-0, 0)).toBe("0");
  expect(shortSymbol("CME_MINI:ES1!")).toBe("ES1!");
  expect(shortSymbol("ES1!")).toBe("ES1!");
});
