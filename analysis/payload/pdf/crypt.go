package pdf

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5" //nolint:gosec // what the standard security handler uses
	"crypto/rc4" //nolint:gosec
	"crypto/sha256"
	"crypto/sha512"
)

// crypt decrypts with the key of the empty user password.
type crypt struct {
	key    []byte
	method string // "V2" RC4, "AESV2", "AESV3", "Identity"
}

// padding of passwords (section 7.6.4.3.2, algorithm 2)
const padding = "\x28\xbf\x4e\x5e\x4e\x75\x8a\x41\x64\x00\x4e\x56\xff\xfa\x01\x08\x2e\x2e\x00\xb6\xd0\x68\x3e\x80\x2f\x0c\xa9\xfe\x64\x53\x69\x7a"

// encryption finds the encryption dictionary and derives the key of the empty password.
func (d *document) encryption(trailers []dict) {
	var enc dict
	var id string
	for _, t := range trailers {
		if e := d.dict(t["Encrypt"]); e != nil {
			enc = e
			if r, ok := t["Encrypt"].(ref); ok {
				if o := d.objects[int(r)]; o != nil {
					o.inner = true // its own strings are in the clear
				}
			}
		}
		if a, ok := d.resolve(t["ID"]).(array); ok && len(a) > 0 && id == "" {
			id, _ = d.resolve(a[0]).(string)
		}
	}
	if enc == nil {
		return
	}
	d.trait("encrypted")
	v, _ := d.num(enc["V"])
	r, _ := d.num(enc["R"])
	length, ok := d.num(enc["Length"])
	if !ok || length < 40 || length > 256 {
		length = 40
	}
	method := "V2"
	if v >= 4 {
		cf := d.dict(d.dict(enc["CF"])[d.name(enc["StmF"])])
		method = d.name(cf["CFM"])
		if method == "" {
			method = "Identity"
		}
		length = 128
	}
	o, _ := d.resolve(enc["O"]).(string)
	u, _ := d.resolve(enc["U"]).(string)
	p, _ := d.num(enc["P"])
	c := &crypt{method: method}
	if v >= 5 {
		ue, _ := d.resolve(enc["UE"]).(string)
		c.key = keyV5(u, ue, r >= 6)
	} else {
		meta := true
		if b, isBool := d.resolve(enc["EncryptMetadata"]).(bool); isBool {
			meta = b
		}
		c.key = keyV4(o, id, uint32(int64(p)), int(length)/8, int(r), meta)
		if !userOK(c.key, u, id, int(r)) {
			c.key = nil
		}
	}
	if c.key == nil {
		d.out.Locked = true
		return
	}
	d.crypt = c
	for _, n := range d.order {
		if ob := d.objects[n]; !ob.inner {
			ob.val = c.strings(ob.val, ob.num, ob.gen, 0)
		}
	}
}

// keyV4 is algorithm 2 for the empty password.
func keyV4(o, id string, p uint32, n, r int, meta bool) []byte {
	h := md5.New() //nolint:gosec
	h.Write([]byte(padding))
	h.Write([]byte(o)[:min(len(o), 32)])
	h.Write([]byte{byte(p), byte(p >> 8), byte(p >> 16), byte(p >> 24)})
	h.Write([]byte(id))
	if r >= 4 && !meta {
		h.Write([]byte{255, 255, 255, 255})
	}
	key := h.Sum(nil)
	if r < 3 {
		return key[:5]
	}
	n = min(max(n, 5), 16)
	for range 50 {
		s := md5.Sum(key[:n]) //nolint:gosec
		key = s[:]
	}
	return key[:n]
}

// userOK checks the key against the U entry (algorithms 4 to 6).
func userOK(key []byte, u, id string, r int) bool {
	if len(u) < 16 {
		return false
	}
	if r < 3 {
		return string(rc4Bytes(key, []byte(padding))) == u[:min(len(u), 32)]
	}
	s := md5.Sum([]byte(padding + id)) //nolint:gosec
	x := s[:]
	for i := range 20 {
		k := make([]byte, len(key))
		for j := range k {
			k[j] = key[j] ^ byte(i)
		}
		x = rc4Bytes(k, x)
	}
	return string(x) == u[:16]
}

// keyV5 is algorithm 2.A for the empty user password, nil if that is not it.
func keyV5(u, ue string, r6 bool) []byte {
	if len(u) < 48 || len(ue) < 32 {
		return nil
	}
	hash := func(salt string) []byte {
		if r6 {
			return hash2B([]byte(salt))
		}
		s := sha256.Sum256([]byte(salt))
		return s[:]
	}
	if string(hash(u[32:40])) != u[:32] {
		return nil
	}
	block, err := aes.NewCipher(hash(u[40:48]))
	if err != nil {
		return nil
	}
	key := make([]byte, 32)
	cipher.NewCBCDecrypter(block, make([]byte, 16)).CryptBlocks(key, []byte(ue[:32]))
	return key
}

// hash2B is algorithm 2.B for the empty password.
func hash2B(salt []byte) []byte {
	s := sha256.Sum256(salt)
	k := s[:]
	for i := 0; i < 2048; i++ {
		k1 := make([]byte, 0, 64*len(k))
		for range 64 {
			k1 = append(k1, k...)
		}
		block, err := aes.NewCipher(k[:16])
		if err != nil {
			return nil
		}
		cipher.NewCBCEncrypter(block, k[16:32]).CryptBlocks(k1, k1)
		sum := 0
		for _, b := range k1[:16] {
			sum += int(b)
		}
		switch sum % 3 {
		case 0:
			h := sha256.Sum256(k1)
			k = h[:]
		case 1:
			h := sha512.Sum384(k1)
			k = h[:]
		default:
			h := sha512.Sum512(k1)
			k = h[:]
		}
		if i >= 63 && int(k1[len(k1)-1]) <= i-31 {
			break
		}
	}
	return k[:32]
}

func rc4Bytes(key, data []byte) []byte {
	c, err := rc4.NewCipher(key) //nolint:gosec
	if err != nil {
		return data
	}
	out := make([]byte, len(data))
	c.XORKeyStream(out, data)
	return out
}

// open decrypts a string or stream of an object (algorithms 1 and 1.A).
func (c *crypt) open(data []byte, num, gen int) []byte {
	switch c.method {
	case "Identity":
		return data
	case "AESV3":
		return cbc(c.key, data)
	}
	h := md5.New() //nolint:gosec
	h.Write(c.key)
	h.Write([]byte{byte(num), byte(num >> 8), byte(num >> 16), byte(gen), byte(gen >> 8)})
	if c.method == "AESV2" {
		h.Write([]byte("sAlT"))
	}
	key := h.Sum(nil)[:min(len(c.key)+5, 16)]
	if c.method == "AESV2" {
		return cbc(key, data)
	}
	return rc4Bytes(key, data)
}

func cbc(key, data []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil || len(data) < 32 {
		return nil
	}
	body := data[16 : len(data)-len(data)%16]
	out := make([]byte, len(body))
	cipher.NewCBCDecrypter(block, data[:16]).CryptBlocks(out, body)
	if pad := int(out[len(out)-1]); pad >= 1 && pad <= 16 {
		out = out[:len(out)-pad]
	}
	return out
}

// strings decrypts every string in a value.
func (c *crypt) strings(v any, num, gen, depth int) any {
	if depth > 64 {
		return v
	}
	switch x := v.(type) {
	case string:
		return string(c.open([]byte(x), num, gen))
	case array:
		for i := range x {
			x[i] = c.strings(x[i], num, gen, depth+1)
		}
	case dict:
		for k := range x {
			x[k] = c.strings(x[k], num, gen, depth+1)
		}
	}
	return v
}
