package rule

import (
	"strings"

	"inbeeld/pipeline/projectfile"
)

// A reader reads the keys of one mapping of a check file.
type reader struct{ projectfile.Mapping }

// fault adds a fault at the value of a key, or at the mapping itself if key is "".
func (r reader) fault(key, hint, format string, args ...any) {
	at := r.Value
	if key != "" {
		at = r.Get(key)
	}
	r.Fault(at, hint, format, args...)
}

// scalar returns the trimmed text of a scalar, or "" for other values.
func scalar(v *projectfile.Value) string {
	text, _ := v.Scalar()
	if v.Is(projectfile.KindBool) {
		text = strings.ToLower(text)
	}
	return strings.TrimSpace(text)
}

// text returns the text of a scalar. If it is empty or another value, it returns "" and adds a fault.
func (r reader) text(key string) string {
	v := r.Get(key)
	if v == nil {
		return ""
	}
	text := scalar(v)
	if text == "" {
		hint := "give it a value or leave the key out"
		if v.Is(projectfile.KindList, projectfile.KindMapping) {
			hint = "write one value"
		}
		r.fault(key, hint, "%s is %s", key, unlike(v, "one value"))
	}
	return text
}

// texts returns the texts of a list, or of a scalar as a list of one. Repeated texts are a fault.
func (r reader) texts(key string) []string {
	v := r.Get(key)
	if v == nil {
		return nil
	}
	if _, single := v.Scalar(); single {
		return []string{r.text(key)}
	}
	if len(v.Items) == 0 {
		r.fault(key, "write a list such as [a, b]", "%s is %s", key, unlike(v, "a list"))
	}
	var out []string
	seen := map[string]bool{}
	for _, item := range v.Items {
		switch text := scalar(item); {
		case text == "":
			r.Fault(item, "write a list of texts", "%s contains %s", key, unlike(item, "a text"))
		case seen[text]:
			r.Fault(item, "write it once", "%s contains %q twice", key, text)
		default:
			seen[text] = true
			out = append(out, text)
		}
	}
	return out
}

// within returns a reader of the mapping under a key. If it is not a mapping, it adds a fault and
// returns false.
func (r reader) within(key string) (reader, bool) {
	v := r.Get(key)
	if len(v.Keys) == 0 {
		r.fault(key, "write keys under it, such as {below: 25}", "%s is %s", key, unlike(v, "a mapping"))
		return reader{}, false
	}
	return reader{r.In(v)}, true
}

// unlike describes a value that is empty or not of the wanted kind; nil is an empty file.
func unlike(v *projectfile.Value, want string) string {
	switch {
	case v.Is(projectfile.KindMapping) && len(v.Keys) == 0, v.Is(projectfile.KindList) && len(v.Items) == 0:
		return "an empty " + strings.TrimPrefix(string(v.Kind), "a ")
	case v.Is(projectfile.KindMapping, projectfile.KindList):
		return string(v.Kind) + ", not " + want
	case scalar(v) == "":
		return "empty"
	}
	return "text, not " + want
}
