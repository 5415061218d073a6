// Somebody at a browser: with a mouse, with a finger, or with the keyboard alone.
import assert from "node:assert/strict";

// What is pressed and filled in.
export const email = "#email", password = "#password";
export const signIn = 'form[action$="/o/sign_in/"] button';
export const signOut = 'form[action$="/o/sign_out/"] button';
export const upstream = 'form[action$="/o/upstream/"] button';
export const allow = "button[value=allow]", deny = "button[value=deny]";
export const cut = (client) => `form:has(input[name=client_id][value="${client.id}"]) button`;
export const cutAll = "form:has(input[name=all]) button";

const hands = {
  mouse: {
    use: (page, what) => page.click(what),
    into: async (page, what) => page.click(what, { count: 3 }), // what stands there is replaced
  },
  finger: {
    use: (page, what) => page.tap(what),
    into: async (page, what) => { await page.tap(what); await all(page); },
  },
  keyboard: {
    use: async (page, what) => { await tabTo(page, what); await page.keyboard.press("Enter"); },
    into: async (page, what) => { await tabTo(page, what); await all(page); },
  },
};

const all = async (page) => {
  await page.keyboard.down("Control");
  await page.keyboard.press("a");
  await page.keyboard.up("Control");
};

async function tabTo(page, what) {
  for (let i = 0; i < 40; i++) {
    if (await page.evaluate((w) => document.activeElement?.matches(w), what)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab does not come to ${what}`);
}

// sit gives the person of a page. Everything the browser says against the
// page's policy, or on its console, goes into found; every URL into urls.
export async function sit(page, hand) {
  const p = { page, found: [], urls: [] };
  const of = (text) => { if (!text.startsWith("Failed to load resource: the server responded")) p.found.push(`${new URL(page.url()).pathname}: ${text}`); };
  page.on("console", (m) => of(m.text()));
  page.on("pageerror", (e) => of(e.message));
  page.on("request", (r) => p.urls.push(r.url()));
  const cdp = await page.createCDPSession();
  await cdp.send("Audits.enable");
  cdp.on("Audits.issueAdded", ({ issue }) => /Policy|Cookie|Mixed|Blocked/.test(issue.code) && of(`${issue.code} ${JSON.stringify(issue.details)}`));

  p.fill = async (what, text) => { await hands[hand].into(page, what); await page.keyboard.type(text); };
  // press gives the answer of the page that it leads to.
  p.press = async (what) => {
    const [answer] = await Promise.all([page.waitForNavigation({ waitUntil: "load", timeout: 10000 }), hands[hand].use(page, what)]);
    return answer;
  };
  p.open = (url) => page.goto(url, { waitUntil: "load" });
  p.path = () => new URL(page.url()).pathname;
  p.text = (what) => page.$eval(what, (e) => e.innerText.replaceAll(/\s+/g, " ").trim());
  p.sees = (what) => page.$(what).then((e) => e !== null);
  p.signIn = async (person) => {
    await p.fill(email, person.email);
    await p.fill(password, person.password);
    return p.press(signIn);
  };
  return p;
}
