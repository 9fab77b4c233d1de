import { Search, X } from "lucide-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";

interface Props {
  value: string;
  onChange: (text: string) => void;
  /** The arrow that leads into what was found. */
  onDown: () => void;
}

/** Searches the titles of conversations; Escape empties it. */
export function SearchField({ value, onChange, onDown }: Props) {
  const { t } = useTranslation("chat");
  const field = useRef<HTMLInputElement>(null);
  const clear = (): void => {
    onChange("");
    field.current?.focus();
  };
  return (
    <div role="search" className="relative">
      <Search
        aria-hidden="true"
        className="text-ink-soft pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2"
      />
      <input
        ref={field}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === "Escape" && value !== "") {
            event.stopPropagation(); // else it would close the drawer, too
            clear();
          }
          if (event.key !== "ArrowDown") return;
          event.preventDefault();
          onDown();
        }}
        aria-label={t("list.search")}
        placeholder={t("list.search")}
        className="text-ink placeholder:text-ink-soft hover:bg-raised focus:bg-surface focus:border-line min-h-10 w-full rounded-lg border border-transparent bg-transparent pr-10 pl-9 text-base md:text-sm"
      />
      {value !== "" && (
        <button
          type="button"
          aria-label={t("list.clearSearch")}
          onClick={clear}
          className="text-ink-soft hover:text-ink absolute top-0 right-0 inline-flex size-10 items-center justify-center rounded-lg"
        >
          <X aria-hidden="true" className="size-4" />
        </button>
      )}
    </div>
  );
}
