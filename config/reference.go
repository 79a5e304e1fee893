package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// maxSecretBytes bounds a secret's file: keys and passwords are far smaller, and a wrong path may name a log.
const maxSecretBytes = 64 << 10

// reference is the only form of a secret in a file.
var reference = regexp.MustCompile(`^\$\{(env|file):([^{}]+)\}$`)

var errLiteralSecret = errors.New(`a secret must not stand in the file; write "${env:NAME}" or "${file:/path}"`)

// resolveSecret reads the value that text refers to. Its errors name the variable or the file, never a value.
func (o Options) resolveSecret(text string) (Secret, error) {
	m := reference.FindStringSubmatch(text)
	if m == nil {
		if o.AllowLiteralSecrets && !strings.HasPrefix(text, "${") && text != "" {
			return NewSecret(text), nil
		}
		return Secret{}, errLiteralSecret
	}
	if m[1] == "env" {
		value, ok := o.lookupEnv(m[2])
		switch {
		case !ok:
			return Secret{}, fmt.Errorf("the environment variable %s is not set; set it before starting", m[2])
		case value == "":
			return Secret{}, fmt.Errorf("the environment variable %s is empty; give it a value", m[2])
		}
		return NewSecret(value), nil
	}
	return readSecretFile(o.resolvePath(m[2]))
}

// readSecretFile returns a file's text without its last line end. It refuses what another user of the machine could
// read or replace.
func readSecretFile(path string) (Secret, error) {
	if err := checkPrivateFile(path); err != nil {
		return Secret{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return Secret{}, fmt.Errorf("the file %s cannot be read (%s)", path, reason(err))
	}
	defer func() { _ = f.Close() }() // opened for reading: closing loses nothing
	data, err := io.ReadAll(io.LimitReader(f, maxSecretBytes+1))
	if err != nil {
		return Secret{}, fmt.Errorf("the file %s cannot be read (%s)", path, reason(err))
	}
	if len(data) > maxSecretBytes {
		return Secret{}, fmt.Errorf("the file %s is larger than %d bytes, too large for a secret; name the right file", path, maxSecretBytes)
	}
	value := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if value == "" {
		return Secret{}, fmt.Errorf("the file %s is empty; put the secret into it", path)
	}
	return NewSecret(value), nil
}

// checkPrivateFile refuses a path that is no regular file or that everybody on the machine may read or write.
func checkPrivateFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("the file %s cannot be read (%s)", path, reason(err))
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file; name the file itself", path)
	}
	// On Windows these bits say nothing of who may read.
	if info.Mode().Perm()&0o006 != 0 && runtime.GOOS != "windows" {
		return fmt.Errorf("the file %s is open to every user of the machine; run chmod o-rwx on it", path)
	}
	return nil
}

// reason says why a file operation failed without repeating the path.
func reason(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "it does not exist"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	}
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err.Error()
	}
	return err.Error()
}

// resolvePath makes a path of the file absolute: relative paths start at the folder of the file that names them.
func (o Options) resolvePath(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(o.Dir, path)
}

func (o Options) lookupEnv(name string) (string, bool) {
	if o.LookupEnv != nil {
		return o.LookupEnv(name)
	}
	return os.LookupEnv(name)
}
