// A user's tokens, by authorization code: for a client with a secret and for
// one without. In the environment: RESCIND_ISSUER, PERSON, WEB and NATIVE (the
// clients, as registered).
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as oidc from "openid-client";

const { RESCIND_ISSUER, PERSON, WEB, NATIVE } = process.env;

export async function users(check) {
  const web = JSON.parse(WEB), native = JSON.parse(NATIVE);
  for (const [name, client, auth, redirect_uri] of [
    ["with a secret", web, oidc.ClientSecretBasic(web.client_secret), "https://app.example.com/callback"],
    ["without", native, oidc.None(), "http://127.0.0.1:50123/callback"],
  ]) {
    const config = await oidc.discovery(new URL(RESCIND_ISSUER), client.client_id, {}, auth,
      { algorithm: "oauth2", execute: [oidc.allowInsecureRequests] });
    const ask = async (decision) => {
      const pkceCodeVerifier = oidc.randomPKCECodeVerifier(), expectedState = oidc.randomState();
      const url = oidc.buildAuthorizationUrl(config, { redirect_uri, scope: "read write", state: expectedState, prompt: "consent",
        code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: "S256" });
      const back = new URL(execFileSync(PERSON, [url.href, decision], { encoding: "utf8" }).trim());
      assert.ok(back.href.startsWith(redirect_uri));
      return [back, { pkceCodeVerifier, expectedState }];
    };
    let tokens;
    await check(`${name}: a code, with PKCE, for tokens`, async () => {
      tokens = await oidc.authorizationCodeGrant(config, ...await ask("allow"));
      assert.equal(tokens.scope, "read write");
      assert.ok(tokens.refresh_token);
    });
    await check(`${name}: a refresh`, async () => {
      const next = await oidc.refreshTokenGrant(config, tokens.refresh_token);
      assert.notEqual(next.refresh_token, tokens.refresh_token);
      tokens = next;
    });
    await check(`${name}: revocation ends it`, async () => {
      await oidc.tokenRevocation(config, tokens.refresh_token);
      await assert.rejects(oidc.refreshTokenGrant(config, tokens.refresh_token), (e) => e.error === "invalid_grant");
    });
    await check(`${name}: another server's answer is refused (RFC 9207)`, async () => {
      for (const spoil of [(q) => q.set("iss", "https://other.example.com"), (q) => q.delete("iss")]) {
        const [back, checks] = await ask("allow");
        spoil(back.searchParams);
        await assert.rejects(oidc.authorizationCodeGrant(config, back, checks), (e) => /"iss"|\(issuer\)/.test(e.cause?.message));
      }
    });
    await check(`${name}: a refusal is understood`, async () => {
      await assert.rejects(oidc.authorizationCodeGrant(config, ...await ask("deny")), (e) => e.error === "access_denied");
    });
  }
}
