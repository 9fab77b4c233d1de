/** Who is logged in here, and what begins and ends with that. */
import { Backoff } from "@/connection/backoff";
import { ApiError, isPassing } from "@/connection/errors";
import { Listeners } from "@/connection/listeners";
import { Live } from "@/connection/live";
import { queryClient } from "@/connection/query-client";
import { get, post, whenSignedOut } from "@/connection/rest";
import type { LoggedIn, User } from "@/protocol/wire";

export type Session =
  | { readonly status: "starting"; readonly error: ApiError | null }
  | { readonly status: "signedIn"; readonly user: User }
  /** `hasEnded`: there was a login until a moment ago. */
  | { readonly status: "signedOut"; readonly hasEnded: boolean };

export const sessionListeners = new Listeners();
let session: Session = { status: "starting", error: null };
let started = false;

export const live = new Live(`${location.origin.replace(/^http/, "ws")}/ws/chat`, () => void checkLogin());

export function currentSession(): Session {
  return session;
}

/** Find out who is logged in, for as long as it takes. */
export async function startSession(): Promise<void> {
  if (started) return;
  started = true;
  whenSignedOut(() => signedOut(true));
  const backoff = new Backoff(500, 10_000);
  while (session.status === "starting") {
    try {
      signedIn(await get<User>("/auth/me"));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 401) return;
      become({ status: "starting", error });
      await new Promise((resolve) => setTimeout(resolve, backoff.next()));
    }
  }
}

/** Log in; rejects with an ApiError. */
export async function login(username: string, password: string): Promise<void> {
  signedIn((await post<LoggedIn>("/auth/login", { username, password })).user);
}

/** End the login. Where the server cannot be reached, it goes on there until it expires: that is told. */
export async function logout(): Promise<void> {
  await post("/auth/logout").catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
  });
  signedOut(false);
}

/** The socket was refused: ask REST, whose 401 ends the session here. */
async function checkLogin(): Promise<void> {
  if (session.status !== "signedIn") return;
  try {
    await get<User>("/auth/me");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (!isPassing(error) && error.status !== 401) console.warn("The login could not be checked.", error);
  }
}

function signedIn(user: User): void {
  become({ status: "signedIn", user });
  live.start();
}

function signedOut(hasEnded: boolean): void {
  if (session.status === "signedOut") return;
  const wasSignedIn = session.status === "signedIn";
  live.stop();
  queryClient.clear();
  become({ status: "signedOut", hasEnded: hasEnded && wasSignedIn });
}

function become(next: Session): void {
  session = next;
  sessionListeners.tell();
}
