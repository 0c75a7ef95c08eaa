// Package profile says what a campaign means: it takes the sightings of a campaign and a chain pack and gives the dossier.
//
// The dossier answers the Diamond Model (adversary, capability, infrastructure, victim; Caltagirone, Pendergast and Betz
// 2013) and a fifth question of our own: which links of the supply chain are hit. Its sums, and where each lives:
//
//   - fold.go: mergeable sums over sightings; one more message updates them, and order, repeats and batches do not matter.
//   - start.go: when it began. Strauss and Sadler (1989) on first sightings with its one-sided 95 % bound, Roberts and Solow
//     (2003) on the earliest ten; the wider of both is published. Dormant by Solow (1993): ((tn−t1)/(T−t1))^(n−1) < .05.
//   - phases.go: how the methods change. Jensen–Shannon divergence between neighbouring windows, a permutation test, and
//     Benjamini and Hochberg (1995) over all comparisons; a phase needs drift in two groups of views.
//   - size.go: how big it really is. A member sees only its own mailboxes, so capture–recapture over organisations does not
//     hold; a stratified scale-up over role and region gives "at least N organisations", never a point.
//   - next.go: who is next. Role and country odds, relations, personalised PageRank, lanes and earlier campaigns.
//   - doses.go: lanes whose custody passes a targeted organisation; each lane counts once, a missing figure widens.
//   - attribution.go: hypotheses and graded evidence (Admiralty, NATO AJP-2.1), Monte Carlo over likelihood ranges, the
//     linchpin, and confidence apart from likelihood. The actor is unknown until an analyst enters one.
//   - lint.go: the words. ICD 203 (Office of the Director of National Intelligence, Analytic Standards, section D.6.e(2)):
//     seven bands; no likelihood and confidence level in one sentence; basis, gaps and what would change a judgement.
//
// What cannot be assessed says so in words and is never a zero.
package profile
