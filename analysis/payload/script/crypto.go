package script

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5" //nolint:gosec // the key derivation that OpenSSL and CryptoJS use
	"encoding/hex"
	"strings"
)

// library calls what pages load from elsewhere to decode themselves: CryptoJS, by far the most used one.
func (in *interp) library(path string, args []value) (value, bool) {
	if !strings.HasPrefix(path, "CryptoJS.") || len(args) == 0 {
		return value{}, false
	}
	a := args[0]
	switch path {
	case "CryptoJS.enc.Utf8.parse":
		return wordArray([]byte(a.str()), a.lay), true
	case "CryptoJS.enc.Hex.parse":
		b, _ := hex.DecodeString(a.str())
		return wordArray(b, a.lay), true
	case "CryptoJS.enc.Base64.parse":
		return wordArray(raw(a), a.lay), true
	case "CryptoJS.enc.Utf8.stringify", "CryptoJS.enc.Latin1.stringify":
		if a.k == kObject {
			v := decodeUTF8(a.bytes())
			v.lay = a.lay
			return v, true
		}
	case "CryptoJS.AES.decrypt":
		if len(args) > 1 {
			return in.aes(a, args[1], args[2:]), true
		}
	}
	return value{}, false
}

func wordArray(b []byte, lay *layer) value {
	v := objectValue(&object{cls: clsWords, bin: b})
	v.lay = lay
	return v
}

// aes decrypts as CryptoJS does: with a pass phrase as OpenSSL's EVP_BytesToKey with MD5 and a salt before the text, or
// with a key and an initial vector.
func (in *interp) aes(text, key value, more []value) value {
	var data []byte
	switch {
	case text.k == kString:
		data = raw(text)
	case text.k == kObject && text.o.cls == clsWords:
		data = text.o.bin
	case text.k == kObject:
		if c, ok := text.o.get("ciphertext"); ok {
			data = c.bytes()
		}
	}
	if len(data) < 16 || key.unknowable() || !in.step(len(data)/4) {
		in.undecided("unknown-code")
		return unknown()
	}
	var k, iv []byte
	if key.k == kString {
		if len(data) < 32 || string(data[:8]) != "Salted__" {
			return unknown()
		}
		var d, prev []byte
		for len(d) < 48 {
			h := md5.Sum(append(append(prev, key.str()...), data[8:16]...)) //nolint:gosec
			prev = h[:]
			d = append(d, prev...)
		}
		k, iv, data = d[:32], d[32:48], data[16:]
	} else {
		k = key.bytes()
		if len(more) > 0 && more[0].k == kObject {
			if v, ok := more[0].o.get("iv"); ok {
				iv = v.bytes()
			}
		}
	}
	block, err := aes.NewCipher(k)
	if err != nil || len(data)%16 != 0 {
		return unknown()
	}
	out := make([]byte, len(data))
	if len(iv) == 16 {
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, data)
	} else {
		for i := 0; i < len(data); i += 16 {
			block.Decrypt(out[i:], data[i:])
		}
	}
	if pad := int(out[len(out)-1]); pad >= 1 && pad <= 16 {
		out = out[:len(out)-pad]
	}
	return wordArray(out, text.lay.with("aes"))
}
