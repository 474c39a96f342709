package sources

import (
	"github.com/goccy/go-yaml/ast"

	"inbeeld/pipeline/projectfile"
)

// A Target is where what is published goes besides: a folder of this machine, or a folder of an object
// store, written as the `from` of a contract. Kind is "" for none.
type Target struct {
	From
	root ast.Node
}

// targetForms are the places that can be published to.
var targetForms = []placeForm{
	{FromS3, "s3://bucket/folder", []string{"endpoint", "region", "access_key", "secret_key", "ca"}, []string{"access_key", "secret_key", "region"}, ""},
	{FromAzblob, "azblob://container/folder", []string{"account", "key", "token", "endpoint", "ca"}, []string{"account"}, ""},
}

// UnmarshalYAML keeps the node, for Read.
func (t *Target) UnmarshalYAML(n ast.Node) error {
	t.root = n
	return nil
}

// Read makes a place of what was decoded from doc, if anything was.
func (t *Target) Read(doc *projectfile.Doc) projectfile.Faults {
	n := t.root
	if n == nil {
		return nil
	}
	*t = Target{}
	r := &reading{doc: doc}
	if text, ok := scalar(n); ok {
		if text == "" {
			r.fault(n, "write a folder elsewhere, such as /mnt/bi/cijfers", "\"to\" is empty")
		}
		t.From = From{Kind: FromDir, Address: text}
		return r.faults
	}
	in := mapping{reading: r}
	_, t.From = in.place(n, `"to"`, targetForms, "{s3: 's3://bucket/folder', region: nl, access_key: env:ID, secret_key: env:SECRET}")
	return r.faults
}
