package contract

import "inbeeld/pipeline/projectfile"

// A Target is a further place to publish to: a folder on this machine or in an object store, written as
// the from of a contract. Kind is "" if there is none.
type Target struct {
	From
	value *projectfile.Value
}

// targetForms are the kinds of places to publish to.
var targetForms = []placeForm{
	{FromS3, "s3://bucket/folder", []string{"endpoint", "region", "access_key", "secret_key", "ca"}, []string{"access_key", "secret_key", "region"}, ""},
	{FromAzblob, "azblob://container/folder", []string{"account", "key", "token", "endpoint", "ca"}, []string{"account"}, ""},
}

// UnmarshalYAML stores the value for Read.
func (t *Target) UnmarshalYAML(v *projectfile.Value) { t.value = v }

// Read reads the place that was decoded from doc, if any.
func (t *Target) Read(doc *projectfile.Doc) projectfile.Faults {
	v := t.value
	*t = Target{}
	var faults projectfile.Faults
	m := mapping{doc.Mapping(v, &faults)}
	if text, ok := v.Scalar(); ok {
		if text == "" {
			m.Fault(v, "write a folder, such as /mnt/bi/cijfers", "\"to\" is empty")
		}
		t.From = From{Kind: FromDir, Address: text}
	} else if v != nil && v.Kind != projectfile.KindNull {
		_, t.From = m.place(v, `"to"`, targetForms, "{s3: 's3://bucket/folder', region: nl, access_key: env:ID, secret_key: env:SECRET}")
	}
	return faults
}
