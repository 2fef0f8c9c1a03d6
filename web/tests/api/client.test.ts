import { afterEach, expect, test, vi } from "vitest";
import { address, api, setCsrf, whenUnauthenticated } from "../../src/api/client.ts";
import { ApiError } from "../../src/api/problem.ts";
import { json, serve } from "../answers.ts";

afterEach(() => setCsrf(null));

async function failure(promise: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

test("what changes something carries the CSRF token, what reads does not", async () => {
  setCsrf("secret");
  const asked = serve({ "POST halt": () => json({}), "GET status": () => json({}) });
  await api.post("halt", { scope: "all" });
  await api.get("status");
  expect(asked[0]!.headers.get("x-csrf-token")).toBe("secret");
  expect(asked[0]!.body).toEqual({ scope: "all" });
  expect(asked[1]!.headers.get("x-csrf-token")).toBeNull();
});

test("empty filters are left out of the address", () => {
  expect(address("signals", { deployment: "", search: "a b", since: undefined, limit: 10 })).toMatch(
    /\/api\/v1\/signals\?search=a\+b&limit=10$/,
  );
});

test("a problem is told with what to do", async () => {
  serve({
    "POST flatten": () => json({ code: "confirm", message: "the confirmation is wrong", hint: "confirm: all" }, 422),
    "POST users": () =>
      json({ code: "invalid", message: "not as it should be", errors: ["body.name: too short"] }, 422),
  });
  expect((await failure(api.post("flatten"))).text).toBe("the confirmation is wrong: confirm: all");
  expect((await failure(api.post("users"))).text).toBe("not as it should be: name: too short");
});

test("a server that is not there and a page of a proxy are errors for people too", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  expect(await failure(api.get("status"))).toMatchObject({ status: 0, code: "unreachable" });
  serve({ "GET status": () => new Response("<html>", { status: 502, statusText: "Bad Gateway" }) });
  expect((await failure(api.get("status"))).message).toBe("the server answered 502 Bad Gateway");
  serve({ "GET status": () => new Response("<html>") });
  expect((await failure(api.get("status"))).code).toBe("no_json");
});

test("an ended session is noticed, a wrong password is not one", async () => {
  const ended = vi.fn();
  whenUnauthenticated(ended);
  serve({
    "POST login": () => json({ code: "wrong_login", message: "wrong name or password" }, 401),
    "GET me": () => json({ code: "unauthenticated", message: "log in first" }, 401),
  });
  await failure(api.post("login"));
  expect(ended).not.toHaveBeenCalled();
  await failure(api.get("me"));
  expect(ended).toHaveBeenCalledOnce();
});
