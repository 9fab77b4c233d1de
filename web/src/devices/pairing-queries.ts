import { useMutation } from "@tanstack/react-query";
import { get, post } from "@/connection/rest";
import type { AskingMachine } from "@/protocol/wire";

/** Finds the computer that shows a code; the server limits how many wrong codes may be tried. */
export function useFindComputer() {
  return useMutation({
    mutationFn: (userCode: string) => get<AskingMachine>(`/auth/device-code/${encodeURIComponent(userCode)}`),
  });
}

/** Approves or denies the computer that shows a code. */
export function useDecide() {
  return useMutation({
    mutationFn: ({ userCode, isApproved }: { userCode: string; isApproved: boolean }) =>
      post<undefined>(`/auth/device-code/${isApproved ? "approve" : "deny"}`, { user_code: userCode }),
  });
}
