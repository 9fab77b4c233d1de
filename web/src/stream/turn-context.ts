/** What blocks need to know of the turn that they belong to. */
import { createContext } from "react";

/** Answer a question; rejects with an ApiError. */
export type Answer = (subtaskId: string, approvalId: string, choice: string, message?: string) => Promise<void>;

export interface TurnFacts {
  readonly subtaskId: string;
  /** Nothing more comes: questions cannot be answered any more, and what has no result never gets one. */
  readonly isOver: boolean;
  readonly onAnswer: Answer;
}

export const TurnContext = createContext<TurnFacts>({
  subtaskId: "",
  isOver: true,
  onAnswer: () => Promise.resolve(),
});
