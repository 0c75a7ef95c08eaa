package federation

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coldwatch/coldwatch/console/taxii"
	"github.com/coldwatch/coldwatch/console/token"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/store"
)

// A Store is what member and hub need of the store beside what the engine needs.
type Store interface {
	engine.Store
	PutIntake(ctx context.Context, in store.Intake) error
	Frames(ctx context.Context, member string, numbers []uint64) ([]store.Frame, error)
	Holders(ctx context.Context, tokens []string) ([]store.Held, error)
	AllHeld(ctx context.Context, f func(token string, members []string) error) error
	ForgetHeld(ctx context.Context) error
	RenameHolder(ctx context.Context, member, as string) error
	ForgetOrganisation(ctx context.Context, organisation string) ([]string, error)
	Documents(ctx context.Context, kind string) ([]store.Document, error)
	AuditLines(ctx context.Context, after int64, limit int) ([][]byte, error)
	SightingsInOrder(ctx context.Context, after int64, limit int) ([]store.Numbered, error)
}

// Errors that a user can mend.
var (
	ErrNoHub     = errors.New("there is no hub in this database")
	ErrHub       = errors.New("there is a hub in this database already")
	ErrInvite    = errors.New("the invitation is unknown, used or too old")
	ErrNoMember  = errors.New("there is no such member")
	ErrNoOrg     = errors.New("the hub's pack has no such organisation")
	ErrNotActive = errors.New("the member is not active any more")
)

const hubSetting = "federation.hub"

// DefaultK is how many members must stand behind what a hub says of who was hit.
const DefaultK = 3

// inviteLife is how long an invitation can be used.
const inviteLife = 14 * 24 * time.Hour

// settings of a hub, as they are stored.
type hubSettings struct {
	Name string `json:"name"`
	URL  string `json:"url"`
	K    int    `json:"k"`
	Seed []byte `json:"seed"` // of the Ed25519 key by which the hub signs
	Next uint64 `json:"next"` // number of the hub's next frame

	Quarter Quarter   `json:"quarter"` // whose tokens are linked
	Again   time.Time `json:"again"`   // sightings that came until then are taken once more, for their new tokens
}

// A Hub takes members' sightings in, links them and tells the members. It has no community key. Make it with InitHub or OpenHub.
type Hub struct {
	e     *engine.Engine
	store Store

	mu        sync.Mutex // guards what follows; one at a time takes in, publishes or enrols
	cfg       hubSettings
	key       ed25519.PrivateKey
	community string
	turned    time.Time         // when somebody was last turned away
	told      map[string]string // campaign → state that was published
}

// communityOf names a community by its hub's key.
func communityOf(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return "cw-" + hex.EncodeToString(sum[:10])
}

// InitHub makes a database a hub's.
func InitHub(ctx context.Context, e *engine.Engine, name, url string, k int) (*Hub, error) {
	st, ok := e.Store.(Store)
	if !ok {
		return nil, errors.New("this store keeps no community")
	}
	if b, err := st.Setting(ctx, hubSetting); err != nil || len(b) > 0 {
		if err == nil {
			err = ErrHub
		}
		return nil, err
	}
	cfg := hubSettings{Name: name, URL: strings.TrimSuffix(url, "/"), K: k, Seed: make([]byte, ed25519.SeedSize), Next: 1}
	if _, err := rand.Read(cfg.Seed); err != nil {
		return nil, fmt.Errorf("hub: %w", err)
	}
	b, err := json.Marshal(cfg)
	if err != nil {
		return nil, fmt.Errorf("hub: %w", err)
	}
	if err := st.PutSetting(ctx, hubSetting, b); err != nil {
		return nil, err
	}
	h, err := OpenHub(ctx, e)
	if err != nil {
		return nil, err
	}
	return h, h.audit(ctx, note{"operator", "hub.init", fmt.Sprintf("%s, k = %d", name, k)})
}

// OpenHub gives the hub of a database.
func OpenHub(ctx context.Context, e *engine.Engine) (*Hub, error) {
	st, ok := e.Store.(Store)
	if !ok {
		return nil, ErrNoHub
	}
	b, err := st.Setting(ctx, hubSetting)
	if err != nil {
		return nil, err
	}
	if len(b) == 0 {
		return nil, ErrNoHub
	}
	h := &Hub{e: e, store: st, told: map[string]string{}}
	if err := json.Unmarshal(b, &h.cfg); err != nil {
		return nil, fmt.Errorf("hub: %w", err)
	}
	h.key = ed25519.NewKeyFromSeed(h.cfg.Seed)
	h.community = communityOf(h.key.Public().(ed25519.PublicKey))
	return h, nil
}

// Name is what the community is called.
func (h *Hub) Name() string { return h.cfg.Name }

// URL is where members reach the hub, "" where the operator did not say.
func (h *Hub) URL() string { return h.cfg.URL }

// IsHub tells whether a database is a hub's.
func IsHub(ctx context.Context, st engine.Store) (bool, error) {
	b, err := st.Setting(ctx, hubSetting)
	return len(b) > 0, err
}

// Community is the community's id.
func (h *Hub) Community() string { return h.community }

// Quarter is whose tokens are linked now.
func (h *Hub) Quarter() Quarter { return h.quarter() }

// quarter is whose tokens are linked: that of the day overlap ago, so that every member had the time to send its own again under the
// new key.
func (h *Hub) quarter() Quarter { // a clock that is set back does not bring an old key back
	return max(h.cfg.Quarter, QuarterOf(h.e.Clock().Add(-overlap)))
}

// Engine is the engine that links the hub's sightings.
func (h *Hub) Engine() *engine.Engine { return h.e }

// Kinds of document in the store.
const (
	docMember  = "member"
	docInvite  = "invite"
	docNotice  = "notice"
	docEntry   = "entry" // of the directory
	docOpening = "opening"
	docSaid    = "said" // what the hub said of directory, openings and members
)

// States of a member.
const (
	Active  = "active"
	Revoked = "revoked"
	Left    = "left"
)

// A Member is one organisation at a hub.
type Member struct {
	ID           string    `json:"id"`
	Organisation string    `json:"organisation"` // in the hub's pack
	Key          []byte    `json:"key"`          // Ed25519
	Groups       []string  `json:"groups,omitempty"`
	State        string    `json:"state"`
	Joined       time.Time `json:"joined"`
	Ended        time.Time `json:"ended,omitzero"`
	Order        int       `json:"order"`   // of joining, from 0
	Counted      bool      `json:"counted"` // what is said of crowds may count it
}

type invite struct {
	Organisation string    `json:"organisation"`
	Groups       []string  `json:"groups,omitempty"`
	Until        time.Time `json:"until"`
}

// Members gives every member, also those that left, in the order of joining.
func (h *Hub) Members(ctx context.Context) ([]Member, error) {
	docs, err := h.store.Documents(ctx, docMember)
	if err != nil {
		return nil, err
	}
	var out []Member
	for _, d := range docs {
		var m Member
		if err := json.Unmarshal(d.Body, &m); err != nil {
			return nil, fmt.Errorf("member %s: %w", d.ID, err)
		}
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b Member) int { return a.Order - b.Order })
	return out, nil
}

const inviteMark = "cwi_"

// Invite lets an organisation of the pack join once. The text holds the hub's fingerprint, so that who joins knows whom it talks to.
func (h *Hub) Invite(ctx context.Context, organisation string, groups []string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.e.Pack.Organisation(organisation) == nil {
		return "", fmt.Errorf("%q: %w", organisation, ErrNoOrg)
	}
	var secret [16]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return "", fmt.Errorf("invite: %w", err)
	}
	b, err := json.Marshal(invite{organisation, groups, h.e.Clock().Add(inviteLife)})
	if err != nil {
		return "", fmt.Errorf("invite: %w", err)
	}
	line := follow(h.e.Clock(), note{"operator", "hub.invite", organisation})
	print := sha256.Sum256(h.key.Public().(ed25519.PublicKey))
	err = h.store.PutIntake(ctx, store.Intake{At: h.e.Clock(), Audit: line,
		Documents: []store.Document{{Kind: docInvite, ID: inviteID(secret[:]), Body: b}}})
	return inviteMark + base64.RawURLEncoding.EncodeToString(append(secret[:], print[:16]...)), err
}

func inviteID(secret []byte) string {
	sum := sha256.Sum256(secret)
	return hex.EncodeToString(sum[:])
}

// A joining is what a new member sends. Proof is its signature over the invitation and the key.
type joining struct {
	Invite []byte `json:"invite"`
	Key    []byte `json:"key"`
	Proof  []byte `json:"proof"`
}

func (j *joining) message() []byte {
	return append(append([]byte("coldwatch join 1\n"), j.Invite...), j.Key...)
}

// A Welcome is what a new member is told.
type Welcome struct {
	Member       string `json:"member"`
	Secret       string `json:"secret"` // for TAXII
	Name         string `json:"name"`
	Hub          []byte `json:"hub"` // Ed25519 key
	K            int    `json:"k"`
	Organisation string `json:"organisation"`
}

// enrol lets a member in that shows an invitation and proves that the key is its own. The invitation is used up with it.
func (h *Hub) enrol(ctx context.Context, j joining) (Welcome, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	docs, err := h.store.Documents(ctx, docInvite)
	if err != nil {
		return Welcome{}, err
	}
	at := slices.IndexFunc(docs, func(d store.Document) bool { return d.ID == inviteID(j.Invite) })
	var inv invite
	if at < 0 || json.Unmarshal(docs[at].Body, &inv) != nil || !h.e.Clock().Before(inv.Until) {
		return Welcome{}, ErrInvite
	}
	if len(j.Key) != ed25519.PublicKeySize || !ed25519.Verify(j.Key, j.message(), j.Proof) {
		return Welcome{}, ErrInvite
	}
	members, err := h.Members(ctx)
	if err != nil {
		return Welcome{}, err
	}
	sum := sha256.Sum256(j.Key)
	m := Member{ID: "m-" + hex.EncodeToString(sum[:8]), Organisation: inv.Organisation, Key: j.Key, Groups: inv.Groups, State: Active,
		Joined: h.e.Clock(), Order: len(members)}
	if slices.ContainsFunc(members, func(o Member) bool { return o.ID == m.ID }) {
		return Welcome{}, ErrInvite
	}
	docs, err = memberDocuments(append(complete(append(members, m), h.cfg.K), m)...)
	if err != nil {
		return Welcome{}, err
	}
	line := follow(h.e.Clock(), note{m.ID, "member.join", m.Organisation})
	secret, err := token.Create(ctx, h.store, m.ID, []string{token.ReadTAXII, token.WriteTAXII}, h.e.Clock())
	if err != nil {
		return Welcome{}, err
	}
	err = h.store.PutIntake(ctx, store.Intake{At: h.e.Clock(), Audit: line,
		Documents: append(docs, store.Document{Kind: docInvite, ID: inviteID(j.Invite)})})
	return Welcome{m.ID, secret, h.cfg.Name, h.key.Public().(ed25519.PublicKey), h.cfg.K, m.Organisation}, err
}

// memberDocuments gives what is stored of members; of one that is named twice the first.
func memberDocuments(members ...Member) (docs []store.Document, err error) {
	for i, m := range members {
		if slices.ContainsFunc(members[:i], func(o Member) bool { return o.ID == m.ID }) {
			continue
		}
		body, err := json.Marshal(m)
		if err != nil {
			return nil, fmt.Errorf("member: %w", err)
		}
		docs = append(docs, store.Document{Kind: docMember, ID: m.ID, Body: body})
	}
	return docs, nil
}

// Revoke shuts a member out: its token and key are good for nothing from now on. What it sent stays.
func (h *Hub) Revoke(ctx context.Context, id, reason string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	m, err := h.member(ctx, id)
	if err != nil {
		return err
	}
	return h.end(ctx, m, Revoked, "operator", "member.revoke", reason)
}

// member finds one by its id or organisation; of several of one organisation the active.
func (h *Hub) member(ctx context.Context, id string) (Member, error) {
	all, err := h.Members(ctx)
	if err != nil {
		return Member{}, err
	}
	for _, m := range all {
		if (m.ID == id || m.Organisation == id) && m.State == Active {
			return m, nil
		}
	}
	return Member{}, fmt.Errorf("%q: %w", id, ErrNoMember)
}

// end closes a membership.
func (h *Hub) end(ctx context.Context, m Member, state, who, what, detail string) error {
	m.State, m.Ended = state, h.e.Clock()
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("member: %w", err)
	}
	line := follow(h.e.Clock(), note{who, what, strings.TrimSpace(m.ID + " " + detail)})
	if err := token.Revoke(ctx, h.store, m.ID); err != nil && !errors.Is(err, token.ErrNone) {
		return err
	}
	return h.store.PutIntake(ctx, store.Intake{At: h.e.Clock(), Audit: line, Documents: []store.Document{{Kind: docMember, ID: m.ID, Body: body}}})
}

// depart takes a member's leave: its sightings are deleted; what it showed stays as a count under a name that leads nowhere.
func (h *Hub) depart(ctx context.Context, m Member) error {
	if err := h.end(ctx, m, Left, m.ID, "member.leave", ""); err != nil {
		return err
	}
	gone, err := h.store.ForgetOrganisation(ctx, m.Organisation)
	if err != nil {
		return err
	}
	if _, err := h.store.DeleteObjects(ctx, store.ObjectQuery{Collection: taxii.Inbox, Source: m.ID}); err != nil {
		return err
	}
	if err := h.forgetWords(ctx, m); err != nil {
		return err
	}
	var ghost [8]byte
	if _, err := rand.Read(ghost[:]); err != nil {
		return fmt.Errorf("leave: %w", err)
	}
	as := ghostMark + hex.EncodeToString(ghost[:])
	if !m.Counted {
		as = voidMark + hex.EncodeToString(ghost[:])
	}
	if err := h.store.RenameHolder(ctx, m.ID, as); err != nil {
		return err
	}
	if err := h.e.Forget(ctx); err != nil {
		return err
	}
	return h.audit(ctx, note{"hub", "member.forgotten", fmt.Sprintf("%s: %d sightings deleted", m.ID, len(gone))})
}

// forgetWords deletes what a member vouched for.
func (h *Hub) forgetWords(ctx context.Context, m Member) error {
	docs, err := h.store.Documents(ctx, docEntry)
	if err != nil {
		return err
	}
	in := store.Intake{At: h.e.Clock()}
	for _, d := range docs {
		if strings.HasPrefix(d.ID, m.ID+" ") {
			in.Documents = append(in.Documents, store.Document{Kind: docEntry, ID: d.ID})
		}
	}
	return h.store.PutIntake(ctx, in)
}

// These begin the name under which what a member showed is kept after it left: counted, if it counted, or not.
const (
	ghostMark = "gone-"
	voidMark  = "void-"
)
