package taxii

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/publish"
	"github.com/coldwatch/coldwatch/publish/deliver"
	"github.com/coldwatch/coldwatch/publish/stix"
)

// A channel delivers warnings into a collection of another server: of each its campaign's STIX bundle, as the pack for its reader holds
// it, after the audience check. What went there is kept under the collection's name, so that each object goes once, a change goes as
// a later version, and what takes a warning back revokes what it brought.
type channel struct {
	store  Store
	client *Client
	reader string
}

// NewChannel makes the channel into the collection of a client. Whoever reads the collection reads what comes: only warnings for that reader go.
func NewChannel(st Store, c *Client, reader string) deliver.Channel { return channel{st, c, reader} }

// Name names the collection.
func (c channel) Name(w coldwatch.Warning) (string, error) {
	if w.Reader != c.reader {
		return "", deliver.ErrNoAddress
	}
	return "taxii " + c.client.Collection, nil
}

// Send pushes what the collection does not hold yet of the warning's bundle.
func (c channel) Send(ctx context.Context, i deliver.Item) error {
	files, err := i.Files()
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	bundle := files[publish.Path(stix.Format{})]
	if bundle == nil {
		return fmt.Errorf("deliver: %w: the campaign has no bundle that this reader may have", deliver.ErrRefused)
	}
	sent := "to " + c.client.Collection
	p, err := newPublisher(ctx, c.store, sent)
	if err != nil {
		return err
	}
	if err := p.add(bundle); err != nil {
		return err
	}
	var objects [][]byte
	for _, o := range p.out {
		objects = append(objects, o.JSON)
	}
	var connected atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	pushed, err := c.client.Push(traced, objects, func(int) error { return nil })
	if err == nil {
		err = refusal(pushed, len(objects))
	}
	if err != nil {
		return outcome(err, pushed, connected.Load())
	}
	_, err = c.store.PutObjects(ctx, sent, i.At, p.out)
	return err
}

// refusal tells what a server did not take that makes the campaign. A technique, a country or a marking that another brought there
// before is no loss.
func refusal(p Pushed, of int) error {
	lost := 0
	for _, id := range p.refused {
		if kind, _, _ := strings.Cut(id, "--"); slices.Contains(own, kind) {
			lost++
		}
	}
	if lost == 0 && p.Failed <= len(p.refused) {
		return nil
	}
	return fmt.Errorf("%w: the server did not take %d of %d objects: %s", deliver.ErrRefused, p.Failed, of, strings.Join(p.Reasons, "; "))
}

// outcome tells what a failed push means. What the server took in part, or may have taken, is unsure: a warning that counts as not sent
// would not be taken back there.
func outcome(err error, p Pushed, connected bool) error {
	code := 0
	if answer := (*answerError)(nil); errors.As(err, &answer) {
		code = answer.code
	}
	switch {
	case p.Taken+p.Pending > 0:
		return fmt.Errorf("deliver: %w: in part: %s", deliver.ErrUnsure, err)
	case errors.Is(err, deliver.ErrRefused):
		return fmt.Errorf("deliver: %w", err)
	case errors.Is(err, ErrCredentials), code/100 == 3, code == http.StatusNotFound, code == http.StatusMethodNotAllowed, code == http.StatusNotAcceptable, code == http.StatusGone:
		return fmt.Errorf("deliver: %w: %w", deliver.ErrUnreachable, err) // the address or the secret is wrong, not the warning
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		return fmt.Errorf("deliver: %w", err)
	case code/100 == 4:
		return fmt.Errorf("deliver: %w: %w", deliver.ErrRefused, err)
	case connected:
		return fmt.Errorf("deliver: %w: %w", deliver.ErrUnsure, err)
	}
	return fmt.Errorf("deliver: %w: %w", deliver.ErrUnreachable, err)
}
