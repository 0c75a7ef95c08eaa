// Package campaign finds which messages are one operation: it links sightings by an evidence ledger, as they arrive and
// again in a batch that forgets the order of arrival.
//
// The base is probabilistic record linkage (Fellegi and Sunter, "A theory for record linkage", JASA 64, 1969): each
// [coldwatch.View] in which two messages agree adds log2(m/u) bits, where m is the chance that two messages of one
// campaign agree and u the chance that two strangers do; each view in which they differ takes a little away. Three
// things are added, because criminals share kits, hosts and mailers:
//
//   - Rarity is counted over clusters, never over messages, and the clusters of the two messages are left out: a
//     campaign's own size is no evidence against itself, and a flood of one message counts once.
//   - Conditional rarity: evidence that comes along with evidence already counted says little. The weight of a value x
//     after a value y is log2(m/max(u(x), P(x|y))), so the second part of a shared kit is "implied" by the first.
//   - Views that tell of one thing (From, Reply-To, envelope: the sender) form a dependence group. Within a group the
//     strongest term counts whole and the others a share.
//
// The terms, with the suppressed ones, are the explanation that [Linker.Link] and [Linker.Why] give.
//
// A sighting goes through these steps:
//
//  1. Its values are interned. Ordinary mail stops here and feeds the background counts B(x).
//  2. [Linker.Place] looks up the newest holders of its blocking values, compares it with a few exemplars of their
//     clusters, and joins the best cluster over the online threshold. Two clusters merge when messages of two
//     organisations bridge them.
//  3. [Linker.Relink] does the work again for all sightings at once: all candidate pairs are scored, and clusters grow
//     along the strongest pairs first. Done twice, the second time with the counts of the first partition. Nothing in it depends on
//     the order of arrival, so the partition is a function of the set of sightings, the parameters and the words.
//
// A merge needs evidence that no single reporting organisation could have planted: with any one organisation's messages
// taken out, bridging evidence must remain. An analyst's [coldwatch.Word] stands above the ledger.
package campaign
