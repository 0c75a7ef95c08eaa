package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// An Account is a person who may sign in to the console.
type Account struct {
	Name         string
	Secret       string // argon2id in its PHC form; "" cannot sign in by password
	Role         string
	Organisation string // id in the pack; "" belongs to none
	Subject      string // issuer and subject of OpenID Connect; "" for a local account
	Created      time.Time
	Disabled     bool
}

// A Session is a person signed in.
type Session struct {
	Hash                   string // SHA-256 of the secret that the browser keeps
	Account                string
	Created, Seen, Expires time.Time
	Address, Agent         string // where it was begun
}

// An AuditEntry is one thing that somebody did.
type AuditEntry struct {
	Seq      int64     `json:"seq"` // from 1, without a gap
	At       time.Time `json:"at"`
	Actor    string    `json:"actor"`
	Action   string    `json:"action"`
	Object   string    `json:"object"`
	Detail   string    `json:"detail,omitempty"`
	Address  string    `json:"address,omitempty"` // of the network, "" on the command line
	Previous string    `json:"previous"`          // hash of the entry before, "" for the first
	Hash     string    `json:"hash"`
}

// Sum gives what the entry's hash must be: SHA-256 over the hash before and every field, each with its length, so that no two
// entries give the same bytes.
func (e *AuditEntry) Sum() string {
	h := sha256.New()
	var n [8]byte
	for _, i := range []int64{e.Seq, e.At.UnixMicro()} {
		binary.BigEndian.PutUint64(n[:], uint64(i))
		h.Write(n[:])
	}
	for _, s := range []string{e.Previous, e.Actor, e.Action, e.Object, e.Detail, e.Address} {
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// An AuditQuery chooses entries of the audit log, the newest first; what is empty chooses all.
type AuditQuery struct {
	Before        int64 // entries with a lower number
	Actor, Action string
	Limit         int // 0: no limit
}
