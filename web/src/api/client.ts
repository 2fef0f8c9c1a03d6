/** Requests to the control API: JSON in and out, the CSRF token, problems as ApiError. */
import { problemOf, unreachable, ApiError } from "./problem.ts";

export type Query = Record<string, string | number | boolean | null | undefined>;

let csrf: string | null = null;
let onUnauthenticated: () => void = () => undefined;

/** The token that GET /me and the login give; it goes with every request that changes something. */
export function setCsrf(token: string | null): void {
  csrf = token;
}

/** Called when the server no longer knows us. */
export function whenUnauthenticated(callback: () => void): void {
  onUnauthenticated = callback;
}

/** The address of a path under /api/v1. Empty, null and undefined parts of the query are left out. */
export function address(path: string, query: Query = {}): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") words.set(name, String(value));
  }
  const text = words.toString();
  return new URL(`api/v1/${path.replace(/^\/+/, "")}${text ? `?${text}` : ""}`, document.baseURI).href;
}

export interface Options {
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

/** Raises ApiError for what is no success; an abort raises its own DOMException. */
export async function send(method: string, path: string, options: Options = {}): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
  let response: Response;
  try {
    response = await fetch(address(path, options.query), {
      method,
      headers,
      credentials: "same-origin",
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: options.signal ?? null,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw unreachable();
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.status === 401 && problem.code !== "wrong_login") onUnauthenticated();
  throw problem;
}

async function json<T>(method: string, path: string, options: Options): Promise<T> {
  const response = await send(method, path, options);
  if (response.status === 204) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch {
    throw new ApiError(response.status, "no_json", "the server's answer cannot be read");
  }
}

export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
    json<T>("GET", path, { ...(query && { query }), ...(signal && { signal }) }),
  post: <T>(path: string, body: unknown = {}): Promise<T> => json<T>("POST", path, { body }),
  put: <T>(path: string, body: unknown): Promise<T> => json<T>("PUT", path, { body }),
  patch: <T>(path: string, body: unknown): Promise<T> => json<T>("PATCH", path, { body }),
  delete: <T>(path: string): Promise<T> => json<T>("DELETE", path, {}),
};
