/** The two families of shells that commands are written for. */
export type Terminal = "posix" | "powershell";

/** The family that this browser's computer most likely uses. */
export function likelyTerminal(userAgent: string): Terminal {
  return userAgent.includes("Windows") ? "powershell" : "posix";
}

/** Into an environment of its own: many systems' own Python takes no packages (PEP 668). */
export function installCommand(terminal: Terminal): string {
  return terminal === "powershell"
    ? "py -m venv .venv; .venv\\Scripts\\Activate.ps1\ncd executor; pip install -e ."
    : "python3 -m venv .venv && . .venv/bin/activate\ncd executor && pip install -e .";
}

export function loginCommand(origin: string): string {
  return `wegent-executor login --url ${origin}`;
}

export const START_COMMAND = "wegent-executor --mode local";

/** Starting with a token from the environment, where no list of processes shows it. */
export function tokenCommand(terminal: Terminal, origin: string, token: string): string {
  const variables: [string, string][] = [
    ["WEGENT_TOKEN", token],
    ["WEGENT_BACKEND_URL", origin],
  ];
  const lines = variables.map(([name, value]) =>
    terminal === "powershell" ? `$env:${name} = "${value}"` : `export ${name}=${value}`,
  );
  return [...lines, START_COMMAND].join("\n");
}

/** Whether other computers cannot reach this address, because it means each computer itself. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}
