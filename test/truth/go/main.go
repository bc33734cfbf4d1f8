// Command truth asks cert-manager's own code what it would do. It is the reference that src/reissue is tested against.
//
//	truth judge < cases.jsonl   one verdict per case, from the real trigger controller and policy chain
//	truth chain < cases.jsonl   the policy chain only, timed: for the comparison of speed
//	truth make  < wishes.jsonl  keys, certificate requests and certificates as PEM, from descriptions
//
// It is built once per version of cert-manager: go build -modfile=go-1.21.mod -tags cm1_21.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	_ "time/tzdata" // the same time zones wherever the tests run
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("usage: truth judge|chain|make"))
	}
	switch os.Args[1] {
	case "judge":
		judge()
	case "chain":
		timeChain()
	case "make":
		if len(os.Args) < 3 {
			fail(fmt.Errorf("usage: truth make FILE-OF-KEYS"))
		}
		makePEM(os.Args[2])
	default:
		fail(fmt.Errorf("unknown command %q", os.Args[1]))
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "truth:", err)
	os.Exit(1)
}

// eachLine calls f for every line of standard input and writes its answer as one line of JSON. The answer is flushed at
// once when interactive is set, for callers that wait for it.
func eachLine(interactive bool, f func(line []byte) any) {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<28)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for in.Scan() {
		if err := encoder.Encode(f(in.Bytes())); err != nil {
			fail(err)
		}
		if interactive {
			if err := out.Flush(); err != nil {
				fail(err)
			}
		}
	}
	if err := in.Err(); err != nil {
		fail(err)
	}
	if err := out.Flush(); err != nil {
		fail(err)
	}
}
