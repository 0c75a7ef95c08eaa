// Package federation lets organisations find together what none of them sees alone, without showing each other their mail.
//
// A community is its members and one hub. A member keeps its mail and sends sightings; the hub links them with the same campaign
// room that links one organisation's mail, and tells everybody what it found and nobody who was hit. docs/federation.md is the
// design, docs/threat-model.md says against whom it holds.
//
// What a file holds, from the member's house outwards:
//
//   - ring.go: the community key, which the hub does not have, and the tokens that it makes of values: HMAC-SHA256 (RFC 2104),
//     another key each quarter.
//   - policy.go, pass.go: what leaves, value by value, with the reason.
//   - frame.go: what travels: JSON in canonical form (RFC 8785, whole numbers only), numbered, signed with Ed25519 (RFC 8032), and
//     carried as an object of STIX 2.1 with an extension (section 7.3), so that TAXII 2.1 brings it and any client reads it.
//   - member.go, sync.go: the member: what is sent and when, what is read, and its warnings.
//   - hub.go, intake.go: who is let in, and what is taken of what they send.
//   - notice.go, generalise.go: what the hub says of a campaign, with at least k members behind each word.
//   - filter.go: "seen here?", answered without asking: a Bloom filter (Bloom 1970) over tokens.
//   - directory.go, opening.go: what members tell each other through the hub.
//   - audit.go: who did what, in lines that each hold the hash of the one before.
package federation
