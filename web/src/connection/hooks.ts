/** What components know of the server, live. */
import type { ApiError } from "@/connection/errors";
import type { Device, Done, Send, Sent, State, SubtaskState, User } from "@/protocol/wire";
import type { Transcript } from "@/transcript/blocks";

export type LinkState = "connecting" | "open" | "reconnecting" | "offline";

export interface Link {
  readonly state: LinkState;
  /** When it got into this state, in milliseconds since 1970. */
  readonly since: number;
  retryNow(): void;
}

/** One turn's output, as far as it is known. */
export interface Turn {
  readonly transcript: Transcript;
  readonly done: Done | null;
  readonly state: State | null;
  readonly error: ApiError | null;
  /** Whether everything that the server had when asked is here: until then a page may show that it loads. */
  readonly isCaughtUp: boolean;
}

export interface Actions {
  send(message: Omit<Send, "client_id"> & { client_id?: string }): Promise<Sent>;
  cancel(subtaskId: string): Promise<void>;
  answer(subtaskId: string, approvalId: string, choice: string, message?: string): Promise<void>;
  followUp(subtaskId: string, text: string): Promise<void>;
  retry(subtaskId: string): Promise<Sent>;
  move(subtaskId: string, deviceId: string): Promise<void>;
}

export declare function useLink(): Link;
export declare function useDevices(): readonly Device[];
export declare function useSubtaskState(subtaskId: string): SubtaskState | undefined;
export declare function useTaskStates(): ReadonlyMap<string, SubtaskState>;
export declare function useTurn(subtaskId: string, options?: { isWanted?: boolean }): Turn;
export declare function useActions(): Actions;
export declare function useUser(): User;
export declare function useLogout(): () => Promise<void>;
