// Over TLS, as it is deployed: what only then holds.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import * as do_ from "./person.mjs";
import { arrived, granted, noSecretIn } from "./story.mjs";
import { ask, deploy, refresh, serve } from "./world.mjs";

export async function overTLS(check, browser) {
  const { BUILD } = process.env;
  const read = (name) => fs.readFileSync(path.join(BUILD, "tls", name));
  const tls = { key: read("key.pem"), cert: read("cert.pem") };
  const w = await deploy("tls", { tls });
  const context = await browser.createBrowserContext();
  const p = await do_.sit(await context.newPage(), "mouse");
  const step = (what, run) => check(`tls: ${what}`, run, p.page);
  const asked = ask(w, w.web);

  await step("sign-in leads to consent, and the cookie is this host's alone", async () => {
    await p.open(asked.url);
    assert.deepEqual((await context.cookies()).map((c) => c.name), ["__Host-rescind-form"]);
    await p.signIn(w.person);
    assert.equal(p.path(), "/o/authorize/");
    const all = await context.cookies();
    assert.deepEqual(all.map(({ name, domain, path, httpOnly, sameSite, secure }) => ({ name, domain, path, httpOnly, sameSite, secure })),
      [{ name: "__Host-rescind-session", domain: "auth.localhost", path: "/", httpOnly: true, sameSite: "Lax", secure: true }]);
    w.secrets.push(all[0].value);
  });
  await step("a second press on the button of consent does no harm", async () => {
    await Promise.all([p.page.waitForNavigation({ waitUntil: "networkidle0" }), p.page.click(do_.allow, { count: 2 })]);
    w.said.splice(0, w.said.length - 1);
    const tokens = await granted(w, asked);
    assert.equal((await refresh(w, w.web, tokens)).status, 200);
  });
  for (const [what, after] of [["after consent", false], ["after sign-in", true]]) {
    await step(`a client may send people on to another origin ${what}`, async () => {
      w.onward = `https://other.localhost:${await serve(w.pages, tls)}/end`;
      const again = ask(w, w.web, { prompt: after ? "login" : "consent" });
      await p.open(again.url);
      await (after ? p.signIn(w.person) : p.press(do_.allow));
      assert.equal(p.page.url(), w.onward);
      w.onward = undefined;
      assert.equal(arrived(w, again).has("code"), true);
    });
  }
  await step("no page was wrong, and no address or log holds a secret", () => {
    assert.deepEqual([...new Set(p.found)], []);
    noSecretIn(w, p.urls);
  });
  await context.close();
}
