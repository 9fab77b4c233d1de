import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const api = process.env["WEGENT_BACKEND_URL"] ?? "http://127.0.0.1:8000";
const rest = ["/auth", "/tokens", "/devices", "/tasks", "/subtasks", "/files", "/cloud", "/healthz", "/readyz"];

const compressible = /\.(js|css|html|svg|json|txt|map)$/;
const smallestCompressed = 1024;

/** Writes each text file's `.br` and `.gz` beside it, which the server sends to browsers that take them. */
function compressed(): Plugin {
  let folder = "";
  return {
    name: "compressed",
    apply: "build",
    configResolved: (config) => {
      folder = resolve(config.root, config.build.outDir);
    },
    closeBundle: async () => {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile() && compressible.test(entry.name));
      await Promise.all(files.map((file) => compress(join(file.parentPath, file.name))));
    },
  };
}

async function compress(path: string): Promise<void> {
  const body = await readFile(path);
  if (body.length < smallestCompressed) return;
  const best = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
  await writeFile(`${path}.br`, await promisify(brotliCompress)(body, best));
  await writeFile(`${path}.gz`, await promisify(gzip)(body, { level: 9 }));
}

/** The page is built into the API's package and served under /app; `npm run dev` forwards to a running API. */
export default defineConfig({
  base: "/app/",
  plugins: [react(), tailwindcss(), compressed()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: { outDir: "../api/static", emptyOutDir: true, target: "es2022", assetsInlineLimit: 0 },
  server: {
    proxy: {
      ...Object.fromEntries(
        rest.map((path) => [path, { target: api, changeOrigin: true, headers: { origin: api } }]),
      ),
      "/ws": { target: api, ws: true, changeOrigin: true, headers: { origin: api } },
    },
  },
  test: { include: ["src/**/*.test.{ts,tsx}"] },
});
