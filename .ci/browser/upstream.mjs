// Signing in at an OpenID provider, which is the one of internal/testkit.
import assert from "node:assert/strict";
import { layout, photograph, still } from "../inspect.mjs";
import * as do_ from "./person.mjs";
import { dead, granted, noSecretIn } from "./story.mjs";
import { ask, call, deploy } from "./world.mjs";

export async function upstream(check, browser) {
  const w = await deploy("upstream", { upstream: true });
  for (const way of [{ hand: "mouse", script: true }, { hand: "keyboard", script: false }]) await told(check, w, browser, way);
}

async function told(check, w, browser, way) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.setViewport({ width: 1280, height: 800 });
  if (!way.script) await page.setJavaScriptEnabled(false);
  const p = await do_.sit(page, way.hand);
  const step = (what, run) => check(`upstream, ${way.hand}: ${what}`, run, page);
  const asked = ask(w, w.app);
  let tokens;
  await step("the sign-in page offers the provider", async () => {
    await p.open(asked.url);
    assert.match(await p.text(do_.upstream), /Example Corp/);
    if (way.script) p.found.push(...await photograph(page, `${w.out}/upstream-sign-in`));
    await page.emulateMediaFeatures([still]);
    await page.setViewport({ width: 320, height: 640 });
    p.found.push(...await layout(page));
    await page.setViewport({ width: 1280, height: 800 });
  });
  await step("one button leads there, back, and to consent", async () => {
    await p.press(do_.upstream);
    assert.equal(p.path(), "/o/authorize/");
    assert.match(await p.text("main"), /jane@example\.com/);
    const names = (await context.cookies()).filter((c) => c.domain === "localhost").map((c) => c.name);
    assert.deepEqual(names, ["rescind-session"], "the attempt's cookie is gone, as is the form's");
  });
  await step("allowed, listed, cut", async () => {
    await p.press(do_.allow);
    tokens = await granted(w, asked);
    assert.equal(await call(w, tokens), 200);
    await p.open(`${w.issuer}/o/authorized_tokens/`);
    assert.match(await p.text("li.app"), new RegExp(w.app.name));
    await p.press(do_.cut(w.app));
    await dead(w, w.app, tokens);
  });
  await step("an answer of the provider that this browser did not ask for signs nobody in", async () => {
    await p.press(do_.signOut);
    const answer = await p.open(`${w.issuer}/o/upstream/callback/?code=x&state=y`);
    assert.equal(answer.status(), 400);
    assert.equal(await p.sees("h1"), true);
  });
  await step("no page was wrong, and no address or log holds a secret", () => {
    assert.deepEqual([...new Set(p.found)], []);
    noSecretIn(w, p.urls);
  });
  await context.close();
}
