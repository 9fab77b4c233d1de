/** Which rows of a conversation are in the page, and where. */
import { defaultRangeExtractor, type Range, useVirtualizer, type VirtualItem } from "@tanstack/react-virtual";
import { type RefObject, useCallback, useMemo, useRef } from "react";
import { estimatedHeight, type Row } from "@/stream/rows";

const OVERSCAN = 6;
const PADDING = 24;
const NEVER = -1;
/** Further down than any conversation: it is opened at its end. */
const END = 1e9;

export interface RowList {
  readonly items: readonly { readonly item: VirtualItem; readonly row: Row }[];
  readonly height: number;
  /** The turns of these rows. */
  readonly shown: ReadonlySet<string>;
  measure: (node: HTMLElement | null) => void;
  /** Keep the row with this key in the page while something in it has the focus. */
  holdFocus: (key: string | null) => void;
}

export function useRowList(rows: readonly Row[], scroller: RefObject<HTMLElement | null>): RowList {
  const focused = useRef<string | null>(null);
  const holdFocus = useCallback((key: string | null) => {
    focused.current = key;
  }, []);
  // eslint-disable-next-line react-hooks/incompatible-library -- nothing here is memoised by what it returns
  const list = useVirtualizer<HTMLElement, HTMLElement>({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => heightOf(rows[index]),
    getItemKey: useCallback((index: number) => rows[index]?.key ?? index, [rows]),
    rangeExtractor: useCallback(
      (range: Range) => withRow(defaultRangeExtractor(range), rows, focused.current),
      [rows],
    ),
    overscan: OVERSCAN,
    paddingStart: PADDING,
    paddingEnd: PADDING,
    initialOffset: END,
    // The row that is read stays where it is when others above it come, go or change their height.
    anchorTo: "end",
    // Whether the end is followed is the reader's choice, which the list does not know.
    scrollEndThreshold: NEVER,
  });
  const virtual = list.getVirtualItems();
  const items = virtual.flatMap((item) => {
    const row = rows[item.index];
    return row ? [{ item, row }] : [];
  });
  const names = [...new Set(items.map(({ row }) => row.turn.subtask_id))].join(" ");
  const shown = useMemo(() => new Set(names.split(" ").filter(Boolean)), [names]);
  return { items, height: list.getTotalSize(), shown, measure: list.measureElement, holdFocus };
}

function heightOf(row: Row | undefined): number {
  return row ? estimatedHeight(row) : 0;
}

/** Add the row with the focus to those in sight: taken out of the page, it would lose it. */
function withRow(indexes: number[], rows: readonly Row[], key: string | null): number[] {
  if (key === null) return indexes;
  const index = rows.findIndex((row) => row.key === key);
  return index < 0 || indexes.includes(index) ? indexes : [...indexes, index].sort((one, other) => one - other);
}
