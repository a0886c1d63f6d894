// Turns our own sources and the pinned libraries into var/static-src/frontend/: one style sheet, one script, one sprite,
// and apart from these what only the pages need on which a key can be made.
import { cp, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { compile } from "sass";

const root = fileURLToPath(new URL("..", import.meta.url));
const libraries = join(root, "node_modules");
const output = join(root, "var/static-src/frontend");

async function buildStyles() {
  const { css } = compile(join(root, "static/scss/app.scss"), {
    loadPaths: [libraries],
    style: "compressed",
    quietDeps: true,
    // Bootstrap 5.3 is not yet written in Sass modules.
    silenceDeprecations: ["import"],
  });
  await writeFile(join(output, "app.css"), css);
}

async function buildScript() {
  const folder = join(root, "static/js/app");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".js")).sort();
  const subjects = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  const script = subjects.map((source) => `{\n${source.trim()}\n}`).join("\n");
  await writeFile(join(output, "app.js"), `"use strict";\n${script}\n`);
}

// Certificate requests; the library expects the first of the two to be there before it.
async function buildRequests() {
  const files = ["reflect-metadata/ReflectLite.js", "@peculiar/x509/build/x509.js"];
  const sources = await Promise.all(files.map((file) => readFile(join(libraries, file), "utf8")));
  await writeFile(join(output, "x509.js"), sources.join("\n"));
}

async function symbolOf(name) {
  const source = await readFile(join(libraries, "bootstrap-icons/icons", `${name}.svg`), "utf8");
  const drawing = source.replace(/<svg[^>]*>|<\/svg>|\n\s*/g, "");
  return `<symbol id="${name}" viewBox="0 0 16 16" fill="currentColor">${drawing}</symbol>`;
}

async function buildSprite() {
  const names = JSON.parse(await readFile(join(root, "static/icons.json"), "utf8"));
  const symbols = await Promise.all(names.map(symbolOf));
  const sprite = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
  await writeFile(join(output, "icons.svg"), sprite);
}

async function copyFonts(family) {
  const folder = join(libraries, "@fontsource-variable", family, "files");
  const names = (await readdir(folder)).filter((name) => name.endsWith("-wght-normal.woff2"));
  await Promise.all(names.map((name) => cp(join(folder, name), join(output, "files", name))));
}

await mkdir(join(output, "files"), { recursive: true });
await Promise.all([
  buildStyles(),
  buildScript(),
  buildRequests(),
  buildSprite(),
  copyFonts("inter"),
  copyFonts("jetbrains-mono"),
  cp(join(libraries, "htmx.org/dist/htmx.min.js"), join(output, "htmx.min.js")),
  cp(join(root, "static/js/keys.js"), join(output, "keys.js")),
  cp(join(root, "static/js/countdown.js"), join(output, "countdown.js")),
]);
