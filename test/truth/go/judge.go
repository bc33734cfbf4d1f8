package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	coretesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"

	"github.com/cert-manager/cert-manager/internal/controller/certificates/policies"
	apiutil "github.com/cert-manager/cert-manager/pkg/api/util"
	cmapi "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	cmmeta "github.com/cert-manager/cert-manager/pkg/apis/meta/v1"
	cmfake "github.com/cert-manager/cert-manager/pkg/client/clientset/versioned/fake"
	cminformers "github.com/cert-manager/cert-manager/pkg/client/informers/externalversions"
	"github.com/cert-manager/cert-manager/pkg/util/pki"
)

// Case is one state of a cluster, and the time at which it is judged.
type Case struct {
	ID          string                      `json:"id"`
	Certificate *cmapi.Certificate          `json:"certificate"`
	Secret      *corev1.Secret              `json:"secret"`
	Requests    []*cmapi.CertificateRequest `json:"requests"`
	Siblings    []*cmapi.Certificate        `json:"siblings"`
	Now         time.Time                   `json:"now"`
	// The controller's arguments, each --name=value.
	Flags []string `json:"flags"`
}

// Verdict is what cert-manager does with a case.
type Verdict struct {
	ID string `json:"id"`
	// keep, reissue; error: the case cannot be an object of the API; panic: the controller crashes.
	Outcome string `json:"outcome"`
	// What stopped the controller before the chain; empty where the chain was asked.
	Gate string `json:"gate,omitempty"`
	// The name of the policy function that was violated.
	Policy  string `json:"policy,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
	Error   string `json:"error,omitempty"`
	// The renewal time that cert-manager computes from the certificate in the Secret, RFC 3339, where there is one.
	At string `json:"at,omitempty"`
}

// setClock is a clock that stands still where it was set.
type setClock struct {
	clock.RealClock
	now time.Time
}

func (c *setClock) Now() time.Time                  { return c.now }
func (c *setClock) Since(t time.Time) time.Duration { return c.now.Sub(t) }

// world is what the controller sees: an API server that only takes what is written, and caches that we fill ourselves.
type world struct {
	now     *setClock
	client  *cmfake.Clientset
	shared  cminformers.SharedInformerFactory
	secrets cache.Indexer
	// The Certificate whose status was written last.
	written *cmapi.Certificate
}

func newWorld() *world {
	w := &world{now: &setClock{}, client: cmfake.NewSimpleClientset()}
	w.client.PrependReactor("update", "certificates", func(action coretesting.Action) (bool, apiruntime.Object, error) {
		w.written = action.(coretesting.UpdateAction).GetObject().(*cmapi.Certificate)
		return true, w.written, nil
	})
	w.shared = cminformers.NewSharedInformerFactory(w.client, 0)
	w.secrets = cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	return w
}

func (w *world) fill(c Case) {
	w.now.now, w.written = c.Now, nil
	v1 := w.shared.Certmanager().V1()
	must(v1.Certificates().Informer().GetIndexer().Replace(list(append(c.Siblings, c.Certificate)), ""))
	must(v1.CertificateRequests().Informer().GetIndexer().Replace(list(c.Requests), ""))
	if c.Secret == nil {
		must(w.secrets.Replace(nil, ""))
	} else {
		must(w.secrets.Replace([]any{c.Secret}, ""))
	}
}

// trigger is the trigger controller of one release, and the steps that it takes before the chain.
type trigger struct {
	process func(context.Context, *cmapi.Certificate) error
	gather  func(context.Context, *cmapi.Certificate) error
	owns    func(context.Context, *cmapi.Certificate) bool
}

// judge runs the real trigger controller over each case, with a fake API server behind it.
func judge() {
	ctx := context.Background()
	w := newWorld()
	chain := policies.NewTriggerPolicyChain(w.now)
	asked := false
	var index int
	evaluate := func(input policies.Input) (string, string, bool) {
		asked = true
		for i, policy := range chain {
			index = i
			if reason, message, violated := policy(input); violated {
				return reason, message, true
			}
		}
		index = -1
		return "", "", false
	}
	// One controller for each set of flags: they are read when it is made.
	triggers := map[string]trigger{}
	triggerFor := func(flags []string) trigger {
		key := strings.Join(flags, "\n")
		t, found := triggers[key]
		if !found {
			t = newTrigger(w, flags, evaluate)
			triggers[key] = t
		}
		return t
	}

	eachLine(false, func(line []byte) (answer any) {
		var c Case
		if err := json.Unmarshal(line, &c); err != nil {
			var id struct{ ID string }
			_ = json.Unmarshal(line, &id)
			return Verdict{ID: id.ID, Outcome: "error", Error: err.Error()}
		}
		v := Verdict{ID: c.ID}
		defer func() {
			if r := recover(); r != nil {
				v.Outcome, v.Error = "panic", fmt.Sprint(r)
				if index >= 0 && asked {
					v.Policy = policyName(chain[index])
				}
				answer = v
			}
		}()
		asked, index = false, -1
		setLimits(c.Flags)
		setGates(c.Flags)
		v.At = renewalTime(c)
		trigger := triggerFor(c.Flags)
		w.fill(c)
		crt := c.Certificate
		processErr := trigger.process(ctx, crt)
		if w.written != nil {
			condition := apiutil.GetCertificateCondition(w.written, cmapi.CertificateConditionIssuing)
			v.Outcome, v.Reason, v.Message, v.Policy = "reissue", condition.Reason, condition.Message, policyName(chain[index])
			return v
		}
		v.Outcome = "keep"
		if asked {
			return v
		}
		issuing := apiutil.GetCertificateCondition(crt, cmapi.CertificateConditionIssuing)
		gatherErr := trigger.gather(ctx, crt)
		switch {
		case crt.DeletionTimestamp != nil:
			v.Gate = "deleting"
		case issuing != nil && issuing.Status == cmmeta.ConditionTrue:
			v.Gate = "issuing"
		case !trigger.owns(ctx, crt):
			v.Gate = "not-owner"
		case processErr != nil && gatherErr != nil:
			v.Gate, v.Message = "duplicate-requests", gatherErr.Error()
		default:
			must(processErr)
			v.Gate = "back-off"
		}
		return v
	})
}

// renewalTime is empty where the Secret holds no certificate that Go can read, or the chain never renews it.
func renewalTime(c Case) string {
	if c.Secret == nil {
		return ""
	}
	crt, err := pki.DecodeX509CertificateBytes(c.Secret.Data[corev1.TLSCertKey])
	if err != nil {
		return ""
	}
	t := computeRenewalTime(crt.NotBefore, crt.NotAfter, c.Certificate)
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func policyName(f policies.Func) string {
	parts := strings.Split(runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name(), ".")
	for i := len(parts) - 1; i > 0; i-- {
		if !strings.HasPrefix(parts[i], "func") {
			return parts[i]
		}
	}
	return parts[0]
}

func list[T any](objects []T) []any {
	out := make([]any, 0, len(objects))
	for _, o := range objects {
		out = append(out, o)
	}
	return out
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// timeChain reads all cases, then gathers and evaluates each, and prints how long that took.
func timeChain() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<28)
	now := &setClock{}
	chain := policies.NewTriggerPolicyChain(now)
	start := time.Now()
	var evaluating time.Duration
	cases, reissued := 0, 0
	for in.Scan() {
		var c Case
		if err := json.Unmarshal(in.Bytes(), &c); err != nil {
			fail(err)
		}
		now.now = c.Now
		begin := time.Now()
		input := policies.Input{Certificate: c.Certificate, Secret: c.Secret}
		for _, r := range c.Requests {
			input.CurrentRevisionRequest = r
		}
		if _, _, violated := chain.Evaluate(input); violated {
			reissued++
		}
		evaluating += time.Since(begin)
		cases++
	}
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{
		"cases": cases, "reissued": reissued,
		"totalMs": time.Since(start).Milliseconds(), "chainMs": evaluating.Milliseconds(),
	})
}
