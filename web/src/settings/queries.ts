import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { del, get, post } from "@/connection/rest";
import type { MadeToken, NewPassword, NewToken, Token, TokenList } from "@/protocol/wire";

const TOKENS = ["tokens"];
const PAGE = 200;

/** All API tokens that are good, newest first. */
export function useTokens() {
  return useQuery({
    queryKey: TOKENS,
    queryFn: async () => {
      const tokens: Token[] = [];
      let after: string | undefined;
      do {
        const page: TokenList = await get<TokenList>("/tokens", { limit: PAGE, after });
        tokens.push(...page.items);
        after = page.next ?? undefined;
      } while (after !== undefined);
      return tokens;
    },
    // They are also made outside of this page, as by approving a computer.
    staleTime: 0,
  });
}

export function useMakeToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (token: NewToken) => post<MadeToken>("/tokens", token),
    onSuccess: () => client.invalidateQueries({ queryKey: TOKENS }),
    // The token itself is not to lie around in memory for longer than it is shown.
    gcTime: 0,
  });
}

export function useRevokeToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (tokenId: string) => del(`/tokens/${encodeURIComponent(tokenId)}`),
    onSettled: () => client.invalidateQueries({ queryKey: TOKENS }),
  });
}

export function useChangePassword() {
  return useMutation({
    mutationFn: (passwords: NewPassword) => post<undefined>("/auth/password", passwords),
    gcTime: 0,
  });
}
