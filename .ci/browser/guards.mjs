// What another site may try against somebody who is signed in, and what the
// browser itself enforces for us.
import assert from "node:assert/strict";
import { keyboard, layout, photograph, still } from "../inspect.mjs";
import * as do_ from "./person.mjs";
import { granted, noSecretIn } from "./story.mjs";
import { ask, call } from "./world.mjs";

const field = (name, value) => `<input type="hidden" name="${name}" value="${String(value).replaceAll("&", "&amp;").replaceAll('"', "&quot;")}">`;
const form = (action, fields) => `<form method="post" action="${action}">${Object.entries(fields).map(([n, v]) => field(n, v)).join("")}</form>`;

// tokenOf is the form token beside a button on the page that is open.
const tokenOf = (page, button) => page.$eval(button, (e) => e.form.elements.form_token.value);

export async function guards(check, w, browser) {
  const context = await browser.createBrowserContext();
  const p = await do_.sit(await context.newPage(), "mouse");
  const step = (what, run) => check(`guards: ${what}`, run, p.page);
  const apps = `${w.issuer}/o/authorized_tokens/`;
  let tokens;

  await step("somebody is signed in, and has let an app in", async () => {
    const asked = ask(w, w.app);
    await p.open(asked.url);
    await p.signIn(w.person);
    await p.press(do_.allow);
    tokens = await granted(w, asked);
  });
  await step("no script can read the cookie, and no form of another site brings it", async () => {
    await p.open(apps);
    const all = await context.cookies();
    assert.deepEqual(all.map(({ name, domain, path, httpOnly, sameSite, secure }) => ({ name, domain, path, httpOnly, sameSite, secure })),
      [{ name: "rescind-session", domain: "localhost", path: "/", httpOnly: true, sameSite: "Lax", secure: false }]);
    w.secrets.push(all[0].value);
    assert.equal(await p.page.evaluate(() => document.cookie), "");
  });
  await enforced(step, w, p, apps);
  await framed(step, w, p, apps);
  await forged(step, w, p, browser, apps, () => call(w, tokens));
  await onward(step, w, p);
  await wrong(step, w, p);
  await slowed(step, w, browser);
  await step("no address or log holds a secret", () => noSecretIn(w, p.urls));
  await context.close();
}

// enforced shows that what a page must not do is noticed here, and refused.
async function enforced(step, w, p, apps) {
  await step("a script or style that somebody planted does nothing", async () => {
    assert.deepEqual(p.found.splice(0), []);
    await p.open(apps);
    const did = await p.page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "window.planted = true";
      const style = document.createElement("style");
      style.textContent = "h1 { color: rgb(1, 2, 3) }";
      document.body.append(script, style);
      return window.planted || getComputedStyle(document.querySelector("h1")).color === "rgb(1, 2, 3)";
    });
    assert.equal(did, false);
    await new Promise((r) => setTimeout(r, 200));
    assert.match(p.found.splice(0).join("\n"), /script-src|default-src/);
  });
}

// framed is clickjacking, RFC 9700 section 4.16.
async function framed(step, w, p, apps) {
  for (const [who, origin] of [["another site", w.site], ["a neighbour on this host", w.neighbour]]) {
    await step(`${who} cannot frame a page`, async () => {
      for (const [src, shows] of [[`${origin}/end`, true], [apps, false], [ask(w, w.app).url, false]]) {
        w.pages.set("/frame", () => `<!doctype html><iframe src="${src.replaceAll("&", "&amp;")}"></iframe>`);
        await p.open(`${origin}/frame`);
        const frame = p.page.frames().find((f) => f.parentFrame());
        assert.equal(await frame.evaluate(() => location.href), shows ? src : "chrome-error://chromewebdata/");
      }
      assert.match(p.found.splice(0).join("\n"), /frame-ancestors/);
    });
  }
}

// forged sends our forms from elsewhere: with no token, with one of somebody
// else's session, and with the person's own.
async function forged(step, w, p, browser, apps, works) {
  const mallory = { email: "mallory@example.com", password: "mallory's password" };
  w.rescind(["user", "create", mallory.email, "--password-stdin"], mallory.password);
  const theirs = await browser.createBrowserContext();
  const m = await do_.sit(await theirs.newPage(), "mouse");
  let own, foreign, login;
  await step("the tokens of forms are at hand", async () => {
    await m.open(apps);
    login = await tokenOf(m.page, do_.signIn);
    const asked = ask(w, w.app);
    await m.open(asked.url);
    await m.signIn(mallory);
    foreign = { consent: await tokenOf(m.page, do_.allow), next: new URL(asked.url).search.slice(1) };
    await m.press(do_.allow);
    w.said.splice(0);
    await m.open(apps);
    Object.assign(foreign, { cut: await tokenOf(m.page, do_.cut(w.app)), all: await tokenOf(m.page, do_.cutAll), out: await tokenOf(m.page, do_.signOut) });
    await p.open(apps);
    own = { cut: await tokenOf(p.page, do_.cut(w.app)), all: await tokenOf(p.page, do_.cutAll), out: await tokenOf(p.page, do_.signOut) };
    await p.open(asked.url);
    Object.assign(own, { consent: await tokenOf(p.page, do_.allow), next: foreign.next });
  });
  const send = async (origin, action, fields) => {
    w.pages.set("/forged", () => `<!doctype html><title>forged</title>${form(w.issuer + action, fields)}`);
    await p.open(`${origin}/forged`);
    const [answer] = await Promise.all([p.page.waitForNavigation({ waitUntil: "load" }), p.page.evaluate(() => document.forms[0].submit())]);
    return answer.status();
  };
  for (const [who, origin] of [["another site", w.site], ["a neighbour on this host", w.neighbour]]) {
    for (const [whose, t] of [["no token", {}], ["a token of their own", foreign], ["the person's token", own]]) {
      await step(`${who} with ${whose} cuts nothing, consents to nothing and signs nobody out`, async () => {
        const token = (value) => ({ form_token: value ?? "x" });
        assert.equal(await send(origin, "/o/authorized_tokens/", { ...token(t.cut), client_id: w.app.id }), 400);
        assert.equal(await send(origin, "/o/authorized_tokens/", { ...token(t.all), all: "1" }), 400);
        assert.equal(await send(origin, "/o/authorize/", { ...token(t.consent), next: own.next, decision: "allow" }), 400);
        assert.equal(await send(origin, "/o/sign_out/", token(t.out)), 400);
        assert.equal(w.said.length, 0, "the client got an answer");
        assert.equal(await works(), 200);
        await p.open(apps);
        assert.match(await p.text("header"), /ann@example\.com/);
      });
    }
    await step(`${who} signs nobody in as somebody else`, async () => {
      assert.equal(await send(origin, "/o/sign_in/", { form_token: login, next: "/o/authorized_tokens/", ...mallory }), 400);
      await p.open(apps);
      assert.match(await p.text("header"), /ann@example\.com/);
    });
  }
  p.found.splice(0);
  await theirs.close();
}

// onward is a client whose callback sends the browser on, after consent and
// after sign-in: the policy's form-action is held to every hop.
async function onward(step, w, p) {
  const others = { "its own origin": `${w.site}/end`, "another name": `${w.neighbour}/end`, "another port": w.elsewhere };
  for (const [what, to] of Object.entries(others)) {
    await step(`a client may send people on after consent: ${what}`, async () => {
      w.onward = to;
      try {
        const asked = ask(w, w.app);
        await p.open(asked.url);
        await p.press(do_.allow);
        assert.equal(p.page.url(), to);
        assert.deepEqual(p.found.splice(0), []);
        await granted(w, asked);
      } finally {
        w.onward = undefined;
      }
    });
  }
}

// wrong requests are told to the person, and sent nowhere: RFC 6749 section 4.1.2.1.
async function wrong(step, w, p) {
  for (const [what, more] of Object.entries({
    "unknown-client": { client_id: "nobody" }, "unknown-redirect-uri": { redirect_uri: `${w.site}/other` },
  })) {
    await step(`told to the person, and to nobody else: ${what}`, async () => {
      const answer = await p.open(ask(w, w.app, more).url);
      assert.equal(answer.status(), 400);
      assert.equal(p.path(), "/o/authorize/");
      assert.equal(w.said.length, 0);
      await look(w, p, what);
    });
  }
  await step("the request's language is before the browser's", async () => {
    await p.page.setExtraHTTPHeaders({ "Accept-Language": "en" });
    await p.open(ask(w, w.app, { ui_locales: "fr de" }).url);
    assert.equal(await p.page.$eval("html", (e) => e.lang), "de");
  });
}

// look is at a page that the story does not come to.
async function look(w, p, name) {
  p.found.push(...await photograph(p.page, `${w.out}/${name}`));
  await p.page.emulateMediaFeatures([still]);
  await p.page.setViewport({ width: 320, height: 640 });
  p.found.push(...await layout(p.page), ...await keyboard(p.page));
  await p.page.setViewport({ width: 1280, height: 800 });
  assert.deepEqual(p.found.splice(0), []);
}

// slowed is last: who guesses has to wait, here everybody at this address.
async function slowed(step, w, browser) {
  const context = await browser.createBrowserContext();
  const p = await do_.sit(await context.newPage(), "mouse");
  await step("who guesses has to wait, and is told how long", async () => {
    await p.open(`${w.issuer}/o/authorized_tokens/`);
    let status = 403;
    for (let i = 0; i < 40 && status === 403; i++) status = (await p.signIn({ ...w.person, password: `guess ${i}` })).status();
    assert.equal(status, 429);
    assert.match(await p.text("[role=alert]"), /Wait \d+ (seconds|minutes)/);
    await look(w, p, "sign-in-throttled");
  });
  await context.close();
}
