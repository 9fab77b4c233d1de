/** Conversations by the day on which something last happened in them. */

export type Group = "today" | "yesterday" | "earlier";

interface Dated {
  readonly updated_at: string;
}

/** Split a list, newest first, into its days; groups that would be empty are left out. */
export function groupByDay<T extends Dated>(
  items: readonly T[],
  now: Date,
): readonly { readonly group: Group; readonly items: readonly T[] }[] {
  const groups = new Map<Group, T[]>();
  for (const item of items) {
    const group = groupOf(new Date(item.updated_at), now);
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [item]);
    else members.push(item);
  }
  const order: readonly Group[] = ["today", "yesterday", "earlier"];
  return order.flatMap((group) => {
    const members = groups.get(group);
    return members === undefined ? [] : [{ group, items: members }];
  });
}

function groupOf(date: Date, now: Date): Group {
  const today = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (date >= today) return "today";
  return date >= yesterday ? "yesterday" : "earlier";
}
