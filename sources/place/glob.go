package place

import (
	"context"
	"path"
	"strings"

	"inbeeld/sources/contract"
)

// walk lists the files below a place. read lists one folder of it, or the place itself for "", with names
// relative to that folder, and sets Ignored for what is not a regular file.
func walk(ctx context.Context, from contract.From, read func(ctx context.Context, folder string) ([]Found, error)) ([]Found, error) {
	var found []Found
	var enter func(folder string) error
	enter = func(folder string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		entries, err := read(ctx, folder)
		if err != nil {
			return err
		}
		for _, f := range entries {
			base := f.Name
			f.Name = path.Join(folder, base)
			switch {
			case f.Ignored == IsFolder && f.Name == from.Archive:
				continue
			case f.Ignored == IsFolder && from.Glob != "" && MayContain(from.Glob, f.Name):
				if err := enter(f.Name); err != nil {
					return err
				}
				continue
			case f.Ignored == IsFolder && strings.HasPrefix(from.Archive, f.Name+"/"):
				continue
			case f.Ignored == "":
				f.Ignored = ignoredName(base)
			}
			if f.Ignored == "" && !MatchesGlob(from.Glob, f.Name) {
				f.Ignored = OutsideGlob
			}
			found = append(found, f)
		}
		return nil
	}
	return found, enter("")
}

// ignoredName returns why a file with that name cannot be a delivery, or "".
func ignoredName(base string) Reason {
	name := strings.ToLower(base)
	switch {
	case strings.HasPrefix(name, "."):
		return Hidden
	case strings.HasSuffix(name, ".tmp") || strings.HasSuffix(name, ".part"):
		return Temporary
	default:
		return ""
	}
}

// MatchesGlob reports whether a glob selects a file. ** matches any number of folders; * and ? do not match a
// slash. An empty glob selects the files in the place itself.
func MatchesGlob(glob, name string) bool {
	if glob == "" {
		return !strings.Contains(name, "/")
	}
	return matches(strings.Split(glob, "/"), strings.Split(name, "/"), false)
}

// MayContain reports whether a folder can contain, at any depth, a file that the glob selects.
func MayContain(glob, folder string) bool {
	return matches(strings.Split(glob, "/"), strings.Split(folder, "/"), true)
}

// matches reports whether patterns match names, or as a prefix, whether they can match names with more
// segments. Both are split at slashes.
func matches(patterns, names []string, prefix bool) bool {
	if len(names) == 0 {
		return prefix == (len(patterns) > 0)
	}
	if len(patterns) == 0 {
		return false
	}
	if patterns[0] == "**" {
		if len(patterns) == 1 {
			return true
		}
		return matches(patterns[1:], names, prefix) || matches(patterns, names[1:], prefix)
	}
	ok, err := path.Match(patterns[0], names[0])
	return err == nil && ok && matches(patterns[1:], names[1:], prefix)
}
