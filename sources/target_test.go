package sources

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"inbeeld/pipeline/projectfile"
	"inbeeld/sources/contract"
)

func TestTarget(t *testing.T) {
	s3 := contract.From{Kind: contract.FromS3, Address: "s3://emmer/bi", Region: "nl", AccessKey: "env:WIE", SecretKey: "file:/etc/geheim"}
	away := s3
	away.Endpoint, away.CA = "https://minio.voorbeeld.nl", "file:ca.pem"
	for _, c := range []struct {
		text   string
		want   contract.From
		faults string
	}{
		{"a: 1", contract.From{}, ""},
		{"to: /mnt/bi", contract.From{Kind: contract.FromDir, Address: "/mnt/bi"}, ""},
		{"to: {s3: 's3://emmer/bi', region: nl, access_key: 'env:WIE', secret_key: 'file:/etc/geheim'}", s3, ""},
		{"to: {s3: 's3://emmer/bi', region: nl, access_key: 'env:WIE', secret_key: 'file:/etc/geheim', endpoint: 'https://minio.voorbeeld.nl', ca: 'file:ca.pem'}", away, ""},
		{"to: {azblob: 'azblob://bak/bi', account: regio, token: 'env:SAS'}", contract.From{Kind: contract.FromAzblob, Address: "azblob://bak/bi", Account: "regio", Token: "env:SAS"}, ""},
		{"to: ''", contract.From{}, `x.yaml:1:5: "to" is empty; write a folder, such as /mnt/bi/cijfers`},
		{"to:", contract.From{}, ""},
		{"to: [a]", contract.From{}, `x.yaml:1:5: "to" must be a mapping; write a place, such as {s3: 's3://bucket/folder', region: nl, access_key: env:ID, secret_key: env:SECRET}`},
		{"to: {sftp: 'sftp://a@b/c'}", contract.From{}, `x.yaml:1:6: "to" has no place; write one of s3, azblob, such as {s3: 's3://bucket/folder', region: nl, access_key: env:ID, secret_key: env:SECRET}`},
		{"to: {s3: 's3://emmer', region: nl, access_key: geheim, secret_key: 'env:X'}", contract.From{}, `x.yaml:1:48: "access_key" is not a reference to a secret; write env:NAME or file:PATH; never write a secret itself in a contract`},
		{"to: {s3: 's3://emmer?region=nl', region: nl, access_key: 'env:WIE', secret_key: 'env:X'}", contract.From{}, "x.yaml:1:10: the address has a part after ? or #; write s3://bucket/folder"},
		{"to: {s3: 's3://emmer', access_key: 'env:WIE', secret_key: 'env:X', archive: a}", contract.From{}, `x.yaml:1:6: "to" lacks "region"; write the region of the bucket, such as eu-west-1; many servers accept any
x.yaml:1:68: unknown key "archive" in "to"; known: s3, endpoint, region, access_key, secret_key, ca`},
		{"to: {azblob: 'azblob://bak', account: regio}", contract.From{}, `x.yaml:1:6: "to" has neither "key" nor "token"; add key: env:NAME or file:PATH`},
	} {
		doc, faults := projectfile.Parse("x.yaml", []byte(c.text))
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		var in struct {
			A  int             `yaml:"a"`
			To contract.Target `yaml:"to"`
		}
		if faults := doc.Decode(&in); len(faults) > 0 {
			t.Fatal(faults)
		}
		faults = in.To.Read(doc).Sorted()
		if diff := cmp.Diff(c.faults, faults.Error()); diff != "" {
			t.Errorf("%s\n%s", c.text, diff)
		}
		if diff := cmp.Diff(c.want, in.To.From, cmpopts.EquateComparable(contract.From{})); c.faults == "" && diff != "" {
			t.Errorf("%s\n%s", c.text, diff)
		}
	}
}
