import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const api = process.env["WEGENT_BACKEND_URL"] ?? "http://127.0.0.1:8000";
const rest = ["/auth", "/tokens", "/devices", "/tasks", "/subtasks", "/files", "/cloud", "/healthz", "/readyz"];

/** The page is built into the API's package and served under /app; `npm run dev` forwards to a running API. */
export default defineConfig({
  base: "/app/",
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: { outDir: "../api/static", emptyOutDir: true, target: "es2022", assetsInlineLimit: 0 },
  server: {
    proxy: {
      ...Object.fromEntries(rest.map((path) => [path, { target: api, changeOrigin: true, headers: { origin: api } }])),
      "/ws": { target: api, ws: true, changeOrigin: true, headers: { origin: api } },
    },
  },
  test: { include: ["src/**/*.test.{ts,tsx}"] },
});
