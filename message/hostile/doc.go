// Package hostile makes mail that readers stumble over: for tests, and for whoever wants to see what a mail filter
// stands.
//
// [Ambiguous] gives messages that clients read differently, one for each trick known from the literature ("Inbox
// Invasion", CCS 2024; draft-chen-email-mime-ambiguity-defense; RFC 2046 section 5.1.1 and RFC 2045 section 6 read
// against the grain). Each carries a harmless [Marker] where at least one plausible reader finds an attachment.
//
// [Floods] gives messages that cost much to read: deep nesting, many parts, huge headers, cut-up parameters. Each takes
// a size, so that growth can be measured.
//
// [Bombs] gives messages with an attachment that grows when it is opened, [Odd] messages that attack what stores or shows
// them. Together they hold cases for: T1 archive bombs, T2 deep or many parts, T3 floods of header fields, T4 of
// signatures, T5 image bombs, T6 XML entities, T7 costly pages and scripts, T8 paths in names, T9 script in what is
// shown, T10 addresses of inner machines, T11 formulas, T12 control characters, T13 names that look like others, T14 more
// than one sender, T15 forged results, T16 ambiguous structure, T17 messages parted by line ends, T18 dates, T19 ids used
// twice, T20 words of databases and shells, T21 deep objects of an exchange.
//
// All of it is invented, deterministic and without effect.
package hostile

// Marker is what the ambiguous messages carry in place of a payload.
const Marker = "COLDWATCH-HARMLESS-MARKER-7f3a"

// A Case is one hostile message. Its name can be the name of a file.
type Case struct {
	Name string
	Raw  []byte
}
