import type { ReactNode } from "react";

/** What stands where there is nothing yet: why, and what to do about it. */
export function EmptyState(props: { icon?: ReactNode; title: string; text?: ReactNode; children?: ReactNode }) {
  return (
    <div className="mx-auto flex max-w-md flex-col items-center gap-3 px-6 py-16 text-center">
      {props.icon && (
        <span aria-hidden="true" className="bg-raised text-ink-soft rounded-xl p-3">
          {props.icon}
        </span>
      )}
      <p className="text-ink text-base font-semibold">{props.title}</p>
      {props.text && <p className="text-ink-soft text-sm">{props.text}</p>}
      {props.children && <div className="mt-2 flex flex-wrap justify-center gap-2">{props.children}</div>}
    </div>
  );
}
