// What the story happens in: a `rescind serve` over a store of its own, with an
// account; the example API behind it; and a web server that is by turns the
// client and somebody who means harm.
import { execFileSync, spawn } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import path from "node:path";

const { BUILD } = process.env;
const AUDIENCE = "https://notes.example.com";
const running = [];

// freePort gives each port once: nobody listens there yet when the next is asked for.
const given = new Set();
async function freePort() {
  for (;;) {
    const port = await new Promise((resolve, reject) => {
      const s = net.createServer().on("error", reject).listen(0, "127.0.0.1", () => { const { port } = s.address(); s.close(() => resolve(port)); });
    });
    if (!given.has(port)) return given.add(port), port;
  }
}

const answers = (port) => new Promise((resolve) => {
  const s = net.connect(port, "127.0.0.1").on("connect", () => { s.destroy(); resolve(true); }).on("error", () => resolve(false));
});

// start runs a program until the end of the step, and waits for its port.
async function start(program, args, env, port, log, says = "") {
  const out = fs.openSync(log, "w");
  const child = spawn(path.join(BUILD, program), args, { env: { ...process.env, ...env }, stdio: ["ignore", out, out] });
  running.push(child);
  for (let i = 0; i < 200 && child.exitCode === null; i++) {
    if (await answers(port) && fs.readFileSync(log, "utf8").includes(says)) return;
    await new Promise((r) => setTimeout(r, 50));
  }
  throw new Error(`${program} does not start; see ${log}`);
}

// stop ends all programs, and gives what went wrong with that.
export async function stop() {
  const found = [];
  for (const child of running.reverse()) {
    const ended = new Promise((r) => child.once("exit", (code, signal) => r(code ?? signal)));
    if (child.exitCode !== null) { found.push(`${child.spawnfile} ended before its time, ${child.exitCode}`); continue; }
    child.kill("SIGTERM");
    await ended;
  }
  return found;
}

// serve answers on a free port: every path with pages.get(path), a function of
// request and URL that gives HTML or {status, headers, body}.
export async function serve(pages, tls) {
  const answer = (req, res) => {
    const url = new URL(req.url, "http://x");
    const made = pages.get(url.pathname)?.(req, url) ?? { status: 404, body: "" };
    const { status = 200, headers = {}, body } = typeof made === "string" ? { body: made } : made;
    res.writeHead(status, { "content-type": "text/html; charset=utf-8", ...headers });
    res.end(body);
  };
  const server = tls ? https.createServer(tls, answer) : http.createServer(answer);
  await new Promise((r) => server.listen(0, "127.0.0.1", r));
  server.unref();
  return server.address().port;
}

const html = (title, body = "") => `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${body}`;

// deploy starts all of it. With tls, {key, cert}, the server and the client are
// at names of their own, over TLS; with upstream, people sign in there too.
export async function deploy(name, { tls, upstream } = {}) {
  const out = path.join(BUILD, "browser");
  const folder = fs.mkdtempSync(path.join(out, "store-"));
  const store = `sqlite:${folder}/rescind.db`;
  const port = await freePort();
  const w = {
    name, out, pages: new Map(), said: [], found: [], log: path.join(out, `${name}.log`), folder,
    base: `http://localhost:${port}`, // where it is without TLS
    issuer: tls ? `https://auth.localhost:${await front(port, tls)}` : `http://localhost:${port}`,
    person: { email: "ann@example.com", password: `ann's ${crypto.randomBytes(12).toString("base64url")}` },
  };
  let env = {};
  if (upstream) {
    const at = await freePort();
    const log = path.join(out, `${name}-provider.log`);
    await start("openid", ["--addr", `127.0.0.1:${at}`, "--for", w.issuer], {}, at, log, "CLIENT_SECRET");
    env = Object.fromEntries(fs.readFileSync(log, "utf8").trim().split("\n").map((l) => l.split(/=(.*)/s)));
    env.RESCIND_UPSTREAM_NAME = "Example Corp";
  }
  await start("rescind", ["serve", "--json", "--addr", `127.0.0.1:${port}`, "--issuer", w.issuer, "--store", store], env, port, w.log);
  w.rescind = (args, input = "") => JSON.parse(execFileSync(path.join(BUILD, "rescind"), [...args, "--json", "--store", store], { input, stdio: ["pipe", "pipe", "ignore"] }));
  w.subject = w.rescind(["user", "create", w.person.email, "--password-stdin"], w.person.password).subject;

  const clientPort = await serve(w.pages, tls);
  w.site = tls ? `https://app.localhost:${clientPort}` : `http://127.0.0.1:${clientPort}`;
  w.neighbour = `http${tls ? "s" : ""}://localhost:${clientPort}`; // the same web server, by a name of the same site as the issuer's
  w.pages.set("/cb", (req, url) => {
    w.said.push({ query: url.searchParams, headers: req.headers });
    return w.onward ? { status: 302, headers: { location: w.onward }, body: "" } : html("Back at the app", "<script>document.title = 'it ran'</script>");
  });
  w.elsewhere = `${w.site.replace(/\d+$/, await serve(w.pages, tls))}/end`;
  w.pages.set("/end", () => html("Further on"));
  w.app = register(w, "Notes for me", "public");
  w.web = register(w, "Notes web", "confidential");

  const api = w.rescind(["client", "create", "--id", "notes-api", "--name", "Notes", "--resource-server", "--audience", AUDIENCE]);
  const apiPort = await freePort();
  w.api = `http://127.0.0.1:${apiPort}/notes`;
  await start("notes", [], { NOTES_ADDR: `127.0.0.1:${apiPort}`, NOTES_ISSUER: w.issuer, NOTES_AUDIENCE: AUDIENCE,
    NOTES_CLIENT_ID: "notes-api", NOTES_CLIENT_SECRET: api.client_secret }, apiPort, path.join(out, `${name}-notes.log`));
  w.secrets = [w.person.password, api.client_secret, w.web.secret];
  w.read = () => fs.readFileSync(w.log, "utf8");
  return w;
}

function register(w, name, type) {
  const made = w.rescind(["client", "create", "--name", name, "--type", type, "--grant-types", "authorization_code,refresh_token",
    "--redirect-uri", `${w.site}/cb`, "--scopes", "notes:read notes:write", "--audience", AUDIENCE]);
  return { name, id: made.client_id, secret: made.client_secret };
}

// front is what holds TLS before the server, as a load balancer would.
async function front(port, tls) {
  const server = https.createServer(tls, (req, res) => {
    const on = http.request({ port, host: "127.0.0.1", method: req.method, path: req.url, headers: req.headers }, (answer) => {
      res.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(res);
    });
    on.on("error", () => res.destroy());
    req.pipe(on);
  });
  await new Promise((r) => server.listen(0, "127.0.0.1", r));
  server.unref();
  return server.address().port;
}

// ask makes an authorization request (RFC 6749 section 4.1.1, RFC 7636).
export function ask(w, client, more = {}) {
  const verifier = crypto.randomBytes(32).toString("base64url");
  const state = crypto.randomBytes(12).toString("base64") + " &?"; // to be echoed exactly
  const url = new URL(`${w.issuer}/o/authorize/`);
  for (const [k, v] of Object.entries({
    response_type: "code", client_id: client.id, redirect_uri: `${w.site}/cb`, scope: "notes:read notes:write", state,
    code_challenge: crypto.createHash("sha256").update(verifier).digest("base64url"), code_challenge_method: "S256", ...more,
  })) url.searchParams.set(k, v);
  w.secrets.push(verifier);
  return { url: url.href, verifier, state, client };
}

// token calls the token endpoint for the client.
export async function post(w, path, client, fields) {
  const body = new URLSearchParams({ client_id: client.id, ...(client.secret && { client_secret: client.secret }), ...fields });
  const answer = await fetch(w.base + path, { method: "POST", body });
  const text = await answer.text();
  const json = text ? JSON.parse(text) : {};
  for (const t of [json.access_token, json.refresh_token]) if (t) w.secrets.push(t);
  return { status: answer.status, ...json };
}

export const exchange = (w, asked, code) => post(w, "/o/token/", asked.client,
  { grant_type: "authorization_code", code, redirect_uri: `${w.site}/cb`, code_verifier: asked.verifier });

export const refresh = (w, client, tokens) => post(w, "/o/token/", client, { grant_type: "refresh_token", refresh_token: tokens.refresh_token });

// call asks the example API, and gives the status.
export const call = async (w, tokens) => (await fetch(w.api, { headers: { authorization: `Bearer ${tokens.access_token}` } })).status;
