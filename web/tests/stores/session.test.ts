import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { json, serve } from "../answers.ts";

const ME = { name: "ada", role: "trader", csrf: "token", expires: null };

beforeEach(() => void vi.resetModules());
afterEach(() => history.replaceState(null, "", "/"));

async function begin() {
  const { session } = await import("../../src/stores/session.svelte.ts");
  await session.begin();
  return session;
}

test("a one-time link logs in, and its code is gone from the address", async () => {
  history.replaceState(null, "", "/#login=abc-123");
  const asked = serve({ "POST login/once": () => json(ME) });
  const session = await begin();
  expect(asked[0]!.body).toEqual({ code: "abc-123" });
  expect(location.hash).toBe("");
  expect(session.phase).toBe("in");
  expect([session.may("trader"), session.may("admin")]).toEqual([true, false]);
});

test("a link that was used says so and leads to the login", async () => {
  history.replaceState(null, "", "/#login=abc-123");
  serve({ "POST login/once": () => json({ code: "wrong_login", message: "the code is used up" }, 401) });
  const session = await begin();
  expect(session.phase).toBe("out");
  expect(session.notice).toContain("the code is used up");
});

test("a browser that never logged in is not asked for its session", async () => {
  const asked = serve({});
  expect((await begin()).phase).toBe("out");
  expect(asked).toEqual([]);
});

test("a session that ends under way says so", async () => {
  let known = true;
  serve({
    "POST login": () => json(ME),
    "GET me": () => (known ? json(ME) : json({ code: "unauthenticated", message: "log in first" }, 401)),
  });
  const session = await begin();
  await session.login("ada", "secret");
  expect(session.phase).toBe("in");
  known = false;
  const { api } = await import("../../src/api/client.ts");
  await api.get("me").catch(() => undefined);
  expect(session.phase).toBe("out");
  expect(session.notice).toContain("Your session has ended");
});

test("without a server it says that, and not that one is logged out", async () => {
  localStorage.setItem("pinery.known", "true");
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  expect((await begin()).phase).toBe("unreachable");
});
