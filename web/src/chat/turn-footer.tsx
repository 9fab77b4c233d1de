import { isSettled } from "@/connection/standings";
import type { Subtask } from "@/protocol/wire";
import { SettledActions } from "./settled-actions";
import { UnsettledLine } from "./unsettled-line";
import { useStanding } from "./use-standing";

/** What stands below a turn: how it stands and what can be done with it. */
export function TurnFooter({ turn }: { turn: Subtask }) {
  const standing = useStanding(turn);
  return (
    <div className="flex flex-col gap-3">
      {isSettled(standing.state) ? (
        <SettledActions turn={turn} />
      ) : (
        <UnsettledLine turn={turn} standing={standing} />
      )}
    </div>
  );
}
