package place

import (
	"context"
	"path"
	"strings"

	"inbeeld/sources/contract"
)

// walk lists the files below a place. read gives what is in one folder of it, "" for the place
// itself, with names without folder; folders and what is no file are Ignored already.
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

// ignoredName is why a file with that name can be no delivery.
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

// MatchesGlob says whether a file counts. ** stands for any number of folders, * and ? stop at a slash.
// Without a glob the files of the place itself count.
func MatchesGlob(glob, name string) bool {
	if glob == "" {
		return !strings.Contains(name, "/")
	}
	return matches(strings.Split(glob, "/"), strings.Split(name, "/"), false)
}

// MayContain says whether a folder can hold, somewhere below it, a file that counts.
func MayContain(glob, folder string) bool {
	return matches(strings.Split(glob, "/"), strings.Split(folder, "/"), true)
}

// matches holds names against patterns, both split at slashes. As a beginning, the names must run out
// before the patterns do.
func matches(patterns, names []string, beginning bool) bool {
	if len(names) == 0 {
		return beginning == (len(patterns) > 0)
	}
	if len(patterns) == 0 {
		return false
	}
	if patterns[0] == "**" {
		if len(patterns) == 1 {
			return true
		}
		return matches(patterns[1:], names, beginning) || matches(patterns, names[1:], beginning)
	}
	ok, err := path.Match(patterns[0], names[0])
	return err == nil && ok && matches(patterns[1:], names[1:], beginning)
}
