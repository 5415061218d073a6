// Opens pages in Chromium, as a phone and as a desk, in light and in dark. In
// the environment: BASE (a server's URL), PAGES (paths, one a line), OUT (a
// folder for the screenshots) and CHROMIUM (a browser's program).
import fs from "node:fs";
import { keyboard, launch, layout, photograph } from "./inspect.mjs";

const { BASE, PAGES, OUT } = process.env;
const only = process.argv.slice(2);
const paths = PAGES.trim().split("\n").filter((p) => !only.length || only.includes(p.split("/").pop()));

fs.mkdirSync(OUT, { recursive: true });
const browser = await launch();
let passed = 0, failed = 0;
for (const path of paths) {
  const found = [];
  const page = await browser.newPage();
  page.on("console", (m) => { if (!m.text().startsWith("Failed to load resource: the server responded")) found.push(`console: ${m.text()}`); });
  await page.goto(BASE.replace(/\/$/, "") + path, { waitUntil: "load" });
  found.push(...await photograph(page, `${OUT}/${path.slice(1).replaceAll("/", "-")}`));
  await page.setViewport({ width: 320, height: 640 });
  found.push(...await layout(page), ...await keyboard(page));
  await page.close();
  for (const what of new Set(found)) console.log(`FAIL  ${path}: ${what}`);
  if (found.length) failed++; else passed++;
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed || !passed ? 1 : 0);
