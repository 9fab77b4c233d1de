import { QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Router } from "wouter";
import { useSession } from "@/connection/hooks";
import { queryClient } from "@/connection/query-client";
import { ErrorBoundary } from "@/shell/error-boundary";
import { Starting } from "@/shell/starting";
import { Toaster, TooltipProvider } from "@/ui";

// Who is logged in needs no login page, and who is not needs nothing else.
const LoginPage = lazy(() => import("@/login/login-page"));
const Shell = lazy(() => import("@/shell/shell"));

/** The whole page: a login, or what a login opens. The address stays, so that a login leads back to it. */
export function App() {
  return (
    <ErrorBoundary>
      <QueryClientProvider client={queryClient}>
        <TooltipProvider delayDuration={400}>
          <Router base="/app">
            <Suspense fallback={<Starting error={null} />}>
              <Gate />
            </Suspense>
          </Router>
          <Toaster />
        </TooltipProvider>
      </QueryClientProvider>
    </ErrorBoundary>
  );
}

function Gate() {
  const session = useSession();
  switch (session.status) {
    case "starting":
      return <Starting error={session.error} />;
    case "signedOut":
      return <LoginPage hasEnded={session.hasEnded} />;
    case "signedIn":
      return <Shell key={session.user.id} />;
  }
}
