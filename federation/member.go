package federation

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
)

// Errors that a user can mend.
var (
	ErrAlone     = errors.New("this database belongs to no community")
	ErrJoined    = errors.New("this database belongs to a community already")
	ErrNotTheHub = errors.New("this is not the hub that the invitation is from")
	ErrPlain     = errors.New("a hub is reached by https")
	ErrCA        = errors.New("there is no certificate in it")
)

const (
	memberSetting = "federation.member"
	policySetting = "federation.policy"
)

// settings of a member, as they are stored.
type memberSettings struct {
	URL          string  `json:"url"`
	Dial         Dial    `json:"dial"`
	ID           string  `json:"id"`
	Name         string  `json:"name"` // of the community
	Organisation string  `json:"organisation"`
	Secret       string  `json:"secret"` // for TAXII
	Seed         []byte  `json:"seed"`   // of the Ed25519 key
	Hide         []byte  `json:"hide"`   // hides which messages sightings are of
	Hub          []byte  `json:"hub"`    // the hub's key
	K            int     `json:"k"`
	Ring         string  `json:"ring"`
	Quarter      Quarter `json:"quarter"` // under whose key was sent what was sent
	Sent         int64   `json:"sent"`    // sequence number of the last message that was sent or is not to be
	Again        int64   `json:"again"`   // sequence number up to which everything was sent before, under the last key
	Number       uint64  `json:"number"`  // of the last frame
	Read         string  `json:"read"`    // how far the hub was read
}

// A Node is a member's side. It sends what its policy lets out to a hub, reads what the hub says, and warns its own house. Make it with
// Join or OpenNode.
type Node struct {
	e         *engine.Engine
	store     Store
	tls       *tls.Config
	cfg       memberSettings
	key       ed25519.PrivateKey
	ring      *Ring
	wall      *wall
	community string
	index     holdings
}

// Dial says how a hub is reached.
type Dial struct {
	CA []byte // certificates (PEM) that vouch for the hub, beside the system's
}

// tls is the configuration of connections to a hub: TLS 1.3 and nothing older.
func (d Dial) tls() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS13}
	if len(d.CA) == 0 {
		return c, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(d.CA) {
		return nil, ErrCA
	}
	c.RootCAs = pool
	return c, nil
}

// Join uses an invitation. With no ring this member begins the community's key; whoever joins later is given it by hand, never by
// the hub.
func Join(ctx context.Context, e *engine.Engine, address, invitation string, ring *Ring, d Dial) (*Node, error) {
	st, ok := e.Store.(Store)
	if !ok {
		return nil, errors.New("this store keeps no community")
	}
	if b, err := st.Setting(ctx, memberSetting); err != nil || len(b) > 0 {
		if err == nil {
			err = ErrJoined
		}
		return nil, err
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(strings.TrimSpace(invitation), inviteMark))
	if err != nil || len(raw) != 32 {
		return nil, ErrInvite
	}
	if address, err = hubAddress(address); err != nil {
		return nil, err
	}
	cfg := memberSettings{URL: address, Dial: d, Seed: make([]byte, ed25519.SeedSize), Hide: make([]byte, 32)}
	for _, b := range [][]byte{cfg.Seed, cfg.Hide} {
		if _, err := rand.Read(b); err != nil {
			return nil, fmt.Errorf("join: %w", err)
		}
	}
	key := ed25519.NewKeyFromSeed(cfg.Seed)
	j := joining{Invite: raw[:16], Key: key.Public().(ed25519.PublicKey)}
	j.Proof = ed25519.Sign(key, j.message())
	w, err := askToJoin(ctx, address, j, d)
	if err != nil {
		return nil, err
	}
	if print := sha256.Sum256(w.Hub); len(w.Hub) != ed25519.PublicKeySize || !bytes.Equal(print[:16], raw[16:]) {
		return nil, ErrNotTheHub
	}
	if ring == nil {
		ring = &Ring{}
		if err := ring.Renew(QuarterOf(e.Clock())); err != nil {
			return nil, err
		}
	}
	cfg.ID, cfg.Name, cfg.Organisation, cfg.Secret, cfg.Hub, cfg.K, cfg.Ring = w.Member, w.Name, w.Organisation, w.Secret, w.Hub, w.K, ring.String()
	js, err := json.Marshal(cfg)
	if err != nil {
		return nil, fmt.Errorf("join: %w", err)
	}
	if err := st.PutSetting(ctx, memberSetting, js); err != nil {
		return nil, err
	}
	n, err := OpenNode(ctx, e)
	if err != nil {
		return nil, err
	}
	return n, n.audit(ctx, "join", cfg.Name+" at "+cfg.URL+" as "+cfg.ID)
}

// hubAddress checks an address: https, or http on this machine, for trying it out.
func hubAddress(address string) (string, error) {
	u, err := url.Parse(strings.TrimSuffix(address, "/"))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", fmt.Errorf("%q: %w", address, ErrPlain)
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", fmt.Errorf("%s: %w", address, ErrPlain)
	}
	u.User = nil
	return u.String(), nil
}

func askToJoin(ctx context.Context, address string, j joining, d Dial) (w Welcome, err error) {
	js, err := json.Marshal(j)
	if err != nil {
		return w, fmt.Errorf("join: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address+JoinPath, bytes.NewReader(js))
	if err != nil {
		return w, fmt.Errorf("join: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	cfg, err := d.tls()
	if err != nil {
		return w, err
	}
	c := &http.Client{Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: cfg},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer c.CloseIdleConnections()
	resp, err := c.Do(r)
	if err != nil {
		return w, fmt.Errorf("join: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	switch {
	case err != nil:
		return w, fmt.Errorf("join: %w", err)
	case resp.StatusCode == http.StatusForbidden:
		return w, ErrInvite
	case resp.StatusCode != http.StatusOK:
		return w, fmt.Errorf("join: the hub answers %s", resp.Status)
	}
	if err := json.Unmarshal(body, &w); err != nil {
		return w, fmt.Errorf("join: %w", err)
	}
	return w, nil
}

// OpenNode gives the member of a database.
func OpenNode(ctx context.Context, e *engine.Engine) (*Node, error) {
	st, ok := e.Store.(Store)
	if !ok {
		return nil, ErrAlone
	}
	n := &Node{e: e, store: st}
	return n, n.reload(ctx)
}

// reload takes over settings, key and policy as they are stored: another process may have replaced them.
func (n *Node) reload(ctx context.Context) error {
	b, err := n.store.Setting(ctx, memberSetting)
	if err != nil {
		return err
	}
	if len(b) == 0 {
		return ErrAlone
	}
	var cfg memberSettings
	if err := json.Unmarshal(b, &cfg); err != nil {
		return fmt.Errorf("member: %w", err)
	}
	if n.tls, err = cfg.Dial.tls(); err != nil {
		return err
	}
	ring, err := ParseRing(cfg.Ring)
	if err != nil {
		return err
	}
	if n.cfg.Ring != cfg.Ring {
		n.ring, n.index = ring, holdings{}
	}
	n.cfg = cfg
	n.key = ed25519.NewKeyFromSeed(cfg.Seed)
	n.community = communityOf(cfg.Hub)
	policy, err := n.Policy(ctx)
	if err != nil {
		return err
	}
	if n.wall == nil {
		n.wall = newWall(policy, n.ring, cfg.Organisation, cfg.Hide, n.e.Pack)
	}
	n.wall.policy, n.wall.ring = policy, n.ring
	return nil
}

// Policy is what the member's house lets out.
func (n *Node) Policy(ctx context.Context) (Policy, error) {
	b, err := n.store.Setting(ctx, policySetting)
	if err != nil || len(b) == 0 {
		return DefaultPolicy(), err
	}
	return ParsePolicy(b)
}

// PolicyText is the policy in use, as it was written.
func (n *Node) PolicyText(ctx context.Context) ([]byte, error) {
	b, err := n.store.Setting(ctx, policySetting)
	if err == nil && len(b) == 0 {
		b = PolicyText()
	}
	return b, err
}

// SetPolicy replaces the policy, from its text.
func (n *Node) SetPolicy(ctx context.Context, text []byte) error {
	p, err := ParsePolicy(text)
	if err != nil {
		return err
	}
	if err := n.store.PutSetting(ctx, policySetting, text); err != nil {
		return err
	}
	n.wall.policy = p
	return n.audit(ctx, "policy", "replaced")
}

// Ring is the community key. It is a secret of the members.
func (n *Node) Ring() *Ring { return n.ring }

// SetRing replaces the community key by one that another member gave.
func (n *Node) SetRing(ctx context.Context, r *Ring) error {
	cfg := n.cfg
	cfg.Ring = r.String()
	if err := n.save(ctx, cfg); err != nil {
		return err
	}
	n.ring, n.wall.ring, n.index = r, r, holdings{}
	return n.audit(ctx, "key", "the community key was replaced")
}

// A Status is how a member stands.
type Status struct {
	Community    string    `json:"community"`
	Name         string    `json:"name"`
	Hub          string    `json:"hub"`
	Member       string    `json:"member"`
	Organisation string    `json:"organisation"`
	Frames       uint64    `json:"frames"`  // numbers used so far
	Waiting      int       `json:"waiting"` // sightings that are not sent yet, counted up to 100,000
	Read         time.Time `json:"read"`    // how far the hub was read
}

// Status tells how the member stands.
func (n *Node) Status(ctx context.Context) (Status, error) {
	s := Status{n.community, n.cfg.Name, n.cfg.URL, n.cfg.ID, n.cfg.Organisation, n.cfg.Number, 0, n.readMark()}
	after := n.cfg.Sent
	for s.Waiting < 100_000 {
		page, err := n.store.SightingsInOrder(ctx, after, 10_000)
		if err != nil {
			return s, err
		}
		s.Waiting += len(page)
		if len(page) < 10_000 {
			break
		}
		after = page[len(page)-1].Number
	}
	return s, nil
}

func (n *Node) readMark() time.Time {
	t, _ := time.Parse(time.RFC3339Nano, n.cfg.Read)
	return t
}

// save stores settings and takes them over.
func (n *Node) save(ctx context.Context, cfg memberSettings) error {
	js, err := json.Marshal(cfg)
	if err != nil {
		return fmt.Errorf("member: %w", err)
	}
	if err := n.store.PutSetting(ctx, memberSetting, js); err != nil {
		return err
	}
	n.cfg = cfg
	return nil
}

func (n *Node) audit(ctx context.Context, what, detail string) error {
	return n.store.PutIntake(ctx, store.Intake{At: n.e.Clock(), Audit: follow(n.e.Clock(), note{"member", what, detail})})
}

// A Preview is what would leave of one message.
type Preview struct {
	Shared    bool            `json:"shared"` // the policy lets a sighting of it leave
	Bytes     json.RawMessage `json:"bytes"`  // the object as it would be sent
	Decisions []Decision      `json:"decisions"`
}

// Preview shows what would leave of a sighting: the object with the number that comes next, and what becomes of each value.
func (n *Node) Preview(s coldwatch.Sighting) (Preview, error) {
	body, told := n.wall.pass(&s, n.e.Clock())
	p := Preview{Shared: n.wall.shares(s.Class), Decisions: told}
	if !p.Shared {
		return p, nil
	}
	raw, err := n.sighting(body, n.cfg.Number+1)
	p.Bytes = raw
	return p, err
}

// HubID is the id under which the hub knows a message of this member.
func (n *Node) HubID(message string) string { return hubID(n.cfg.ID, n.wall.wireID(message)) }
