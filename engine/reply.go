package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/message"
	"github.com/coldwatch/coldwatch/publish/deliver"
	"github.com/coldwatch/coldwatch/store"
)

// Answers to reporters: after a while, so that what is found is linked; not for ever, and not to one who sends very many.
const (
	replyAfter = time.Minute
	replyUntil = 48 * time.Hour
	replyMost  = 20 // to one address within a day
	replyTries = 5
)

// A Reporter is who sent a report.
type Reporter struct {
	Organisation string // of the pack, "" when nobody vouches for it
	Address      string // to answer to; "" when no answer may go
}

// Reporter gives the member of the pack that a report came from: the one whose domain the message's author writes from, where that
// domain authenticated the message. Nobody vouches for a From field alone, nor for authentication results that stand below the
// first trace field, where a stranger may have written them, unless the operator named their writer: the report waits in the
// triage then.
func (e *Engine) Reporter(sub coldwatch.Submission) Reporter {
	msg := message.Parse(sub.Raw, e.Limits)
	a := e.room.Analyze(sub, msg)
	au := &a.Authentication
	if !au.Aligned || !e.vouched(msg, au) || len(a.Sender.From) != 1 {
		return Reporter{}
	}
	author := a.Sender.Author()
	o := e.Pack.OwnerOf(author.Domain)
	if o == nil || !o.Member {
		return Reporter{}
	}
	r := Reporter{Organisation: o.ID, Address: author.Address}
	if byProgram(msg, a, sub.Envelope.From) {
		r.Address = ""
	}
	return r
}

// vouched tells whether what authenticated a message was written by somebody who is trusted: ourselves, a receiver that the
// operator named, or whoever wrote above the first trace field, which only the receiver can (RFC 8601 section 5).
func (e *Engine) vouched(msg *coldwatch.Message, au *coldwatch.Authentication) bool {
	writer, receiver := strings.CutPrefix(au.Source, "receiver ")
	if !receiver {
		return au.Source == "own"
	}
	if slices.Contains(e.Options.Trusted, writer) {
		return true
	}
	results, traces := msg.Fields("Authentication-Results"), msg.Fields("Received")
	return len(results) > 0 && len(traces) > 0 && results[0].Offset < traces[0].Offset
}

// byProgram tells whether a program sent the message, or would answer an answer (RFC 3834 section 2).
func byProgram(msg *coldwatch.Message, a *coldwatch.Analysis, envelope string) bool {
	if s := strings.ToLower(strings.TrimSpace(msg.Get("Auto-Submitted"))); s != "" && s != "no" {
		return true
	}
	switch strings.ToLower(strings.TrimSpace(msg.Get("Precedence"))) {
	case "bulk", "list", "junk", "auto_reply":
		return true
	}
	for _, name := range []string{"List-Id", "List-Post", "List-Unsubscribe", "X-Auto-Response-Suppress", "X-Autoreply", "X-Loop"} {
		if msg.Get(name) != "" {
			return true
		}
	}
	if path := strings.TrimSpace(msg.Get("Return-Path")); envelope == "" && (path == "<>" || a.Sender.ReturnPath == "" && path == "") {
		return true // the null path, or nobody knows which
	}
	local, _, _ := strings.Cut(strings.ToLower(a.Sender.Author().Address), "@")
	for _, s := range []string{"mailer-daemon", "postmaster", "noreply", "no-reply", "donotreply", "do-not-reply", "bounce"} {
		if strings.HasPrefix(local, s) {
			return true
		}
	}
	return strings.HasPrefix(local, "owner-") || strings.HasSuffix(local, "-request") || strings.HasSuffix(local, "-owner")
}

// Ask keeps that the reporter of a message is to be answered, once, before the report is acknowledged.
func (e *Engine) Ask(ctx context.Context, message, address string) error {
	now := e.Clock()
	r := store.Reply{Message: message, Address: strings.ToLower(address), Asked: now, State: store.Waiting, Next: now.Add(replyAfter)}
	n, err := e.Store.RepliesTo(ctx, r.Address, now.Add(-24*time.Hour))
	if err != nil {
		return err
	}
	if n >= replyMost {
		r.State, r.Problem = store.Failed, "many reports of one address within a day"
	}
	return e.Store.PutReply(ctx, r)
}

// Answer answers reporters until ctx ends, each report at most once: what broke off in the middle is not sent again.
func (e *Engine) Answer(ctx context.Context, send func(context.Context, deliver.Letter) error) error {
	for {
		if err := e.AnswerDue(ctx, send); err != nil && ctx.Err() == nil {
			slog.Warn("reporters were not answered; trying again", "error", err)
		}
		if pause(ctx, 10*e.Beat) != nil {
			return nil
		}
	}
}

// AnswerDue answers those whose time has come.
func (e *Engine) AnswerDue(ctx context.Context, send func(context.Context, deliver.Letter) error) error {
	due, err := e.Store.DueReplies(ctx, store.Waiting, e.Clock(), 100)
	if err != nil {
		return err
	}
	for _, r := range due {
		l, err := e.letter(ctx, r)
		if errors.Is(err, store.ErrNotFound) { // it is not analysed yet, or forgotten
			r.Next = e.Clock().Add(replyAfter)
			if e.Clock().Sub(r.Asked) > replyUntil {
				r.State, r.Problem = store.Failed, "the message was not analysed in time"
			}
			if _, err = e.Store.MoveReply(ctx, store.Waiting, r); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if err := e.answerOne(ctx, r, l, send); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) answerOne(ctx context.Context, r store.Reply, l deliver.Letter, send func(context.Context, deliver.Letter) error) error {
	r.State = store.Sending
	r.Attempts++
	if begun, err := e.Store.MoveReply(ctx, store.Waiting, r); err != nil || !begun {
		return err
	}
	err := send(ctx, l)
	switch {
	case err == nil:
		r.State, r.Problem = store.Sent, ""
	case errors.Is(err, deliver.ErrUnsure):
		r.State, r.Problem = store.Unsure, err.Error()
	case errors.Is(err, deliver.ErrRefused) || r.Attempts >= replyTries:
		r.State, r.Problem = store.Failed, err.Error()
	default:
		r.State, r.Problem, r.Next = store.Waiting, err.Error(), e.Clock().Add(wait(r.Attempts))
	}
	_, err = e.Store.MoveReply(context.WithoutCancel(ctx), store.Sending, r)
	return err
}

// letter writes an answer from what is known now. It tells a reporter what the report is, and nothing of others.
func (e *Engine) letter(ctx context.Context, r store.Reply) (deliver.Letter, error) {
	row, err := e.Store.Row(ctx, r.Message)
	if err != nil {
		return deliver.Letter{}, err
	}
	sub, err := e.Store.Submission(ctx, r.Message)
	if err != nil {
		return deliver.Letter{}, err
	}
	campaign, err := e.Store.CampaignOf(ctx, r.Message)
	if err != nil {
		return deliver.Letter{}, err
	}
	words, err := e.Store.Words(ctx)
	if err != nil {
		return deliver.Letter{}, err
	}
	what := beingLookedAt
	switch {
	case campaign != "":
		what = knownCampaign
	case row.Class == coldwatch.Unremarkable:
		what = harmless
	}
	for _, w := range words {
		if w.Message == r.Message && !w.Undone && w.Kind == "benign" {
			what = looked
		}
	}
	report := message.Parse(sub.Raw, e.Limits)
	subject := cut(strings.Join(strings.Fields(message.DecodeHeader(report.Get("Subject"))), " "), 120)
	l := deliver.Letter{To: r.Address, Subject: "Re: " + subject, ID: "reply-" + r.Message[:min(32, len(r.Message))], At: e.Clock(),
		Text: fmt.Sprintf("Thank you for your report of %s.\n\n%s\n\nReference: %s\nThis answer was written by a program.\n",
			r.Asked.Format("2 January 2006, 15:04 UTC"), what, r.Message[:min(12, len(r.Message))])}
	if id := strings.TrimSpace(report.Get("Message-Id")); len(id) < 250 && strings.HasPrefix(id, "<") && strings.HasSuffix(id, ">") &&
		!strings.ContainsFunc(id, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		l.InReplyTo = id
	}
	return l, nil
}

// cut shortens a text to so many letters.
func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// The answers.
const (
	knownCampaign = "The message is part of a campaign that is known to us. Do not answer it, and open nothing that it carries or leads to. " +
		"If you have done so already, or sent money or a password, tell your security desk now."
	harmless      = "We found nothing hostile in the message. If it still seems wrong to you, tell your security desk: you may know something that we do not."
	looked        = "An analyst looked at the message and found it harmless."
	beingLookedAt = "The message is being looked at. Until you hear more, do not answer it, and open nothing that it carries or leads to. " +
		"If you have done so already, tell your security desk now."
)
