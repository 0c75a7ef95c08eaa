package intake

import (
	"errors"
	"io/fs"
	"os"
)

// A UserError is a mistake in what we were asked to read. Err says what is wrong, Hint what to do about it.
type UserError struct {
	Path string
	Err  error
	Hint string
}

func (e *UserError) Error() string {
	if e.Path == "" {
		return e.Err.Error()
	}
	return e.Path + ": " + e.Err.Error()
}

func (e *UserError) Unwrap() error { return e.Err }

// What can be wrong with a path.
var (
	ErrNotFound   = errors.New("no such file or folder")
	ErrUnreadable = errors.New("cannot be read")
	ErrNoMail     = errors.New("no mail in this folder")
	ErrEmpty      = errors.New("the file is empty")
	ErrBinary     = errors.New("a binary file, not mail")
	ErrNotMail    = errors.New("not a mail message")
	ErrTooLarge   = errors.New("the message is too large")
	ErrChanged    = errors.New("the file changed while it was read")
)

func pathError(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &UserError{path, ErrNotFound, "check the spelling, or give a file, a folder, an mbox, or - for standard input"}
	case errors.Is(err, fs.ErrPermission):
		return &UserError{path, ErrUnreadable, "check the permissions of the file and its folder"}
	}
	var pe *os.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return &UserError{path, err, "check that the disk is there and the file can be read"}
}

// hintFor says what to do about a file that is no mail.
func hintFor(err error) string {
	switch err {
	case ErrEmpty:
		return "save the message again; mail programs offer \"save as\" with the type .eml"
	case ErrBinary:
		return "give .eml, .msg, mbox or Maildir; to look at an attachment, give the message that carried it"
	case ErrTooLarge:
		return "raise the limit for the size of a message"
	case ErrNotMail:
		return "a message begins with header fields such as From: and Subject:; save it as .eml, with its source"
	}
	return ""
}
