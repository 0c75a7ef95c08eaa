// Package message reads mail: it turns raw bytes into a tree of body parts, in every way in which a client could read
// them.
//
// A message is header fields, an empty line and a body (RFC 5322 section 2.1). MIME (RFC 2045 to 2049) makes a tree of
// the body: a Content-Type of multipart/* names a boundary, and lines that begin with "--" and the boundary part the
// body from there (RFC 2046 section 5.1.1). Leaves carry a transfer encoding (RFC 2045 section 6), a charset, and a
// name that RFC 2231 may have cut into pieces; header text hides behind encoded words (RFC 2047).
//
// Whoever wants to get past a filter writes mail that the filter reads in one way and the victim's client in another:
// two Content-Type fields, two boundary parameters, a boundary that only some match, data after the closing delimiter,
// junk in base64 ("Inbox Invasion", CCS 2024; draft-chen-email-mime-ambiguity-defense). Which client the victim has is
// not known here, so nothing is guessed: the room takes every plausible reading. Reading 0 is the one of the RFCs; a
// part that only another reading yields has a number above 0, and an ambiguous [coldwatch.Defect] says what made it.
//
//	raw ─▶ scan (one pass, a stack of open boundaries) ─▶ parts of reading 0
//	           │ notes what could be read otherwise
//	           ▼
//	       other readings, outermost first, each a scan of its own region, until the budget is used
//	           ▼
//	       new leaves kept, known ones dropped ─▶ carriers: whole messages inside ─▶ [coldwatch.Message]
//
// Cost is linear in the size of the message whatever its depth: one scan looks at each line once, and all other
// readings together may look at a fixed multiple of the message. No limit hit and no malformed byte is an error; each
// is a Defect, and reading goes on.
//
// The pieces are also a library for the analysers: [Addresses], [DecodeHeader], [Date], [Charset].
package message
