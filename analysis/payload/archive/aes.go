package archive

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // what WinZip's format uses
	"crypto/subtle"
)

// aesOpen decrypts an entry under WinZip's AES (AE-1, AE-2): a salt, two bytes that tell a wrong password at once, the
// data in counter mode with a little-endian counter from 1, and ten bytes of HMAC-SHA1. extra is the field 0x9901.
func aesOpen(extra, body []byte, password string) ([]byte, bool) {
	strength := int(extra[4])
	if strength < 1 || strength > 3 {
		return nil, false
	}
	keyLen, saltLen := 8+8*strength, 4+4*strength
	if len(body) < saltLen+12 {
		return nil, false
	}
	keys, err := pbkdf2.Key(sha1.New, password, body[:saltLen], 1000, 2*keyLen+2)
	if err != nil || subtle.ConstantTimeCompare(keys[2*keyLen:], body[saltLen:saltLen+2]) != 1 {
		return nil, false
	}
	data, mac := body[saltLen+2:len(body)-10], body[len(body)-10:]
	h := hmac.New(sha1.New, keys[keyLen:2*keyLen])
	h.Write(data)
	if subtle.ConstantTimeCompare(h.Sum(nil)[:10], mac) != 1 {
		return nil, false
	}
	block, err := aes.NewCipher(keys[:keyLen])
	if err != nil {
		return nil, false
	}
	return ctrLittleEndian(block, data), true
}

// ctrLittleEndian is counter mode with the counter's lowest byte first.
func ctrLittleEndian(block cipher.Block, data []byte) []byte {
	out := make([]byte, len(data))
	var counter, pad [16]byte
	for i := 0; i < len(data); i += 16 {
		for j := range counter {
			if counter[j]++; counter[j] != 0 {
				break
			}
		}
		block.Encrypt(pad[:], counter[:])
		subtle.XORBytes(out[i:min(i+16, len(data))], data[i:min(i+16, len(data))], pad[:])
	}
	return out
}
