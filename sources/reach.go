package sources

import (
	"fmt"
	"path"
	"path/filepath"

	"inbeeld/pipeline/secret"
)

// connect gives the connector of the place of a contract.
func (o Options) connect(c *Contract) (Connector, error) {
	if o.Connect != nil {
		return o.Connect(c)
	}
	return o.reach(c)
}

// reach gives the connector of a kind of place. Nothing is connected yet.
func (o Options) reach(c *Contract) (Connector, error) {
	switch f := c.From; f.Kind {
	case FromDir:
		return Directory{Path: filepath.Join(o.DataDir, filepath.FromSlash(f.Address)), Glob: f.Glob}, nil
	case FromSFTP:
		return o.reachSFTP(c)
	case FromS3, FromAzblob:
		b, prefix, err := o.Bucket(fromOf(c), f)
		if err != nil {
			return nil, err
		}
		return &bucketPlace{b, f, prefix}, nil
	case FromHTTPS:
		return o.reachHTTPS(c)
	case FromPostgres:
		return o.reachPostgres(c)
	default:
		return nil, fmt.Errorf("there is no connector for %q", f.Kind)
	}
}

// secrets reads the secrets of a place; at names the mapping that holds the place, for errors.
func (o Options) secrets(at string) secret.Reader {
	return secret.Reader{At: at, Data: o.DataDir, Env: o.Env}
}

// fromOf names the place of a contract in errors.
func fromOf(c *Contract) string { return c.Path + ": from" }

// archived is where a file goes in the archive of its place. The time in the name keeps apart what
// came under one name, and the same file goes to the same name.
func archived(f From, found Found) string {
	dir, base := path.Split(found.Name)
	return path.Join(f.Archive, dir, found.Modified.UTC().Format("20060102T150405Z")+"-"+base)
}
