/** An answer that is no success, or none at all. `message` says what, `hint` what to do. */
export class ApiError extends Error {
  constructor(
    readonly status: number, // 0: the server was not reached
    readonly code: string,
    message: string,
    readonly hint: string = "",
    readonly errors: readonly string[] = [],
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** For people, in one line. */
  get text(): string {
    const details = this.errors.map((error) => error.replace(/^(body|query|path)\./, "")).join("; ");
    return [this.message, details || this.hint].filter(Boolean).join(": ");
  }
}

export function unreachable(): ApiError {
  return new ApiError(0, "unreachable", "Pinery cannot be reached", "is pinery up still running?");
}

/** What the server says in its problem form, or as much as can be said of another answer. */
export async function problemOf(response: Response): Promise<ApiError> {
  try {
    const body: unknown = await response.json();
    if (typeof body === "object" && body !== null && "message" in body) {
      const { code, message, hint, errors } = body as Record<string, unknown>;
      return new ApiError(
        response.status,
        String(code ?? "error"),
        String(message),
        hint ? String(hint) : "",
        Array.isArray(errors) ? errors.map(String) : [],
      );
    }
  } catch {
    // no JSON: a proxy's page, say
  }
  return new ApiError(response.status, "error", `the server answered ${response.status} ${response.statusText}`.trim());
}

export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(0, "failed", error instanceof Error ? error.message : String(error));
}
