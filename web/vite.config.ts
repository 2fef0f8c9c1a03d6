/// <reference types="vitest/config" />
import { readdirSync, rmSync, statSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

/** A control server that `npm run dev` passes requests on to. */
const server = process.env["PINERY_CONTROL"] ?? "http://127.0.0.1:8001";

const KEPT_MS = 86_400_000;

/** Files of older builds stay for a day: pages that are open meanwhile still find their parts. */
function withoutOldFiles(): Plugin {
  return {
    name: "without-old-files",
    writeBundle({ dir }, bundle) {
      const folder = `${dir}/assets`;
      for (const name of readdirSync(folder)) {
        const path = `${folder}/${name}`;
        if (!(`assets/${name}` in bundle) && statSync(path).mtimeMs < Date.now() - KEPT_MS) rmSync(path);
      }
    },
  };
}

export default defineConfig(({ mode }) => ({
  plugins: [svelte(), withoutOldFiles()],
  base: "./",
  resolve: mode === "test" ? { conditions: ["browser"] } : {},
  build: {
    outDir: "../src/pinery/web/static",
    emptyOutDir: false,
    target: "es2022",
    // The content security policy takes scripts and fonts from files only, never from data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: {
    // The drawing code of charts is the chart file's own and lies outside this folder.
    fs: { allow: [".", "../src/pinery/app/chart/page"] },
    proxy: {
      "/api": {
        target: server,
        changeOrigin: true,
        configure: (proxy) => proxy.on("proxyReq", (request) => request.removeHeader("origin")),
      },
    },
  },
  test: {
    environment: "jsdom",
    setupFiles: ["tests/setup.ts"],
    restoreMocks: true,
    pool: "threads",
    projects: [
      // Components are drawn into a document of their own.
      { extends: true, test: { name: "components", include: ["tests/{parts,shell,chart}/**/*.test.ts"] } },
      // Making a document takes longer than all these tests: they share one.
      {
        extends: true,
        test: {
          name: "code",
          include: ["tests/{api,editor,format,pages,plots,stores}/**/*.test.ts", "src/**/*.test.ts"],
          poolOptions: { threads: { isolate: false } },
        },
      },
    ],
  },
}));
