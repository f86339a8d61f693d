package sentencepiece

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

func TestLengthDelimitedFieldsAreGivenInTheirOrderAndOthersPassedOver(t *testing.T) {
	message := "\x08\x96\x01" + "\x12\x02ab" + "\x19........" + "\x22\x00" + "\x2d...." + "\x12\x01c" // varint, bytes, 64 bits, bytes, 32 bits, bytes
	var got []string
	err := Message(message).Fields(func(field protowire.Number, content []byte) error {
		got = append(got, fmt.Sprintf("%d:%s", field, content))
		return nil
	})
	if err != nil || strings.Join(got, " ") != "2:ab 4: 2:c" {
		t.Errorf("%q, %v", got, err)
	}
	stop := errors.New("enough")
	if err := Message(message).Fields(func(protowire.Number, []byte) error { return stop }); err != stop {
		t.Errorf("%v", err)
	}
}

func TestWhatIsNoMessageIsAnError(t *testing.T) {
	for _, message := range []string{"\x08", "\x12\x02a", "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01a", "\x19.......", "\x2d...", "\x0b", "\xff", "\x08\xff"} {
		if Message(message).Fields(func(protowire.Number, []byte) error { return nil }) == nil {
			t.Errorf("%q was taken", message)
		}
	}
}
