package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"time"
)

// selfMade gives the certificate that a file keeps, and makes one where there is none, or it ends within a month, or does not
// hold for the names: for whoever begins without a certificate authority at hand.
func selfMade(file, listen string, names []string, now time.Time) (tls.Certificate, error) {
	if pair, err := tls.LoadX509KeyPair(file, file); err == nil && fits(&pair, names, now) {
		return pair, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return tls.Certificate{}, err
	}
	t := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "coldwatch"}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true}
	host, _, _ := net.SplitHostPort(listen) // it was listened on
	own, _ := os.Hostname()                 // where it has none, the others do
	for _, n := range append([]string{"localhost", own, host}, names...) {
		switch ip := net.ParseIP(n); {
		case n == "":
		case ip != nil && !ip.IsUnspecified():
			t.IPAddresses = append(t.IPAddresses, ip)
		case ip == nil:
			t.DNSNames = append(t.DNSNames, n)
		}
	}
	addresses, _ := net.InterfaceAddrs() // by which it may be reached; none is no fault
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok {
			t.IPAddresses = append(t.IPAddresses, n.IP)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return tls.Certificate{}, err
	}
	content := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(content, content)
}

func fits(pair *tls.Certificate, names []string, now time.Time) bool {
	c, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil || now.AddDate(0, 1, 0).After(c.NotAfter) {
		return false
	}
	for _, n := range names {
		if c.VerifyHostname(n) != nil {
			return false
		}
	}
	return true
}
