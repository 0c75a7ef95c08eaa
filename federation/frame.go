package federation

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/coldwatch/coldwatch/publish/stix"
)

// Kinds of frame.
const (
	KindSighting = "sighting" // member → hub
	KindEntry    = "entry"    // member → hub → members: of the directory of partners
	KindOpening  = "opening"  // member → hub → members: what a token stands for, sealed
	KindLeave    = "leave"    // member → hub
	KindNotice   = "notice"   // hub → members: a campaign
	KindSealed   = "sealed"   // hub → one member: a notice for its sharing group
	KindFilter   = "filter"   // hub → members: what k members have seen
	KindRoster   = "roster"   // hub → members: the members' keys
)

// HubName is whom a frame of the hub is from.
const HubName = "hub"

// maxBody bounds what a member's frame says, in bytes. The hub's may be longer: a filter, or a notice that members filled with long
// values, which would otherwise be refused and so hide a campaign.
const (
	maxBody = 64 << 10
	maxWord = 16 << 20
)

// A Frame is what travels: a body that its sender numbered and signed for one community.
type Frame struct {
	Community string
	From      string // member id, or HubName
	Number    uint64 // of the sender; each is used once
	Kind      string
	Body      []byte // canonical JSON
	Signature []byte // Ed25519 over message()
}

// newFrame makes a signed frame of a body.
func newFrame(community, from string, number uint64, kind string, body any, key ed25519.PrivateKey) (Frame, error) {
	js, err := json.Marshal(body)
	if err != nil {
		return Frame{}, fmt.Errorf("%s: %w", kind, err)
	}
	c, err := canonical(js)
	if err != nil {
		return Frame{}, fmt.Errorf("%s: %w", kind, err)
	}
	f := Frame{Community: community, From: from, Number: number, Kind: kind, Body: c}
	f.Signature = ed25519.Sign(key, f.message())
	return f, nil
}

// message is what is signed: every field that means something, each on a line of its own, the body last. No field but the body
// may hold a line break.
func (f *Frame) message() []byte {
	return append([]byte("coldwatch frame 1\n"+f.Community+"\n"+f.From+"\n"+strconv.FormatUint(f.Number, 10)+"\n"+f.Kind+"\n"), f.Body...)
}

// Sum is the SHA-256 of what was signed, in hex.
func (f *Frame) Sum() string {
	h := sha256.Sum256(f.message())
	return hex.EncodeToString(h[:])
}

// verify tells whether the holder of the key signed the frame for this community.
func (f *Frame) verify(community string, key ed25519.PublicKey) error {
	switch {
	case f.Community != community:
		return errors.New("it is for another community")
	case strings.ContainsAny(f.From+f.Kind, "\n"):
		return errors.New("it is malformed")
	case len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, f.message(), f.Signature):
		return errors.New("the signature is not the sender's")
	}
	return nil
}

// canonical rewrites JSON as RFC 8785 has it: members sorted, no blanks, one spelling of each string. Numbers must be whole and under
// 2^53, of which there is one spelling anyway.
func canonical(js []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(js))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("canonical JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("canonical JSON: more than one value")
	}
	if err := whole(v, 0); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("canonical JSON: %w", err)
	}
	out := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	return lineSeparators(out), nil
}

// lineSeparators writes U+2028 and U+2029 as they are, where encoding/json escapes them against JavaScript.
func lineSeparators(b []byte) []byte {
	if !bytes.Contains(b, []byte(`\u202`)) {
		return b
	}
	var out []byte
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 == len(b) {
			out = append(out, b[i])
			continue
		}
		if bytes.HasPrefix(b[i:], []byte(`\u2028`)) || bytes.HasPrefix(b[i:], []byte(`\u2029`)) {
			out = append(out, 0xe2, 0x80, 0xa8+b[i+5]-'8')
			i += 5
			continue
		}
		out = append(out, b[i], b[i+1])
		i++
	}
	return out
}

func whole(v any, depth int) error {
	if depth > 16 {
		return errors.New("canonical JSON: nested too deep")
	}
	switch v := v.(type) {
	case json.Number:
		n, err := strconv.ParseInt(string(v), 10, 64)
		if err != nil || n > 1<<53 || n < -(1<<53) || string(v) == "-0" {
			return fmt.Errorf("canonical JSON: %.20s is not a whole number", v)
		}
	case []any:
		for _, x := range v {
			if err := whole(x, depth+1); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, x := range v {
			if err := whole(x, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// The extension of STIX that carries a frame, and the namespace of our ids.
const extensionID = "extension-definition--07f17ef8-e18c-5deb-b0df-496be0d6cb6b"

var idSpace = uuid.MustParse("1bb7d4a6-5542-594b-aea1-9357d7bdc10f")

func stixID(kind string, parts ...string) string {
	return kind + "--" + uuid.NewSHA1(idSpace, []byte(kind+"\x00"+strings.Join(parts, "\x00"))).String()
}

// born is when objects that never change were made: STIX wants a time, and a real one would tell something.
const born = "2020-09-01T00:00:00.000Z"

// phishing is the id that ATT&CK gives T1566: what a sighting of ours is a sighting of.
const phishing = "attack-pattern--a62a8db3-f23a-4d8f-afd6-9dbc77e7813b"

// tlpIDs are the marking definitions of TLP 2.0.
var tlpIDs = map[string]string{
	"TLP:CLEAR":        "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
	"TLP:GREEN":        "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
	"TLP:AMBER":        "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
	"TLP:AMBER+STRICT": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
	"TLP:RED":          "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// Object carries a frame as an object of STIX: a sighting as a sighting, everything else as a note. about names the object, whose
// later versions say it anew; content is what a person reads who does not know the extension.
func (f *Frame) object(about, content, tlp string, at time.Time) stix.Object {
	var body any
	d := json.NewDecoder(bytes.NewReader(f.Body))
	d.UseNumber()
	if err := d.Decode(&body); err != nil {
		panic(err) // canonical wrote it
	}
	who := stixID("identity", f.Community, f.From)
	o := stix.Object{"spec_version": "2.1", "created_by_ref": who,
		"extensions": map[string]any{extensionID: map[string]any{"extension_type": "property-extension", "community": f.Community, "from": f.From,
			"number": strconv.FormatUint(f.Number, 10), "kind": f.Kind, "body": body, "signature": base64.RawURLEncoding.EncodeToString(f.Signature)}}}
	if m := tlpIDs[tlp]; m != "" {
		o["object_marking_refs"] = []any{m}
	}
	if f.Kind == KindSighting {
		o["type"], o["id"] = "sighting", stixID("sighting", f.Community, f.From, strconv.FormatUint(f.Number, 10))
		o["created"], o["modified"] = stamp(at), stamp(at)
		o["first_seen"], o["last_seen"], o["count"], o["sighting_of_ref"] = stamp(at), stamp(at.Add(time.Hour)), 1, phishing
		return o
	}
	o["type"], o["id"] = "note", stixID("note", f.Community, f.From, f.Kind, about)
	o["created"], o["modified"] = born, stamp(at)
	o["content"], o["object_refs"] = content, []any{who}
	return o
}

// frameOf reads the frame that an object carries; ok is false for objects of others.
func frameOf(o stix.Object) (f Frame, ok bool, err error) {
	all, _ := o["extensions"].(map[string]any)
	x, ok := all[extensionID].(map[string]any)
	if !ok {
		return f, false, nil
	}
	text := func(name string) string { s, _ := x[name].(string); return s }
	f = Frame{Community: text("community"), From: text("from"), Kind: text("kind")}
	if f.Number, err = strconv.ParseUint(text("number"), 10, 63); err != nil || f.Number == 0 {
		return f, true, errors.New("it has no number")
	}
	if f.Signature, err = base64.RawURLEncoding.DecodeString(text("signature")); err != nil {
		return f, true, errors.New("its signature is malformed")
	}
	js, err := json.Marshal(x["body"])
	if err == nil {
		f.Body, err = canonical(js)
	}
	if err != nil {
		return f, true, fmt.Errorf("its body is malformed: %w", err)
	}
	most := maxBody
	if f.From == HubName {
		most = maxWord
	}
	if len(f.Body) > most {
		return f, true, errors.New("its body is too long")
	}
	return f, true, nil
}

// strict reads a body, and refuses what it does not know.
func strict(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("its body is malformed: %w", err)
	}
	return nil
}
