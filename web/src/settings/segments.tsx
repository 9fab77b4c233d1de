import { RadioGroup } from "radix-ui";
import type { ReactNode } from "react";

interface Props<T extends string> {
  label: string;
  value: T;
  onChange: (value: T) => void;
  choices: readonly { value: T; label: string; icon?: ReactNode; lang?: string }[];
}

/** A few choices side by side, of which one holds; the arrow keys move between them. */
export function Segments<T extends string>({ label, value, onChange, choices }: Props<T>) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 p-4">
      <span aria-hidden="true" className="text-ink text-sm font-medium">
        {label}
      </span>
      <RadioGroup.Root
        aria-label={label}
        value={value}
        onValueChange={(chosen) => onChange(chosen as T)}
        orientation="horizontal"
        className="bg-raised flex max-w-full flex-wrap gap-1 rounded-lg p-1"
      >
        {choices.map((choice) => (
          <RadioGroup.Item
            key={choice.value}
            value={choice.value}
            lang={choice.lang}
            className="text-ink-soft hover:text-ink data-[state=checked]:bg-surface data-[state=checked]:text-ink inline-flex min-h-8 items-center gap-2 rounded-md px-3 text-sm transition-colors data-[state=checked]:font-medium data-[state=checked]:shadow-sm max-md:min-h-10"
          >
            {choice.icon}
            {choice.label}
          </RadioGroup.Item>
        ))}
      </RadioGroup.Root>
    </div>
  );
}
