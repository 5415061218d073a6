// From the authorization request to the app that was cut: the story of
// README, told once for each way to use a browser.
import assert from "node:assert/strict";
import { keyboard, layout, photograph, still } from "../inspect.mjs";
import * as do_ from "./person.mjs";
import { ask, call, exchange, refresh } from "./world.mjs";

// arrived takes what the browser brought to the client: RFC 6749 section
// 4.1.2, RFC 9207.
export function arrived(w, asked) {
  const seen = w.said.splice(0);
  assert.equal(seen.length, 1, "the browser came to the client once");
  const [{ query, headers }] = seen;
  assert.equal(query.get("state"), asked.state);
  assert.equal(query.get("iss"), w.issuer);
  assert.equal(headers.referer, undefined, "the client is told where the browser was");
  assert.equal(headers.origin === undefined || headers.origin === "null", true);
  for (const value of query.getAll("code")) w.secrets.push(value);
  return query;
}

export async function granted(w, asked) {
  const tokens = await exchange(w, asked, arrived(w, asked).get("code"));
  assert.equal(tokens.status, 200, JSON.stringify(tokens.error));
  return tokens;
}

// dead tells that nothing of the tokens works.
export async function dead(w, client, tokens) {
  assert.equal(await call(w, tokens), 401);
  assert.equal((await refresh(w, client, tokens)).error, "invalid_grant");
}

// story tells it. way is {hand, name, dark, phone, script, words}: words are the
// catalogue of the language that is asked for.
export async function story(check, w, browser, way) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: way.dark ? "dark" : "light" }, still]);
  const size = way.phone ? { width: 360, height: 740, isMobile: true, hasTouch: true } : { width: 1280, height: 800 };
  await page.setViewport(size);
  await page.setExtraHTTPHeaders({ "Accept-Language": way.language });
  if (!way.script) await page.setJavaScriptEnabled(false);
  const p = await do_.sit(page, way.hand);
  const { words } = way;
  const step = (what, run) => check(`${way.name}: ${what}`, run, page);

  // look is at every page, in the state that the story has brought it to.
  const look = async (name) => {
    assert.equal(await page.$eval("html", (e) => e.lang), way.language);
    const file = `${w.out}/${way.name}-${name}`;
    if (!way.script || way.phone) {
      await page.screenshot({ path: `${file}.png`, fullPage: true });
      p.found.push(...await layout(page));
      return;
    }
    p.found.push(...await photograph(page, file));
    await page.setViewport({ width: 320, height: 640 });
    p.found.push(...await layout(page), ...await keyboard(page));
    await page.setViewport(size);
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: way.dark ? "dark" : "light" }, still]);
  };
  const heading = async (key) => assert.equal(await p.text("h1"), words[key].replace("{client}", w.app.name));

  let asked = ask(w, w.app), tokens;
  await step("the authorization request leads to sign-in", async () => {
    await p.open(asked.url);
    assert.equal(p.path(), "/o/sign_in/");
    await heading("signin.title");
    assert.match(await p.text("main"), new RegExp(w.app.name));
    await look("sign-in");
  });
  await step("a wrong password is refused, and the email stays", async () => {
    const answer = await p.signIn({ ...w.person, password: "not the password" });
    assert.equal(answer.status(), 403);
    assert.equal(await p.text("[role=alert]"), words["signin.credentials"]);
    assert.equal(await page.$eval(do_.email, (e) => e.value), w.person.email);
    assert.equal(await page.$eval(do_.password, (e) => e.value), "");
    assert.equal(await page.evaluate(() => document.activeElement.id), "password", "the keyboard stands at the password");
    await look("sign-in-refused");
  });
  await step("the right one leads to consent", async () => {
    await p.signIn(w.person);
    assert.equal(p.path(), "/o/authorize/");
    await heading("consent.title");
    const text = await p.text("main");
    for (const part of [new URL(w.site).host, "notes:read", "notes:write", w.person.email, w.app.id, "https://notes.example.com"]) assert.ok(text.includes(part), part);
    await look("consent");
  });
  await step("allowed, the app gets tokens and the API lets it in", async () => {
    await p.press(do_.allow);
    assert.ok(page.url().startsWith(`${w.site}/cb?`));
    assert.equal(await page.title(), way.script ? "it ran" : "Back at the app", "scripts are as this way has them");
    tokens = await granted(w, asked);
    assert.equal(await call(w, tokens), 200);
  });
  await step("it refreshes", async () => {
    const next = await refresh(w, w.app, tokens);
    assert.equal(next.status, 200);
    assert.notEqual(next.refresh_token, tokens.refresh_token);
    tokens = next;
    assert.equal(await call(w, tokens), 200);
  });
  await step("the app stands on the page of authorized applications", async () => {
    await p.open(`${w.issuer}/o/authorized_tokens/`);
    await heading("apps.title");
    const text = await p.text("li.app");
    for (const part of [w.app.name, "notes:read", "notes:write"]) assert.ok(text.includes(part), part);
    await look("authorized");
  });
  await step("its button cuts it: the API refuses, and so does the refresh", async () => {
    await p.press(do_.cut(w.app));
    await dead(w, w.app, tokens);
    assert.equal(await p.text("[role=status]"), words["apps.done"].replace("{client}", w.app.name));
    assert.equal(await p.sees("li.app"), false);
    await look("cut");
    await page.reload();
    assert.equal(await p.sees("[role=status]"), true, "a reload sends nothing again");
  });
  await consentIsRemembered(step, w, p);
  await step("deny sends the app away", async () => {
    asked = ask(w, w.app);
    await p.open(asked.url);
    await p.press(do_.deny);
    const query = arrived(w, asked);
    assert.equal(query.get("error"), "access_denied");
    assert.equal(query.has("code"), false);
  });
  await leaving(step, w, p, { look, heading });
  await step("no page was wrong, and no address or log holds a secret", async () => {
    assert.deepEqual([...new Set(p.found)], []);
    noSecretIn(w, p.urls);
  });
  await context.close();
}

// consentIsRemembered for an app that keeps a secret, and asked anew once all
// was cut.
async function consentIsRemembered(step, w, p) {
  const held = [];
  await step("an app that keeps a secret asks once", async () => {
    for (const asksAnew of [true, false]) {
      const asked = ask(w, w.web);
      await p.open(asked.url);
      assert.equal(await p.sees(do_.allow), asksAnew);
      if (asksAnew) await p.press(do_.allow);
      held.push(await granted(w, asked));
    }
    const asked = ask(w, w.web, { prompt: "consent" });
    await p.open(asked.url);
    assert.equal(await p.sees(do_.allow), true);
  });
  await step("one button cuts all, and the person stays signed in", async () => {
    const own = ask(w, w.app);
    await p.open(own.url);
    await p.press(do_.allow);
    const tokens = await granted(w, own);
    await p.open(`${w.issuer}/o/authorized_tokens/`);
    assert.equal((await p.page.$$("li.app")).length, 2);
    await p.press(do_.cutAll);
    await dead(w, w.app, tokens);
    for (const t of held) await dead(w, w.web, t);
    assert.equal(await p.sees("li.app"), false);
    assert.equal(await p.sees("[role=status]"), true);
    await p.open(ask(w, w.web).url);
    assert.equal(await p.sees(do_.allow), true, "and the app has to ask again");
  });
}

// leaving signs out, and tries to come back by what the browser still has.
async function leaving(step, w, p, { look, heading }) {
  await step("signed out is signed out: going back and the old cookie show nothing", async () => {
    await p.open(`${w.issuer}/o/authorized_tokens/`);
    await look("authorized-none");
    const context = p.page.browserContext();
    const before = await context.cookies();
    await p.press(do_.signOut);
    await heading("out.title");
    await look("signed-out");
    assert.deepEqual((await context.cookies()).filter((c) => c.name.includes("session")), []);
    await p.page.goBack({ waitUntil: "load" });
    assert.equal(p.path(), "/o/sign_in/");
    await context.setCookie(...before);
    await p.open(`${w.issuer}/o/authorized_tokens/`);
    assert.equal(p.path(), "/o/sign_in/");
  });
}

export function noSecretIn(w, urls) {
  const logged = w.read();
  for (const secret of new Set(w.secrets)) {
    if (!secret) continue;
    assert.ok(!logged.includes(secret), "a secret stands in the server's log");
    const where = urls.find((u) => !u.startsWith(`${w.site}/`) && (u.includes(secret) || u.includes(encodeURIComponent(secret))));
    assert.equal(where && new URL(where).pathname, undefined, "a secret stands in an address");
  }
}
