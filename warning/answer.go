package warning

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/coldwatch/coldwatch"
)

// The questions of the form by which a reader answers, in their order, as they stand in it.
var questions = [...]struct {
	text  string
	field func(*coldwatch.Answer) *int
}{
	{"Messages received", func(a *coldwatch.Answer) *int { return &a.Received }},
	{"Blocked before anybody saw them", func(a *coldwatch.Answer) *int { return &a.Blocked }},
	{"Opened by", func(a *coldwatch.Answer) *int { return &a.Opened }},
	{"Credentials entered by", func(a *coldwatch.Answer) *int { return &a.Credentials }},
	{"Passwords reset", func(a *coldwatch.Answer) *int { return &a.Reset }},
}

// Form is the text that a reader fills in and sends back.
func Form(w *coldwatch.Warning) string {
	var b strings.Builder
	b.WriteString("Please write a number after each colon and send this back to whoever sent you the warning. Leave out what you do not know.\n\n")
	return b.String() + form(w)
}

func form(w *coldwatch.Warning) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Warning: %s\n", w.ID)
	for _, q := range questions {
		b.WriteString(q.text + ":\n")
	}
	return b.String()
}

// errNoAnswer says that a text holds no line of the form with a number.
var errNoAnswer = errors.New("no answer stands in it")

// most is more messages than any organisation answers for; a larger figure is a slip of the pen.
const most = 1_000_000

// ReadForm reads a filled-in form, as it comes back in a mail: quoted, indented, in any case. It returns the warning that it names,
// "" if none.
func ReadForm(text string) (id string, a coldwatch.Answer, err error) {
	any := false
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimLeft(line, "> \t*-"), ":")
		if !ok {
			continue
		}
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if strings.EqualFold(key, "Warning") && strings.HasPrefix(value, "w-") && len(value) <= 40 {
			id = value
		}
		for _, q := range questions {
			if !strings.EqualFold(key, q.text) || value == "" {
				continue
			}
			number, _, _ := strings.Cut(value, " ")
			n, err := strconv.Atoi(number)
			if err != nil || n < 0 || n > most {
				return id, a, fmt.Errorf("%s: %.40q is no number", q.text, value)
			}
			*q.field(&a) = n
			any = true
		}
	}
	if !any {
		return id, a, errNoAnswer
	}
	return id, a, nil
}

// CheckAnswer tells what is wrong with figures that were typed.
func CheckAnswer(a coldwatch.Answer) error {
	for _, q := range questions {
		if n := *q.field(&a); n < 0 || n > most {
			return fmt.Errorf("%s: %d is not between 0 and %d", q.text, n, most)
		}
	}
	return nil
}

// AnswerWords puts an answer into words: "received 3, blocked 2, opened 1, credentials entered 0, reset 1".
func AnswerWords(a coldwatch.Answer) string {
	return fmt.Sprintf("received %d, blocked %d, opened %d, credentials entered %d, passwords reset %d", a.Received, a.Blocked, a.Opened, a.Credentials, a.Reset)
}
