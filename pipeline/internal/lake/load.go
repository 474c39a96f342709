package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/records"
	"inbeeld/sources/contract"
	"inbeeld/sources/delivery"
)

// A Balance accounts for every record of a delivery: Records = Geladen + InQuarantaine + NietData.
type Balance struct {
	Records       int64 `json:"records"`
	Geladen       int64 `json:"geladen"`
	InQuarantaine int64 `json:"in_quarantaine"`
	NietData      int64 `json:"niet_data"`
	Hersteld      int64 `json:"hersteld"`    // loaded records with a repaired BSN
	Voorloopnul   int64 `json:"voorloopnul"` // of those, with a restored leading zero
}

// Balanced reports whether every record is accounted for.
func (b Balance) Balanced() bool { return b.Records == b.Geladen+b.InQuarantaine+b.NietData }

// A Load is the result of loading a delivery with one contract and key. It is the load record
// <delivery>.json next to the lake file, and is written last: without it, a lake file is incomplete.
type Load struct {
	Source        string          `json:"source"`
	Delivery      string          `json:"delivery"`
	Contract      string          `json:"contract"` // fingerprint
	Key           string          `json:"key"`      // fingerprint
	Loader        int             `json:"loader"`
	Balance       Balance         `json:"balance"`
	Elfproef      int64           `json:"elfproef"` // records whose BSN fails the elfproef
	Duplicates    int64           `json:"dubbele_sleutels"`
	Total         *records.Totaal `json:"totaal,omitempty"`
	Shares        *Shares         `json:"aandelen,omitempty"`
	Pakbon        string          `json:"pakbon,omitempty"` // fingerprint
	sums          map[string]*big.Rat
	Header        records.Header `json:"kop"`
	Form          records.Form   `json:"vorm,omitzero"`
	Accepted      bool           `json:"aanvaard"`
	Reasons       []string       `json:"redenen,omitempty"`
	PublicReasons []string       `json:"redenen_getoond,omitempty"` // Reasons without counts of records below five
	LimitsOnly    bool           `json:"alleen_grenzen,omitempty"`  // only limits refuse it, which a person may override
	Retry         bool           `json:"opnieuw,omitempty"`         // refused because we lack something (a key); the next run tries again
	Fingerprint   string         `json:"fingerprint"`               // of the loaded rows: bytes, contract, origin of the key, loader
}

// A Loader loads deliveries of one data directory.
type Loader struct {
	Data     string // data directory
	Work     string // scratch directory of this run
	Key      *pseudonym.Key
	Accepted map[string]bool // deliveries that a person accepted, by Key
	Settings duck.Settings
	Spill    string // folder for data that does not fit in memory; default: in Work
}

// Path returns the path of a lake file or, with suffix .json, of its load record.
func Path(data, source, delivery, suffix string) string {
	return filepath.Join(data, "lake", source, delivery+suffix)
}

// QuarantinePath returns the path of a quarantine file.
func QuarantinePath(data, source, delivery string) string {
	return filepath.Join(data, "quarantine", source, delivery+".parquet")
}

// Read returns the load of a delivery, or nil if there is no load record.
func Read(data, source, delivery string) (*Load, error) {
	path := Path(data, source, delivery, ".json")
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the load of %s/%s: %w", source, delivery, err)
	}
	var l Load
	if err := json.Unmarshal(text, &l); err != nil {
		return nil, fmt.Errorf("read the load of %s/%s: %s is damaged: %w; remove it and the delivery is loaded again", source, delivery, path, err)
	}
	return &l, nil
}

// Load streams the original of a delivery into a lake file and a quarantine file, and judges it.
func (l *Loader) Load(ctx context.Context, c *contract.Contract, d delivery.Delivery) (result *Load, err error) {
	result = &Load{
		Pakbon: d.Pakbon.Fingerprint(),
		Source: d.Source, Delivery: d.ID, Contract: c.Fingerprint(), Key: l.Key.Fingerprint(), Loader: fingerprint.LoaderVersion,
		Fingerprint: fingerprint.Of("load", d.SHA256, c.Fingerprint(), l.Key.Origin(), strconv.Itoa(fingerprint.LoaderVersion)),
	}
	dir := filepath.Join(l.Work, "load", d.Source+"-"+d.ID)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("load %s/%s: %w", d.Source, d.ID, err)
	}
	var refused Refusal
	switch err := l.read(ctx, c, d, dir, result); {
	case err == nil:
		judgePakbon(c, d, result)
		Judge(c, result, l.Accepted[Key(d.Source, d.ID)])
	case errors.As(err, &refused) && ctx.Err() == nil:
		result.unreadable(refused)
	default:
		return nil, fmt.Errorf("load %s/%s: %w", d.Source, d.ID, err)
	}
	if err := l.store(d, dir, result); err != nil {
		return nil, fmt.Errorf("load %s/%s: %w", d.Source, d.ID, err)
	}
	return result, os.RemoveAll(dir)
}

// read opens the original of a delivery, in any format, and writes its records to dir.
func (l *Loader) read(ctx context.Context, c *contract.Contract, d delivery.Delivery, dir string, result *Load) (err error) {
	file, err := OpenExtract(ctx, l.Data, c, d)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	reader, err := records.Open(ctx, file, file.Size, file.Name, Form(c.Format), file.Profile, RecordColumns(c))
	if err != nil {
		return err
	}
	result.Form = reader.Form()
	result.Form.Sheet = pseudonym.Mask(result.Form.Sheet)
	if d.Pakbon != nil && len(d.Pakbon.Sommen) > 0 {
		result.sums = map[string]*big.Rat{}
	}
	return l.fill(ctx, c, reader, dir, result)
}

// fill streams the records through SQL to dir and sets the counts of the load.
func (l *Loader) fill(ctx context.Context, c *contract.Contract, reader *records.Reader, dir string, result *Load) (err error) {
	first := new(records.Batch)
	firstErr := reader.Next(ctx, first)
	if firstErr != nil && !errors.Is(firstErr, io.EOF) {
		return firstErr
	}
	result.Header = cleanHeader(reader.Header())
	if errors.Is(firstErr, io.EOF) {
		result.count(reader.Balance())
		return nil
	}
	settings := l.Settings
	settings.Streams, settings.Threads, settings.TempDir = true, 1, filepath.Join(dir, "spill")
	if l.Spill != "" {
		settings.TempDir = filepath.Join(l.Spill, filepath.Base(dir))
	}
	db, err := duck.Open(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	session, err := db.Session(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	if err := registerBSN(ctx, session, l.Key); err != nil {
		return err
	}
	absent := make([]bool, len(c.Columns))
	for i, at := range result.Header.Index {
		absent[i] = at < 0
	}
	shares := newShares(c, absent)
	stop, err := session.Stream(ctx, "stream", len(c.Columns), batches(ctx, reader, first, c, l.Key, shares))
	if err != nil {
		return err
	}
	loaded := filepath.Join(dir, "loaded.parquet")
	statement := loadStatement{contract: c, absent: absent, cells: cells(result)}.sql("stream")
	execErr := session.Exec(ctx, duck.CopyStatement(statement, loaded, l.metadata(result)))
	if err := errors.Join(stop(), execErr); err != nil {
		return err
	}
	result.Shares = shares
	result.count(reader.Balance())
	if err := addSums(ctx, session, c, loaded, result.sums); err != nil {
		return err
	}
	return l.split(ctx, session, c, absent, loaded, dir, result)
}

// batches feeds the records to DuckDB: the batch that was read to find the header, then the rest. It replaces
// BSNs by judgements and pseudonyms, because DuckDB spills to disk, and counts notations in shares.
func batches(ctx context.Context, reader *records.Reader, first *records.Batch, c *contract.Contract, key *pseudonym.Key, shares *Shares) func(*duck.Batch) error {
	batch := first
	person := slices.IndexFunc(c.Columns, func(c contract.Column) bool { return c.Type == contract.BSN })
	var judged duck.TextColumn
	return func(out *duck.Batch) error {
		if batch == nil {
			batch = new(records.Batch)
		}
		if batch != first || first.N == 0 {
			if err := reader.Next(ctx, batch); err != nil {
				return err
			}
		}
		out.N, out.Regel, out.Fault = batch.N, batch.Regel, out.Fault[:0]
		for _, f := range batch.Fault[:batch.N] {
			out.Fault = append(out.Fault, uint8(f))
		}
		out.Columns = out.Columns[:0]
		for i, v := range batch.Columns {
			column := duck.TextColumn{Data: v.Data, Offsets: v.Offsets, Valid: v.Valid, Nulls: v.Nulls}
			if i == person {
				judgeBSNs(key, &judged, column, batch.N)
				column = judged
			}
			out.Columns = append(out.Columns, column)
		}
		shares.add(c, out, batch.Fault[:batch.N])
		if batch == first {
			first, batch = nil, nil
		}
		return nil
	}
}

// judgeBSNs replaces n texts by judgements.
func judgeBSNs(key *pseudonym.Key, into *duck.TextColumn, texts duck.TextColumn, n int) {
	into.Data, into.Offsets = into.Data[:0], append(into.Offsets[:0], 0)
	into.Valid, into.Nulls = texts.Valid, texts.Nulls
	for i := range n {
		if text := texts.Data[texts.Offsets[i]:texts.Offsets[i+1]]; len(text) > 0 {
			into.Data = key.AppendJudge(into.Data, text)
		}
		into.Offsets = append(into.Offsets, int32(len(into.Data)))
	}
}

func (l *Loader) metadata(result *Load) map[string]string {
	return map[string]string{
		"inbeeld.source": result.Source, "inbeeld.delivery": result.Delivery, "inbeeld.contract": result.Contract,
		"inbeeld.key": result.Key, "inbeeld.loader": strconv.Itoa(result.Loader),
	}
}

// withoutKey returns the metadata of a file without pseudonyms.
func withoutKey(metadata map[string]string) map[string]string {
	delete(metadata, "inbeeld.key")
	return metadata
}

// cleanHeader masks names in a header that may contain a BSN: a file without a header has a record there.
func cleanHeader(h records.Header) records.Header {
	for _, names := range []*[]string{&h.Unknown, &h.Repeated} {
		for i, name := range *names {
			(*names)[i] = masked(name, 60)
		}
	}
	return h
}

// masked returns a text, or only its length if that exceeds most or if it may contain a BSN.
func masked(text string, most int) string {
	if n := len([]rune(text)); n > most || pseudonym.ContainsBSN(text) {
		return strconv.Itoa(n) + " tekens"
	}
	return text
}

func (l *Load) count(b records.Balance) {
	l.Balance.Records, l.Balance.NietData, l.Total = b.Records, b.NietData, b.Totaal
	if l.Total != nil && l.Total.Count != nil && *l.Total.Count > maxCount && pseudonym.ContainsBSN(strconv.FormatInt(*l.Total.Count, 10)) {
		l.Total.Count = new(maxCount) // hide a possible BSN; this differs from the real count as well
	}
}

// maxCount is the largest count that is shown: a larger number may be a BSN.
const maxCount int64 = 9_999_999

// cells returns, by column of the contract, the letters of its column in the sheet, or "" if the file is no
// sheet.
func cells(l *Load) []string {
	letters := make([]string, len(l.Header.Index))
	for i, field := range l.Header.Index {
		if field >= 0 {
			letters[i] = l.Form.CellColumn(field)
		}
	}
	return letters
}

// registerBSN registers the two SQL functions that recognise BSNs.
func registerBSN(ctx context.Context, s *duck.Session, key *pseudonym.Key) error {
	if err := s.RegisterText(ctx, "bsn_judge", key.Judge); err != nil {
		return err
	}
	return s.RegisterText(ctx, "bsn_mask", func(text string) string { return masked(text, 40) })
}

// ReasonText joins texts, and returns nil if there are none.
func ReasonText(texts []string) *string {
	if len(texts) == 0 {
		return nil
	}
	joined := strings.Join(texts, "; ")
	return &joined
}

// Current reports whether a load is complete and made with this contract, key and loader.
func (l *Load) Current(data string, c *contract.Contract, key string) bool {
	return l != nil && !l.Retry && l.Contract == c.Fingerprint() && l.Key == key && l.Loader == fingerprint.LoaderVersion && l.Complete(data)
}

// Outdated reports whether a delivery must be loaded again, because a person has overridden its limits since
// or the pakbon has changed.
func (l *Load) Outdated(d delivery.Delivery, accepted map[string]bool) bool {
	return !l.Accepted && l.LimitsOnly && accepted[Key(l.Source, l.Delivery)] || l.Pakbon != d.Pakbon.Fingerprint()
}

// Complete reports whether the files of a load exist.
func (l *Load) Complete(data string) bool {
	return l != nil && (!l.Accepted || durable.Exists(Path(data, l.Source, l.Delivery, ".parquet"))) &&
		(l.Balance.InQuarantaine == 0 || durable.Exists(QuarantinePath(data, l.Source, l.Delivery)))
}

// Key returns the key of a delivery in maps of loads.
func Key(source, delivery string) string { return source + "/" + delivery }
