// Two adapters for oidc-provider: one keeps everything in a SQLite file, one in
// a Map. Both hold what the adapter interface asks for and nothing else.
import Database from 'better-sqlite3';

const seconds = () => Math.floor(Date.now() / 1000);

const schema = `
  CREATE TABLE IF NOT EXISTS records (
    model    TEXT NOT NULL,
    id       TEXT NOT NULL,
    payload  TEXT NOT NULL,
    consumed INTEGER,
    grant_id TEXT,
    uid      TEXT,
    expires  INTEGER,
    PRIMARY KEY (model, id)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS records_grant ON records (grant_id) WHERE grant_id IS NOT NULL;
  CREATE INDEX IF NOT EXISTS records_uid ON records (uid) WHERE uid IS NOT NULL;
`;

// openDatabase opens the file so that a write is on the disk when it returns.
export function openDatabase(path) {
  const db = new Database(path, { timeout: 10_000 });
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(schema);
  return db;
}

// sqliteAdapter gives a class over one database, with statements prepared once.
export function sqliteAdapter(db) {
  const upsert = db.prepare(`INSERT INTO records (model, id, payload, grant_id, uid, expires) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (model, id) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id,
      uid = excluded.uid, expires = excluded.expires`);
  const find = db.prepare('SELECT payload, consumed, expires FROM records WHERE model = ? AND id = ?');
  const findByUid = db.prepare('SELECT payload, consumed, expires FROM records WHERE uid = ? AND model = ?');
  const consume = db.prepare('UPDATE records SET consumed = ? WHERE model = ? AND id = ?');
  const destroy = db.prepare('DELETE FROM records WHERE model = ? AND id = ?');
  const revoke = db.prepare('DELETE FROM records WHERE grant_id = ?');
  const read = (row) => {
    if (!row || (row.expires !== null && row.expires <= seconds())) return undefined;
    const payload = JSON.parse(row.payload);
    if (row.consumed !== null) payload.consumed = row.consumed;
    return payload;
  };
  return class SQLiteAdapter {
    constructor(model) { this.model = model; }

    async upsert(id, payload, expiresIn) {
      upsert.run(this.model, id, JSON.stringify(payload), payload.grantId ?? null, payload.uid ?? null,
        expiresIn ? seconds() + expiresIn : null);
    }

    async find(id) { return read(find.get(this.model, id)); }

    async findByUid(uid) { return read(findByUid.get(uid, this.model)); }

    async findByUserCode() { return undefined; } // no device flow here

    async consume(id) { consume.run(seconds(), this.model, id); }

    async destroy(id) { destroy.run(this.model, id); }

    async revokeByGrantId(grantId) { revoke.run(grantId); }
  };
}

// memoryAdapter gives a class over Maps of this process.
export function memoryAdapter() {
  const records = new Map();
  const grants = new Map();
  return class MapAdapter {
    constructor(model) { this.model = model; }

    key(id) { return `${this.model}:${id}`; }

    async upsert(id, payload) {
      const key = this.key(id);
      records.set(key, payload);
      if (payload.grantId) {
        if (!grants.has(payload.grantId)) grants.set(payload.grantId, new Set());
        grants.get(payload.grantId).add(key);
      }
    }

    async find(id) { return records.get(this.key(id)); }

    async findByUid(uid) {
      for (const [key, payload] of records) {
        if (key.startsWith(`${this.model}:`) && payload.uid === uid) return payload;
      }
      return undefined;
    }

    async findByUserCode() { return undefined; } // no device flow here

    async consume(id) { records.get(this.key(id)).consumed = seconds(); }

    async destroy(id) {
      const payload = records.get(this.key(id));
      records.delete(this.key(id));
      if (payload?.grantId) grants.get(payload.grantId)?.delete(this.key(id));
    }

    async revokeByGrantId(grantId) {
      for (const key of grants.get(grantId) ?? []) records.delete(key);
      grants.delete(grantId);
    }
  };
}
