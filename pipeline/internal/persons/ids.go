package persons

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/datadir"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/mart"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/publish"
	"inbeeld/sql/quote"
)

// A rewriter does what comes behind the switch: it knows which ids go, and what comes in their place.
type rewriter struct {
	*publish.Site
	rewrite *rewrite
	key     *pseudonym.Key
	session *duck.Session
	ids     map[[16]byte]bool
	made    map[string]*mart.File // what became of a file of a mart, by the hash of what it was
}

const (
	otherFunction = "andere_id"
	valueFunction = "andere_sleutel"
)

// learn reads who is to have another id: of a rotation, everybody in the old lake. Once that is being
// removed nobody is left who has the old one.
func (x *rewriter) learn(ctx context.Context) error {
	x.ids = map[[16]byte]bool{}
	if x.rewrite.Kind == datadir.Erasure {
		x.know(x.rewrite.Person)
	} else if err := x.learnAll(ctx); err != nil {
		return fmt.Errorf("read the ids of the old lake: %w", err)
	}
	if err := x.session.RegisterText(ctx, otherFunction, func(text string) string { return string(x.other([]byte(text))) }); err != nil {
		return err
	}
	return x.session.RegisterText(ctx, valueFunction, func(text string) string {
		if x.rewrite.Values[text] == nil {
			return text
		}
		return x.key.Follow(text)
	})
}

func (x *rewriter) learnAll(ctx context.Context) error {
	files, err := filepath.Glob(filepath.Join(lakeOld(x.Path), "*", "*.parquet"))
	if err != nil {
		return err
	}
	for _, path := range files {
		if _, err := os.Stat(strings.TrimSuffix(path, ".parquet") + ".json"); errors.Is(err, fs.ErrNotExist) {
			continue // half loaded, perhaps half written
		}
		table := "read_parquet(" + quote.Literal(path) + ")"
		columns, err := x.session.Describe(ctx, "select * from "+table)
		if err != nil {
			return err
		}
		for _, c := range columns {
			if !slices.Contains(x.rewrite.Columns[filepath.Base(filepath.Dir(path))], c.Name) {
				continue
			}
			rows, err := x.session.Rows(ctx, "select distinct "+quote.Ident(c.Name)+" from "+table+" where "+quote.Ident(c.Name)+" is not null")
			if err != nil {
				return err
			}
			for _, row := range rows {
				x.know(*row[0])
			}
		}
	}
	return nil
}

func (x *rewriter) know(id string) {
	var raw [16]byte
	if n, err := hex.Decode(raw[:], []byte(id)); err == nil && n == len(raw) {
		x.ids[raw] = true
	}
}

// other is a text with the ids that go, which stand there as runs of exactly 32 hexadecimal digits,
// replaced. A text without any is given as it is.
func (x *rewriter) other(text []byte) []byte {
	var out []byte
	done := 0
	for i := 0; i < len(text); {
		end := i
		for end < len(text) && (text[end] >= '0' && text[end] <= '9' || text[end] >= 'a' && text[end] <= 'f') {
			end++
		}
		var raw [16]byte
		if end-i == 2*len(raw) {
			if _, err := hex.Decode(raw[:], text[i:end]); err == nil && x.ids[raw] {
				out = append(append(out, text[done:i]...), x.key.Follow(string(text[i:end]))...)
				done = end
			}
		}
		i = end + 1
	}
	if done == 0 {
		return text
	}
	return append(out, text[done:]...)
}

// texts replaces ids in what runs wrote down, and in what was told and decided: rules that judge persons
// one by one name them there.
func (x *rewriter) texts() error {
	for _, folder := range []string{"runs", "alerts", "decisions"} {
		err := filepath.WalkDir(filepath.Join(x.Path, folder), func(path string, e fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			return x.text(path)
		})
		if err != nil {
			return err
		}
	}
	status, err := x.Store.ReadStatus()
	if err != nil || status == nil {
		return err
	}
	for _, name := range []string{"status.json", "STATUS.txt"} {
		if err := x.text(filepath.Join(x.Store.Dir, name)); err != nil {
			return err
		}
	}
	if status, err = x.Store.ReadStatus(); err != nil {
		return err
	}
	return x.Store.WriteStatus(*status) // for its readers
}

func (x *rewriter) text(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	other := x.other(text)
	if bytes.Equal(other, text) {
		return nil
	}
	return durable.WriteFile(path, other, 0o600)
}
