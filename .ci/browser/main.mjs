// Runs every part, or those named, and counts. BUILD is where the programs lie.
import fs from "node:fs";
import path from "node:path";
import { launch } from "../inspect.mjs";
import { guards } from "./guards.mjs";
import { story } from "./story.mjs";
import { deploy, stop } from "./world.mjs";
import { overTLS } from "./tls.mjs";
import { upstream } from "./upstream.mjs";

const { BUILD, CATALOGUE } = process.env;
const words = (language) => JSON.parse(fs.readFileSync(path.join(CATALOGUE, `${language}.json`), "utf8"));
const only = process.argv.slice(2);
const wanted = (name) => !only.length || only.includes(name);
const out = path.join(BUILD, "browser");
fs.rmSync(out, { recursive: true, force: true });
fs.mkdirSync(out, { recursive: true });

let passed = 0, failed = 0;
// check runs a step. After one that fails the part goes no further.
async function check(name, run, page) {
  try {
    await run();
    passed++;
    console.log(`ok    ${name}`);
  } catch (e) {
    failed++;
    console.log(`FAIL  ${name}: ${e.stack}`);
    if (page) await page.screenshot({ path: path.join(out, `failed-${failed}.png`) }).catch(() => {});
    throw new Ended();
  }
}
class Ended extends Error {}

async function part(name, run) {
  if (!wanted(name)) return;
  const begin = Date.now();
  try {
    await run();
  } catch (e) {
    if (!(e instanceof Ended)) { failed++; console.log(`FAIL  ${name}: ${e.stack}`); }
  }
  console.log(`--- ${name}: ${((Date.now() - begin) / 1000).toFixed(1)} s`);
}

const browser = await launch("--ignore-certificate-errors");
let w;
const world = async () => w ??= await deploy("story");
const english = { language: "en", words: words("en") };
await part("mouse", async () => story(check, await world(), browser, { name: "mouse", hand: "mouse", script: true, ...english }));
await part("phone", async () => story(check, await world(), browser, { name: "phone", hand: "finger", phone: true, dark: true, script: false, ...english }));
await part("keyboard", async () => story(check, await world(), browser, { name: "keyboard", hand: "keyboard", script: true, language: "de", words: words("de") }));
await part("guards", async () => guards(check, await world(), browser));
await part("tls", () => overTLS(check, browser));
await part("upstream", () => upstream(check, browser));
await browser.close();
for (const what of await stop()) { failed++; console.log(`FAIL  ${what}`); }
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed || !passed ? 1 : 0);
