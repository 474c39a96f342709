package mart

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/bucket"
)

// An Elsewhere is a folder of an object store that holds what is published too:
//
//	.inbeeld                          says that versions/ is ours
//	versions/<version>/…              the files of a version, its manifest last
//	current.json                      a Pointer, to the version that people read
//
// Nothing below a version changes while the pointer names it, so who follows the pointer once reads
// files that belong together.
type BucketCopy struct {
	Bucket *bucket.Bucket
	// Prefix ends with a slash, or is "" for the whole bucket.
	Prefix string
	// Keep is how many versions stay, 1 or more.
	Keep int
	// Moved is called whenever there was progress.
	Progress func()
}

const pointerName = "current.json"

// A Pointer is current.json.
type Pointer struct {
	Version   string        `json:"version"`
	Run       string        `json:"run"`
	Published time.Time     `json:"published"`
	Prefix    string        `json:"prefix"` // of the files, from the folder of current.json on
	Set       string        `json:"set"`    // SetFingerprint of the files
	Files     []PointerFile `json:"files"`
}

// A PointerFile is a file of the version.
type PointerFile struct {
	Path   string `json:"path"` // below the prefix
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"` // bytes
}

// MirrorTo copies the published version to an object store, points at it, and removes the versions that
// are too many. Intern marts stay where they are. It gives the version that is pointed at then, "" when
// that cannot be told. Cut short anywhere, the next MirrorTo finishes it. A folder that holds objects
// and was never mirrored to is refused, and nothing beside versions/ is removed.
func (s Store) CopyToBucket(ctx context.Context, e BucketCopy) (string, error) {
	version, m, err := s.withoutIntern()
	if err != nil || version == "" {
		return "", err
	}
	if err := e.claim(ctx); err != nil {
		return "", err
	}
	objects, _, err := e.Bucket.List(ctx, e.key(versionsDir+"/"), "")
	if err != nil {
		return "", fmt.Errorf("list %s/: %w", versionsDir, err)
	}
	if err := s.upload(ctx, e, version, m, objects); err != nil {
		return "", err
	}
	if err := s.writePointer(ctx, e, version, m); err != nil {
		return "", err
	}
	return version, s.pruneBucket(ctx, e, version, objects)
}

// key is the key of a file of the folder.
func (e BucketCopy) key(name string) string { return e.Prefix + name }

// below is where the files of a version are.
func (e BucketCopy) versionPrefix(version string) string {
	return e.key(versionsDir + "/" + version + "/")
}

// own marks a folder as ours, or sees that it was marked.
func (e BucketCopy) claim(ctx context.Context) error {
	_, err := e.Bucket.Read(ctx, e.key(copyMark))
	if err == nil {
		return nil
	}
	if !errors.Is(err, bucket.ErrMissing) {
		return fmt.Errorf("read %s: %w", copyMark, err)
	}
	objects, folders, err := e.Bucket.List(ctx, e.Prefix, "/")
	if err != nil {
		return fmt.Errorf("list: %w", err)
	}
	// The mark that consoles make of an empty folder is no object of anybody.
	if slices.ContainsFunc(objects, func(o bucket.Object) bool { return o.Key != e.Prefix }) || len(folders) > 0 {
		return errors.New("it holds objects that are not of inbeeld; name an empty folder in the bucket")
	}
	text := "This folder belongs to inbeeld: it copies what it publishes here, and removes old versions.\n"
	if err := e.Bucket.Write(ctx, e.key(copyMark), []byte(text)); err != nil {
		return fmt.Errorf("write %s: %w", copyMark, err)
	}
	return nil
}

// bring puts what is not there of a version, the manifest last. A version without its manifest was cut
// short: all of it is put again.
func (s Store) upload(ctx context.Context, e BucketCopy, version string, m Manifest, objects []bucket.Object) error {
	pkg, manifest, err := s.describe(version, m)
	if err != nil {
		return err
	}
	at := e.versionPrefix(version)
	there := map[string]int64{}
	for _, o := range objects {
		there[o.Key] = o.Size
	}
	whole := false
	if _, ok := there[at+manifestName]; ok {
		text, err := e.Bucket.Read(ctx, at+manifestName)
		if err != nil && !errors.Is(err, bucket.ErrMissing) {
			return fmt.Errorf("read %s of version %s: %w", manifestName, version, err)
		}
		if whole = bytes.Equal(text, manifest); !whole {
			if err := e.Bucket.Delete(ctx, at+manifestName); err != nil {
				return fmt.Errorf("take away %s of version %s: %w", manifestName, version, err)
			}
		}
	}
	for _, c := range dataFiles(m.Files) {
		if size, ok := there[at+c.path]; whole && ok && size == c.size {
			continue
		}
		if err := s.putFile(ctx, e, filepath.Join(s.path(version), filepath.FromSlash(c.path)), at+c.path, c.sha); err != nil {
			return fmt.Errorf("copy %s: %w", c.path, err)
		}
		if err := s.done("put " + c.path); err != nil {
			return err
		}
	}
	for _, file := range []struct {
		name string
		text []byte
	}{{datapackageName, pkg}, {manifestName, manifest}} {
		if size, ok := there[at+file.name]; whole && ok && size == int64(len(file.text)) {
			continue
		}
		if err := e.Bucket.Write(ctx, at+file.name, file.text); err != nil {
			return fmt.Errorf("copy %s: %w", file.name, err)
		}
		e.Progress()
		if err := s.done("put " + file.name); err != nil {
			return err
		}
	}
	return nil
}

// putFile puts a published file, when it is still what its manifest says.
func (s Store) putFile(ctx context.Context, e BucketCopy, path, key, sha string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(e.Bucket.Put(ctx, key, progressReader{file, e.Progress}, sha), file.Close())
}

// moving tells of every read.
type progressReader struct {
	io.ReadSeeker
	progress func()
}

func (m progressReader) Read(p []byte) (int, error) {
	m.progress()
	return m.ReadSeeker.Read(p)
}

// point makes a version the one that people read.
func (s Store) writePointer(ctx context.Context, e BucketCopy, version string, m Manifest) error {
	p := Pointer{Version: version, Run: m.Run, Published: m.Published.UTC(), Prefix: versionsDir + "/" + version + "/", Set: m.Set, Files: []PointerFile{}}
	for _, c := range dataFiles(m.normal().Files) {
		p.Files = append(p.Files, PointerFile{c.path, c.sha, c.size})
	}
	text, err := encodeJSON(p)
	if err != nil {
		return err
	}
	old, err := e.Bucket.Read(ctx, e.key(pointerName))
	if err != nil && !errors.Is(err, bucket.ErrMissing) {
		return fmt.Errorf("read %s: %w", pointerName, err)
	}
	if bytes.Equal(old, text) {
		return nil
	}
	if err := e.Bucket.Write(ctx, e.key(pointerName), text); err != nil {
		return fmt.Errorf("write %s: %w", pointerName, err)
	}
	return s.done("point at " + version)
}

// pruneAt removes all versions but the newest and the current one, of objects as they were before that
// was brought. The manifest goes last, so that a removal that is cut short is gone on with.
func (s Store) pruneBucket(ctx context.Context, e BucketCopy, current string, objects []bucket.Object) error {
	type copied struct {
		name  string
		keys  []string // of all but its manifest
		put   time.Time
		whole bool // it has a manifest, which was put at that moment
	}
	known := map[string]*copied{}
	var versions []*copied
	for _, o := range objects {
		name, file, below := strings.Cut(strings.TrimPrefix(o.Key, e.key(versionsDir+"/")), "/")
		if !below || validVersion(name) != nil || name == current {
			continue
		}
		v := known[name]
		if v == nil {
			v = &copied{name: name}
			known[name] = v
			versions = append(versions, v)
		}
		if file == manifestName {
			v.put, v.whole = o.Modified, true
		} else {
			v.keys = append(v.keys, o.Key)
		}
	}
	slices.SortFunc(versions, func(a, b *copied) int { return cmp.Or(b.put.Compare(a.put), cmp.Compare(b.name, a.name)) })
	kept := 1 // the current one
	for _, v := range versions {
		if v.whole && kept < e.Keep {
			kept++
			continue
		}
		slices.Sort(v.keys)
		slices.Reverse(v.keys) // a folder that is an object itself goes behind what is in it
		if v.whole {
			v.keys = append(v.keys, e.versionPrefix(v.name)+manifestName)
		}
		for _, key := range v.keys {
			if err := e.Bucket.Delete(ctx, key); err != nil {
				return fmt.Errorf("remove version %s: %w", v.name, err)
			}
			e.Progress()
			if err := s.done("remove " + key); err != nil {
				return err
			}
		}
	}
	return nil
}
