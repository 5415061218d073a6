// A client that we did not write, against a server started for it. What it
// needs is in the environment: RESCIND_ISSUER, CLIENT_ID, CLIENT_SECRET, GRANT.
import assert from "node:assert/strict";
import * as oidc from "openid-client";
import { users } from "./user.mjs";

const { RESCIND_ISSUER, CLIENT_ID, CLIENT_SECRET, GRANT } = process.env;
let passed = 0, failed = 0;
async function check(name, run) {
  try { await run(); passed++; console.log(`ok    ${name}`); }
  catch (e) { failed++; console.log(`FAIL  ${name}: ${e.code ?? ""} ${e.message}`); }
}

for (const [method, auth] of [["basic", oidc.ClientSecretBasic(CLIENT_SECRET)], ["post", oidc.ClientSecretPost(CLIENT_SECRET)]]) {
  const config = await oidc.discovery(new URL(RESCIND_ISSUER), CLIENT_ID, {}, auth,
    { algorithm: "oauth2", execute: [oidc.allowInsecureRequests] });
  let machine;
  await check(`${method}: discovery names this issuer`, () => {
    assert.equal(config.serverMetadata().issuer, RESCIND_ISSUER);
  });
  await check(`${method}: client_credentials obtains a token`, async () => {
    machine = await oidc.clientCredentialsGrant(config, { scope: "read" });
    assert.equal(machine.token_type, "bearer");
    assert.equal(machine.scope, "read");
    assert.ok(machine.expires_in > 3500);
  });
  await check(`${method}: introspection says active`, async () => {
    const seen = await oidc.tokenIntrospection(config, machine.access_token);
    assert.equal(seen.active, true);
    assert.equal(seen.client_id, CLIENT_ID);
  });
  await check(`${method}: revocation cuts it`, async () => {
    await oidc.tokenRevocation(config, machine.access_token);
    assert.deepEqual(await oidc.tokenIntrospection(config, machine.access_token), { active: false });
  });
  await check(`${method}: a second revocation is a success too`, () => oidc.tokenRevocation(config, machine.access_token));
}

const config = await oidc.discovery(new URL(RESCIND_ISSUER), CLIENT_ID, {}, oidc.ClientSecretBasic(CLIENT_SECRET),
  { algorithm: "oauth2", execute: [oidc.allowInsecureRequests] });
const user = JSON.parse(GRANT);
let next;
await check("a refresh rotates both tokens", async () => {
  next = await oidc.refreshTokenGrant(config, user.refresh_token);
  assert.notEqual(next.refresh_token, user.refresh_token);
  assert.notEqual(next.access_token, user.access_token);
});
await check("the same refresh again gives the identical tokens", async () => {
  const again = await oidc.refreshTokenGrant(config, user.refresh_token);
  assert.equal(again.refresh_token, next.refresh_token);
  assert.equal(again.access_token, next.access_token);
});
await check("the user's token is active for its subject", async () => {
  const seen = await oidc.tokenIntrospection(config, next.access_token);
  assert.equal(seen.active, true);
  assert.equal(seen.sub, "alice");
});
await check("revoking the refresh token ends the access token and the refresh", async () => {
  await oidc.tokenRevocation(config, next.refresh_token, { token_type_hint: "refresh_token" });
  assert.equal((await oidc.tokenIntrospection(config, next.access_token)).active, false);
  await assert.rejects(oidc.refreshTokenGrant(config, next.refresh_token), (e) => e.error === "invalid_grant");
});
await users(check);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
