import type { Presence } from "./presence";

/** A device's light. Each state has a shape of its own besides its colour; the word beside it says the same. */
export function PresenceDot({ presence }: { presence: Presence }) {
  return (
    <svg viewBox="0 0 12 12" aria-hidden="true" className={`size-2.5 shrink-0 ${COLOURS[presence]}`}>
      {SHAPES[presence]}
    </svg>
  );
}

const COLOURS: Record<Presence, string> = {
  online: "text-dot-online",
  busy: "text-dot-busy",
  offline: "text-dot-offline",
  paused: "text-dot-offline",
  reconnecting: "text-dot-busy animate-spin [animation-duration:2.4s]",
};

const ring = { cx: 6, cy: 6, r: 4.5, fill: "none", stroke: "currentColor", strokeWidth: 2.5 };

const SHAPES: Record<Presence, React.JSX.Element> = {
  online: <circle cx="6" cy="6" r="5.5" fill="currentColor" />,
  busy: (
    <path
      fill="currentColor"
      fillRule="evenodd"
      d="M6 .5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11ZM3.2 5.1v1.8h5.6V5.1Z"
    />
  ),
  offline: <circle {...ring} />,
  paused: <path fill="currentColor" d="M2 1h3v10H2ZM7 1h3v10H7Z" />,
  reconnecting: <circle {...ring} strokeDasharray="4 3.07" />,
};
