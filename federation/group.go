package federation

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/console/token"
)

// Sharing groups. A sighting that is marked for a group is linked with all others, but what it adds is told to the group's members
// only: the community's notice is made without it, and the group's goes to each of its members sealed under a key that only that
// member and the hub have. It is in no filter, and nobody is asked to open it.

// A sealed notice is for one member.
type sealed struct {
	For    string `json:"for"`
	Sealed string `json:"sealed"`
}

// privateKey is what a member and the hub share: derived from the hash of the member's TAXII secret, which the hub keeps.
func privateKey(hash, community, member string) (cipher.AEAD, error) {
	raw, err := hex.DecodeString(hash)
	if err != nil {
		return nil, fmt.Errorf("group: %w", err)
	}
	key, err := hkdf.Key(sha256.New, raw, nil, "coldwatch group "+community+" "+member, 32)
	if err != nil {
		return nil, fmt.Errorf("group: %w", err)
	}
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("group: %w", err)
	}
	return cipher.NewGCM(b)
}

// addSealed says a group's notice to each of its members.
func (b *bulletin) addSealed(ctx context.Context, n Notice, js []byte, members []Member) error {
	all, err := token.All(ctx, b.h.store)
	if err != nil {
		return err
	}
	hashes := map[string]string{}
	for _, t := range all {
		hashes[t.Name] = t.Hash
	}
	for _, m := range members {
		if m.State != Active || !slices.Contains(m.Groups, n.Group) || hashes[m.ID] == "" {
			continue
		}
		a, err := privateKey(hashes[m.ID], b.h.community, m.ID)
		if err != nil {
			return err
		}
		nonce := make([]byte, a.NonceSize())
		if _, err := rand.Read(nonce); err != nil {
			return fmt.Errorf("group: %w", err)
		}
		s := sealed{m.ID, base64.RawURLEncoding.EncodeToString(a.Seal(nonce, nonce, js, []byte(m.ID)))}
		if err := b.add(KindSealed, n.Campaign+" "+n.Group+" "+m.ID, s, "For one member.", "TLP:AMBER+STRICT"); err != nil {
			return err
		}
	}
	return nil
}

// unsealed gives the notice of a sealed frame that is for this member.
func (n *Node) unsealed(body []byte) (notice []byte, ok bool) {
	var s sealed
	if json.Unmarshal(body, &s) != nil || s.For != n.cfg.ID {
		return nil, false
	}
	sum := sha256.Sum256([]byte(n.cfg.Secret))
	a, err := privateKey(hex.EncodeToString(sum[:]), n.community, n.cfg.ID)
	if err != nil {
		return nil, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(s.Sealed)
	if err != nil || len(raw) < a.NonceSize() {
		return nil, false
	}
	out, err := a.Open(nil, raw[:a.NonceSize()], raw[a.NonceSize():], []byte(s.For))
	return out, err == nil
}

// audiences splits a campaign's sightings by who may hear of them: "" is the whole community, a group hears what the community
// hears and its own. An audience that would hear of fewer than two organisations hears nothing. Each organisation has one voice in whether
// it is hostile, so that none hides a campaign by sending much that is only suspicious.
func audiences(all []coldwatch.Sighting) map[string][]coldwatch.Sighting {
	groups := map[string]bool{"": true}
	for _, s := range all {
		groups[s.Marking.Group] = true
	}
	out := map[string][]coldwatch.Sighting{}
	for g := range groups {
		voices, bad := map[string]int{}, 0 // each organisation's hostile sightings less its others
		var may []coldwatch.Sighting
		for _, s := range all {
			if s.Marking.Group == "" || s.Marking.Group == g {
				may = append(may, s)
				voices[s.Organisation] += 2*one(s.Class.Bad()) - 1
			}
		}
		for _, v := range voices {
			bad += one(v >= 0)
		}
		if len(voices) > 1 && 2*bad >= len(voices) { // less is for nobody to block
			out[g] = may
		}
	}
	return out
}

// frequent gives the most frequent values that sightings have, at most eight.
func frequent(all []coldwatch.Sighting, of func(*coldwatch.Sighting) []string) []string {
	n := map[string]int{}
	for i := range all {
		for _, v := range of(&all[i]) {
			if v != "" && v != "unknown" {
				n[v]++
			}
		}
	}
	values := slices.Sorted(maps.Keys(n))
	slices.SortStableFunc(values, func(a, b string) int { return n[b] - n[a] })
	return values[:min(len(values), 8)]
}
