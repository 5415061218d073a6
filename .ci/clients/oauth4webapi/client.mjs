// A user's tokens, by authorization code: for a client with a secret, by each
// way to authenticate, and for one without. In the environment: RESCIND_ISSUER,
// PERSON, WEB and NATIVE (the clients, as registered).
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as oauth from "oauth4webapi";

const { RESCIND_ISSUER, PERSON } = process.env;
const web = JSON.parse(process.env.WEB), native = JSON.parse(process.env.NATIVE);
const insecure = { [oauth.allowInsecureRequests]: true };
let passed = 0, failed = 0;
async function check(name, run) {
  try { await run(); passed++; console.log(`ok    ${name}`); }
  catch (e) { failed++; console.log(`FAIL  ${name}: ${e.code ?? ""} ${e.message} ${e.cause?.message ?? ""}`); }
}

const issuer = new URL(RESCIND_ISSUER);
let as;
await check("discovery", async () => {
  as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure }));
  assert.deepEqual(as.code_challenge_methods_supported, ["S256"]);
  assert.equal(as.authorization_response_iss_parameter_supported, true);
});

for (const [name, registered, auth, redirect] of [
  ["basic", web, oauth.ClientSecretBasic(web.client_secret), "https://app.example.com/callback"],
  ["post", web, oauth.ClientSecretPost(web.client_secret), "https://app.example.com/callback"],
  ["none", native, oauth.None(), "http://127.0.0.1:50321/callback"],
]) {
  const client = { client_id: registered.client_id };
  const ask = async (decision) => {
    const verifier = oauth.generateRandomCodeVerifier(), state = oauth.generateRandomState();
    const url = new URL(as.authorization_endpoint);
    for (const [k, v] of Object.entries({ client_id: client.client_id, redirect_uri: redirect, response_type: "code", scope: "read", state, prompt: "consent",
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256" })) url.searchParams.set(k, v);
    return { verifier, state, back: new URL(execFileSync(PERSON, [url.href, decision], { encoding: "utf8" }).trim()) };
  };
  const redeem = async (params, verifier) => oauth.processAuthorizationCodeResponse(as, client,
    await oauth.authorizationCodeGrantRequest(as, client, auth, params, redirect, verifier, insecure));
  const refresh = async (token) => oauth.processRefreshTokenResponse(as, client,
    await oauth.refreshTokenGrantRequest(as, client, auth, token, insecure));
  let tokens, params, verifier;
  await check(`${name}: a code, with PKCE, for tokens`, async () => {
    const asked = await ask("allow");
    verifier = asked.verifier;
    params = oauth.validateAuthResponse(as, client, asked.back, asked.state);
    tokens = await redeem(params, verifier);
    assert.equal(tokens.token_type, "bearer");
    assert.ok(tokens.refresh_token);
  });
  await check(`${name}: a refresh`, async () => { tokens = await refresh(tokens.refresh_token); });
  await check(`${name}: the code a second time is refused, and ends it all`, async () => {
    await assert.rejects(redeem(params, verifier), (e) => e.error === "invalid_grant");
    await assert.rejects(refresh(tokens.refresh_token), (e) => e.error === "invalid_grant");
  });
  await check(`${name}: revocation ends it`, async () => {
    const asked = await ask("allow");
    tokens = await redeem(oauth.validateAuthResponse(as, client, asked.back, asked.state), asked.verifier);
    await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, tokens.access_token, insecure));
    await assert.rejects(refresh(tokens.refresh_token), (e) => e.error === "invalid_grant");
  });
  await check(`${name}: another server's answer is refused (RFC 9207)`, async () => {
    const { back, state } = await ask("allow");
    oauth.validateAuthResponse(as, client, back, state);
    back.searchParams.set("iss", "https://other.example.com");
    assert.throws(() => oauth.validateAuthResponse(as, client, back, state), /"iss"/);
  });
  await check(`${name}: a refusal is understood, and from whom it is`, async () => {
    const { back, state } = await ask("deny");
    assert.equal(back.searchParams.get("iss"), RESCIND_ISSUER);
    assert.throws(() => oauth.validateAuthResponse(as, client, back, state), (e) => e.error === "access_denied");
  });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
