import type { Usage } from "@/protocol/wire";

const COUNTS = ["input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens"] as const;
const MAYBE = ["cost_usd", "seconds", "turns"] as const;

/** What a turn used in all: it may tell so several times, once for each follow-up. */
export function sum(before: Usage | null, more: Usage): Usage {
  if (!before) return more;
  const total: Record<string, unknown> = { ...before, type: "usage", model: more.model ?? before.model ?? null };
  for (const name of COUNTS) total[name] = (before[name] ?? 0) + (more[name] ?? 0);
  for (const name of MAYBE) {
    const given = [before[name], more[name]].filter((value) => typeof value === "number");
    total[name] = given.length === 0 ? null : given.reduce((one, other) => one + other, 0);
  }
  return total as unknown as Usage;
}
