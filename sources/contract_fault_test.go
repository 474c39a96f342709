package sources

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"inbeeld/sources/contract"
)

// unseen matches faults that a schema cannot detect, since they are about more than the shape of one value.
var unseen = regexp.MustCompile(`not a regular expression|no group peildatum|not inside|belongs to the program|longer than 0|"100\.01%"|key column|reserved|already|second bsn|upper case|twice|a whole number|above max|address|not a URL|not a pattern for files|folder below the place|two ways to log in|has neither|go together|does not match|program itself writes|also the separator|required pakbon|required and may be absent`)

func TestParseContractFaults(t *testing.T) {
	bsn := `  - {name: Burgerservicenr, as: persoon_id, type: bsn, required: true}`
	code := `  - {name: KlantVan, as: klant_van, type: code, values: [GEMEENTE, UWV]}`
	column := func(text string) [2]string { return [2]string{code, "  - " + text} }
	line := func(text string) [2]string { return [2]string{"owner: uwv\n", "owner: uwv\n" + text + "\n"} }
	for _, c := range []struct {
		name    string
		replace [2]string
		want    string
	}{
		{"syntax", [2]string{"key: [persoon_id]", "key: [persoon_id"}, `6:1: the bracket before this is not closed; write ] behind it`},
		{"tab", [2]string{"  - {name: Bu", "\t- {name: Bu"}, "7:1: a tab where YAML has spaces; indent with spaces"},
		{"unknown key", line("eigenaar: x"), `4:1: unknown key "eigenaar" in the contract`},
		{"misspelt key", [2]string{"owner: uwv", "owner: uwv\nOptionel: true"}, `4:1: unknown key "Optionel" in the contract; did you mean "optional"?`},
		{
			"unknown key of a Windows editor",
			[2]string{goodContract, strings.ReplaceAll("# x\n\n"+goodContract+"eigenaar: x\n", "\n", "\r\n")},
			fmt.Sprintf(`%d:1: unknown key "eigenaar" in the contract`, 3+strings.Count(goodContract, "\n")),
		},
		{"repeated key", line("owner: x"), `4:1: key "owner" occurs twice; keep one`},
		{"no description", [2]string{"description: Klanten uit Sonar\n", ""}, `1:1: the contract lacks "description"; say in one sentence`},
		{"no supplier", [2]string{"supplier: UWV\n", ""}, `1:1: the contract lacks "supplier"`},
		{"no owner", [2]string{"owner: uwv\n", ""}, `1:1: the contract lacks "owner"`},
		{"no match", [2]string{"match:", "# match:"}, `1:1: the contract lacks "match"`},
		{"no key", [2]string{"key: [persoon_id]\n", ""}, `1:1: the contract lacks "key"`},
		{"empty description", [2]string{"Klanten uit Sonar", `" "`}, `1:14: "description" must be text`},
		{"no value", [2]string{"supplier: UWV", "supplier:"}, `2:10: "supplier" must be text`},
		{"optional", line("optional: yes"), `4:11: "optional" must be true or false`},
		{"delivery", line("delivery: delta"), `4:11: unknown delivery "delta"; the only kind is snapshot`},
		{"bad regexp", [2]string{`\d{8})`, `\d{8}`}, `4:8: "match" is not a regular expression: missing closing )`},
		{"regexp with stray )", [2]string{`'sonar_`, `'a)|(sonar_`}, `4:8: "match" is not a regular expression: unexpected )`},
		{"no peildatum", [2]string{"?P<peildatum>", "?P<datum>"}, `4:8: "match" has no group peildatum; put (?P<peildatum>`},
		{"dir outside", line("from: {dir: ../inbox}"), `4:13: folder "../inbox" is not inside the data directory`},
		{"dir absolute", line("from: {dir: /inbox}"), `4:13: folder "/inbox" is not inside`},
		{"dir dot", line("from: {dir: .}"), `4:13: folder "." is not inside`},
		{"dir through dots", line("from: {dir: inbox/../../x}"), `4:13: folder "inbox/../../x" is not inside`},
		{"dir of the program", line("from: {dir: Secrets/x}"), `4:13: folder "Secrets/x" belongs to the program`},
		{"from two places", line("from: {dir: inbox/x, sftp: host}"), `4:28: "from" has two places, "dir" and "sftp"; keep one`},
		{"from nothing", line("from: {}"), `4:7: "from" has no place; write one of dir, sftp, s3, azblob, https, postgres`},
		{"from with the key of another place", line("from: {dir: inbox/x, known_hosts: 'file:x'}"), `4:22: unknown key "known_hosts" in "from"; known: dir, glob`},
		{"glob outside", line("from: {dir: inbox/x, glob: '../*.csv'}"), `4:28: "glob" is not a pattern for files below the place: "../*.csv"`},
		{"glob that is none", line("from: {dir: inbox/x, glob: '[a'}"), `4:28: "glob" is not a pattern for files below the place: "[a"`},
		{"sftp without known_hosts", line("from: {sftp: 'sftp://u@h/x', key: 'env:K'}"), `4:8: "from" lacks "known_hosts"; write known_hosts: file:PATH`},
		{"sftp without key", line("from: {sftp: 'sftp://u@h/x', known_hosts: 'file:k'}"), `4:8: "from" has neither "key" nor "password"; add key: env:NAME or file:PATH`},
		{"sftp with key and password", line("from: {sftp: 'sftp://u@h/x', known_hosts: 'file:k', key: 'env:K', password: 'env:P'}"), `4:77: "key" and "password" are two ways to log in; keep one`},
		{"sftp without user", line("from: {sftp: 'sftp://h/x', known_hosts: 'file:k', key: 'env:K'}"), `4:14: the address has no user; write sftp://user@host:22/folder`},
		{"sftp of another kind", line("from: {sftp: 'ftp://u@h/x', known_hosts: 'file:k', key: 'env:K'}"), `4:14: "sftp" is not a URL that begins with sftp://`},
		{"sftp that is no address", line("from: {sftp: 'sftp://u@h:%/x', known_hosts: 'file:k', key: 'env:K'}"), `4:14: "sftp" is not a URL; write sftp://`},
		{"sftp through dots", line("from: {sftp: 'sftp://u@h/x/../y', known_hosts: 'file:k', key: 'env:K'}"), `4:14: the address contains ..`},
		{"a password in the address", line("from: {sftp: 'sftp://u:geheim@h/x', known_hosts: 'file:k', key: 'env:K'}"), `4:14: the address contains a password; write password: env:NAME or file:PATH, and change the password`},
		{"a password in the contract", line("from: {sftp: 'sftp://u@h/x', known_hosts: 'file:k', password: geheim}"), `4:63: "password" is not a reference to a secret; write env:NAME or file:PATH; never write a secret itself in a contract`},
		{"known_hosts in the environment", line("from: {sftp: 'sftp://u@h/x', known_hosts: 'env:k', key: 'env:K'}"), `4:43: "known_hosts" must be a file; write known_hosts: file:PATH`},
		{"archive outside", line("from: {sftp: 'sftp://u@h/x', known_hosts: 'file:k', key: 'env:K', archive: ../oud}"), `4:76: "archive" is not a folder below the place: "../oud"`},
		{"timeout", line("from: {sftp: 'sftp://u@h/x', known_hosts: 'file:k', key: 'env:K', timeout: 2h}"), `4:76: "timeout" is not a duration: "2h"; write seconds or minutes, such as 90s or 10m`},
		{"timeout zero", line("from: {sftp: 'sftp://u@h/x', known_hosts: 'file:k', key: 'env:K', timeout: 0s}"), `4:76: "timeout" must be longer than 0`},
		{"s3 without keys", line("from: {s3: 's3://b/x', region: nl, access_key: 'env:A'}"), `4:8: "from" lacks "secret_key"`},
		{"s3 with a user", line("from: {s3: 's3://u@b/x', region: nl, access_key: 'env:A', secret_key: 'env:S'}"), `4:12: the address has a user`},
		{"endpoint without TLS", line("from: {s3: 's3://b/x', region: nl, access_key: 'env:A', secret_key: 'env:S', endpoint: 'http://minio.intern'}"), `4:88: "endpoint" is not the https address of a server`},
		{"azblob without account", line("from: {azblob: 'azblob://c/x', key: 'env:A'}"), `4:8: "from" lacks "account"`},
		{"azblob with key and token", line("from: {azblob: 'azblob://c/x', account: a, key: 'env:A', token: 'env:T'}"), `4:65: "key" and "token" are two ways to log in`},
		{"https without TLS", line("from: {https: 'http://h/sonar_20201231.csv'}"), `4:15: "https" is not a URL that begins with https://`},
		{"https with half a certificate", line("from: {https: 'https://h/x', certificate: 'file:c'}"), `4:8: "certificate" and "key" go together; write both, or none`},
		{"https with a password and no user", line("from: {https: 'https://h/x', password: 'env:P'}"), `4:15: the address has no user`},
		{"https with a user and no password", line("from: {https: 'https://u@h/x'}"), `4:15: the address has a user, but there is no password`},
		{"https of a day that is not said", line("from: {https: 'https://h/{peildatum}.csv'}"), `4:15: the address contains {peildatum}, but no key says which day that is; add peildatum: today, yesterday, month_end, quarter_end`},
		{"https of an unknown day", line("from: {https: 'https://h/x.csv', peildatum: gisteren}"), `4:45: unknown day "gisteren"; choose today, yesterday`},
		{"https called otherwise", line("from: {https: 'https://h/x.json', peildatum: today}"), `4:8: files get names like sonar_20201231.json, which "match" does not match; change "match"`},
		{"https with an archive", line("from: {https: 'https://h/x.csv', archive: oud}"), `4:34: unknown key "archive" in "from"`},
		{"postgres without query", line("from: {postgres: 'postgres://u@h/d', password: 'env:P'}"), `4:8: "from" lacks "query"`},
		{"postgres without a way in", line("from: {postgres: 'postgres://u@h/d', query: select 1}"), `4:8: "from" has neither "password" nor "certificate"; add password: env:NAME or file:PATH, or a certificate with its key`},
		{"postgres with half a certificate", line("from: {postgres: 'postgres://u@h/d', query: select 1, certificate: 'file:c'}"), `4:8: "certificate" and "key" go together; write both, or none`},
		{"sftp with a passphrase of nothing", line("from: {sftp: 'sftp://u@h/x', known_hosts: 'file:k', password: 'env:P', passphrase: 'env:Z'}"), `4:84: "passphrase" is for a key, and there is none; add the key, or remove it`},
		{"postgres without database", line("from: {postgres: 'postgres://u@h/', password: 'env:P', query: select 1}"), `4:18: the address has no database`},
		{"postgres with parameters", line("from: {postgres: 'postgres://u@h/d?sslmode=disable', password: 'env:P', query: select 1}"), `4:18: the address has a part after ? or #`},
		{"query with a format", line("format: {separator: ','}\nfrom: {postgres: 'postgres://u@h/d', password: 'env:P', query: select 1}"), `5:64: the program itself writes the rows of a query`},
		{"from text", line("from: inbox"), `4:7: "from" must be a mapping`},
		{"every", line("expect: {every: 7}"), `4:17: "every" is not a duration: "7"; write days or weeks, such as 7d or 2w`},
		{"every month", line("expect: {every: 1m}"), `4:17: "every" is not a duration: "1m"`},
		{"every zero", line("expect: {every: 0d}"), `4:17: "every" must be longer than 0`},
		{"grace", line("expect: {every: 7d, grace: -2d}"), `4:28: "grace" is not a duration: "-2d"`},
		{"grace alone", line("expect: {grace: 2d}"), `4:10: "expect" lacks "every"`},
		{"percentage", line("limits: {quarantined: 1}"), `4:23: "quarantined" is not a percentage: "1"; write 0% to 100%`},
		{"above 100%", line("limits: {elfproef: 100.01%}"), `4:20: "elfproef" is not a percentage: "100.01%"`},
		{"comma", line("limits: {elfproef: '0,5%'}"), `4:20: "elfproef" is not a percentage: "0,5%"`},
		{"minimum", line("limits: {minimum: -1}"), `4:19: "minimum" is not a number of records: "-1"`},
		{"unknown limit", line("limits: {volume: 10%}"), `4:10: unknown key "volume" in "limits"`},
		{"separator", line(`format: {separator: ";;"}`), `4:21: "separator" cannot be ";;"`},
		{"separator quote", line(`format: {separator: '"'}`), `4:21: "separator" cannot be "\""`},
		{"separator newline", line(`format: {separator: "\n"}`), `4:21: "separator" cannot be "\n"`},
		{"separator not ASCII", line(`format: {separator: "§"}`), `4:21: "separator" cannot be "§"`},
		{"encoding", line("format: {encoding: utf8}"), `4:20: unknown encoding "utf8"; did you mean "utf-8"?`},
		{"quote", line("format: {quote: '`'}"), "4:17: \"quote\" cannot be \"`\"; write '\"'"},
		{"escape", line("format: {escape: '/'}"), `4:18: "escape" cannot be "/"; write '\', or leave it out if quotes are doubled`},
		{"escape and separator", line(`format: {separator: '\', escape: '\'}`), `4:34: "escape" is also the separator`},
		{"identity", line("format: {identity: ../key}"), `4:20: "identity" cannot be "../key"; write the name of a file in the folder secrets`},
		{"wait alone", line("pakbon: {wait: 2d}"), `4:16: "wait" is for a required pakbon; add required: true`},
		{"unknown pakbon", line("pakbon: {verplicht: true}"), `4:10: unknown key "verplicht" in "pakbon"`},
		{"tolerate text", line("tolerate: new"), `4:11: "tolerate" must be a list`},
		{"tolerate nothing", line("tolerate: []"), `4:11: "tolerate" must be a list`},
		{"tolerate unknown", line("tolerate: [new, ordr]"), `4:17: unknown drift "ordr"; did you mean "order"?`},
		{"tolerate twice", line("tolerate: [new, new]"), `4:17: drift "new" is listed twice`},
		{"tolerate all", line("tolerate: [absent, new, renamed, order, shares]"), ``},
		{"unknown format", line("format: {kleur: rood}"), `4:10: unknown key "kleur" in "format"`},
		{"key does not exist", [2]string{"[persoon_id]", "[persoonid]"}, `5:7: key column "persoonid" does not exist; did you mean "persoon_id"?`},
		{"key not required", [2]string{"[persoon_id]", "[persoon_id, klant_van]"}, `5:19: key column "klant_van" is not required`},
		{"key twice", [2]string{"[persoon_id]", "[persoon_id, persoon_id]"}, `5:19: key column "persoon_id" is listed twice`},
		{"key empty", [2]string{"[persoon_id]", "[]"}, `5:6: "key" must be a list`},
		{"key text", [2]string{"[persoon_id]", "persoon_id"}, `5:6: "key" must be a list`},
		{"no columns", [2]string{bsn + "\n" + code, "  []"}, `7:3: "columns" must be a list of columns`},
		{"column is text", column("KlantVan"), `8:5: column 2 must be a mapping`},
		{"column without name", column("{as: x, type: text}"), `8:6: column 2 lacks "name"`},
		{"column without as", column("{name: X, type: text}"), `8:6: column 2 lacks "as"`},
		{"column without type", column("{name: X, as: x}"), `8:6: column 2 lacks "type"; choose from text, integer`},
		{"column with unknown key", column("{name: X, as: x, type: text, requird: true}"), `8:34: unknown key "requird" in column 2; did you mean "required"?`},
		{"unknown type", column("{name: X, as: x, type: string}"), `8:28: unknown type "string"; known: text, integer, decimal, date, janee, code, bsn`},
		{"as in capitals", column("{name: X, as: KlantVan, type: text}"), `8:19: "KlantVan" is not an identifier`},
		{"as with a digit first", column("{name: X, as: 1x, type: text}"), `8:19: "1x" is not an identifier`},
		{"as reserved", column("{name: X, as: regel, type: text}"), `8:19: "regel" is reserved`},
		{"as peildatum", column("{name: X, as: peildatum, type: date}"), `8:19: "peildatum" is reserved`},
		{"as twice", column("{name: X, as: persoon_id, type: text}"), `8:19: "persoon_id" is already the name of column "Burgerservicenr"`},
		{"name twice", column("{name: BURGERSERVICENR, as: x, type: text}"), `8:12: "BURGERSERVICENR" already names column "persoon_id"; names are compared without case`},
		{"alias is a name", column("{name: X, as: x, type: text, aliases: [Y, ' burgerservicenr']}"), `8:47: " burgerservicenr" already names column "persoon_id"`},
		{"alias of itself", column("{name: X, as: x, type: text, aliases: [x]}"), `8:44: "x" already names column "x"`},
		{"two bsn", column("{name: X, as: x, type: bsn}"), `8:28: column "x" is a second bsn, after "persoon_id"`},
		{"code without values", column("{name: X, as: x, type: code}"), `8:28: column "x" is a code without values`},
		{"values without code", column("{name: X, as: x, type: text, values: [A]}"), `8:42: column "x" has values, but is not a code`},
		{"values in lower case", column("{name: X, as: x, type: code, values: [A, b]}"), `8:46: value "b" is not in upper case without outer spaces; write B`},
		{"values twice", column("{name: X, as: x, type: code, values: [A, A]}"), `8:46: value "A" is listed twice`},
		{"values null", column("{name: X, as: x, type: code, values: [A, ~]}"), `8:46: "values" must contain texts`},
		{"ja of a text", column("{name: X, as: x, type: text, ja: [1]}"), `8:38: column "x" has ja, but is not a janee`},
		{"ja and nee alike", column("{name: X, as: x, type: janee, ja: [1], nee: [1]}"), `8:50: "1" already means ja in column "x"`},
		{"nee as ja", column("{name: X, as: x, type: janee, ja: [N]}"), `8:40: "N" already means nee in column "x"`},
		{"min of a text", column("{name: X, as: x, type: text, min: 1}"), `8:39: column "x" has min, but is not a number`},
		{"min no number", column("{name: X, as: x, type: decimal, min: 1e3}"), `8:42: min of column "x" is not a number: "1e3"`},
		{"max with comma", column("{name: X, as: x, type: decimal, max: '1,5'}"), `8:42: max of column "x" is not a number: "1,5"`},
		{"max not whole", column("{name: X, as: x, type: integer, max: 1.5}"), `8:42: max of integer column "x" is not a whole number: "1.5"`},
		{"min above max", column("{name: X, as: x, type: decimal, min: 2, max: 10.5}"), ``},
		{"max below min", column("{name: X, as: x, type: decimal, min: 10.51, max: 10.5}"), `8:42: min 10.51 of column "x" is above max 10.5`},
		{"upper of a code", column("{name: X, as: x, type: code, values: [A], upper: true}"), `8:54: column "x" has upper, but is not text`},
		{"column tolerates order", column("{name: X, as: x, type: text, tolerate: [order]}"), `8:45: unknown drift "order"; known: absent, shares`},
		{"required column tolerates its absence", column("{name: X, as: x, type: text, required: true, tolerate: [absent]}"), `8:60: column "x" is required and may be absent; a delivery without`},
		{"column tolerates", column("{name: X, as: x, type: text, tolerate: [absent, shares]}"), ``},
		{"anchor", line("optional: &a true"), ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(goodContract, c.replace[0], c.replace[1], 1)
			if text == goodContract {
				t.Fatal("the case changes nothing")
			}
			got, faults := contract.Parse("sources/sonar.yaml", []byte(text))
			if takes, ok := schemaAccepts(t, text); ok && takes != (c.want == "") && (!takes || !unseen.MatchString(c.want)) {
				t.Errorf("the schema takes it: %v", takes)
			}
			if c.want == "" {
				if got == nil || len(faults) > 0 {
					t.Errorf("a good contract was refused: %v", faults)
				}
				return
			}
			if got != nil || len(faults) != 1 || !strings.HasPrefix(faults.Error(), "sources/sonar.yaml:"+c.want) {
				t.Errorf("got  %v\nwant sources/sonar.yaml:%s", faults, c.want)
			}
		})
	}
}

func TestParseContractGivesAllFaultsAtOnce(t *testing.T) {
	_, faults := contract.Parse("sources/Sonar.yaml", []byte(`descriptio: x
supplier: UWV
match: 'x'
expect: {every: soon}
key: [a, b]
columns:
  - {name: A, as: a, type: tekst}
  - {name: a, as: a, type: code, min: 3}
`))
	want := `sources/Sonar.yaml: the file name is the name of the source, and "Sonar" is not an identifier; use lower-case letters, digits and _, and .yaml
sources/Sonar.yaml:1:1: the contract lacks "description"; say in one sentence what is delivered
sources/Sonar.yaml:1:1: the contract lacks "owner"; name the role or address that is alerted about a bad delivery
sources/Sonar.yaml:1:1: unknown key "descriptio" in the contract; did you mean "description"?
sources/Sonar.yaml:3:8: "match" has no group peildatum; put (?P<peildatum>\d{8}) where the name has the date
sources/Sonar.yaml:4:17: "every" is not a duration: "soon"; write days or weeks, such as 7d or 2w
sources/Sonar.yaml:5:7: key column "a" is not required; add required: true to the column
sources/Sonar.yaml:5:10: key column "b" does not exist; did you mean "a"?
sources/Sonar.yaml:7:28: unknown type "tekst"; known: text, integer, decimal, date, janee, code, bsn
sources/Sonar.yaml:8:12: "a" already names column "a"; names are compared without case
sources/Sonar.yaml:8:19: "a" is already the name of column "A"; choose another name
sources/Sonar.yaml:8:28: column "a" is a code without values; list them, such as values: [A, B]
sources/Sonar.yaml:8:39: column "a" has min, but is not a number; make it type: integer or decimal, or remove it`
	if diff := cmp.Diff(want, faults.Error()); diff != "" {
		t.Error(diff)
	}
}

func TestParseContractOfNothing(t *testing.T) {
	for _, text := range []string{"", "\n", "# only a comment\n", "---\n", "null", "text", "- list", "a: 1\n---\nb: 2"} {
		c, faults := contract.Parse("sources/sonar.yaml", []byte(text))
		if c != nil || len(faults) != 1 || faults[0].Line == 0 {
			t.Errorf("%q gives %v", text, faults)
		}
	}
}

func FuzzParseContract(f *testing.F) {
	f.Add([]byte(goodContract))
	f.Add([]byte(goodContract + "from: {sftp: 'sftp://u@h/x', known_hosts: 'file:k', key: 'env:K', glob: '**/*.csv', archive: oud}\n"))
	f.Add([]byte(goodContract + "from: {postgres: 'postgres://u@h/d', password: 'env:P', query: select 1}\n"))
	f.Add([]byte("from: {https: 'https://h/{peildatum}', peildatum: today, sftp: &a x}"))
	f.Add([]byte("columns: [{as: x, <<: *a}]"))
	f.Add([]byte("from: {dir: &a x}\n? [a]\n: b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, faults := contract.Parse("sources/x.yaml", data)
		if (c == nil) != (len(faults) > 0) {
			t.Errorf("contract %v with faults %v", c, faults)
		}
		if c != nil && len(c.Fingerprint()) != 64 {
			t.Errorf("fingerprint %q", c.Fingerprint())
		}
	})
}
