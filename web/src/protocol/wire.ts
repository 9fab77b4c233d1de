/**
 * What goes over the wire, written from the server's own types by `make types`. Do not edit.
 *
 * Times are RFC 3339 UTC. What has a question mark may be absent, and then has its default.
 */

/** Bytes of UTF-8 that one frame may have. */
export const MAX_FRAME = 1048576;

/** Bytes that one encoded output event may have. */
export const MAX_EVENT = 262144;

/** The largest number on the wire. */
export const MAX_INTEGER = 9007199254740991;

/** Characters that a prompt may have. */
export const MAX_PROMPT = 524288;

/** Bytes that an uploaded file may have. */
export const MAX_FILE = 25165824;

/** The device id that means the shared pool of cloud executors. */
export const CLOUD = "cloud";

/** The device id that means any of the sender's own devices; no device can have it. */
export const ANY = "*";

/** Where a subtask is in its life. */
export const STATES = ["queued", "offered", "running", "cancelling", "completed", "failed", "cancelled"] as const;

export type State = (typeof STATES)[number];

/** Settled, for ever. */
export const TERMINAL = ["completed", "failed", "cancelled"] as const;

/** Takes one of a device's slots. */
export const HOLDS_SLOT = ["offered", "running", "cancelling"] as const;

/** Why something was refused, or why a subtask failed. */
export const ERROR_CODES = [
  "bad_message",
  "too_large",
  "unauthenticated",
  "token_expired",
  "token_revoked",
  "forbidden",
  "not_found",
  "device_offline",
  "no_cloud",
  "queue_full",
  "not_current",
  "settled",
  "already_answered",
  "shell_not_offered",
  "rate_limited",
  "conflict",
  "unavailable",
  "device_lost",
  "executor_restarted",
  "shell_failed",
  "shell_missing",
  "timed_out",
  "queue_expired",
  "device_deleted",
  "declined",
  "stop_unconfirmed",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** Allow once, allow this tool for the rest of the task, deny. */
export const CHOICES = ["allow", "allow_task", "deny"] as const;

/** The close codes of both sockets. */
export const CLOSE_CODES = {
  RESTARTING: 1012,
  TOO_BIG: 1009,
  INTERNAL_ERROR: 1011,
  BAD_PROTOCOL: 4400,
  UNAUTHENTICATED: 4401,
  FORBIDDEN: 4403,
  DEVICE_DELETED: 4404,
  REGISTER_TIMEOUT: 4408,
  REPLACED: 4409,
  TOO_OLD: 4426,
} as const;

export type DeviceStatus = "online" | "offline" | "busy";

export type DeviceKind = "local" | "cloud";

/** An output event as it came: maybe of a type, or with fields, that this page does not know. */
export interface RawEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A piece of the answer, to be joined to the text before it. */
export interface Text {
  readonly type: "text";
  readonly text: string;
}

/** A piece of the model's thinking. */
export interface Thinking {
  readonly type: "thinking";
  readonly text: string;
}

/** A tool is called; `parent` is the id of the subagent that calls it, None for the model itself. */
export interface ToolUse {
  readonly type: "tool_use";
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
  readonly parent?: string | null;
}

/** What a tool call gave; `seconds` is how long it took, measured on the device. */
export interface ToolResult {
  readonly type: "tool_result";
  readonly id: string;
  readonly content: unknown;
  readonly is_error?: boolean;
  readonly seconds?: number | null;
  readonly parent?: string | null;
}

/**
 * A subagent begins or ends; `id` is that of the tool call that began it.
 *
 * `status` is started, completed, failed or stopped; `text` is what it reports at its end.
 */
export interface Subagent {
  readonly type: "subagent";
  readonly id: string;
  readonly status: string;
  readonly kind?: string | null;
  readonly description?: string | null;
  readonly text?: string | null;
  readonly seconds?: number | null;
}

/** A piece of a process's output. */
export interface Stream {
  readonly type: "stream";
  readonly name: "stdout" | "stderr";
  readonly text: string;
}

/** A notebook cell begins; `index` counts from 1, `of` is how many there are. */
export interface Cell {
  readonly type: "cell";
  readonly index: number;
  readonly of: number;
  readonly source?: string | null;
}

/** One output of a cell, in nbformat's form. */
export interface CellOutput {
  readonly type: "cell_output";
  readonly index: number;
  readonly output: Readonly<Record<string, unknown>>;
}

/** A file was changed; `patch` is a unified diff. */
export interface Diff {
  readonly type: "diff";
  readonly path: string;
  readonly patch: string;
}

/** One entry of a todo list; `status` is pending, in_progress or completed. */
export interface TodoItem {
  readonly text: string;
  readonly status: string;
}

/** The whole todo list, as it is now. */
export interface Todo {
  readonly type: "todo";
  readonly items: readonly TodoItem[];
}

/** A question that waits for an answer: may this tool run with this input? */
export interface Approval {
  readonly type: "approval";
  readonly id: string;
  readonly tool: string;
  readonly input: unknown;
  readonly reason?: string | null;
  readonly choices?: readonly string[];
}

/**
 * The question was answered; `by` names who did.
 *
 * `reason` is `expired` where nobody answered in time, and the device itself denied it.
 */
export interface ApprovalDone {
  readonly type: "approval_done";
  readonly id: string;
  readonly choice: string;
  readonly by: string;
  readonly reason?: string | null;
}

/** What was said to it while it ran, and taken; `by` names who said it. */
export interface FollowUp {
  readonly type: "follow_up";
  readonly text: string;
  readonly by: string;
}

/** What the turn used: tokens, US dollars, seconds. */
export interface Usage {
  readonly type: "usage";
  readonly input_tokens?: number;
  readonly output_tokens?: number;
  readonly cache_read_tokens?: number;
  readonly cache_creation_tokens?: number;
  readonly cost_usd?: number | null;
  readonly seconds?: number | null;
  readonly turns?: number | null;
  readonly model?: string | null;
}

/**
 * Something the reader should know; `level` is info, warning or error.
 *
 * `until` is when that is over (RFC 3339, UTC), such as a limit that is reached; readers show it in their time.
 */
export interface Notice {
  readonly type: "notice";
  readonly level: string;
  readonly text: string;
  readonly until?: string | null;
}

/** A file that can be fetched with `GET /files/{id}`; `size` in bytes. */
export interface File {
  readonly type: "file";
  readonly name: string;
  readonly media_type: string;
  readonly size: number;
  readonly id: string;
}

/** Every output event that this page knows. */
export type OutputEvent =
  | Text
  | Thinking
  | ToolUse
  | ToolResult
  | Subagent
  | Stream
  | Cell
  | CellOutput
  | Diff
  | Todo
  | Approval
  | ApprovalDone
  | FollowUp
  | Usage
  | Notice
  | File;

/** What `typeof` says of a field; a list is an array. */
export type Kind = "string" | "number" | "boolean" | "array" | "object" | "any";

/** The fields that an event of each type must have, and what they are. */
export const EVENT_SHAPES = {
  text: { text: "string" },
  thinking: { text: "string" },
  tool_use: { id: "string", name: "string", input: "any" },
  tool_result: { id: "string", content: "any" },
  subagent: { id: "string", status: "string" },
  stream: { name: "string", text: "string" },
  cell: { index: "number", of: "number" },
  cell_output: { index: "number", output: "object" },
  diff: { path: "string", patch: "string" },
  todo: { items: "array" },
  approval: { id: "string", tool: "string", input: "any" },
  approval_done: { id: "string", choice: "string", by: "string" },
  follow_up: { text: "string", by: "string" },
  usage: {},
  notice: { level: "string", text: "string" },
  file: { name: "string", media_type: "string", size: "number", id: "string" },
} as const satisfies Record<OutputEvent["type"], Record<string, Kind>>;

/** How many subtasks a device runs, and how many it may. */
export interface Slots {
  readonly used: number;
  readonly total: number;
}

/**
 * A computer that runs its owner's subtasks, as `GET /devices/{id}` gives it. Times are RFC 3339 UTC.
 *
 * `paused`: it is there and goes on with what runs, but takes nothing new: what is sent to it waits.
 */
export interface Device {
  readonly device_id: string;
  readonly name: string;
  readonly status: "online" | "offline" | "busy";
  readonly reconnecting?: boolean;
  readonly paused?: boolean;
  readonly slots: Slots;
  readonly queued: number;
  readonly running: readonly string[];
  readonly is_default: boolean;
  readonly kind: "local" | "cloud";
  readonly shells: readonly string[];
  readonly folders: readonly string[];
  readonly kernels: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly load?: Readonly<Record<string, number>>;
  readonly version: string;
  readonly platform: string;
  readonly last_seen: string | null;
  readonly created_at: string;
}

/**
 * The operator's pool, which all users share, as `GET /cloud` gives it.
 *
 * `executors` counts those that are online; without one nothing is sent there unless the sender waits
 * (`no_cloud`). `queued` counts what waits, whosever it is; `shells` is what at least one of them offers.
 */
export interface Cloud {
  readonly executors: number;
  readonly slots: Slots;
  readonly queued: number;
  readonly shells: readonly string[];
}

/** Why a subtask failed: a code of `errors.py`, what happened, and what to do next. */
export interface TaskError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/**
 * One turn of a task, as `GET /subtasks/{id}` gives it.
 *
 * `seq` is the number of the last output event held; `waiting_reason` says why a device declined it.
 * `labels` are there when it was sent to any of the sender's devices that has them; its `device_id` is `*`
 * until one of those takes it.
 */
export interface Subtask {
  readonly subtask_id: string;
  readonly task_id: string;
  readonly state: State;
  readonly attempt: number;
  readonly device_id: string;
  readonly labels?: Readonly<Record<string, string>> | null;
  readonly shell: string;
  readonly prompt: string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly queue_position: number | null;
  readonly waiting_reason?: string | null;
  readonly seq: number;
  readonly error: TaskError | null;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
}

/**
 * A conversation, as `GET /tasks/{id}` gives it.
 *
 * `unread`: a turn ended or an approval was asked since its user last saw it.
 */
export interface Task {
  readonly task_id: string;
  readonly title: string;
  readonly unread?: boolean;
  readonly last_subtask: Subtask | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** The answer to a sent prompt. */
export interface Sent {
  readonly task_id: string;
  readonly subtask_id: string;
  readonly state: State;
  readonly queue_position: number | null;
}

/** A file that the server keeps until `expires_at`, as `POST /files` answers; `size` in bytes. */
export interface StoredFile {
  readonly id: string;
  readonly name: string;
  readonly media_type: string;
  readonly size: number;
  readonly expires_at: string;
}

/** Who is logged in. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly is_admin: boolean;
}

/** The answer to an `approval` event; `message` tells the model why, when it is a denial. */
export interface ApprovalInput {
  readonly type: "approval";
  readonly id: string;
  readonly choice: string;
  readonly message?: string | null;
}

/** A follow-up while the subtask runs. */
export interface TextInput {
  readonly type: "text";
  readonly text: string;
}

/**
 * `chat:send`: a prompt for a device, the cloud, or wherever the task was last.
 *
 * `labels` go with `device_id: "*"`: whichever of the sender's devices has them all and a free slot first.
 */
export interface Send {
  /** Makes a resend harmless. */
  readonly client_id: string;
  readonly prompt: string;
  readonly task_id?: string | null;
  readonly device_id?: string | null;
  readonly labels?: Readonly<Record<string, string>> | null;
  readonly shell?: string | null;
  readonly wait?: boolean;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly title?: string | null;
}

/** `chat:subscribe`: output after `seq`, from now on. */
export interface Subscribe {
  readonly subtask_id: string;
  /** The number of an output event; 0: none yet. */
  readonly seq?: number;
}

/** `chat:unsubscribe`: no more of it. */
export interface Unsubscribe {
  readonly subtask_id: string;
}

/** `chat:cancel`: stop it. */
export interface CancelSubtask {
  readonly subtask_id: string;
}

/** `chat:input`: an approval's answer, or a follow-up while it runs. */
export interface SendInput {
  readonly subtask_id: string;
  /** Makes a resend harmless. */
  readonly client_id: string;
  readonly input: ApprovalInput | TextInput;
}

/** The answer to subscribe and cancel. */
export interface StateAnswer {
  readonly state: State;
}

/** `chat:chunk`: output events, the first numbered `seq`. */
export interface Chunk {
  readonly subtask_id: string;
  /** The number of the first of `events`. */
  readonly seq: number;
  readonly events: readonly RawEvent[];
}

/** `chat:done`: it ended, and `seq` was its last event. After the last chunk. */
export interface Done {
  readonly subtask_id: string;
  /** The number of an output event; 0: none yet. */
  readonly seq: number;
  readonly state: State;
  readonly error?: TaskError | null;
  readonly result?: Readonly<Record<string, unknown>> | null;
}

/** `task:state`: how a subtask stands. */
export interface SubtaskState {
  readonly task_id: string;
  readonly subtask_id: string;
  readonly state: State;
  readonly device_id: string;
  /** A lower one than one seen is old. */
  readonly rev: number;
  readonly labels?: Readonly<Record<string, string>> | null;
  readonly queue_position?: number | null;
  readonly waiting_reason?: string | null;
}

/** `device:state`: how a device stands; `removed` when it was deleted. */
export interface DeviceState extends Device {
  /** A lower one than one seen is old. */
  readonly rev: number;
  readonly removed?: boolean;
}

/** `task:changed`: a conversation's title, turns or being unread changed: read it again. Or it is gone. */
export interface TaskChanged {
  readonly task_id: string;
  readonly removed?: boolean;
}

/** What a person can send to a running subtask. */
export type AnyInput = ApprovalInput | TextInput;

/** The data of an `error` frame. */
export interface ErrorData {
  readonly code: string;
  readonly message?: string;
  readonly hint?: string;
}

/** What the page sends, by event. */
export interface FromViewer {
  readonly "chat:send": Send;
  readonly "chat:subscribe": Subscribe;
  readonly "chat:unsubscribe": Unsubscribe;
  readonly "chat:cancel": CancelSubtask;
  readonly "chat:input": SendInput;
}

/** What the page is told, by event. */
export interface ToViewer {
  readonly "chat:chunk": Chunk;
  readonly "chat:done": Done;
  readonly "task:state": SubtaskState;
  readonly "task:changed": TaskChanged;
  readonly "device:state": DeviceState;
}

/** A name and its password. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** A token and whose it is; that of a login session is also set as a cookie. */
export interface LoggedIn {
  readonly token: string;
  readonly expires_at: string;
  readonly user: User;
}

/** The present password and the one to have from now on. */
export interface NewPassword {
  readonly old: string;
  readonly new: string;
}

/** Which machine asks, by its own word, and what its token is for; `device_id` binds it to one device. */
export interface AskingForCode extends NewToken {
}

/** The code to ask for the token with, the one to show, and where a person types that; seconds. */
export interface MadeCodes {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete: string;
  readonly expires_in: number;
  readonly interval: number;
}

/** The code that the machine was given. */
export interface AskingForToken {
  readonly device_code: string;
}

/** The token of a machine that was approved, shown this once. */
export interface DeviceToken {
  readonly token: string;
  readonly token_id: string;
  readonly expires_at: string;
  readonly user: User;
}

/** The code that the machine shows; upper or lower case, with or without the hyphen. */
export interface UserCode {
  readonly user_code: string;
}

/** Who asks with a code: its name is its own word, its address is where the server saw it. */
export interface AskingMachine {
  readonly user_code: string;
  readonly name: string;
  readonly address: string;
  readonly scopes: readonly string[];
  readonly device_id: string | null;
  readonly expires_at: string;
}

/** The user's devices, oldest first. */
export interface DeviceList {
  readonly items: readonly Device[];
  readonly next?: string | null;
}

/** A name that later registers leave alone. */
export interface Renaming {
  readonly name: string;
}

/** Which subtask sends a file, where one does. */
export interface SentBy {
  readonly subtask_id?: string | null;
}

/** Which part of a list is asked for. */
export interface Page {
  readonly limit?: number;
  readonly after?: string;
}

/** Where a queued subtask is to wait instead: a device's id, `cloud`, or `*` with labels. */
export interface Moving {
  readonly device_id: string;
  readonly labels?: Readonly<Record<string, string>> | null;
}

/** An approval's answer or a follow-up; `client_id` makes a resend harmless. */
export interface GivenInput {
  readonly input: ApprovalInput | TextInput;
  readonly client_id?: string | null;
}

/** Which output is asked for: after number `after`; `late=1`: what came after the end. */
export interface EventsQuery {
  /** The number of an output event; 0: none yet. */
  readonly after?: number;
  readonly late?: boolean;
}

/**
 * A prompt, and where and how it is to run.
 *
 * `labels` go with `device_id: "*"`: any of the caller's devices that has them all.
 */
export interface Turn {
  readonly prompt?: string;
  readonly device_id?: string | null;
  readonly labels?: Readonly<Record<string, string>> | null;
  readonly shell?: string | null;
  readonly wait?: boolean;
  readonly options?: Readonly<Record<string, unknown>>;
}

/** The first prompt of a conversation. */
export interface NewTask extends Turn {
  readonly title?: string | null;
}

/** Which conversations are asked for; `q` is a part of the title. */
export interface TaskQuery {
  readonly q?: string;
  readonly limit?: number;
  readonly after?: string;
}

/** The user's conversations, last used first. */
export interface TaskList {
  readonly items: readonly Task[];
  readonly next?: string | null;
}

/** A conversation's turns, oldest first. */
export interface SubtaskList {
  readonly items: readonly Subtask[];
  readonly next?: string | null;
}

/** Another title. */
export interface Retitling {
  readonly title: string;
}

/** What the token is for; `device_id` binds it to one device. */
export interface NewToken {
  readonly name: string;
  readonly scopes?: readonly string[];
  readonly device_id?: string | null;
}

/** A token, shown this once. */
export interface MadeToken {
  readonly id: string;
  readonly name: string;
  readonly token: string;
  readonly scopes: readonly string[];
  readonly expires_at: string;
}

/** A token, as lists show it. */
export interface Token {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly device_id: string | null;
  readonly created_at: string;
  readonly expires_at: string;
}

/** The user's tokens. */
export interface TokenList {
  readonly items: readonly Token[];
  readonly next?: string | null;
}
