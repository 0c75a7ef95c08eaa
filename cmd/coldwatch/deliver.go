package main

import (
	"context"
	"errors"
	"net/url"
	"os"
	"strings"

	"github.com/coldwatch/coldwatch/console/taxii"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/publish/deliver"
	"github.com/coldwatch/coldwatch/store"
)

type deliverCmd struct {
	To   string `help:"folder:DIR, smtp://[USER@]HOST[:PORT], smtps://…, https://HOST/PATH for a webhook, or taxii+https://[USER@]HOST/PATH for a collection." placeholder:"DEST" xor:"what"`
	From string `help:"Sender of mail." placeholder:"ADDRESS"`
	For  string `help:"Only the warnings for this reader, by its id in the pack, or constituency: a TAXII collection needs it, since all who read the collection read what comes." placeholder:"READER"`

	Collection string `help:"Of a TAXII server: the collection's title, alias or id, where the address does not name it." placeholder:"NAME"`
	Token      string `help:"Bearer token for a TAXII server; better in COLDWATCH_TOKEN or the config file than on the command line." placeholder:"SECRET" env:"COLDWATCH_TOKEN"`

	List  bool   `help:"List what was delivered and what was not." xor:"what"`
	Again string `help:"Let a warning be tried again that failed, or of which nobody knows whether it arrived." placeholder:"ID" xor:"what"`
}

func (deliverCmd) Help() string {
	return "Sends the warnings that are not held, each at most once to each address; mail goes to the reader's security contact in the pack. " +
		"What fails for now is tried again by a later run, at growing distances: let a timer run it. A password for SMTP is in COLDWATCH_PASSWORD, a " +
		"secret to sign for a webhook in COLDWATCH_SECRET, the token for a TAXII server in COLDWATCH_TOKEN. A TAXII collection gets the STIX bundle " +
		"of the pack: each object once, changes as later versions, what is taken back revoked."
}

func (c deliverCmd) Run(ctx context.Context, g *Globals) error {
	if c.To == "" && !c.List && c.Again == "" {
		return &userError{err: errors.New("name a destination with --to, or --list, or --again ID"), hint: "coldwatch deliver --help shows how it is called", code: 2}
	}
	e, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer e.Store.Close()
	switch {
	case c.List:
		return g.listDeliveries(ctx, e)
	case c.Again != "":
		n, err := e.Redeliver(ctx, c.Again)
		if errors.Is(err, store.ErrNotFound) {
			return hinted("coldwatch deliver --list shows them", "%w", err)
		}
		if err == nil && !g.JSON {
			g.print("%s: %s to be tried again", safe(c.Again), count(n, "delivery"))
		}
		return err
	}
	ch, err := c.channel(ctx, e)
	if err != nil {
		return err
	}
	r, err := e.Deliver(ctx, ch)
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(r)
	}
	g.printDeliveries(&r)
	if r.Down != "" {
		return hinted("the same command goes on where it was; what was not sent waits", "%s", r.Down)
	}
	return nil
}

// channel opens the way to the destination.
func (c deliverCmd) channel(ctx context.Context, e *engine.Engine) (deliver.Channel, error) {
	address, collection := strings.CutPrefix(c.To, "taxii+")
	switch {
	case collection && c.For == "":
		return nil, &userError{err: errors.New("say for whom the collection is"), hint: "--for constituency, or a reader of coldwatch warnings", code: 2}
	case !collection && c.For != "":
		return nil, &userError{err: errors.New("--for is for a TAXII collection"), hint: "other channels find each warning's reader by themselves", code: 2}
	case collection:
		to := server{URL: address, Collection: c.Collection, Token: c.Token}
		if u, err := url.Parse(address); err == nil && u.User != nil {
			to.User = u.User.Username()
			u.User = nil
			to.URL = u.String()
		}
		cl, err := to.dial(ctx, true)
		if err != nil {
			return nil, err
		}
		return taxii.NewChannel(e.Store, cl, c.For), nil
	}
	host, _ := os.Hostname() // without one we are localhost
	ch, err := deliver.Open(c.To, deliver.Options{From: c.From, Password: os.Getenv("COLDWATCH_PASSWORD"), Secret: os.Getenv("COLDWATCH_SECRET"), HostName: host})
	if errors.Is(err, deliver.ErrSender) {
		return nil, hinted("--from warnings@your.domain", "%w", err)
	}
	return ch, err
}

func (g *Globals) printDeliveries(r *engine.DeliveryReport) {
	sent := 0
	for _, d := range r.Tried {
		g.print("%-8s %s  %s, to %s", d.State, d.Warning, safe(d.Name), safe(d.Channel))
		switch {
		case d.State == store.Sent:
			sent++
		case d.State == store.Waiting:
			g.print("         %s; again from %s", safe(d.Problem), d.Next.Format("2006-01-02 15:04"))
		default:
			g.print("         %s", safe(d.Problem))
		}
	}
	waiting, unsure, failed := 0, 0, 0
	for _, d := range r.Waiting {
		switch d.State {
		case store.Unsure:
			unsure++
		case store.Failed:
			failed++
		default:
			waiting++
		}
	}
	g.print("%d sent now, %d before; %d waiting, %d given up, %d of which nobody knows; %d held", sent, r.Before, waiting, failed, unsure, r.Held)
	if n := len(r.Withheld); n > 0 {
		g.print("left out of the packs by the audience check: %s, first %s of %s (%s: %s)", count(n, "file"), safe(r.Withheld[0].File), r.Withheld[0].Warning, safe(r.Withheld[0].Quote), safe(r.Withheld[0].Reason))
	}
	if len(r.Unreached) > 0 {
		g.print("%s without an address for this channel:", count(len(r.Unreached), "warning"))
		for i, w := range r.Unreached {
			if i == 5 {
				g.print("  … and %d more", len(r.Unreached)-5)
				break
			}
			g.print("  %s  %s: %q", w.ID, safe(w.Name), w.Contact)
		}
	}
	if r.Held > 0 {
		g.note("coldwatch warnings --held%s lists the held ones; coldwatch warnings approve ID lets one go", g.dbFlag())
	}
	if unsure > 0 {
		g.note("ask the readers before you send again: coldwatch deliver --list%s, then --again ID", g.dbFlag())
	}
}

func (g *Globals) listDeliveries(ctx context.Context, e *engine.Engine) error {
	ds, err := e.Store.Deliveries(ctx)
	if err != nil {
		return err
	}
	if g.JSON {
		if ds == nil {
			ds = []store.Delivery{}
		}
		return g.printJSON(ds)
	}
	if len(ds) == 0 {
		g.print("nothing was delivered")
	}
	for _, d := range ds {
		g.print("%-8s %s  %s  %s %s", d.State, d.Warning, d.Changed.Format("2006-01-02 15:04"), safe(d.Channel), safe(d.Problem))
	}
	return nil
}
