package crawl

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"crosssum/internal/model/texts"
)

// MaxID bounds an id, in bytes.
const MaxID = 512

// Article is an accepted row. Values are kept to the byte: nothing is trimmed, normalized or repaired.
type Article struct {
	ID, URL, Title, Summary, Text string
	Images                        []string
	Deleted                       bool // the row withdraws the article of this ID, and holds nothing else
}

// Digest is the SHA-256 (hex) of title, summary and text, each ended by a zero byte, which no field holds.
func (a Article) Digest() string {
	h := sha256.New()
	for _, s := range []string{a.Title, a.Summary, a.Text} {
		io.WriteString(h, s)
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))
}

// whole is a digest of all that was read of the row.
func (a Article) whole() (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, s := range append([]string{strconv.FormatBool(a.Deleted), a.ID, a.URL, a.Title, a.Summary, a.Text}, a.Images...) {
		io.WriteString(h, s)
		h.Write([]byte{0})
	}
	h.Sum(sum[:0])
	return sum
}

// parseLine reads one line of a crawl file. id, summary and text must be there and hold more than white space and invisible characters; url,
// title and images may be absent or null; fields that the format does not know are passed over, also with NaN in them. A row with "deleted": true needs
// its id alone, and whatever else it has is not read: a withdrawal must not fail for the sake of a text that goes.
func parseLine(b []byte) (a Article, err *Reject) {
	if !utf8.Valid(b) {
		return a, wrong(InvalidUTF8, "byte %d", firstInvalid(b)+1)
	}
	o, err := parseObject(b)
	if err != nil {
		return a, err
	}
	for _, optional := range []string{"deleted", "url", "title", "images"} {
		if o[optional] == other("null") { // as pandas writes what is not there
			delete(o, optional)
		}
	}
	if deleted, ok := o["deleted"]; ok {
		if a.Deleted, ok = deleted.(bool); !ok {
			return a, wrong(WrongType, "deleted is not true or false")
		}
	}
	if a.ID, err = o.text("id", true); err != nil {
		return a, err
	}
	if len(a.ID) > MaxID || strings.IndexFunc(a.ID, unicode.IsControl) >= 0 {
		return a, wrong(BadID, "id over %d bytes or with a control character: %.60q", MaxID, a.ID)
	}
	if a.Deleted {
		return a, nil
	}
	for _, f := range []struct {
		name     string
		to       *string
		required bool
	}{{"summary", &a.Summary, true}, {"text", &a.Text, true}, {"url", &a.URL, false}, {"title", &a.Title, false}} {
		if *f.to, err = o.text(f.name, f.required); err != nil {
			return a, err
		}
	}
	a.Images, err = o.images()
	return a, err
}

func firstInvalid(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(b)
}

func (o object) text(name string, required bool) (string, *Reject) {
	v, ok := o[name]
	if !ok {
		if required {
			return "", wrong(MissingField, "%s", name)
		}
		return "", nil
	}
	s, ok := v.(string)
	switch {
	case !ok:
		return "", wrong(WrongType, "%s is %s", name, noString(v))
	case strings.IndexByte(s, 0) >= 0:
		return "", wrong(NulCharacter, "%s", name)
	case required && texts.Blank(s):
		return "", wrong(EmptyField, "%s", name)
	}
	return s, nil
}

// noString describes a value that should have been a string.
func noString(v value) string {
	if o, ok := v.(other); ok {
		return clip(string(o), 40) + ", not a string"
	}
	return "not a string"
}

func (o object) images() ([]string, *Reject) {
	v, ok := o["images"]
	if !ok {
		return nil, nil
	}
	list, ok := v.([]value)
	if !ok {
		return nil, wrong(WrongType, "images is not a list")
	}
	images := make([]string, 0, len(list))
	for i, item := range list {
		s, ok := item.(string)
		if !ok {
			return nil, wrong(WrongType, "images[%d] is %s", i, noString(item))
		}
		if strings.IndexByte(s, 0) >= 0 {
			return nil, wrong(NulCharacter, "images[%d]", i)
		}
		images = append(images, s)
	}
	return images, nil
}
