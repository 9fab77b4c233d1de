/** The REST API of this page's own server. The browser's session cookie says who asks. */
import { ApiError, unreachable } from "@/connection/errors";
import type { StoredFile } from "@/protocol/wire";

export { ApiError };

export type Query = Record<string, string | number | undefined>;

const SECONDS = 30;
let onSignedOut = (): void => undefined;

/** Call `listener` whenever an answer says that nobody is logged in here. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

export async function get<T>(path: string, query: Query = {}): Promise<T> {
  return read<T>(await ask("GET", path + queryString(query)));
}

/** `key` is the Idempotency-Key: with it a repeated request gives the first one's answer. */
export async function post<T>(path: string, body?: unknown, options: { key?: string } = {}): Promise<T> {
  return read<T>(await ask("POST", path, body ?? {}, options.key ? { "Idempotency-Key": options.key } : {}));
}

export async function patch<T>(path: string, body: unknown): Promise<T> {
  return read<T>(await ask("PATCH", path, body));
}

export async function put<T>(path: string, body?: unknown): Promise<T> {
  return read<T>(await ask("PUT", path, body));
}

export async function del(path: string): Promise<void> {
  await ask("DELETE", path);
}

/** Store a file for 24 hours; `onProgress` is told how much of it was sent, from 0 to 1. */
export function upload(
  file: File,
  onProgress?: (part: number) => void,
  signal?: AbortSignal,
): Promise<StoredFile> {
  // fetch() does not tell how much of a body was sent.
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/files");
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress?.(event.loaded / event.total);
    };
    request.onload = () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText) as StoredFile);
      else reject(noted(problem(request.status, request.responseText)));
    };
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(new ApiError("aborted", "The upload was stopped."));
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    const form = new FormData();
    form.append("file", file);
    request.send(form);
  });
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  more: Record<string, string> = {},
): Promise<Response> {
  const headers = { Accept: "application/json", "Content-Type": "application/json", ...more };
  const init: RequestInit = { method, headers, signal: AbortSignal.timeout(SECONDS * 1000) };
  if (body !== undefined) init.body = JSON.stringify(body);
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw unreachable();
  }
  if (!response.ok) throw noted(problem(response.status, await response.text().catch(() => "")));
  return response;
}

async function read<T>(response: Response): Promise<T> {
  if (response.status === 204) return undefined as T;
  try {
    const text = await response.text();
    return (text ? JSON.parse(text) : undefined) as T;
  } catch {
    throw unreachable();
  }
}

/** Reads RFC 9457 problem+json; a proxy's own error page becomes `unavailable` or `unreachable`. */
function problem(status: number, text: string): ApiError {
  let body: Record<string, unknown>;
  try {
    body = JSON.parse(text) as Record<string, unknown>;
  } catch {
    body = {};
  }
  const code =
    typeof body["code"] === "string" ? body["code"] : status === 401 ? "unauthenticated" : "unavailable";
  const message = typeof body["detail"] === "string" ? body["detail"] : `The server answered ${status}.`;
  const hint = typeof body["hint"] === "string" ? body["hint"] : "";
  return new ApiError(code, message, { status, hint, extra: body });
}

function noted(error: ApiError): ApiError {
  if (error.status === 401) onSignedOut();
  return error;
}

function queryString(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text ? `?${text}` : "";
}
