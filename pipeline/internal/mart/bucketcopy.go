package mart

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"inbeeld/pipeline/bucket"
)

// A BucketCopy is a folder in an object store with a copy of the published version:
//
//	.inbeeld                          marks versions/ as ours
//	versions/<version>/…              the files of a version; its manifest is written last
//	current.json                      a Pointer to the version to read
//
// A version does not change while the pointer names it, so a reader that follows the pointer once gets
// files that belong together.
type BucketCopy struct {
	Bucket *bucket.Bucket
	Prefix string // ends with a slash, or is "" for the root of the bucket
	Keep   int    // number of versions to keep, at least 1
	// Progress is called on every sign of progress, so that a caller can detect a stalled copy.
	Progress func()
}

const pointerName = "current.json"

// A Pointer is current.json.
type Pointer struct {
	Version   string     `json:"version"`
	Run       string     `json:"run"`
	Published time.Time  `json:"published"`
	Prefix    string     `json:"prefix"` // of the files, relative to current.json
	Set       string     `json:"set"`    // SetFingerprint of the files
	Files     []DataFile `json:"files"`
}

// CopyToBucket uploads the published version without intern marts, points at it, and removes old versions.
// It returns the version that the pointer names, or "" if that is unknown. The next call finishes one that
// was interrupted. It refuses a folder with objects that is not marked as ours, and removes nothing
// outside versions/.
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

// key returns the object key of a file in the folder.
func (e BucketCopy) key(name string) string { return e.Prefix + name }

// versionPrefix returns the key prefix of the files of a version.
func (e BucketCopy) versionPrefix(version string) string {
	return e.key(versionsDir + "/" + version + "/")
}

// claim marks the folder as ours, unless it already is.
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
	// Consoles create an object with the key of the folder to represent an empty folder.
	if slices.ContainsFunc(objects, func(o bucket.Object) bool { return o.Key != e.Prefix }) || len(folders) > 0 {
		return errors.New("it contains objects that inbeeld did not write; name an empty folder in the bucket")
	}
	text := "This folder belongs to inbeeld: it copies what it publishes here, and removes old versions.\n"
	if err := e.Bucket.Write(ctx, e.key(copyMark), []byte(text)); err != nil {
		return fmt.Errorf("write %s: %w", copyMark, err)
	}
	return nil
}

// upload puts the files of a version that are missing, the manifest last. A version without its manifest
// is incomplete: all its files are put again.
func (s Store) upload(ctx context.Context, e BucketCopy, version string, m Manifest, objects []bucket.Object) error {
	pkg, manifest, err := s.describe(version, m)
	if err != nil {
		return err
	}
	at := e.versionPrefix(version)
	existing := map[string]int64{}
	for _, o := range objects {
		existing[o.Key] = o.Size
	}
	uploaded := false
	if _, ok := existing[at+manifestName]; ok {
		text, err := e.Bucket.Read(ctx, at+manifestName)
		if err != nil && !errors.Is(err, bucket.ErrMissing) {
			return fmt.Errorf("read %s of version %s: %w", manifestName, version, err)
		}
		if uploaded = bytes.Equal(text, manifest); !uploaded {
			if err := e.Bucket.Delete(ctx, at+manifestName); err != nil {
				return fmt.Errorf("remove %s of version %s: %w", manifestName, version, err)
			}
		}
	}
	put := func(name string, size int64, write func(key string) error) error {
		if had, ok := existing[at+name]; uploaded && ok && had == size {
			return nil
		}
		if err := write(at + name); err != nil {
			return fmt.Errorf("copy %s: %w", name, err)
		}
		e.Progress()
		s.done("put " + name)
		return nil
	}
	for _, c := range dataFiles(m.Files) {
		path := filepath.Join(s.path(version), filepath.FromSlash(c.Path))
		if err := put(c.Path, c.Size, func(key string) error { return s.putFile(ctx, e, path, key, c.SHA256) }); err != nil {
			return err
		}
	}
	putText := func(name string, text []byte) error {
		return put(name, int64(len(text)), func(key string) error { return e.Bucket.Write(ctx, key, text) })
	}
	if err := putText(datapackageName, pkg); err != nil {
		return err
	}
	return putText(manifestName, manifest)
}

// putFile puts a published file. It fails if the file no longer has the hash in its manifest.
func (s Store) putFile(ctx context.Context, e BucketCopy, path, key, sha string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(e.Bucket.Put(ctx, key, progressReader{file, e.Progress}, sha), file.Close())
}

// progressReader reports every read.
type progressReader struct {
	io.ReadSeeker
	progress func()
}

func (r progressReader) Read(p []byte) (int, error) {
	r.progress()
	return r.ReadSeeker.Read(p)
}

// writePointer makes a version the one that people read.
func (s Store) writePointer(ctx context.Context, e BucketCopy, version string, m Manifest) error {
	p := Pointer{
		Version: version, Run: m.Run, Published: m.Published.UTC(),
		Prefix: versionsDir + "/" + version + "/", Set: m.Set,
		Files: append([]DataFile{}, dataFiles(m.normal().Files)...), // [] in JSON if there are none
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
	s.done("point at " + version)
	return nil
}

// pruneBucket removes all versions but the current one and the newest others, given the objects before the
// upload. It removes manifests last, so that the next call finishes one that was interrupted.
func (s Store) pruneBucket(ctx context.Context, e BucketCopy, current string, objects []bucket.Object) error {
	type copied struct {
		name     string
		keys     []string  // of all files but its manifest
		put      time.Time // when the manifest was put
		uploaded bool      // it has a manifest
	}
	versions := map[string]*copied{}
	for _, o := range objects {
		name, file, below := strings.Cut(strings.TrimPrefix(o.Key, e.key(versionsDir+"/")), "/")
		if !below || validVersion(name) != nil || name == current {
			continue
		}
		v := versions[name]
		if v == nil {
			v = &copied{name: name}
			versions[name] = v
		}
		if file == manifestName {
			v.put, v.uploaded = o.Modified, true
		} else {
			v.keys = append(v.keys, o.Key)
		}
	}
	newest := func(a, b *copied) int { return cmp.Or(b.put.Compare(a.put), cmp.Compare(b.name, a.name)) }
	count := 1 // the current one
	for _, v := range slices.SortedFunc(maps.Values(versions), newest) {
		if v.uploaded && count < e.Keep {
			count++
			continue
		}
		slices.Sort(v.keys)
		slices.Reverse(v.keys) // an object that represents a folder comes after its contents
		if v.uploaded {
			v.keys = append(v.keys, e.versionPrefix(v.name)+manifestName)
		}
		for _, key := range v.keys {
			if err := e.Bucket.Delete(ctx, key); err != nil {
				return fmt.Errorf("remove version %s: %w", v.name, err)
			}
			e.Progress()
			s.done("remove " + key)
		}
	}
	return nil
}
