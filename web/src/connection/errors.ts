/** What the server answered instead of what was asked for, or why it could not be asked. */
import type { ErrorCode, ErrorData } from "@/protocol/wire";

/** A code of the protocol, or `unreachable`: no answer came at all. */
export type ApiErrorCode = ErrorCode | "unreachable";

/** A refusal that a person can act on. The message says what happened, the hint what to do next. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: string;
  /** The HTTP status; 0 where there was none. */
  readonly status: number;
  readonly hint: string;
  /** The field of the body that was wrong, if one was. */
  readonly field?: string;
  /** What else the answer carried. */
  readonly extra: Record<string, unknown>;

  constructor(
    code: string,
    message: string,
    details: { status?: number; hint?: string; extra?: Record<string, unknown> } = {},
  ) {
    super(message);
    this.code = code;
    this.status = details.status ?? 0;
    this.hint = details.hint ?? "";
    this.extra = details.extra ?? {};
    if (typeof this.extra["field"] === "string") this.field = this.extra["field"];
  }
}

/** The error for a request that got no answer: nothing is known of what it did. */
export function unreachable(): ApiError {
  return new ApiError("unreachable", "The server cannot be reached.", {
    hint: "Check the network, then try again.",
  });
}

/** The error that an `error` frame carries. */
export function refusal(data: ErrorData): ApiError {
  return new ApiError(data.code, data.message ?? "", { hint: data.hint ?? "" });
}

/** Whether asking again later may help: nothing about the request itself was wrong. */
export function isPassing(error: ApiError): boolean {
  return ["unreachable", "unavailable", "rate_limited"].includes(error.code);
}
