import { MonitorSmartphone, Plus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useLocation, useSearchParams } from "wouter";
import { useAreDevicesKnown, useDevices } from "@/connection/hooks";
import { Button, EmptyState, Spinner } from "@/ui";
import { AddComputer } from "./add-computer";
import { DeviceCard } from "./device-card";
import { useWithWishedDefault } from "./queries";
import { distinction } from "./short-id";

/** All one's devices, live. With `?add` in the address the way to add one is open. */
export default function DevicesPage() {
  const { t } = useTranslation("devices");
  const areKnown = useAreDevicesKnown();
  const devices = useWithWishedDefault(useDevices());
  const [search] = useSearchParams();
  const [, navigate] = useLocation();
  const add = (
    <Button variant="primary" icon={<Plus className="size-4" />} onClick={() => navigate("/devices?add")}>
      {t("add.action")}
    </Button>
  );
  return (
    <div className="mx-auto w-full max-w-5xl px-4 py-8 md:px-8 md:py-10 2xl:max-w-7xl">
      <header className="flex flex-wrap items-start justify-between gap-4">
        <div>
          <h1 tabIndex={-1} className="text-ink text-2xl font-semibold tracking-tight outline-none">
            {t("title")}
          </h1>
          <p className="text-ink-soft mt-1 text-sm">{t("lead")}</p>
        </div>
        {devices.length > 0 && add}
      </header>
      {devices.length === 0 && !areKnown && (
        <p className="mt-8">
          <Spinner label={t("loading")} />
        </p>
      )}
      {devices.length === 0 && areKnown && (
        <div className="border-line mt-8 rounded-xl border border-dashed">
          <EmptyState
            icon={<MonitorSmartphone className="size-6" />}
            title={t("empty.title")}
            text={t("empty.text")}
          >
            {add}
          </EmptyState>
        </div>
      )}
      {devices.length > 0 && (
        <ul className="mt-8 grid grid-cols-1 gap-4 lg:grid-cols-2 2xl:grid-cols-3">
          {devices.map((device) => (
            <li key={device.device_id} className="min-w-0">
              <DeviceCard device={device} distinction={distinction(device, devices)} />
            </li>
          ))}
        </ul>
      )}
      <AddComputer isOpen={search.has("add")} onClose={() => navigate("/devices", { replace: true })} />
    </div>
  );
}
