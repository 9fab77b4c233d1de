import { useId, type ReactNode } from "react";

interface Props {
  /** Its name in addresses, as in `/settings#tokens`. */
  id: string;
  title: string;
  lead: string;
  /** A button beside the title. */
  action?: ReactNode;
  children: ReactNode;
}

/** One part of the settings: what it is about, then a card with the settings. */
export function Section({ id, title, lead, action, children }: Props) {
  const heading = useId();
  return (
    <section id={id} aria-labelledby={heading} className="scroll-mt-6">
      <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
        <div className="min-w-0 flex-1 basis-64">
          <h2 id={heading} className="text-ink text-base font-semibold">
            {title}
          </h2>
          <p className="text-ink-soft mt-1 text-sm">{lead}</p>
        </div>
        {action}
      </div>
      <div className="border-line bg-surface mt-4 rounded-xl border">{children}</div>
    </section>
  );
}
