package lines

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// read lists what Next, or Whole, gives of a text, and the lengths of lines over 100,000 bytes.
func read(text string, next func(*Reader) ([]byte, error)) (all []string) {
	for r := NewReader(strings.NewReader(text), 100_000); ; {
		line, err := next(r)
		switch {
		case errors.Is(err, io.EOF):
			return append(all, "end")
		case errors.Is(err, ErrTooLong):
			length, err := r.Skip()
			all = append(all, fmt.Sprint(length, err))
		case err != nil:
			return append(all, err.Error())
		default:
			all = append(all, string(line))
		}
	}
}

func TestLinesComeWithoutTheirEndsAndTheLastOneNeedsNone(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	for text, want := range map[string][]string{
		"":                         {"end"},
		"\n":                       {"", "end"},
		"a\n\nb\r\n":               {"a", "", "b\r", "end"},
		"a\nb":                     {"a", "b", "end"},
		long + "\n" + long:         {long, long, "end"},
		long + "x\na":              {"100001 <nil>", "a", "end"},
		long + long + "\na":        {"200000 <nil>", "a", "end"},
		"a\n" + long + long:        {"a", "200000 <nil>", "end"},
		long + "x\n" + long + "xx": {"100001 <nil>", "100002 <nil>", "end"},
	} {
		if got := read(text, (*Reader).Next); !slices.Equal(got, want) {
			t.Errorf("%.20q of %d bytes reads as %.20q, wanted %.20q", text, len(text), got, want)
		}
	}
}

func TestALineThatItsWriterDidNotEndIsNone(t *testing.T) {
	if got := read("a\nhal", (*Reader).Whole); !slices.Equal(got, []string{"a", "end"}) {
		t.Errorf("got %q", got)
	}
}
