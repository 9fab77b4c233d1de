import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useRoute } from "wouter";
import { keys } from "@/connection/queries";
import type { Task } from "@/protocol/wire";

const NAMES: Record<string, string> = {
  "": "nav.newConversation",
  c: "nav.conversation",
  devices: "nav.devices",
  settings: "nav.settings",
};

/** What the browser's tab says. */
export function PageTitle() {
  const { t } = useTranslation("core");
  const [path] = useLocation();
  const [, params] = useRoute("/c/:taskId");
  // Only looks at what the page itself reads.
  const task = useQuery<Task>({ queryKey: keys.task(params?.taskId ?? ""), enabled: false });
  const name = t(NAMES[path.split("/")[1] ?? ""] ?? "notFound.title");
  const page = params ? (task.data?.title ?? name) : name;
  const title = t("pageTitle", { page });
  useEffect(() => {
    document.title = title;
  }, [title]);
  return null;
}
