package processes

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// refusals are what SQLite says when it cannot work with a file: in the server's log, and in what the server answers. hopeless ones
// do not pass by themselves.
var refusals = []struct {
	sign     string
	hopeless bool
}{
	{"file is not a database", true}, {"database disk image is malformed", true}, {"SQL logic error", true}, {"unable to open database file", true},
	{"attempt to write a readonly database", true}, {"disk I/O error", true}, {"database or disk is full", false}, {"database is locked", false},
}

// DatabaseFault is the error of a server that cannot work with its database, by what it said; nil: it said nothing of the kind. store
// is where results are.
func DatabaseFault(database, store, said string) error {
	return databaseFault(database, store, said, false)
}

func databaseFault(database, store, said string, hopeless bool) error {
	for _, r := range refusals {
		if strings.Contains(said, r.sign) && (r.hopeless || !hopeless) {
			return errors.New("the Temporal server cannot work with its database " + database + ": " + ailment(database, r.sign) + ".\n" +
				"Results are in the store (" + store + ") and do not depend on it. It has the histories of runs, and the schedules. To start with a new one:\n" +
				aside(database) + "and call the command again. A run that was at work then is started anew, and reuses what it had published; schedules are created anew.")
		}
	}
	return nil
}

// ailment says what is wrong with a database that SQLite refuses with that sign.
func ailment(database, sign string) string {
	f, err := os.Open(database)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	info, err := f.Stat()
	var head [100]byte
	n, _ := io.ReadFull(f, head[:])
	pages, size := int64(binary.BigEndian.Uint32(head[28:])), int64(binary.BigEndian.Uint16(head[16:]))
	if size == 1 {
		size = 1 << 16
	}
	switch magic := []byte("SQLite format 3\x00"); {
	case err != nil:
		return err.Error()
	case !info.Mode().IsRegular():
		return "it is no regular file"
	case sign == "database is locked":
		return "it is locked" + lockedBy(f) + "; end that, or wait for it"
	case sign == "database or disk is full":
		return "the disk is full; make room there first"
	case info.Size() == 0:
		return "the file is empty"
	case !bytes.HasPrefix(head[:n], magic[:min(n, len(magic))]):
		return "the file was overwritten: it does not begin as a database of SQLite does"
	case n < len(head):
		return fmt.Sprintf("the file is cut off, at byte %d", info.Size())
	case info.Size() < pages*size:
		return fmt.Sprintf("the file is cut off, at byte %d of %d", info.Size(), pages*size)
	case sign == "SQL logic error":
		return "it has other tables than this version of the server wants"
	case sign == "database disk image is malformed", sign == "file is not a database":
		return "parts of the file were overwritten"
	}
	return sign
}

// lockedBy names the process that holds one of SQLite's locks on an open database, where the system says so.
func lockedBy(f *os.File) string {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: 1 << 30, Len: 512} // SQLite's own range of bytes
	if err := unix.FcntlFlock(f.Fd(), unix.F_GETLK, &lock); err != nil || lock.Type == unix.F_UNLCK || lock.Pid <= 0 {
		return " by another process"
	}
	name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", lock.Pid))
	return fmt.Sprintf(" by process %d (%s)", lock.Pid, strings.TrimSpace(string(name)))
}

// aside are the shell's commands that move a database away with what SQLite keeps beside it, under names that are free.
func aside(database string) string {
	var b strings.Builder
	end := ".old"
	for n := 2; exists(database + end); n++ {
		end = fmt.Sprint(".old", n)
	}
	for _, beside := range []string{"", "-journal", "-wal", "-shm"} {
		if exists(database + beside) {
			fmt.Fprintf(&b, "  mv %s %s\n", quoted(database+beside), quoted(database+end+beside))
		}
	}
	return b.String()
}

// quoted writes a path as the shell reads it.
func quoted(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool {
		return !strings.ContainsRune("/._-", r) && (r < '0' || r > 'z' || r > '9' && r < 'A' || r > 'Z' && r < 'a')
	}) {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// ServerFault is the DatabaseFault of the server that the Keeper started last, by its log: of one that runs, what does not pass by
// itself; of one that has ended, what it ended for.
func (k *Keeper) ServerFault(database, store string) error {
	p, alive := k.Find(ServerName)
	if p.PID <= 1 {
		return nil
	}
	said := p.said()
	if !alive && !strings.Contains(said, "failed starting server") {
		return nil
	}
	return databaseFault(database, store, said, alive)
}

// said is what the process has written to its log since it started, of much the end.
func (p Process) said() string {
	const most = 64 << 10
	f, err := os.Open(p.Log)
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > most {
		f.Seek(-most, io.SeekEnd)
	}
	b, _ := io.ReadAll(f)
	if at := bytes.LastIndex(b, []byte("\n"+startLine)); at >= 0 {
		b = b[at+1:]
	}
	return string(b)
}
