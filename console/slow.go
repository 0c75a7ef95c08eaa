package console

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// Bounds of what one asks for: a person who pages through fast, and a program that reads a campaign after another, stay below.
const (
	perSecond = 50
	atOnce    = 300    // as many may come in one go
	maxPaces  = 20_000 // remembered at most
)

// A pacer holds everyone who asks to a number of requests a second (a token bucket each).
type pacer struct {
	mu   sync.Mutex
	seen map[string]pace
}

type pace struct {
	left float64
	at   time.Time
}

// ask takes one request off what someone has left, and tells whether there was one.
func (p *pacer) ask(who string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen == nil || len(p.seen) > maxPaces {
		p.seen = map[string]pace{} // forgetting is kind, and bounded
	}
	x, ok := p.seen[who]
	if !ok {
		x = pace{left: atOnce, at: now}
	}
	x.left = min(atOnce, x.left+max(0, now.Sub(x.at).Seconds())*perSecond)
	x.at = now
	allowed := x.left >= 1
	if allowed {
		x.left--
	}
	p.seen[who] = x
	return allowed
}

// Limit makes a listener that holds so many connections in all and of one address, and hangs up on what is beyond: whoever opens
// many and says nothing (slow loris) keeps out himself alone. A network of IPv6, /64, counts as one address, for whoever has one
// address has them all. Zero is no limit.
func Limit(l net.Listener, all, each int) net.Listener {
	return &limited{Listener: l, all: all, each: each, held: map[netip.Prefix]int{}}
}

type limited struct {
	net.Listener
	all, each int

	mu   sync.Mutex
	n    int
	held map[netip.Prefix]int
}

func (l *limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := network(c.RemoteAddr())
		if l.take(from) {
			return &counted{Conn: c, give: sync.OnceFunc(func() { l.give(from) })}, nil
		}
		c.Close()
	}
}

func (l *limited) take(from netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all > 0 && l.n >= l.all || l.each > 0 && l.held[from] >= l.each {
		return false
	}
	l.n++
	l.held[from]++
	return true
}

func (l *limited) give(from netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n--
	if l.held[from]--; l.held[from] <= 0 {
		delete(l.held, from)
	}
}

// network is what counts as one address.
func network(a net.Addr) netip.Prefix {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Prefix{}
	}
	ip, bits := ap.Addr().Unmap().WithZone(""), 32
	if ip.Is6() {
		bits = 64
	}
	p, _ := ip.Prefix(bits) // of a valid address
	return p
}

// A counted connection gives its place back when it is closed.
type counted struct {
	net.Conn
	give func()
}

func (c *counted) Close() error {
	defer c.give()
	return c.Conn.Close()
}
