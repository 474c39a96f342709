package contract

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"inbeeld/pipeline/secret"
)

func (m mapping) day() Day {
	s := m.text("peildatum")
	if s != "" && !slices.Contains(days, s) {
		m.Fault(m.Get("peildatum"), "choose "+strings.Join(days, ", "), "unknown day %q", s)
	}
	return Day(s)
}

var timeoutText = regexp.MustCompile(`^(\d{1,3})([sm])$`)

func (m mapping) timeout() time.Duration {
	s := m.text("timeout")
	if s == "" {
		return 0
	}
	parts := timeoutText.FindStringSubmatch(s)
	if parts == nil {
		m.Fault(m.Get("timeout"), "write seconds or minutes, such as 90s or 10m", "\"timeout\" is not a duration: %q", s)
		return 0
	}
	n, _ := strconv.Atoi(parts[1])
	d := time.Duration(n) * time.Second
	if parts[2] == "m" {
		d *= 60
	}
	if d == 0 {
		m.Fault(m.Get("timeout"), hints["timeout"], "\"timeout\" must be longer than 0")
	}
	return d
}

func (m mapping) glob() string {
	s := m.text("glob")
	if s == "" {
		return ""
	}
	for segment := range strings.SplitSeq(s, "/") {
		if _, err := path.Match(segment, ""); err != nil || segment == "" || segment == "." || segment == ".." {
			m.Fault(m.Get("glob"), "write a pattern such as '*/*.csv', or '**' for all folders", "\"glob\" is not a pattern for files below the place: %q", s)
			return ""
		}
	}
	return s
}

// folder reads the path of a folder below the place.
func (m mapping) folder(key string) string {
	s := m.text(key)
	if s == "" {
		return ""
	}
	clean := path.Clean(s)
	if !filepath.IsLocal(s) || strings.Contains(s, `\`) || clean == "." {
		m.Fault(m.Get(key), "write a folder relative to it, such as ontvangen", "%q is not a folder below the place: %q", key, s)
	}
	return clean
}

// secret reads a reference to a secret. The fault does not repeat the value: it may be the secret itself.
func (m mapping) secret(key string) string {
	s := m.text(key)
	if s != "" && !secret.Valid(s) {
		m.Fault(m.Get(key), "write env:NAME or file:PATH; never write a secret itself in a contract", "%q is not a reference to a secret", key)
		return ""
	}
	return s
}
