package unpack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/ulikunitz/xz"
)

const roomy = 256 << 20

// unpackAll reads all of a file of that name.
func unpackAll(name string, packed io.Reader, window int64) (string, error) {
	_, ending := Cut(name)
	z, err := Reader(ending, packed, window)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(z)
	return string(b), errors.Join(err, z.Close())
}

// fixtures are the files of testdata by name.
func fixtures(t *testing.T) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.*[a-z2]")
	files := map[string][]byte{}
	for _, path := range paths {
		if _, ending := Cut(path); ending != "" {
			var read error
			files[filepath.Base(path)], read = os.ReadFile(path)
			err = errors.Join(err, read)
		}
	}
	if err != nil || len(files) != 19 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	return files
}

// large tells files that take more memory than a test should.
func large(name string) bool { return name >= "long-29.zst" && name <= "long-31.zst" }

const plain = "one\ntwo\nthree\n"

func TestWhatTheToolsMakeIsRead(t *testing.T) {
	for name, packed := range fixtures(t) {
		if large(name) {
			continue
		}
		got, err := unpackAll(name, bytes.NewReader(packed), roomy)
		if name == "filter.xz" {
			if err == nil || !strings.Contains(err.Error(), "LZMA2") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || got != plain {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if got, err := unpackAll(name, iotest.OneByteReader(bytes.NewReader(packed)), roomy); err != nil || got != plain {
			t.Errorf("%s, read by byte: %q, %v", name, got, err)
		}
	}
}

func TestAFileThatIsCutOffIsNotRead(t *testing.T) {
	for name, packed := range fixtures(t) {
		if large(name) || name == "long-28.zst" || name == "dictionary.xz" || strings.Contains(name, "zeros") || strings.HasPrefix(name, "frames") || strings.HasPrefix(name, "filter") {
			continue // of which a part may be whole
		}
		for n := range packed {
			if got, err := unpackAll(name, bytes.NewReader(packed[:n]), roomy); err == nil {
				t.Errorf("%s: %d of %d bytes are read as %q", name, n, len(packed), got)
			}
		}
	}
}

func TestWhatFollowsIsZerosOrRefused(t *testing.T) {
	files := fixtures(t)
	for _, c := range []struct {
		name   string
		behind string
		ok     bool
	}{
		{"member.gz", "\x00", true}, {"member.gz", strings.Repeat("\x00", 1<<17), true}, {"member.gz", "\x00x", false}, {"member.gz", "x", false},
		{"member.gz", "\x1f", false}, {"member.gz", "\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x03name", false}, // another's header, cut off in its name
		{"members-and-zeros.gz", "\x1f\x8b", false}, // a member behind zeros, which gzip does not look for
		{"stream.bz2", "\x00", true}, {"stream.bz2", "\x00\x00", true}, {"stream.bz2", strings.Repeat("\x00", 1<<17), true},
		{"stream.bz2", "\x00x", false}, {"stream.bz2", "x", false}, {"stream.bz2", "BZ", false}, {"stream.bz2", "\x00\x00x", false},
		{"crc64.xz", "\x00\x00\x00\x00", true}, {"crc64.xz", strings.Repeat("\x00", 1<<17), true}, {"crc64.xz", "\x00", false}, {"crc64.xz", "\x00\x00\x00\x00x", false},
		{"crc64.xz", "text", false}, {"long-27.zst", "text", false}, {"long-27.zst", "\x00\x00\x00\x00", false},
		{"long-27.zst", "\x50\x2a\x4d\x18\x02\x00\x00\x00ab", true}, // a frame to be skipped
	} {
		got, err := unpackAll(c.name, io.MultiReader(bytes.NewReader(files[c.name]), strings.NewReader(c.behind)), roomy)
		if (err == nil) != c.ok || c.ok && got != plain {
			t.Errorf("%s and %.10q: %q, %v", c.name, c.behind, got, err)
		}
	}
}

func TestAWindowBeyondTheBoundIsNamedBeforeItIsMade(t *testing.T) {
	files := fixtures(t)
	single := binary.LittleEndian.AppendUint32([]byte{0x28, 0xB5, 0x2F, 0xFD, 0xA0}, 300<<20) // one segment, of 300 MiB
	for _, c := range []struct {
		name   string
		packed []byte
		window uint64
	}{
		{"long-27.zst", files["long-27.zst"], 128 << 20}, {"long-28.zst", files["long-28.zst"], 256 << 20}, {"long-29.zst", files["long-29.zst"], 512 << 20},
		{"long-30.zst", files["long-30.zst"], 1 << 30}, {"long-31.zst", files["long-31.zst"], 2 << 30},
		{"second.zst", append(bytes.Clone(files["frames.zst"]), files["long-28.zst"]...), 256 << 20},
		{"single.zst", append(single, 1, 0, 0), 300 << 20},
		{"dictionary.xz", files["dictionary.xz"], 256 << 20},
		{"second.xz", append(bytes.Clone(files["crc64.xz"]), files["dictionary.xz"]...), 256 << 20},
	} {
		_, err := unpackAll(c.name, bytes.NewReader(c.packed), int64(c.window)-1)
		var window *WindowError
		if !errors.As(err, &window) || window.Window != c.window || window.Most != c.window-1 {
			t.Errorf("%s: %v", c.name, err)
		}
		if large(c.name) || c.name == "single.zst" {
			continue
		}
		if _, err := unpackAll(c.name, bytes.NewReader(c.packed), int64(c.window)); err != nil {
			t.Errorf("%s, just within: %v", c.name, err)
		}
	}
}

// TestDamageIsSeenAndEndsInAnError: one byte is another; what has a check may not give other text.
func TestDamageIsSeenAndEndsInAnError(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	for name, packed := range fixtures(t) {
		for range 100 {
			damaged := bytes.Clone(packed)
			damaged[random.IntN(len(damaged))] ^= byte(1 + random.IntN(255))
			got, err := unpackAll(name, bytes.NewReader(damaged), 1<<20)
			if err == nil && got != plain && name != "none.xz" && !strings.HasSuffix(name, ".zst") { // zstd's check is short, and not of its header
				t.Errorf("%s: damaged, and read as %q", name, got)
			}
		}
	}
}

func TestLongXZFilesOfManyBlocksGiveTheirBytes(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	var text bytes.Buffer
	for text.Len() < 600_000 {
		text.WriteString([]string{"a word ", "another word ", "\n", "क"}[random.IntN(4)])
		text.WriteByte(byte(random.IntN(256)))
	}
	for _, block := range []int64{0, 1 << 16, 100_003} {
		var packed bytes.Buffer
		w, err := xz.WriterConfig{BlockSize: block}.NewWriter(&packed)
		if err == nil {
			_, err = w.Write(text.Bytes())
		}
		if err = errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		if got, err := unpackAll("text.xz", &packed, roomy); err != nil || got != text.String() {
			t.Errorf("blocks of %d: %d of %d bytes, %v", block, len(got), text.Len(), err)
		}
	}
}

func TestADiskThatFailsIsToldAsThat(t *testing.T) {
	disk := &fs.PathError{Op: "read", Path: "p", Err: syscall.EIO}
	for name, packed := range fixtures(t) {
		for _, n := range []int{0, 7, len(packed) - 3, len(packed)} {
			_, err := unpackAll(name, io.MultiReader(bytes.NewReader(packed[:n]), iotest.ErrReader(disk)), roomy)
			if !errors.Is(err, syscall.EIO) && name != "filter.xz" && !large(name) {
				t.Errorf("%s after %d bytes: %v", name, n, err)
			}
		}
	}
}

func TestEndingsAreCutOff(t *testing.T) {
	for name, want := range map[string][2]string{"a.jsonl": {"a.jsonl", ""}, "a.jsonl.gz": {"a.jsonl", ".gz"}, "a.tar.bz2": {"a.tar", ".bz2"}, "x.xz": {"x", ".xz"},
		"b.jsonl.zst": {"b.jsonl", ".zst"}, "gz": {"gz", ""}, "a.gz.xz": {"a.gz", ".xz"}} {
		if before, ending := Cut(name); before != want[0] || ending != want[1] {
			t.Errorf("%s: %q, %q", name, before, ending)
		}
	}
}
