package intake

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/coldwatch/coldwatch"
)

// A Take keeps messages that came in. When it returns without an error they are on the disk, and an intake may acknowledge them
// to whoever sent them; after an error it must not, so that they come again.
type Take func(ctx context.Context, subs []coldwatch.Submission) error

// LargestMessage bounds a message that an intake takes in, in bytes.
const LargestMessage = 64 << 20

// What a listener is good for: who opens many connections, or sends slowly for hours, does not keep others out.
const (
	MostConnections = 200
	mostOfOne       = 50        // connections from one address
	longest         = time.Hour // a connection
	InFlight        = 512 << 20 // bytes of messages that are being received at once, by one listener
)

// Guard bounds the connections of a listener: all of them, those from one address, and how long one lives. One too many is told why,
// if refusal says it, and closed at once, rather than left to wait.
func Guard(l net.Listener, refusal string) net.Listener {
	return &guarded{Listener: l, refusal: refusal, from: map[string]int{}}
}

type guarded struct {
	net.Listener
	refusal string

	mu   sync.Mutex
	all  int
	from map[string]int
}

func (g *guarded) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		who := ""
		if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
			who = a.IP.String()
		}
		if !g.enter(who) {
			_ = c.SetDeadline(time.Now().Add(time.Second)) // it is being turned away
			_, _ = c.Write([]byte(g.refusal))
			c.Close()
			continue
		}
		guarded := &guardedConn{Conn: c, leave: sync.OnceFunc(func() { g.leave(who) })}
		guarded.end = time.AfterFunc(longest, func() { guarded.Close() })
		return guarded, nil
	}
}

// enter counts a connection, unless there are too many; a socket of this machine has no address, and may have as many as there are.
func (g *guarded) enter(who string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all >= MostConnections || who != "" && g.from[who] >= mostOfOne {
		return false
	}
	g.all++
	g.from[who]++
	return true
}

func (g *guarded) leave(who string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all--
	if g.from[who]--; g.from[who] == 0 {
		delete(g.from, who)
	}
}

type guardedConn struct {
	net.Conn
	end   *time.Timer
	leave func()
}

func (c *guardedConn) Close() error {
	c.end.Stop()
	c.leave()
	return c.Conn.Close()
}
