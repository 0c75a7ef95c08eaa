// Package warning decides who must be told what about a campaign: it compares the previous and the next profile and
// gives the warnings that are due.
//
// A warning is worth what its reader can do within the hour, and must not give away who was hit. So each reader is told
// only about itself: a targeted organisation about its own messages, a likely next one about the reasons that concern
// it, the impersonated one about the use of its name, the constituency in general. Nobody reads the name of a victim
// but the victim itself; Check holds that rule over any text before it leaves.
//
// A warning goes to the pack's security_contact, never to a person of the directory; without a contact it is held and
// listed. Nothing goes to another organisation before a publisher approved it or a standing rule names reader, TLP and
// threshold. Markings are TLP 2.0 (FIRST, Traffic Light Protocol, version 2.0, August 2022). The alert has the shape of
// CISA's alert of 3 December 2020: what happened, who should read this, the lure, what to do, in at most 120 words; the
// longer text follows the sections of CISA's advisories.
package warning
