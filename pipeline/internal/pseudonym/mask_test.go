package pseudonym

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
)

func TestMask(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "",
		"123456782":                        "*********",
		"sonar_20201231_123456782.csv":     "sonar_20201231_*********.csv",
		"BSN123456782e":                    "BSN*********e",
		"123456782 en 111222333":           "********* en *********",
		"123456789":                        "123456789",
		"1234567820":                       "1234567820",
		"2020-12-31-a123456782bc":          "2020-12-31-a123456782bc",
		"sonar_20201231.csv":               "sonar_20201231.csv",
		"a123456782":                       "a*********",
		"0123456789abcdef123456782abcdef0": "0123456789abcdef123456782abcdef0",
	} {
		if got := Mask(text); got != want {
			t.Errorf("Mask(%q) = %q, not %q", text, got, want)
		}
	}
}

func TestMaskKeeps(t *testing.T) {
	got := Mask("/tmp/123456782/data/x: 123456782 of /tmp/123456782/project", "/tmp/123456782/data", "", "/tmp/123456782/project")
	if want := "/tmp/123456782/data/x: ********* of /tmp/123456782/project"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

func TestMaskError(t *testing.T) {
	if err := MaskError(nil); err != nil {
		t.Errorf("nil became %v", err)
	}
	clean := fmt.Errorf("open x: %w", fs.ErrNotExist)
	if got := MaskError(clean); !errors.Is(got, fs.ErrNotExist) || got.Error() != clean.Error() {
		t.Errorf("%v became %v", clean, got)
	}
	got := MaskError(fmt.Errorf("open 123456782: %w", fs.ErrNotExist))
	if !errors.Is(got, fs.ErrNotExist) || got.Error() != "open *********: file does not exist" {
		t.Errorf("it became %v", got)
	}
}
