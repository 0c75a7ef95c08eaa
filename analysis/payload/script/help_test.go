package script

import (
	"crypto/rc4"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

func codesOf(s string, add int) string {
	var out []string
	for i := range len(s) {
		out = append(out, fmt.Sprint(int(s[i])+add))
	}
	return strings.Join(out, ",")
}

func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

func xorB64(s string, k byte) string {
	b := []byte(s)
	for i := range b {
		b[i] ^= k
	}
	return base64.StdEncoding.EncodeToString(b)
}

// rc4Case is a page under RC4 as script obfuscators write the decoder.
func rc4Case(page string) string {
	c, err := rc4.NewCipher([]byte("k3y!"))
	if err != nil {
		panic(err)
	}
	b := make([]byte, len(page))
	c.XORKeyStream(b, []byte(page))
	return `function d(k,e){var s=[],j=0,x,r='',t=atob(e);for(var i=0;i<256;i++){s[i]=i}for(i=0;i<256;i++){j=(j+s[i]+k.charCodeAt(i%k.length))%256;x=s[i];s[i]=s[j];s[j]=x}
i=0;j=0;for(var y=0;y<t.length;y++){i=(i+1)%256;j=(j+s[i])%256;x=s[i];s[i]=s[j];s[j]=x;r+=String.fromCharCode(t.charCodeAt(y)^s[(s[i]+s[j])%256])}return r}
document.write(d('k3y!','` + base64.StdEncoding.EncodeToString(b) + `'))`
}
