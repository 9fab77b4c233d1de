import { useId, type ReactNode } from "react";

export interface RadioChoice {
  readonly value: string;
  readonly label: ReactNode;
  readonly about?: string;
}

/** One of a few, each on a line of its own. */
export function RadioList(props: {
  legend: string;
  value: string;
  choices: readonly RadioChoice[];
  onChange: (value: string) => void;
}) {
  const name = useId();
  return (
    <fieldset className="flex flex-col gap-0.5">
      <legend className="text-ink-soft mb-1 text-xs font-medium">{props.legend}</legend>
      {props.choices.map((choice) => (
        <label
          key={choice.value}
          className="hover:bg-raised has-[:focus-visible]:outline-accent flex min-h-9 cursor-pointer items-start gap-2.5 rounded-lg px-2 py-1.5 text-sm has-[:focus-visible]:outline-2 max-md:min-h-10"
        >
          <input
            type="radio"
            name={name}
            value={choice.value}
            checked={choice.value === props.value}
            onChange={() => props.onChange(choice.value)}
            className="accent-accent mt-1 shrink-0 outline-none"
          />
          <span className="flex min-w-0 flex-col">
            <span className="text-ink break-all">{choice.label}</span>
            {choice.about && <span className="text-ink-soft text-xs">{choice.about}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
