package taxii

import (
	"context"
	"time"
)

// A Collection is a set of objects that accounts read and write.
type Collection struct {
	ID                 string // UUID
	Title, Description string
}

// An Object is one version of a STIX object in a collection.
type Object struct {
	ID, Type, Spec string
	Version        time.Time // modified, else created; zero for an object that has one version only: it becomes Added
	Added          time.Time // set by the backend, strictly rising within a collection, in microseconds
	Source         string    // the account that brought it
	JSON           []byte
}

// A Query chooses versions of objects; what is empty chooses all. A version is chosen when it is the last or the first of its id in
// the collection, or one of Versions, as far as these are asked for.
type Query struct {
	Collection        string
	After             time.Time // added strictly later
	IDs, Types, Specs []string
	Source            string // brought by that account
	Last, First       bool
	Versions          []time.Time
	Limit             int // 0: no limit
}

// A Backend keeps the collections. Reading gives objects by time of addition. Whoever has seen a time has seen all before it: times
// rise in the order in which writes become visible.
type Backend interface {
	// PutObjects adds versions, all or nothing, and returns those that were new. One that is there already, and an object of one
	// version that is there, change nothing.
	PutObjects(ctx context.Context, collection string, now time.Time, objects []Object) ([]Object, error)
	Objects(ctx context.Context, q Query) ([]Object, error)
	// DeleteObjects deletes what a query chooses, whatever its limit, and returns how many.
	DeleteObjects(ctx context.Context, q Query) (int, error)
}

// stamp writes a time as TAXII does (section 3.2 of RFC 3339, six digits, Z).
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
