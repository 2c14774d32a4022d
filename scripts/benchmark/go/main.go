// Command bench is both ends of the benchmark: the OpenAI-style server behind a proxy and the clients before it.
//
//	bench upstream     serve on a free loopback port, print its address, end when standard input ends
//	bench load SPEC    make the requests that SPEC (a JSON object, see load.go) asks for, print a JSON result
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	if err := command(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func command(arguments []string) error {
	switch {
	case len(arguments) == 1 && arguments[0] == "upstream":
		return serve()
	case len(arguments) == 2 && arguments[0] == "load":
		var spec Spec
		if err := json.Unmarshal([]byte(arguments[1]), &spec); err != nil {
			return fmt.Errorf("the spec cannot be read: %w", err)
		}
		return json.NewEncoder(os.Stdout).Encode(load(spec))
	}
	return fmt.Errorf("%q is no command: upstream, or load SPEC", arguments)
}
