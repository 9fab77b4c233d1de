/** The files that were sent along with a prompt. */
import { useQuery } from "@tanstack/react-query";
import { Paperclip } from "lucide-react";
import { useTranslation } from "react-i18next";

/** What the server says of a file; `name` is null where it is not kept any more. */
interface Known {
  readonly name: string | null;
}

export function Attachments({ ids }: { ids: readonly string[] }) {
  const { t } = useTranslation("stream");
  return (
    <ul aria-label={t("prompt.files")} className="flex max-w-[88%] flex-wrap justify-end gap-2">
      {ids.map((id, index) => (
        <li key={id} className="min-w-0">
          <Attachment id={id} number={index + 1} />
        </li>
      ))}
    </ul>
  );
}

function Attachment({ id, number }: { id: string; number: number }) {
  const { t } = useTranslation("stream");
  // Only the id stands with the turn: the name is in the header that a download would have.
  const { data } = useQuery({
    queryKey: ["files", id, "name"],
    queryFn: () => look(id),
    staleTime: Infinity,
    retry: false,
  });
  const name = data?.name ?? t("prompt.file", { number });
  const shape =
    "border-line text-ink-soft flex min-h-10 items-center gap-2 rounded-lg border px-3 text-xs md:min-h-8";
  const words = (
    <>
      <Paperclip aria-hidden className="size-3.5 shrink-0" />
      <span className="max-w-56 truncate">{name}</span>
    </>
  );
  if (data?.name === null) return <span className={shape}>{t("prompt.fileGone", { name })}</span>;
  return (
    <a
      href={fileAddress(id)}
      download
      className={`${shape} hover:bg-raised hover:text-ink bg-surface transition-colors`}
    >
      {words}
    </a>
  );
}

function fileAddress(id: string): string {
  return `/files/${encodeURIComponent(id)}`;
}

async function look(id: string): Promise<Known> {
  const answer = await fetch(fileAddress(id), { method: "HEAD" });
  if (answer.status === 404) return { name: null };
  if (!answer.ok) throw new Error(`HEAD /files/${id} gave ${answer.status}`);
  return { name: fileName(answer.headers.get("Content-Disposition") ?? "") };
}

/** Read the name out of a Content-Disposition header (RFC 6266). */
function fileName(disposition: string): string {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1];
  if (encoded) return decodeURIComponent(encoded);
  return /filename="?([^";]+)"?/i.exec(disposition)?.[1] ?? "";
}
