package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"crosssum/internal/testkit"

	"github.com/klauspost/compress/zstd"
)

// arMember is a member of an ar archive.
func arMember(name, body string) string {
	padded := body
	if len(body)%2 == 1 {
		padded += "\n"
	}
	return fmt.Sprintf("%-16s%-12d%-6d%-6d%-8s%-10d`\n", name, 0, 0, 0, "100644", len(body)) + padded
}

// debOf is a Debian package with these data.
func debOf(ending, packed string) []byte {
	return []byte("!<arch>\n" + arMember("debian-binary", "2.0\n") + arMember("control.tar.gz", "odd") + arMember("data.tar"+ending, packed))
}

// tarOf has headers and bodies, in order.
func tarOf(t *testing.T, members ...any) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		h, body := members[i].(tar.Header), members[i+1].(string)
		h.Size, h.Mode = int64(len(body)), 0o644
		if _, err := io.WriteString(w, headed(t, w, &h, body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func headed(t *testing.T, w *tar.Writer, h *tar.Header, body string) string {
	t.Helper()
	if err := w.WriteHeader(h); err != nil {
		t.Fatal(err)
	}
	return body
}

func TestThePackagesDataAreReadUnderEveryCompression(t *testing.T) {
	data := tarOf(t, tar.Header{Name: "./a", Typeflag: tar.TypeReg}, "one", tar.Header{Name: "./b", Typeflag: tar.TypeReg}, "two")
	for _, ending := range []string{"", ".gz", ".xz", ".zst"} {
		got := ""
		err := eachFile("p.deb", debOf(ending, string(testkit.Pack(t, ending, []byte(data)))), func(h *tar.Header, r io.Reader) error {
			b, err := io.ReadAll(r)
			got += h.Name + "=" + string(b) + " "
			return err
		})
		if err != nil || got != "./a=one ./b=two " {
			t.Errorf("%q: %q, %v", ending, got, err)
		}
	}
}

func TestWhatIsNoPackageIsNamedAsThat(t *testing.T) {
	data := string(testkit.Pack(t, ".xz", []byte(tarOf(t, tar.Header{Name: "./a", Typeflag: tar.TypeReg}, strings.Repeat("one two ", 1000)))))
	whole := string(debOf(".xz", data))
	size := func(says string) string { return strings.Replace(whole, fmt.Sprintf("%-10d", len(data)), says, 1) }
	for name, c := range map[string][2]string{
		"nothing":             {"", "does not begin as an ar archive"},
		"a web page":          {"<html>moved</html>", "does not begin as an ar archive"},
		"only the mark":       {"!<arch>\n", "no data.tar"},
		"a header cut off":    {whole[:8+59], "where member 0 would begin"},
		"a mark overwritten":  {strings.Replace(whole, "`\n", "x\n", 1), "where member 0 would begin"},
		"a size with letters": {size("12x       "), `data.tar.xz": its size is "12x"`},
		"a negative size":     {size("-1        "), `its size is "-1"`},
		"an empty size":       {size("          "), `its size is ""`},
		"a size beyond":       {size("9999999999"), `its size is "9999999999", where`},
		"cut off in the data": {whole[:len(whole)-50], "its size is"},
		"no data":             {"!<arch>\n" + arMember("debian-binary", "2.0\n") + arMember("control.tar.xz", "x"), "no data.tar"},
		"another first":       {"!<arch>\n" + arMember("data.tar.xz", data), "wanted debian-binary"},
		"another version":     {"!<arch>\n" + arMember("debian-binary", "3.0\n") + arMember("data.tar.xz", data), "wanted debian-binary"},
		"unknown compression": {string(debOf(".lzma", data)), "no data.tar"},
		"not what it says":    {string(debOf(".gz", data)), "data.tar.gz"},
		"data cut off":        {string(debOf(".xz", data[:len(data)-40])), "data.tar.xz"},
		"data that are text":  {string(debOf("", strings.Repeat("no tar\n", 200))), "behind member 0"},
	} {
		err := eachFile("p.deb", []byte(c[0]), func(*tar.Header, io.Reader) error { return nil })
		if err == nil || !strings.HasPrefix(err.Error(), "p.deb") || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDataWithoutEndAreNotReadToTheirEnd(t *testing.T) {
	// zeros gives n bytes of one member, and packs them to nearly nothing.
	var packed bytes.Buffer
	z, err := zstd.NewWriter(&packed, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	headed(t, w, &tar.Header{Name: "./zeros", Typeflag: tar.TypeReg, Size: maximumData + 1<<20}, "")
	_, err = io.CopyN(w, zeros{}, maximumData+1<<20)
	if err = errors.Join(err, w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	all := eachFile("p.deb", debOf(".zst", packed.String()), func(*tar.Header, io.Reader) error { return nil })
	if all == nil || !strings.Contains(all.Error(), fmt.Sprint(maximumData)) {
		t.Errorf("%d bytes are read: %v", maximumData, all)
	}

	packed.Reset()
	z.Reset(&packed)
	w = tar.NewWriter(z)
	for range maximumMembers + 1 {
		headed(t, w, &tar.Header{Name: "./a", Typeflag: tar.TypeReg}, "")
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	n := 0
	many := eachFile("p.deb", debOf(".zst", packed.String()), func(*tar.Header, io.Reader) error { n++; return nil })
	if n != maximumMembers || many == nil || !strings.Contains(many.Error(), "over 100000 members") {
		t.Errorf("%d members: %v", n, many)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
