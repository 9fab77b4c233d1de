import { memo, useLayoutEffect } from "react";
import { useTurn } from "@/connection/hooks";
import type { TurnFeed } from "@/stream/turn-feed";

interface TurnFollowerProps {
  subtaskId: string;
  isWanted: boolean;
  feed: TurnFeed;
}

/** Follows one turn and puts what it says into the feed; shows nothing. */
export const TurnFollower = memo(function TurnFollower({ subtaskId, isWanted, feed }: TurnFollowerProps) {
  const turn = useTurn(subtaskId, { isWanted });
  useLayoutEffect(() => {
    if (isWanted) feed.put(subtaskId, turn);
  }, [feed, subtaskId, turn, isWanted]);
  return null;
});
