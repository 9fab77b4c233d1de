import { useEffect, useRef, useState } from "react";
import type { AskingMachine } from "@/protocol/wire";
import { AskingComputer } from "./asking-computer";
import { PairingResult } from "./pairing-result";
import { useFindComputer } from "./pairing-queries";
import { UserCodeForm } from "./user-code-form";

interface Props {
  /** A code to begin with, as from the address that the computer printed. It is looked up, never approved. */
  initialCode?: string;
  /** Whether the way ends with the command that starts the executor. */
  isStartTold?: boolean;
}

/** The whole way from a code to a device: type it, see who asks, decide, wait until it is online. */
export function Pairing({ initialCode = "", isStartTold = true }: Props) {
  const [decided, setDecided] = useState<{ computer: AskingMachine; isApproved: boolean } | null>(null);
  const [code, setCode] = useState(initialCode);
  const search = useFindComputer();
  const { mutate: find, reset } = search;
  const hasBegun = useRef(false);
  useEffect(() => {
    // Once: a code that was not found is not asked for again by itself.
    if (initialCode === "" || hasBegun.current) return;
    hasBegun.current = true;
    find(initialCode);
  }, [initialCode, find]);
  const restart = () => {
    setDecided(null);
    setCode("");
    reset();
  };
  if (decided) return <PairingResult {...decided} isStartTold={isStartTold} onRestart={restart} />;
  if (search.data) {
    const computer = search.data;
    const decide = (isApproved: boolean) => setDecided({ computer, isApproved });
    return <AskingComputer computer={computer} onDecided={decide} onRestart={restart} />;
  }
  return <UserCodeForm code={code} onChange={setCode} search={search} />;
}
