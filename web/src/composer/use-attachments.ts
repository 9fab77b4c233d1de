import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError } from "@/connection/errors";
import { upload } from "@/connection/rest";
import { MAX_FILE } from "@/protocol/wire";
import { useOutbox } from "./use-outbox";

/** Files that one message may have: what the executor takes. */
export const MAX_FILES = 20;

/** A file on its way up, or one that could not be taken. */
export interface Upload {
  readonly key: number;
  readonly name: string;
  readonly size: number;
  /** From 0 to 1. */
  readonly part: number;
  /** Why it is not attached; null while it is on its way. */
  readonly problem: ApiError | "tooLarge" | "empty" | "tooMany" | null;
}

export interface Attachments {
  readonly uploads: readonly Upload[];
  readonly isUploading: boolean;
  readonly add: (files: readonly File[]) => void;
  /** Stop an upload, or take its complaint away. */
  readonly drop: (key: number) => void;
  /** Take an attached file away. */
  readonly remove: (fileId: string) => void;
}

let nextKey = 1;

/** Uploads files for a conversation's next message; those that are up become part of its draft. */
export function useAttachments(conversation: string): Attachments {
  const { drafts } = useOutbox();
  const [uploads, setUploads] = useState<readonly Upload[]>([]);
  const running = useRef(new Map<number, AbortController>());

  useEffect(() => {
    const controllers = running.current;
    return () => {
      for (const controller of controllers.values()) controller.abort();
      controllers.clear();
      setUploads([]);
    };
  }, [conversation]);

  const change = useCallback((key: number, changes: Partial<Upload>) => {
    setUploads((before) => before.map((one) => (one.key === key ? { ...one, ...changes } : one)));
  }, []);
  const drop = useCallback((key: number) => {
    running.current.get(key)?.abort();
    running.current.delete(key);
    setUploads((before) => before.filter((one) => one.key !== key));
  }, []);

  const start = async (key: number, file: File): Promise<void> => {
    const controller = new AbortController();
    running.current.set(key, controller);
    try {
      const stored = await upload(file, (part) => change(key, { part }), controller.signal);
      drafts.change(conversation, { files: [...drafts.get(conversation).files, stored] });
      drop(key);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      running.current.delete(key);
      if (!controller.signal.aborted) change(key, { problem: error });
    }
  };

  const add = (files: readonly File[]): void => {
    let room = MAX_FILES - drafts.get(conversation).files.length - uploads.filter(isOnItsWay).length;
    for (const file of files) {
      const key = nextKey++;
      const problem = room <= 0 ? "tooMany" : refusal(file);
      setUploads((before) => [...before, { key, name: file.name, size: file.size, part: 0, problem }]);
      if (problem !== null) continue;
      room -= 1;
      void start(key, file);
    }
  };

  const remove = (fileId: string): void => {
    drafts.change(conversation, { files: drafts.get(conversation).files.filter((one) => one.id !== fileId) });
  };

  return { uploads, isUploading: uploads.some(isOnItsWay), add, drop, remove };
}

function isOnItsWay(one: Upload): boolean {
  return one.problem === null;
}

function refusal(file: File): "tooLarge" | "empty" | null {
  if (file.size > MAX_FILE) return "tooLarge";
  // A folder that is dropped looks like an empty file.
  return file.size === 0 ? "empty" : null;
}
