package sources

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
)

// connect gives the connector of the place of a contract.
func (o Options) connect(ctx context.Context, c *Contract) (Connector, error) {
	if o.Connect != nil {
		return o.Connect(c)
	}
	return o.reach(ctx, c)
}

// reach gives the connector of a kind of place. Nothing is connected yet.
func (o Options) reach(ctx context.Context, c *Contract) (Connector, error) {
	switch f := c.From; f.Kind {
	case FromDir:
		return Directory{Path: filepath.Join(o.DataDir, filepath.FromSlash(f.Address)), Glob: f.Glob}, nil
	case FromSFTP:
		return o.reachSFTP(c)
	case FromS3:
		return o.reachS3(ctx, c)
	case FromAzblob:
		return o.reachAzblob(ctx, c)
	case FromHTTPS:
		return o.reachHTTPS(c)
	case FromPostgres:
		return o.reachPostgres(c)
	default:
		return nil, fmt.Errorf("there is no connector for %q", f.Kind)
	}
}

// archived is where a file goes in the archive of its place. The time in the name keeps apart what
// came under one name, and the same file goes to the same name.
func archived(f From, found Found) string {
	dir, base := path.Split(found.Name)
	return path.Join(f.Archive, dir, found.Modified.UTC().Format("20060102T150405Z")+"-"+base)
}
