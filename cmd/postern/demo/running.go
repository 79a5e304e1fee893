package demo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/go-json-experiment/json"
)

// running is what a demo that stays up leaves for other commands of the same user: where its harness is, and the key.
type running struct {
	Harness string `json:"harness"`
	Key     string `json:"key"`
	PID     int    `json:"pid"`
}

// runningFile is where it stands. The folder is everybody's, so the name is the user's own and the file is not readable to others.
func runningFile() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("postern-demo-%d.json", os.Getuid()))
}

// Running finds the harness of the demo that postern demo keeps up on this machine, for this user.
func Running() (harness, key string, err error) {
	const start = "name a seller with --url, --token and --item, or start postern demo in another terminal"
	name := runningFile()
	info, err := os.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", "", fmt.Errorf("no seller is named and no demo runs; %s", start)
	case err != nil:
		return "", "", fmt.Errorf("look for a running demo: %w; %s", err, start)
	case !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows": // where modes say nothing
		return "", "", fmt.Errorf("look for a running demo: %s is open to others and not believed; remove it, then %s", name, start)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return "", "", fmt.Errorf("look for a running demo: %w; %s", err, start)
	}
	var r running
	if err := json.Unmarshal(text, &r); err != nil || r.Harness == "" {
		return "", "", fmt.Errorf("look for a running demo: %s cannot be read; remove it, then %s", name, start)
	}
	return r.Harness, r.Key, nil
}

// announce leaves word of this demo, in place of an earlier one's, and returns what takes it back.
func (d *Demo) announce() (func() error, error) {
	name := runningFile()
	url, key := d.Harness()
	mine, err := json.Marshal(running{Harness: url, Key: key, PID: os.Getpid()})
	if err != nil {
		return nil, fmt.Errorf("leave word of the demo: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(name), "postern-demo-*.tmp") // for its user's eyes only
	if err != nil {
		return nil, fmt.Errorf("leave word of the demo: %w", err)
	}
	_, err = f.Write(mine)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("leave word of the demo: %w", err), os.Remove(f.Name()))
	}
	return func() error {
		now, err := os.ReadFile(name)
		if err != nil || string(now) != string(mine) {
			return nil // a later demo has left its own word
		}
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("take back the word of the demo: %w", err)
		}
		return nil
	}, nil
}
