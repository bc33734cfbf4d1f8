// Command tools does for the test cluster what neither Node nor the other programs can do by themselves:
// make certificates, render the cert-manager chart, and start a process that dies with its parent.
package main

import (
	"fmt"
	"os"
)

func main() {
	commands := map[string]func([]string) error{"certificates": certificates, "chart": chart, "exec": execute}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: tools certificates DIR | chart FLAGS | exec PROGRAM [ARGS]")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintf(os.Stderr, "tools %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}
