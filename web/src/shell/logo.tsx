import { Link } from "wouter";

/** The product's name, and the way to a new conversation. */
export function Logo() {
  return (
    <Link href="/" className="text-ink flex items-center gap-2 rounded-lg text-base font-semibold tracking-tight">
      <img src="/app/icon.svg" alt="" width={24} height={24} className="rounded-md" />
      Wegent
    </Link>
  );
}
