// Command shim asks cert-manager's own certificate-shim what it would do. It is the reference that src/reissue/shim is
// tested against:
//
//	shim < cases.jsonl   for each case what the real SyncFnFor creates, updates and deletes
//
// It is built once per version of cert-manager: go build -modfile=go-1.21.mod -tags cm1_21 ./shim.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"

	"github.com/go-logr/logr"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	coretesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"

	cmapi "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	cmfake "github.com/cert-manager/cert-manager/pkg/client/clientset/versioned/fake"
	cmlisters "github.com/cert-manager/cert-manager/pkg/client/listers/certmanager/v1"
	shimhelper "github.com/cert-manager/cert-manager/pkg/controller/certificate-shim"
)

// Case is one maker and the Certificates of its namespace.
type Case struct {
	ID           string               `json:"id"`
	Flags        Flags                `json:"flags"`
	Maker        json.RawMessage      `json:"maker"`
	Gateway      json.RawMessage      `json:"gateway"`
	Certificates []*cmapi.Certificate `json:"certificates"`
}

// Flags are the controller's, as src/reissue/shim/flags.ts names them.
type Flags struct {
	DefaultIssuerName           string   `json:"defaultIssuerName"`
	DefaultIssuerKind           string   `json:"defaultIssuerKind"`
	DefaultIssuerGroup          string   `json:"defaultIssuerGroup"`
	AutoCertificateAnnotations  []string `json:"autoCertificateAnnotations"`
	ExtraCertificateAnnotations []string `json:"extraCertificateAnnotations"`
	GatewayExtraProtocols       []string `json:"gatewayExtraProtocols"`
}

// Action is one write to the API.
type Action struct {
	Verb        string             `json:"verb"`
	Name        string             `json:"name"`
	Certificate *cmapi.Certificate `json:"certificate,omitempty"`
}

// Verdict is what the shim does with a case.
type Verdict struct {
	ID      string   `json:"id"`
	Actions []Action `json:"actions"`
	// The warnings and notes that it puts on the maker.
	Events []string `json:"events"`
	// The error with which the sync ends; it is then tried again, in vain.
	Error string `json:"error,omitempty"`
	// The controller crashes.
	Panic string `json:"panic,omitempty"`
	// This release does not know the kind.
	Unknown bool `json:"unknown,omitempty"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<28)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for in.Scan() {
		var c Case
		must(json.Unmarshal(in.Bytes(), &c))
		must(encoder.Encode(judge(c)))
	}
	must(in.Err())
	must(out.Flush())
}

func judge(c Case) (verdict Verdict) {
	verdict = Verdict{ID: c.ID, Actions: []Action{}, Events: []string{}}
	defer func() {
		if caught := recover(); caught != nil {
			verdict.Panic = fmt.Sprint(caught)
		}
	}()
	maker, known := readMaker(c)
	if !known {
		verdict.Unknown = true
		return verdict
	}
	if maker == nil {
		return verdict
	}
	indexer := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	for _, crt := range c.Certificates {
		must(indexer.Add(crt))
	}
	client := cmfake.NewSimpleClientset()
	client.PrependReactor("*", "certificates", func(action coretesting.Action) (bool, apiruntime.Object, error) {
		switch a := action.(type) {
		case coretesting.UpdateAction:
			// A CreateAction has the same methods.
			crt := a.GetObject().(*cmapi.Certificate).DeepCopy()
			verdict.Actions = append(verdict.Actions, Action{Verb: action.GetVerb(), Name: crt.Name, Certificate: crt})
			return true, crt, nil
		case coretesting.DeleteAction:
			verdict.Actions = append(verdict.Actions, Action{Verb: "delete", Name: a.GetName()})
			return true, nil, nil
		}
		panic(fmt.Sprintf("unexpected %T", action))
	})
	recorder := record.NewFakeRecorder(1000)
	run := shimhelper.SyncFnFor(recorder, logr.Discard(), client, cmlisters.NewCertificateLister(indexer), options(c.Flags), "truth")
	if err := run(context.Background(), maker); err != nil {
		verdict.Error = err.Error()
	}
	close(recorder.Events)
	for event := range recorder.Events {
		verdict.Events = append(verdict.Events, event)
	}
	// The shim goes through a map.
	sort.SliceStable(verdict.Actions, func(i, j int) bool { return verdict.Actions[i].Name < verdict.Actions[j].Name })
	sort.Strings(verdict.Events)
	return verdict
}

// readMaker decodes the object; nil where the shim's controller does not come to the sync, and false where this release
// has no controller for the kind.
func readMaker(c Case) (metav1.Object, bool) {
	var kind metav1.TypeMeta
	must(json.Unmarshal(c.Maker, &kind))
	switch kind.Kind {
	case "Ingress":
		var ingress networkingv1.Ingress
		must(json.Unmarshal(c.Maker, &ingress))
		return &ingress, true
	case "Gateway":
		return readGateway(c.Maker), true
	default:
		return readListenerSet(c.Maker, c.Gateway)
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "shim:", err)
		os.Exit(1)
	}
}
