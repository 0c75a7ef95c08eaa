package account

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// A Cost is how hard a password is to try: passes, memory in KiB, lanes (RFC 9106 section 3.1).
type Cost struct {
	Passes, Memory uint32
	Lanes          uint8
}

// Usual is the second recommended option of RFC 9106 section 4: 64 MiB, three passes, four lanes.
var usual = Cost{Passes: 3, Memory: 64 << 10, Lanes: 4}

const (
	saltSize = 16
	hashSize = 32
	// minPassword and maxPassword are in characters: NIST SP 800-63B section 5.1.1.2 asks for 8 at least and 64 at most at least;
	// twelve, for there is no second factor.
	minPassword = 12
	maxPassword = 256
	// maxMemory bounds what a stored hash can make us use.
	maxMemory = 1 << 20
)

// ErrWeak says that a password is too easy.
var ErrWeak = errors.New("a password has at least 12 characters, at most 256, and is not the account's name or one letter over and over")

func checkPassword(name, password string) error {
	n := utf8.RuneCountInString(password)
	if n < minPassword || n > maxPassword || strings.Contains(strings.ToLower(password), strings.ToLower(name)) && n < len(name)+8 ||
		strings.Count(password, password[:1]) == len(password) {
		return ErrWeak
	}
	return nil
}

// hashPassword gives the PHC string of a password: $argon2id$v=19$m=65536,t=3,p=4$salt$hash.
func hashPassword(password string, c Cost) (string, error) {
	salt := make([]byte, saltSize)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("password: %w", err)
	}
	sum := argon2.IDKey([]byte(password), salt, c.Passes, c.Memory, c.Lanes, hashSize)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Passes, c.Lanes, enc.EncodeToString(salt), enc.EncodeToString(sum)), nil
}

// isPassword tells whether the password gives the stored hash. A hash that cannot be read matches nothing.
func isPassword(stored, password string) bool {
	f := strings.Split(stored, "$")
	if len(f) != 6 || f[1] != "argon2id" || f[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false
	}
	var c Cost
	if n, err := fmt.Sscanf(f[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Passes, &c.Lanes); err != nil || n != 3 || c.Passes == 0 || c.Lanes == 0 || c.Memory > maxMemory || c.Passes > 64 {
		return false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(f[4])
	want, err2 := base64.RawStdEncoding.DecodeString(f[5])
	if err1 != nil || err2 != nil || len(want) == 0 {
		return false
	}
	return subtle.ConstantTimeCompare(argon2.IDKey([]byte(password), salt, c.Passes, c.Memory, c.Lanes, uint32(len(want))), want) == 1
}
