/** A server in place of fetch: answers by method and path; it keeps what was asked. */
import { vi } from "vitest";

export interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Headers;
  body: unknown;
}

export type Answer = (asked: Asked) => Response | Promise<Response>;

export function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

/** `routes`: "GET signals" and so on. What is not there is answered 404. */
export function serve(routes: Record<string, Answer>): Asked[] {
  const seen: Asked[] = [];
  vi.stubGlobal("fetch", async (input: string, init: RequestInit = {}) => {
    const url = new URL(input);
    const asked: Asked = {
      method: init.method ?? "GET",
      path: url.pathname.replace(/^.*\/api\/v1\//, ""),
      query: url.searchParams,
      headers: new Headers(init.headers),
      body: typeof init.body === "string" ? JSON.parse(init.body) : null,
    };
    seen.push(asked);
    init.signal?.throwIfAborted();
    const answer = routes[`${asked.method} ${asked.path}`];
    return answer ? answer(asked) : json({ code: "not_found", message: "there is no such thing" }, 404);
  });
  return seen;
}
