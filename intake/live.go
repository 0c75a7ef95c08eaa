package intake

import (
	"context"

	"github.com/coldwatch/coldwatch"
)

// A Take keeps messages that came in. When it returns without an error they are on the disk, and an intake may acknowledge them
// to whoever sent them; after an error it must not, so that they come again.
type Take func(ctx context.Context, subs []coldwatch.Submission) error

// LargestMessage bounds a message that an intake takes in, in bytes.
const LargestMessage = 64 << 20
