package main

import (
	"errors"
	"os"

	"github.com/coldwatch/coldwatch/publish/deliver"
)

// replyFlags say how reporters are answered.
type replyFlags struct {
	Via  string `help:"Mail relay for answers to reporters: smtp://[USER@]HOST[:PORT] or smtps://…; its password is in COLDWATCH_PASSWORD." placeholder:"URL"`
	From string `help:"Sender of the answers." placeholder:"ADDRESS"`
}

// post gives what sends the answers; nil when nobody is answered.
func (f replyFlags) post(ways []*way) (*deliver.Post, error) {
	asked := false
	for _, w := range ways {
		asked = asked || w.reply
	}
	switch {
	case asked && f.Via == "":
		return nil, &userError{err: errors.New("reply=yes needs a mail relay for the answers"), hint: "--reply-via smtp://HOST --reply-from ADDRESS", code: 2}
	case !asked && f.Via != "":
		return nil, &userError{err: errors.New("--reply-via answers nobody: no way in says so"), hint: "put reply=yes beside reporters=yes on the way in that reports come by", code: 2}
	case !asked:
		return nil, nil
	}
	host, _ := os.Hostname() // without one we are localhost
	post, err := deliver.OpenPost(f.Via, deliver.Options{From: f.From, Password: os.Getenv("COLDWATCH_PASSWORD"), HostName: host})
	if errors.Is(err, deliver.ErrSender) {
		return nil, &userError{err: err, hint: "--reply-from report@your.domain", code: 2}
	}
	return post, err
}
