import { CircleCheck, CircleSlash } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useDevices } from "@/connection/hooks";
import type { Device, AskingMachine } from "@/protocol/wire";
import { Button, Spinner } from "@/ui";
import { CommandBlock } from "./command-block";
import { START_COMMAND } from "./commands";
import { useFocusedOnArrival } from "./focused";

interface Props {
  computer: AskingMachine;
  isApproved: boolean;
  /** Whether the command that starts the executor is told here; the steps to a new computer tell it themselves. */
  isStartTold: boolean;
  onRestart: () => void;
}

/** What came of a code: approved and waited for, or denied. */
export function PairingResult({ computer, isApproved, isStartTold, onRestart }: Props) {
  const { t } = useTranslation("devices");
  const result = useFocusedOnArrival<HTMLDivElement>();
  const Icon = isApproved ? CircleCheck : CircleSlash;
  return (
    <div ref={result} tabIndex={-1} className="grid scroll-m-5 gap-4 outline-none">
      <p className="text-ink flex items-center gap-2 font-medium">
        <Icon aria-hidden="true" className={`size-5 shrink-0 ${isApproved ? "text-good" : "text-ink-soft"}`} />
        {isApproved ? t("pair.approved", { name: computer.name }) : t("pair.denied")}
      </p>
      {isApproved && <Arrival isStartTold={isStartTold} />}
      <div>
        <Button size="sm" onClick={onRestart}>
          {t("pair.another")}
        </Button>
      </div>
    </div>
  );
}

/** Waits for a device that was not there, or not online, when this was first shown. */
function Arrival({ isStartTold }: { isStartTold: boolean }) {
  const { t } = useTranslation("devices");
  const devices = useDevices();
  const [before] = useState(() => new Set(devices.filter(isThere).map((device) => device.device_id)));
  const arrived = devices.find((device) => isThere(device) && !before.has(device.device_id));
  return (
    <>
      <p className="text-ink-soft text-sm">{t(isStartTold ? "pair.thenStart" : "pair.goesOn")}</p>
      {isStartTold && <CommandBlock command={START_COMMAND} />}
      <div aria-live="polite" className="text-ink-soft text-sm">
        {arrived ? (
          <p className="bg-good-soft text-good rounded-lg p-3 font-medium">
            {t("pair.online", { name: arrived.name })}
          </p>
        ) : (
          <p className="flex items-center gap-2">
            <Spinner />
            {t("pair.waiting")}
          </p>
        )}
      </div>
    </>
  );
}

function isThere(device: Device): boolean {
  return device.status !== "offline" && device.reconnecting !== true;
}
