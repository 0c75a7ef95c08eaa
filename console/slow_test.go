package console

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"time"
)

// Whoever holds many connections and says nothing keeps nobody else out; a place is free again when one ends.
func TestLimit(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := Limit(inner, 10, 2)
	defer l.Close()
	accepted := make(chan net.Conn, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	dial()
	dial()
	first, second := <-accepted, <-accepted
	if _, err := dial().Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("a third connection of one address: %v, want that it is hung up on", err)
	}
	first.Close()
	first.Close() // twice gives one place back
	dial()
	<-accepted
	if _, err := dial().Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("beyond the place that was given back: %v", err)
	}
	second.Close()
}

func TestNetwork(t *testing.T) {
	for from, want := range map[string]string{"192.0.2.1:5": "192.0.2.1/32", "[::ffff:192.0.2.1]:5": "192.0.2.1/32", "[2001:db8::1:2]:5": "2001:db8::/64", "[fe80::1%eth0]:5": "fe80::/64"} {
		if got := network(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(from))); got.String() != want {
			t.Errorf("%s counts as %s, want %s", from, got, want)
		}
	}
}

// Everyone has as many requests as come in one go, then as many as a second gives.
func TestPacer(t *testing.T) {
	var p pacer
	now := time.Unix(0, 0)
	passed := 0
	for range 2 * atOnce {
		if p.ask("ana", now) {
			passed++
		}
	}
	if passed != atOnce || !p.ask("ben", now) {
		t.Errorf("%d passed at once, want %d, and others are not held up", passed, atOnce)
	}
	now = now.Add(time.Second)
	for passed = 0; p.ask("ana", now); passed++ {
	}
	if passed != perSecond {
		t.Errorf("%d passed after a second, want %d", passed, perSecond)
	}
}
