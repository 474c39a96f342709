package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"inbeeld/pipeline/durable"
)

// folder writes messages as files, for another program or to look at.
type folder struct{ dir string }

// Send writes <id>.txt, <id>.html and what goes along, and at last <id>.json: where that is, all is. The
// same message again writes the same files.
func (c folder) Send(_ context.Context, p Parcel) error {
	err := writeMessage(c.dir, p.Message, p.Files)
	if err != nil {
		return &SendError{Unreachable: true, Err: fmt.Errorf("write the message into the folder: %w", err)}
	}
	return nil
}

func writeMessage(dir string, m Message, files []File) error {
	text, err := json.MarshalIndent(announce(m), "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, f := range files {
		if err := durable.WriteFile(filepath.Join(dir, m.ID+"-"+filepath.Base(f.Name)), f.Data, 0o600); err != nil {
			return err
		}
	}
	for _, f := range []File{{".txt", []byte(m.Subject + "\n\n" + m.Text)}, {".html", []byte(m.HTML)}, {".json", append(text, '\n')}} {
		if err := durable.WriteFile(filepath.Join(dir, m.ID+f.Name), f.Data, 0o600); err != nil {
			return err
		}
	}
	return nil
}
