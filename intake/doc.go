// Package intake finds the mail that people hand over and gives it on one message at a time, in bounded memory.
//
// Mail lies about in many forms: a file with one message (RFC 5322), a folder of such files, a Maildir (one file a
// message in "cur" and "new", https://cr.yp.to/proto/maildir.html), an mbox (RFC 4155: messages one after another, each
// behind a line "From sender date"), an Outlook .msg file, or a scenario folder of the measuring program, with the mail
// of each organisation under mail/<organisation>.
//
// An mbox is ambiguous by nature: a body line that begins with "From " would part messages. Writers quote it as ">From "
// (mboxo), quote quoted ones too (mboxrd), or give a Content-Length instead (mboxcl). The reader here takes a "From "
// line for the start of a message only where a date stands in it and a header field follows, honours a Content-Length
// only where it leads exactly to such a line, and takes one ">" off quoted lines.
//
// Sources never load more than one message, so an mbox of any size needs as much memory as its largest message. Every
// item says where it began and ended, so that a later run can go on from there.
package intake
