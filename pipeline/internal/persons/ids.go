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

// A rewriter replaces ids in published and written texts, after the switch.
type rewriter struct {
	*publish.Site
	rewrite *rewrite
	key     *pseudonym.Key
	session *duck.Session
	ids     map[[16]byte]bool // to be replaced
	// rewritten are the new files of marts by the hash of the old ones; nil if a file stays.
	rewritten map[string]*mart.File
}

// SQL functions that replace ids, and keys of the person's rows.
const (
	idFunction  = "andere_id"
	keyFunction = "andere_sleutel"
)

// readIDs reads the ids to replace: for a rotation, those of everybody in the old lake. Once removal of the
// old lake has begun, no text contains them any more.
func (x *rewriter) readIDs(ctx context.Context) error {
	x.ids = map[[16]byte]bool{}
	if x.rewrite.Kind == datadir.Erasure {
		x.addID(x.rewrite.Person)
	} else if err := x.readOldLake(ctx); err != nil {
		return fmt.Errorf("read the ids of the old lake: %w", err)
	}
	if err := x.session.RegisterText(ctx, idFunction, func(text string) string { return string(x.replaceIDs([]byte(text))) }); err != nil {
		return err
	}
	return x.session.RegisterText(ctx, keyFunction, func(text string) string {
		if x.rewrite.Values[text] == nil {
			return text
		}
		return x.key.Follow(text)
	})
}

func (x *rewriter) readOldLake(ctx context.Context) error {
	files, err := filepath.Glob(filepath.Join(oldLake(x.Path), "*", "*.parquet"))
	if err != nil {
		return err
	}
	for _, path := range files {
		if _, err := os.Stat(strings.TrimSuffix(path, ".parquet") + ".json"); errors.Is(err, fs.ErrNotExist) {
			continue // the load, and perhaps the file, is incomplete
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
				x.addID(*row[0])
			}
		}
	}
	return nil
}

func (x *rewriter) addID(id string) {
	var raw [16]byte
	if n, err := hex.Decode(raw[:], []byte(id)); err == nil && n == len(raw) {
		x.ids[raw] = true
	}
}

// replaceIDs replaces ids: runs of exactly 32 hexadecimal digits. It returns a text without any unchanged.
func (x *rewriter) replaceIDs(text []byte) []byte {
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

// texts replaces ids in run reports, alerts, decisions and the status: rules that judge single persons
// name them there.
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
	for _, name := range []string{"status.json", "STATUS.txt"} {
		if err := x.text(filepath.Join(x.Store.Dir, name)); err != nil {
			return err
		}
	}
	status, err := x.Store.ReadStatus()
	if err != nil || status == nil {
		return err
	}
	return x.Store.WriteStatus(*status) // restores its modes
}

func (x *rewriter) text(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	replaced := x.replaceIDs(text)
	if bytes.Equal(replaced, text) {
		return nil
	}
	return durable.WriteFile(path, replaced, 0o600)
}
