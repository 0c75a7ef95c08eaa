// Package suites holds coldwatch's reader of mail against test suites of other projects that come with the structure they
// expect. The suites are not part of the repository; the tests look for them below the folder that CW_SUITES names and
// skip without:
//
//		CW_SUITES=DIR go test -v ./measure/suites
//
//	  - mime4j of the Apache James project: NAME.msg beside NAME_decoded.xml, which gives the tree of body parts (RFC 2046), the
//	    header fields of each and the names of the files that hold each leaf's decoded content
//	  - imaptest of the Dovecot project: scripts of IMAP commands with the answers that a server must give about the mbox
//	    beside them (RFC 9051: FETCH of BODY, ENVELOPE and body sections, RFC 3516: BINARY)
//
// Agreement is counted, not demanded: where coldwatch reads otherwise, docs/robustness.md says why.
package suites
