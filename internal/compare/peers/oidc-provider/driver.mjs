// A server of oidc-provider for internal/compare, as an ordinary user would set
// it up. `seed` fills a SQLite file with grants; `serve` serves. What it needs
// to know comes in the COMPARE_ variables.
import cluster from 'node:cluster';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

import { Provider } from 'oidc-provider';

import { memoryAdapter, openDatabase, sqliteAdapter } from './storage.mjs';

const { env } = process;
const inMemory = env.COMPARE_STORAGE === 'memory';
const scope = 'read write';

function newProvider(adapter) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return new Provider(`http://${env.COMPARE_ADDR}`, {
    adapter,
    clients: [{
      client_id: env.COMPARE_CLIENT_ID,
      client_secret: env.COMPARE_CLIENT_SECRET,
      grant_types: ['authorization_code', 'client_credentials', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: ['https://client.example.com/callback'],
      token_endpoint_auth_method: 'client_secret_basic',
    }],
    cookies: { keys: [env.COMPARE_CLIENT_SECRET] },
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }] },
    scopes: ['openid', 'offline_access', 'read', 'write'],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: (ctx, client, token) => token.clientId === client.clientId },
      revocation: { enabled: true, allowedPolicy: (ctx, client, token) => token.clientId === client.clientId },
    },
    findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    rotateRefreshToken: true,
    ttl: { AccessToken: 3600, ClientCredentials: 3600, RefreshToken: 30 * 86400, Grant: 90 * 86400 },
  });
}

// fill makes grants with an access and a refresh token each.
async function fill(provider) {
  const client = await provider.Client.find(env.COMPARE_CLIENT_ID);
  const lines = [];
  for (let i = 0; i < Number(env.COMPARE_GRANTS); i += 1) {
    const accountId = `user-${i}`;
    const grant = new provider.Grant({ accountId, clientId: client.clientId });
    grant.addOIDCScope(scope);
    const grantId = await grant.save();
    const made = { accountId, client, grantId, gty: 'authorization_code', scope };
    const access = await new provider.AccessToken(made).save();
    const refresh = await new provider.RefreshToken({ ...made, rotations: 0 }).save();
    lines.push(`${access} ${refresh}\n`);
  }
  writeFileSync(env.COMPARE_TOKENS, lines.join(''), { mode: 0o600 });
}

const file = () => openDatabase(join(env.COMPARE_DATA, 'provider.db'));

async function seed() {
  if (inMemory) return; // the server fills its own memory
  const db = file();
  db.exec('BEGIN');
  await fill(newProvider(sqliteAdapter(db)));
  db.exec('COMMIT');
  db.close();
}

async function serve() {
  const workers = Number(env.COMPARE_WORKERS ?? '1');
  if (workers > 1 && cluster.isPrimary) {
    for (let i = 0; i < workers; i += 1) cluster.fork();
    cluster.on('exit', () => process.exit(1));
    process.on('SIGTERM', () => process.exit(0)); // the workers end with their channel
    return;
  }
  const provider = newProvider(inMemory ? memoryAdapter() : sqliteAdapter(file()));
  if (inMemory) await fill(provider);
  provider.on('server_error', (ctx, error) => console.error(error));
  const [host, port] = env.COMPARE_ADDR.split(':');
  createServer(provider.callback()).listen(Number(port), host);
  process.on('SIGTERM', () => process.exit(0));
}

await (process.argv[2] === 'seed' ? seed() : serve());
