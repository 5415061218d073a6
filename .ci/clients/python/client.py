"""A user's tokens, by authorization code, with Authlib and requests-oauthlib: for
a client with a secret and for one without. In the environment: RESCIND_ISSUER,
PERSON, WEB and NATIVE (the clients, as registered)."""
import json
import os
import subprocess
import sys
import urllib.parse

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session as Authlib
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from oauthlib.oauth2 import InvalidGrantError, OAuth2Error
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session as RequestsOAuthlib

ISSUER = os.environ["RESCIND_ISSUER"]
HTTPS, LOOPBACK = "https://app.example.com/callback", "http://127.0.0.1:50213/callback"
SERVER = requests.get(ISSUER + "/.well-known/oauth-authorization-server", timeout=10).json()
count = {"passed": 0, "failed": 0}


def check(name, run, *args):
    try:
        run(*args)
    except Exception as e:  # each is told, and the next one runs
        count["failed"] += 1
        print(f"FAIL  {name}: {type(e).__name__} {e}")
    else:
        count["passed"] += 1
        print(f"ok    {name}")


def person(url, decision="allow"):
    out = subprocess.run([os.environ["PERSON"], url, decision], stdout=subprocess.PIPE, check=True, text=True)
    return out.stdout.strip()


def issued_by(back):
    """RFC 9207: neither library compares it by itself."""
    assert urllib.parse.parse_qs(urllib.parse.urlsplit(back).query)["iss"] == [ISSUER], back


def refused(kind, run, *args, **kwargs):
    try:
        run(*args, **kwargs)
    except kind as e:
        return e
    raise AssertionError("it is not refused")


def metadata():
    assert SERVER["issuer"] == ISSUER
    AuthorizationServerMetadata(SERVER | {"issuer": ISSUER.replace("http:", "https:")} | {
        k: v.replace("http:", "https:") for k, v in SERVER.items() if k.endswith("_endpoint")}).validate()


def authlib(client, method, redirect):
    def session(**more):
        return Authlib(client["client_id"], client.get("client_secret"), token_endpoint_auth_method=method,
                       revocation_endpoint_auth_method=method, scope="read write", redirect_uri=redirect,
                       code_challenge_method="S256", **more)

    s, verifier = session(), generate_token(48)
    url, state = s.create_authorization_url(SERVER["authorization_endpoint"], code_verifier=verifier)
    back = person(url)
    issued_by(back)
    token = s.fetch_token(SERVER["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier)
    assert token["scope"] == "read write" and token["refresh_token"]
    renewed = s.refresh_token(SERVER["token_endpoint"])
    assert renewed["refresh_token"] != token["refresh_token"]
    answer = s.revoke_token(SERVER["revocation_endpoint"], token=renewed["refresh_token"], token_type_hint="refresh_token")
    assert answer.status_code == 200
    assert refused(OAuthError, s.refresh_token, SERVER["token_endpoint"]).error == "invalid_grant"

    s = session()
    url, state = s.create_authorization_url(SERVER["authorization_endpoint"], code_verifier=verifier)
    back = person(url)
    wrong = refused(OAuthError, s.fetch_token, SERVER["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier + "x")
    assert wrong.error == "invalid_grant"
    url, state = s.create_authorization_url(SERVER["authorization_endpoint"], code_verifier=verifier, prompt="consent")
    assert "error=access_denied" in person(url, "deny")


def requests_oauthlib(client, redirect):
    secret = client.get("client_secret")
    auth = HTTPBasicAuth(client["client_id"], secret) if secret else None
    more = {} if secret else {"include_client_id": True}
    s = RequestsOAuthlib(client["client_id"], redirect_uri=redirect, scope=["read", "write"], pkce="S256")
    url, _ = s.authorization_url(SERVER["authorization_endpoint"])
    back = person(url)
    issued_by(back)
    token = s.fetch_token(SERVER["token_endpoint"], authorization_response=back, auth=auth, **more)
    assert token["scope"] == ["read", "write"] and token["refresh_token"]
    named = {} if secret else {"client_id": client["client_id"]}
    renewed = s.refresh_token(SERVER["token_endpoint"], auth=auth, **named)
    assert renewed["refresh_token"] != token["refresh_token"]
    # It has no call for a revocation, but makes the request (RFC 7009 section 2.1).
    at, headers, body = s._client.prepare_token_revocation_request(
        SERVER["revocation_endpoint"], renewed["refresh_token"], "refresh_token", **named)
    assert requests.post(at, body, headers=headers, auth=auth, timeout=10).status_code == 200
    refused(InvalidGrantError, s.refresh_token, SERVER["token_endpoint"], auth=auth, **named)

    s = RequestsOAuthlib(client["client_id"], redirect_uri=redirect, scope=["read"], pkce="S256")
    url, _ = s.authorization_url(SERVER["authorization_endpoint"], prompt="consent")
    back = person(url, "deny")
    assert refused(OAuth2Error, s.fetch_token, SERVER["token_endpoint"], authorization_response=back, auth=auth, **more).error == "access_denied"


web, native = json.loads(os.environ["WEB"]), json.loads(os.environ["NATIVE"])
check("the metadata is what Authlib expects", metadata)
check("Authlib with a secret, basic: code with PKCE, refresh, revocation", authlib, web, "client_secret_basic", HTTPS)
check("Authlib with a secret, post: code with PKCE, refresh, revocation", authlib, web, "client_secret_post", HTTPS)
check("Authlib without: code with PKCE, refresh, revocation", authlib, native, "none", LOOPBACK)
check("requests-oauthlib with a secret: code with PKCE, refresh, revocation", requests_oauthlib, web, HTTPS)
check("requests-oauthlib without: code with PKCE, refresh, revocation", requests_oauthlib, native, LOOPBACK)
print(f"{count['passed']} passed, {count['failed']} failed")
sys.exit(1 if count["failed"] else 0)
