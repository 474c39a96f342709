package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"inbeeld/pipeline/internal/duck"
	"inbeeld/pipeline/internal/fingerprint"
	"inbeeld/pipeline/internal/pseudonym"
	"inbeeld/pipeline/internal/records"
	"inbeeld/pipeline/internal/usage"
	"inbeeld/sources/contract"
	"inbeeld/sources/delivery"
)

// OpenKey reads the key of a data directory. It makes one only while the lake is empty, and refuses
// one that did not make the lake.
func OpenKey(data, file string, loads map[string]*Load) (*pseudonym.Key, error) {
	file = KeyPath(data, file)
	key, err := pseudonym.ReadKey(file)
	if errors.Is(err, fs.ErrNotExist) {
		for _, l := range loads {
			return nil, usage.Errorf("the pseudonym key %s is missing, and the lake was made with key %s; put that key back", file, l.Key)
		}
		// Without landing or what was counted, the lake does not say which key made it.
		if rows, err := fs.Glob(os.DirFS(data), "lake/*/*"); err != nil || len(rows) > 0 {
			return nil, usage.Errorf("the pseudonym key %s is missing, and the lake is not empty; put back the key that made it", file)
		}
		return pseudonym.CreateKey(file)
	}
	if err != nil {
		return nil, usage.Errorf("%v", err)
	}
	for _, l := range loads {
		if l.Key != key.Fingerprint() {
			return nil, usage.Errorf("the key %s in %s is not the key %s that made the lake (%s/%s); put that key back", key.Fingerprint(), file, l.Key, l.Source, l.Delivery)
		}
	}
	return key, nil
}

// A Balance accounts for every record of a delivery: Records = Geladen + InQuarantaine + NietData.
type Balance struct {
	Records       int64 `json:"records"`
	Geladen       int64 `json:"geladen"`
	InQuarantaine int64 `json:"in_quarantaine"`
	NietData      int64 `json:"niet_data"`
	Hersteld      int64 `json:"hersteld"`    // loaded records with a repaired BSN
	Voorloopnul   int64 `json:"voorloopnul"` // of those, the ones that had lost their leading zero
}

// Balanced tells whether no record disappeared.
func (b Balance) Balanced() bool { return b.Records == b.Geladen+b.InQuarantaine+b.NietData }

// A Load is what became of one delivery under one contract and key. It stands beside the lake file
// as <delivery>.json and is written last, so that a lake file without it was never finished.
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
	LimitsOnly    bool           `json:"alleen_grenzen,omitempty"`  // the reasons are limits only, which a person may set aside
	Retry         bool           `json:"opnieuw,omitempty"`         // refused for want of something of ours: a next run tries again
	Fingerprint   string         `json:"fingerprint"`               // of the loaded rows: bytes, contract, origin of the key, loader
}

// A Loader loads deliveries of one data directory.
type Loader struct {
	Data     string // data directory
	Work     string // scratch of this run
	Key      *pseudonym.Key
	Accepted map[string]bool // deliveries that a person accepted, by loadKey
	Settings duck.Settings
	Spill    string // folder for what does not fit in memory; "" is in work
}

func Path(data, source, delivery, suffix string) string {
	return filepath.Join(data, "lake", source, delivery+suffix)
}

func QuarantinePath(data, source, delivery string) string {
	return filepath.Join(data, "quarantine", source, delivery+".parquet")
}

// readLoad gives the load of a delivery, nil when it was never finished.
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

// Load reads the original of a delivery once, in a stream, into its lake file.
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

// read opens the file of a delivery, whatever its shape, and fills dir from it.
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

// fill streams the records through SQL into dir and completes the counts of the load.
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
	if err := sumUp(ctx, session, c, loaded, result.sums); err != nil {
		return err
	}
	return l.divide(ctx, session, c, absent, loaded, dir, result)
}

// batches hands the records to DuckDB: the batch that was read to find the header, then the rest. In
// the column of BSNs stand their judgements and pseudonyms: DuckDB, which spills to disk, gets none. What
// goes by is counted in shares.
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

// judgeBSNs makes the judgements of n texts.
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

// unkeyed is metadata of what holds no pseudonyms.
func unkeyed(metadata map[string]string) map[string]string {
	delete(metadata, "inbeeld.key")
	return metadata
}

// cleanHeader takes out of the names in a header what may be a BSN: a file whose header is missing may
// show a record in its place.
func cleanHeader(h records.Header) records.Header {
	for _, names := range []*[]string{&h.Unknown, &h.Repeated} {
		for i, name := range *names {
			if n := len([]rune(name)); n > 60 || pseudonym.ContainsBSN(name) {
				(*names)[i] = strconv.Itoa(n) + " tekens"
			}
		}
	}
	return h
}

func (l *Load) count(b records.Balance) {
	l.Balance.Records, l.Balance.NietData, l.Total = b.Records, b.NietData, b.Totaal
	if l.Total != nil && l.Total.Count != nil && *l.Total.Count > mostCounted && pseudonym.ContainsBSN(strconv.FormatInt(*l.Total.Count, 10)) {
		l.Total.Count = new(mostCounted) // a BSN is no count; this differs from what is there just as well
	}
}

// mostCounted is the largest number in a total row that cannot be a BSN.
const mostCounted int64 = 9_999_999

// cells are, by column of the contract, the letters of the column of the sheet in which it stands; ""
// for a file without cells.
func cells(l *Load) []string {
	letters := make([]string, len(l.Header.Index))
	for i, field := range l.Header.Index {
		if field >= 0 {
			letters[i] = l.Form.CellColumn(field)
		}
	}
	return letters
}

// registerBSN gives SQL the two functions that know what a BSN is.
func registerBSN(ctx context.Context, s *duck.Session, key *pseudonym.Key) error {
	if err := s.RegisterText(ctx, "bsn_judge", key.Judge); err != nil {
		return err
	}
	return s.RegisterText(ctx, "bsn_mask", func(text string) string {
		if n := len([]rune(text)); n > 40 || pseudonym.ContainsBSN(text) {
			return strconv.Itoa(n) + " tekens"
		}
		return text
	})
}

// ReasonText joins texts; none is NULL.
func ReasonText(texts []string) *string {
	if len(texts) == 0 {
		return nil
	}
	joined := strings.Join(texts, "; ")
	return &joined
}

// Current tells whether a load is what this contract, key and loader make of the delivery, and whole.
func (l *Load) Current(data string, c *contract.Contract, key string) bool {
	return l != nil && !l.Retry && l.Contract == c.Fingerprint() && l.Key == key && l.Loader == fingerprint.LoaderVersion && l.Complete(data)
}

// Outdated tells whether a load is to be done again for what came after it: a person who set aside the
// limits for which it was refused, or another pakbon.
func (l *Load) Outdated(d delivery.Delivery, accepted map[string]bool) bool {
	return !l.Accepted && l.LimitsOnly && accepted[Key(l.Source, l.Delivery)] || l.Pakbon != d.Pakbon.Fingerprint()
}

// Whole tells whether the files of a load are there.
func (l *Load) Complete(data string) bool {
	if l.Accepted {
		if _, err := os.Stat(Path(data, l.Source, l.Delivery, ".parquet")); err != nil {
			return false
		}
	}
	if l.Balance.InQuarantaine > 0 {
		if _, err := os.Stat(QuarantinePath(data, l.Source, l.Delivery)); err != nil {
			return false
		}
	}
	return true
}

func Key(source, delivery string) string { return source + "/" + delivery }
