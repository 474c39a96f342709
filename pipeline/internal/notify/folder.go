package notify

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"inbeeld/pipeline/durable"
	"inbeeld/pipeline/secret"
)

// folderDriver writes messages as files, for another program or for people to look at.
var folderDriver = driver{
	kind:     "folder",
	settings: []setting{{"folder", folderPath, true, "A folder that gets files.", "/srv/meldingen"}},
	open:     func(e Endpoint, _ secret.Reader) (Channel, error) { return folder{e["folder"]}, nil },
}

type folder struct{ dir string }

// Send writes the files of [WriteMessage] and the attachments. A repetition writes the same files.
func (c folder) Send(_ context.Context, p Parcel) error {
	if err := writeMessage(c.dir, p.Message, p.Files); err != nil {
		return &SendError{Unreachable: true, Err: fmt.Errorf("write the message into the folder: %w", err)}
	}
	return nil
}

// WriteMessage writes <id>.txt, <id>.html and, last, <id>.json into dir, which it makes: once the JSON is
// there, everything is.
func WriteMessage(dir string, m Message) error { return writeMessage(dir, m, nil) }

func writeMessage(dir string, m Message, attachments []File) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var files []File
	for _, f := range attachments {
		files = append(files, File{"-" + filepath.Base(f.Name), f.Data})
	}
	files = append(files, File{".txt", []byte(m.Subject + "\n\n" + m.Text)}, File{".html", []byte(m.HTML)})
	for _, f := range files {
		if err := durable.WriteFile(filepath.Join(dir, m.ID+f.Name), f.Data, 0o600); err != nil {
			return err
		}
	}
	return durable.WriteJSON(filepath.Join(dir, m.ID+".json"), announce(m))
}
