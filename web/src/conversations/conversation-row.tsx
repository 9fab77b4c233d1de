import { Ellipsis, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import type { SubtaskState, Task } from "@/protocol/wire";
import { classes, Menu, MenuItem } from "@/ui";
import { DeleteConversation } from "./delete-conversation";
import { StateMark } from "./state-mark";
import { markOf } from "./state-of";
import { TitleForm } from "./title-form";

interface Props {
  task: Task;
  live: SubtaskState | undefined;
  isOpen: boolean;
  onNavigate?: (() => void) | undefined;
}

/** A conversation in the list: its title, what goes on in it, and what can be done to it. */
export function ConversationRow({ task, live, isOpen, onNavigate }: Props) {
  const [, navigate] = useLocation();
  const [isRenaming, setIsRenaming] = useState(false);
  const [isDeleting, setIsDeleting] = useState(false);
  const known = markOf(task, live);
  // What is open is being seen: the server hears of it in a moment.
  const mark = isOpen && !document.hidden && (known === "unread" || known === "failed") ? null : known;
  if (isRenaming) {
    return (
      <li className="px-1 py-0.5">
        <TitleForm task={task} onDone={() => setIsRenaming(false)} />
      </li>
    );
  }
  return (
    <li
      className={classes(
        "group relative flex items-center rounded-lg transition-colors",
        isOpen ? "bg-accent-soft" : "hover:bg-raised",
      )}
    >
      <Link
        href={`/c/${task.task_id}`}
        onClick={() => onNavigate?.()}
        data-conversation=""
        aria-current={isOpen ? "page" : undefined}
        title={task.title}
        className={classes(
          "flex min-h-9 min-w-0 flex-1 items-center gap-2 rounded-lg py-1.5 pr-2.5 pl-2.5 text-sm -outline-offset-2 max-md:min-h-11 pointer-coarse:pr-11",
          isOpen ? "text-accent-text font-medium" : "text-ink",
          mark === "unread" || mark === "failed" || mark === "asking" ? "font-semibold" : "",
        )}
      >
        <span className="min-w-0 flex-1 truncate" dir="auto">
          {task.title}
        </span>
        <span className="inline-flex group-focus-within:opacity-0 group-hover:opacity-0 group-has-data-[state=open]:opacity-0 pointer-coarse:opacity-100!">
          <StateMark mark={mark} />
        </span>
      </Link>
      <RowMenu task={task} onRename={() => setIsRenaming(true)} onDelete={() => setIsDeleting(true)} />
      <DeleteConversation
        task={task}
        isOpen={isDeleting}
        onOpenChange={setIsDeleting}
        onDeleted={() => {
          if (isOpen) navigate("/");
        }}
      />
    </li>
  );
}

function RowMenu({ task, onRename, onDelete }: { task: Task; onRename: () => void; onDelete: () => void }) {
  const { t } = useTranslation("chat");
  return (
    <Menu
      align="end"
      trigger={
        <button
          type="button"
          aria-label={t("conversation.more", { title: task.title })}
          className={classes(
            "text-ink-soft hover:text-ink absolute right-0.5 inline-flex size-8 items-center justify-center rounded-md max-md:size-10",
            "opacity-0 group-hover:opacity-100 focus-visible:opacity-100 data-[state=open]:opacity-100 pointer-coarse:opacity-100",
          )}
        >
          <Ellipsis aria-hidden="true" className="size-4" />
        </button>
      }
    >
      <MenuItem icon={<Pencil className="size-4" />} onSelect={onRename}>
        {t("conversation.rename")}
      </MenuItem>
      <MenuItem icon={<Trash2 className="size-4" />} onSelect={onDelete} isDangerous>
        {t("conversation.delete")}
      </MenuItem>
    </Menu>
  );
}
