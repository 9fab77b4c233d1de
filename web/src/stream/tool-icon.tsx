import {
  Bot,
  FilePlus2,
  FileText,
  FolderSearch,
  Globe,
  ListChecks,
  Map as MapIcon,
  NotebookPen,
  Pencil,
  Search,
  SquareTerminal,
  Wrench,
  type LucideIcon,
} from "lucide-react";
import { toolKind, type ToolKind } from "@/stream/tool-facts";

const ICONS: Readonly<Record<ToolKind, LucideIcon>> = {
  command: SquareTerminal,
  read: FileText,
  write: FilePlus2,
  edit: Pencil,
  search: Search,
  find: FolderSearch,
  fetch: Globe,
  agent: Bot,
  todo: ListChecks,
  plan: MapIcon,
  notebook: NotebookPen,
  other: Wrench,
};

/** The picture of a tool; its name always stands beside it. */
export function ToolIcon({ name, className = "size-4" }: { name: string; className?: string }) {
  const Icon = ICONS[toolKind(name)];
  return <Icon aria-hidden className={className} />;
}
