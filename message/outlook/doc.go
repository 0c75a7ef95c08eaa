// Package outlook reads mail that Outlook keeps in forms of its own, and writes it as RFC 5322.
//
// A .msg file is a compound file (package compound). Within it each
// MAPI property is a stream or an entry of a property stream ([MS-OXMSG] section 2.4), recipients and attachments are
// storages, and a forwarded message is a storage in an attachment's storage (section 2.2.2.1). The body is there as
// text, as HTML, or as RTF, which is compressed ([MS-OXRTFCP]) and often only wraps the HTML ([MS-OXRTFEX]).
//
// A winmail.dat is the same properties in another stream, TNEF ([MS-OXTNEF]), which Exchange attaches to internet mail.
//
// The original header fields survive in PR_TRANSPORT_MESSAGE_HEADERS where the mail came from the internet; the
// composed message begins with them, since who authenticated what stands only there. Property numbers are those of
// [MS-OXPROPS].
package outlook
