// All panels as one file, phenaki_viz/browser/bundle/phenaki_viz.js; with --check only compares.
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const BROWSER = new URL("../phenaki_viz/browser/", import.meta.url);
const BUNDLE = new URL("bundle/phenaki_viz.js", BROWSER);

// `phenaki_viz.browser.sources_digest`: both have to say the same.
async function digestOfModules() {
  const names = (await readdir(BROWSER, { recursive: true }))
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".js") && !name.startsWith("bundle/"))
    .sort();
  const told = createHash("sha256");
  for (const name of names) {
    const content = await readFile(new URL(name, BROWSER));
    told.update(`${name} ${content.length}\n`).update(content);
  }
  return told.digest("hex").slice(0, 16);
}

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL("panels/index.js", BROWSER))],
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  legalComments: "none",
  banner: { js: `// phenaki_viz panels; made by tools/bundle.mjs of modules ${await digestOfModules()}` },
  write: false,
});
const [{ text }] = outputFiles;
if (!process.argv.includes("--check")) {
  await writeFile(BUNDLE, text);
} else if (text !== (await readFile(BUNDLE, "utf-8"))) {
  console.error("The bundle is not what the modules make: run `make bundle`.");
  process.exitCode = 1;
}
