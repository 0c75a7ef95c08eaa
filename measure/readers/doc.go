// Package readers measures coldwatch's reader of mail against the others in Go, on the same messages in one run: net/mail
// of the standard library with its mime/multipart, enmime and go-message. It is a module of its own, so that coldwatch
// does not depend on what it is compared with.
//
//	cd measure/readers
//	go test -bench . -benchmem                   # invented mail, made on the spot
//	CW_MAIL=FOLDER go test -bench . -benchmem    # any folder of messages, one a file
//
// Each reader does the same work: the header fields, the part tree, every leaf decoded from its transfer encoding and
// its text into UTF-8 (RFC 5322, RFC 2045 to 2047). What a reader gives up on counts as read; [TestSame] says how often.
package readers
