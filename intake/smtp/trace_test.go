package smtp

import (
	"net"
	"testing"
)

// What a client calls itself does not break out of our trace field.
func TestTrace(t *testing.T) {
	got := trace("x\r\n\tby mx.example; [evil] (comment", net.IPv4(192, 0, 2, 7), "here.example")
	if want := "Received: from xbymx.exampleevilcomment ([192.0.2.7])\r\n\tby here.example with ESMTP\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
