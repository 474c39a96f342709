// Command inbeeld brings the doelgroep banenafspraak of a labour-market region in beeld.
package main

import (
	"os"

	"inbeeld/pipeline/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
