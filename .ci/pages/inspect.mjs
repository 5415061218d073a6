// What is wrong with a page, in words: for every step that opens pages in Chromium.
import fs from "node:fs";
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// As for those who ask for no motion; nor is a transition caught halfway then.
export const still = { name: "prefers-reduced-motion", value: "reduce" };

export const launch = (...args) => puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  pipe: true,
  args: ["--disable-gpu", "--disable-dev-shm-usage", ...(process.getuid() === 0 ? ["--no-sandbox"] : []), ...args],
});

// Evaluated by the debugger's protocol, which the page's policy does not bind:
// the policy stays in force.
export const violations = async (page) => {
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map((v) => `axe, ${v.impact}: ${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(" | ")}`);
};

export const layout = (page) => page.evaluate(() => {
  const found = [];
  const wider = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wider > 0) found.push(`scrolls sideways by ${wider} px`);
  for (const e of document.querySelectorAll("button, a, input:not([type=hidden])")) {
    if (e.getBoundingClientRect().height < 44) found.push(`lower than 44 px: ${e.outerHTML.slice(0, 80)}`);
    if (parseFloat(getComputedStyle(e).transitionDuration) > 0) found.push(`moves for who asked for no motion: ${e.outerHTML.slice(0, 80)}`);
  }
  return found;
});

// By keyboard: Tab comes to everything that can be used, and shows where it is.
export const keyboard = async (page) => {
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

// Screenshots in both themes, as a desk and as a phone, to file-THEME-WIDTH.png;
// axe in two of the four.
export const photograph = async (page, file) => {
  const found = [];
  for (const theme of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }, still]);
    for (const width of [1280, 360]) {
      await page.setViewport({ width, height: width === 360 ? 740 : 800 });
      await page.screenshot({ path: `${file}-${theme}-${width}.png`, fullPage: true });
      if ((theme === "light") === (width === 1280)) found.push(...await violations(page));
    }
  }
  return found;
};
