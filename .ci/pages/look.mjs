// Opens pages in Chromium, as a phone and as a desk, in light and in dark. In
// the environment: BASE (a server's URL), PAGES (paths, one a line), OUT (a
// folder for the screenshots) and CHROMIUM (a browser's program).
import fs from "node:fs";
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";

const { BASE, PAGES, OUT, CHROMIUM = "/usr/bin/chromium" } = process.env;
const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const only = process.argv.slice(2);
const paths = PAGES.trim().split("\n").filter((p) => !only.length || only.includes(p.split("/").pop()));

// Evaluated by the debugger's protocol, which the page's policy does not bind:
// the policy stays in force.
const violations = async (page) => {
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map((v) => `axe, ${v.impact}: ${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(" | ")}`);
};

const layout = () => {
  const found = [];
  const wider = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wider > 0) found.push(`scrolls sideways by ${wider} px`);
  for (const e of document.querySelectorAll("button, a, input:not([type=hidden])")) {
    if (e.getBoundingClientRect().height < 44) found.push(`lower than 44 px: ${e.outerHTML.slice(0, 80)}`);
    if (parseFloat(getComputedStyle(e).transitionDuration) > 0) found.push(`moves for who asked for no motion: ${e.outerHTML.slice(0, 80)}`);
  }
  return found;
};

// By keyboard: Tab comes to everything that can be used, and shows where it is.
const keyboard = async (page) => {
  const found = [];
  const seen = new Set();
  const wanted = await page.evaluate(() => {
    document.activeElement.blur();
    const all = [...document.querySelectorAll("button, a, input:not([type=hidden])")];
    all.forEach((e, i) => { e.dataset.n = i; });
    return all.length;
  });
  for (let i = 0; i < wanted + 2; i++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => ({ n: document.activeElement.dataset.n, outline: parseFloat(getComputedStyle(document.activeElement).outlineWidth) }));
    if (at.n === undefined) continue;
    seen.add(at.n);
    if (!(at.outline >= 2)) found.push("the focus cannot be seen");
  }
  if (seen.size !== wanted) found.push(`Tab comes to ${seen.size} of ${wanted}`);
  return found;
};

// As for those who ask for no motion; nor is a transition caught halfway then.
const still = { name: "prefers-reduced-motion", value: "reduce" };

fs.mkdirSync(OUT, { recursive: true });
const browser = await puppeteer.launch({
  executablePath: CHROMIUM,
  pipe: true,
  args: ["--disable-gpu", "--disable-dev-shm-usage", ...(process.getuid() === 0 ? ["--no-sandbox"] : [])],
});
let passed = 0, failed = 0;
for (const path of paths) {
  const found = [];
  const page = await browser.newPage();
  page.on("console", (m) => { if (!m.text().startsWith("Failed to load resource: the server responded")) found.push(`console: ${m.text()}`); });
  await page.goto(BASE.replace(/\/$/, "") + path, { waitUntil: "load" });
  for (const theme of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }, still]);
    for (const width of [1280, 360]) {
      await page.setViewport({ width, height: width === 360 ? 740 : 800 });
      await page.screenshot({ path: `${OUT}/${path.slice(1).replaceAll("/", "-")}-${theme}-${width}.png`, fullPage: true });
      if ((theme === "light") === (width === 1280)) found.push(...await violations(page));
    }
  }
  await page.setViewport({ width: 320, height: 640 });
  found.push(...await page.evaluate(layout), ...await keyboard(page));
  await page.close();
  for (const what of new Set(found)) console.log(`FAIL  ${path}: ${what}`);
  if (found.length) failed++; else passed++;
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed || !passed ? 1 : 0);
