/** What components know of the server, live. */
import { useCallback, useEffect, useSyncExternalStore } from "react";
import * as actions from "@/connection/actions";
import type { Turn } from "@/connection/follower";
import type { Link } from "@/connection/link";
import { currentSession, live, logout, sessionListeners, type Session } from "@/connection/session";
import type { LinkState } from "@/connection/socket";
import type { Device, Send, Sent, SubtaskState, User } from "@/protocol/wire";

export type { Link, LinkState, Session, Turn };

export interface Actions {
  /** Send a prompt; kept and sent again while the server cannot be reached, for a minute. */
  send(message: Omit<Send, "client_id"> & { client_id?: string }): Promise<Sent>;
  cancel(subtaskId: string): Promise<void>;
  answer(subtaskId: string, approvalId: string, choice: string, message?: string): Promise<void>;
  followUp(subtaskId: string, text: string): Promise<void>;
  retry(subtaskId: string): Promise<Sent>;
  move(subtaskId: string, deviceId: string): Promise<void>;
}

/** How the connection to the server stands. */
export function useLink(): Link {
  return useSyncExternalStore(live.link.listeners.subscribe, () => live.link.now);
}

/** The user's devices: the default one first, then online, busy and offline ones by name. */
export function useDevices(): readonly Device[] {
  return useSyncExternalStore(live.devices.listeners.subscribe, () => live.devices.list);
}

/** Whether all devices are known: before that, an empty list says nothing. */
export function useAreDevicesKnown(): boolean {
  return useSyncExternalStore(live.devices.listeners.subscribe, () => live.devices.areKnown);
}

/** How a turn stands, if the socket said anything of it: all unsettled ones, and those that changed since. */
export function useSubtaskState(subtaskId: string): SubtaskState | undefined {
  return useSyncExternalStore(live.standings.listeners.subscribe, () => live.standings.bySubtask.get(subtaskId));
}

/** For each conversation the turn that speaks for it: the running one, else the queued, else the last changed. */
export function useTaskStates(): ReadonlyMap<string, SubtaskState> {
  return useSyncExternalStore(live.standings.listeners.subscribe, () => live.standings.byTask);
}

/** One turn's output, followed while mounted and wanted, over any reconnects. */
export function useTurn(subtaskId: string, options: { isWanted?: boolean } = {}): Turn {
  const isWanted = options.isWanted ?? true;
  const follower = live.turns.get(subtaskId);
  const turn = useSyncExternalStore(
    follower.listeners.subscribe,
    useCallback(() => follower.turn, [follower]),
  );
  useEffect(() => (isWanted ? live.turns.want(follower) : undefined), [follower, isWanted]);
  return turn;
}

export function useActions(): Actions {
  return actions;
}

export function useSession(): Session {
  return useSyncExternalStore(sessionListeners.subscribe, currentSession);
}

/** Who is logged in; only inside of the page that a login opens. */
export function useUser(): User {
  const session = useSession();
  if (session.status !== "signedIn") throw new Error("nobody is logged in");
  return session.user;
}

export function useLogout(): () => Promise<void> {
  return logout;
}
