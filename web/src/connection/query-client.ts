import { QueryClient } from "@tanstack/react-query";
import { ApiError, isPassing } from "@/connection/errors";

const TRIES = 3;

/** What was read by REST. The live socket says when it is out of date: see `refresh.ts`. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 60_000,
      refetchOnWindowFocus: false,
      // The requests are to our own server: whether the browser believes to be online says little about it.
      networkMode: "always",
      retry: (failures, error) => failures < TRIES && error instanceof ApiError && isPassing(error),
    },
    mutations: { networkMode: "always", retry: false },
  },
});
