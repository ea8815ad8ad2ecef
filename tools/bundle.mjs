// The bundles of phenaki_viz/browser, each one file; with --check only compares.
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const BROWSER = new URL("../phenaki_viz/browser/", import.meta.url);
// `BUNDLES` of phenaki_viz/browser/__init__.py: all panels, for a page that is served; and those
// that a file or a notebook's widget can hold, with what mounts them.
const ENTRIES = {
  "bundle/phenaki_viz.js": "panels/index.js",
  "bundle/file.js": "hosts/file.js",
  "bundle/widget.js": "hosts/widget.js",
};

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

async function bundled(entry, digest) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, BROWSER))],
    bundle: true,
    format: "esm",
    minify: true,
    target: "es2022",
    legalComments: "none",
    banner: { js: `// phenaki_viz panels; made by tools/bundle.mjs of modules ${digest}` },
    write: false,
  });
  return outputFiles[0].text;
}

const digest = await digestOfModules();
for (const [name, entry] of Object.entries(ENTRIES)) {
  const text = await bundled(entry, digest);
  const file = new URL(name, BROWSER);
  if (!process.argv.includes("--check")) {
    await writeFile(file, text);
  } else if (text !== (await readFile(file, "utf-8"))) {
    console.error(`${name} is not what the modules make: run \`make bundle\`.`);
    process.exitCode = 1;
  }
}
