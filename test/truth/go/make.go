//go:build cm1_21

package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"time"

	cmapi "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	"github.com/cert-manager/cert-manager/pkg/util/pki"
)

// Wish describes one PEM text.
type Wish struct {
	// key, csr, certificate
	Kind string `json:"kind"`
	// Name of the key in the pool: algorithm and number, such as rsa2048-0 or p256-3.
	Key string `json:"key"`
	// key: PKCS1 (SEC 1 for ECDSA) or PKCS8.
	Encoding string `json:"encoding"`
	// csr: what cert-manager itself makes of this spec. certificate: the names come from it too.
	Spec *cmapi.CertificateSpec `json:"spec"`
	// certificate
	Template *Template `json:"template"`
	// csr: extensions to add
	Extensions []Extension `json:"extensions"`
}

// Template is what a certificate holds besides the names of the spec; fields that are set win over the spec.
type Template struct {
	// Key of the pool that signs; the certificate's own key where empty.
	Signer     string      `json:"signer"`
	NotBefore  time.Time   `json:"notBefore"`
	NotAfter   time.Time   `json:"notAfter"`
	CommonName *string     `json:"commonName"`
	DNSNames   *[]string   `json:"dnsNames"`
	IPs        *[]string   `json:"ipAddresses"`
	URIs       *[]string   `json:"uris"`
	Emails     *[]string   `json:"emailAddresses"`
	IsCA       bool        `json:"isCA"`
	Serial     string      `json:"serial"`
	Extensions []Extension `json:"extensions"`
}

type Extension struct {
	OID      []int  `json:"oid"`
	Critical bool   `json:"critical"`
	Value    []byte `json:"value"`
}

type Made struct {
	PEM   string `json:"pem,omitempty"`
	Error string `json:"error,omitempty"`
}

var pool = map[string]crypto.Signer{}

var generators = []struct {
	name  string
	count int
	make  func() (crypto.Signer, error)
}{
	{"rsa1024", 1, func() (crypto.Signer, error) { return rsaKey(1024) }},
	{"rsa2048", 6, func() (crypto.Signer, error) { return rsaKey(2048) }},
	{"rsa3072", 2, func() (crypto.Signer, error) { return rsaKey(3072) }},
	{"rsa4096", 2, func() (crypto.Signer, error) { return rsaKey(4096) }},
	{"p224", 1, func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P224(), rand.Reader) }},
	{"p256", 6, func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }},
	{"p384", 2, func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P384(), rand.Reader) }},
	{"p521", 2, func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P521(), rand.Reader) }},
	{"ed25519", 3, func() (crypto.Signer, error) {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}},
}

func rsaKey(bits int) (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, bits) }

// loadPool reads the keys from the file, or makes them and writes it.
func loadPool(path string) {
	if data, err := os.ReadFile(path); err == nil {
		var stored map[string][]byte
		must(json.Unmarshal(data, &stored))
		for name, der := range stored {
			key, err := x509.ParsePKCS8PrivateKey(der)
			must(err)
			pool[name] = key.(crypto.Signer)
		}
		return
	}
	stored := map[string][]byte{}
	for _, g := range generators {
		for i := range g.count {
			name := fmt.Sprintf("%s-%d", g.name, i)
			key, err := g.make()
			must(err)
			pool[name] = key
			stored[name], err = x509.MarshalPKCS8PrivateKey(key)
			must(err)
		}
	}
	data, err := json.Marshal(stored)
	must(err)
	temporary := fmt.Sprintf("%s.%d", path, os.Getpid())
	must(os.WriteFile(temporary, data, 0o600))
	must(os.Rename(temporary, path))
}

func makePEM(keys string) {
	// Keys of 1024 bits are refused by Go's RSA otherwise; the tests need one that is too small.
	must(os.Setenv("GODEBUG", "rsa1024min=0"))
	loadPool(keys)
	eachLine(true, func(line []byte) (answer any) {
		defer func() {
			if r := recover(); r != nil {
				answer = Made{Error: fmt.Sprint(r)}
			}
		}()
		var w Wish
		must(json.Unmarshal(line, &w))
		key := poolKey(w.Key)
		switch w.Kind {
		case "key":
			return Made{PEM: string(encodeKey(key, w.Encoding))}
		case "csr":
			return Made{PEM: string(makeCSR(w, key))}
		case "certificate":
			return Made{PEM: string(makeCertificate(w, key))}
		default:
			panic("unknown kind " + w.Kind)
		}
	})
}

func poolKey(name string) crypto.Signer {
	key, ok := pool[name]
	if !ok {
		panic("no key " + name)
	}
	return key
}

func encodeKey(key crypto.Signer, encoding string) []byte {
	if encoding == "PKCS1" {
		switch k := key.(type) {
		case *rsa.PrivateKey:
			return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)})
		case *ecdsa.PrivateKey:
			der, err := x509.MarshalECPrivateKey(k)
			must(err)
			return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
		}
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(err)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// makeCSR makes the request as cert-manager's request manager does. The private key's algorithm is set to that of the
// key given, because some cases need a request that does not fit its spec.
func makeCSR(w Wish, key crypto.Signer) []byte {
	spec := *w.Spec.DeepCopy()
	spec.PrivateKey = privateKeySpec(key)
	template, err := pki.GenerateCSR(&cmapi.Certificate{Spec: spec},
		pki.WithEncodeBasicConstraintsInRequest(true), pki.WithNameConstraints(true), pki.WithOtherNames(true), pki.WithUseLiteralSubject(true))
	must(err)
	template.ExtraExtensions = append(template.ExtraExtensions, extensions(w.Extensions)...)
	der, err := x509.CreateCertificateRequest(rand.Reader, template, key)
	must(err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
}

func privateKeySpec(key crypto.Signer) *cmapi.CertificatePrivateKey {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		return &cmapi.CertificatePrivateKey{Algorithm: cmapi.RSAKeyAlgorithm, Size: max(k.N.BitLen(), 2048)}
	case *ecdsa.PrivateKey:
		size := k.Curve.Params().BitSize
		if size < 256 {
			size = 256
		}
		return &cmapi.CertificatePrivateKey{Algorithm: cmapi.ECDSAKeyAlgorithm, Size: size}
	default:
		return &cmapi.CertificatePrivateKey{Algorithm: cmapi.Ed25519KeyAlgorithm}
	}
}

func extensions(in []Extension) []pkix.Extension {
	var out []pkix.Extension
	for _, e := range in {
		out = append(out, pkix.Extension{Id: asn1.ObjectIdentifier(e.OID), Critical: e.Critical, Value: e.Value})
	}
	return out
}

func makeCertificate(w Wish, key crypto.Signer) []byte {
	spec, t := w.Spec, w.Template
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		NotBefore:             t.NotBefore,
		NotAfter:              t.NotAfter,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		BasicConstraintsValid: true,
		IsCA:                  t.IsCA || spec.IsCA,
		DNSNames:              spec.DNSNames,
		EmailAddresses:        spec.EmailAddresses,
		ExtraExtensions:       extensions(t.Extensions),
	}
	if t.Serial != "" {
		if _, ok := template.SerialNumber.SetString(t.Serial, 10); !ok {
			panic("bad serial")
		}
	}
	if template.IsCA {
		template.KeyUsage |= x509.KeyUsageCertSign
	}
	ips, uris := spec.IPAddresses, spec.URIs
	if t.DNSNames != nil {
		template.DNSNames = *t.DNSNames
	}
	if t.Emails != nil {
		template.EmailAddresses = *t.Emails
	}
	if t.IPs != nil {
		ips = *t.IPs
	}
	if t.URIs != nil {
		uris = *t.URIs
	}
	for _, text := range ips {
		template.IPAddresses = append(template.IPAddresses, net.ParseIP(text))
	}
	for _, text := range uris {
		u, err := url.Parse(text)
		must(err)
		template.URIs = append(template.URIs, u)
	}
	if spec.LiteralSubject != "" {
		sequence, err := pki.UnmarshalSubjectStringToRDNSequence(spec.LiteralSubject)
		must(err)
		template.RawSubject, err = pki.MarshalRDNSequenceToRawDERBytes(sequence)
		must(err)
	} else {
		subject := pki.SubjectForCertificate(&cmapi.Certificate{Spec: *spec})
		template.Subject = pkix.Name{
			Country: subject.Countries, Organization: subject.Organizations, OrganizationalUnit: subject.OrganizationalUnits,
			Locality: subject.Localities, Province: subject.Provinces, StreetAddress: subject.StreetAddresses,
			PostalCode: subject.PostalCodes, SerialNumber: subject.SerialNumber, CommonName: spec.CommonName,
		}
	}
	if t.CommonName != nil {
		template.Subject.CommonName = *t.CommonName
		template.RawSubject = nil
	}
	parent, signer := template, key
	if t.Signer != "" {
		signer = poolKey(t.Signer)
		parent = &x509.Certificate{Subject: pkix.Name{CommonName: "truth " + t.Signer}, SubjectKeyId: []byte(t.Signer)}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	must(err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
