// Package grant holds what rescind exists for: a grant's birth, epochs,
// rotation, replay, reuse, revocation and expiry, and the store interfaces.
//
// A grant and all its tokens are one item. Every operation reads what it needs
// consistently, decides by pure rules, and makes at most one conditional
// write. The rules are:
//
//   - A reason to be dead only ever moves towards dead. Nothing here writes a
//     revocation, a raised epoch or an emptied slot back.
//   - Every refusal is read-only, except reuse, which adds the one revoking write.
//   - A write that was not plainly answered is settled by one consistent read;
//     what cannot be settled is an outage, never a success and never a refusal.
//   - Expiry is decided on read. The store's deletion of old items is hygiene.
//
// It must not know HTTP, SQL or DynamoDB; a store must not know policy.
package grant
