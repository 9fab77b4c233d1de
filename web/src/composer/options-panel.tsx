import { SlidersHorizontal } from "lucide-react";
import { useTranslation } from "react-i18next";
import { TextField } from "@/ui";
import { ChoiceButton } from "./choice-button";
import { Popover } from "./popover";
import { RadioList } from "./radio-list";

/** From the strictest to the loosest; "" leaves it to the device's owner. */
const MODES = ["", "plan", "ask", "acceptEdits", "bypassPermissions"] as const;

interface Props {
  model: string;
  permissionMode: string;
  onModel: (model: string) => void;
  onPermissionMode: (mode: string) => void;
}

/** How much Claude may do without asking, and which model it is. */
export function OptionsPanel({ model, permissionMode, onModel, onPermissionMode }: Props) {
  const { t } = useTranslation("chat");
  const changed = [model, permissionMode === "" ? "" : t(`options.mode.${permissionMode}`)]
    .filter(Boolean)
    .join(", ");
  return (
    <Popover
      title={t("options.title")}
      trigger={
        <ChoiceButton
          label={changed === "" ? t("options.title") : t("options.label", { changed })}
          icon={<SlidersHorizontal className={changed === "" ? "size-4" : "text-accent-text size-4"} />}
        />
      }
    >
      <RadioList
        legend={t("options.modeLegend")}
        value={permissionMode}
        onChange={onPermissionMode}
        choices={MODES.map((mode) => ({
          value: mode,
          label: t(`options.mode.${mode === "" ? "device" : mode}`),
          about: t(`options.modeAbout.${mode === "" ? "device" : mode}`),
        }))}
      />
      <TextField
        label={t("options.model")}
        hint={t("options.modelHint")}
        className="mt-4"
        value={model}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        onChange={(event) => onModel(event.target.value.trim())}
      />
    </Popover>
  );
}
