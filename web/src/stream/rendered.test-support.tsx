/** Renders a part of the stream in English, for tests. */
import { render } from "@testing-library/react";
import i18next from "i18next";
import type { ReactNode } from "react";
import { initReactI18next } from "react-i18next";
import { vi } from "vitest";
import { words } from "@/i18n/en";
import { type Memory, MemoryContext } from "@/stream/memory";
import { type Answer, TurnContext } from "@/stream/turn-context";
import { TooltipProvider } from "@/ui";

/** jsdom lays nothing out, so nothing ever changes its size. */
class NoResizes {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

await i18next.use(initReactI18next).init({
  lng: "en",
  defaultNS: "core",
  resources: { en: words },
  interpolation: { escapeValue: false },
});
vi.stubGlobal("ResizeObserver", NoResizes);

export function rendered(part: ReactNode, onAnswer: Answer = () => Promise.resolve(), isOver = false) {
  const memory: Memory = new Map();
  const inTurn = (children: ReactNode, over: boolean) => (
    <TooltipProvider>
      <MemoryContext value={memory}>
        <TurnContext value={{ subtaskId: "s1", isOver: over, onAnswer }}>{children}</TurnContext>
      </MemoryContext>
    </TooltipProvider>
  );
  const { rerender, container, unmount } = render(inTurn(part, isOver));
  return {
    container,
    unmount,
    again: (next: ReactNode, over = isOver) => rerender(inTurn(next, over)),
  };
}
