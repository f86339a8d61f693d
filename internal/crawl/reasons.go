package crawl

import (
	"crypto/sha256"
	"fmt"
)

// Reason says why a row stands in quarantine. The list is closed: a new reason is a new version of the ingest stage.
type Reason string

// The reasons.
const (
	NotJSON       Reason = "not_json"       // not one JSON object, or nested deeper than MaxDepth
	InvalidUTF8   Reason = "invalid_utf8"   // bytes that are no UTF-8
	LoneSurrogate Reason = "lone_surrogate" // an escape such as \ud800 without its other half
	DuplicateKey  Reason = "duplicate_key"  // an object that has one key twice
	MissingField  Reason = "missing_field"  // no id, summary or text
	EmptyField    Reason = "empty_field"    // id, summary or text of white space and invisible characters only
	WrongType     Reason = "wrong_type"     // a known field that is no string (images: no list of strings; deleted: no boolean)
	BadID         Reason = "bad_id"         // an id over MaxID bytes or with a control character
	NulCharacter  Reason = "nul_character"  // U+0000 in a field
	OversizedLine Reason = "oversized_line" // a line over the limit; it was not kept in memory
	DuplicateID   Reason = "duplicate_id"   // another row of one (language, id) within the crawl, deletions included
)

// Reasons lists all of them in the order of a report.
var Reasons = []Reason{NotJSON, InvalidUTF8, LoneSurrogate, DuplicateKey, MissingField, EmptyField, WrongType, BadID, NulCharacter,
	OversizedLine, DuplicateID}

// Reject is one quarantined row. Line counts from 1, blank lines included.
type Reject struct {
	File   int // index of the crawl file
	Line   int64
	Reason Reason
	Detail string            // at most detailBytes
	row    [sha256.Size]byte // digest of the line; zeros where the line was not kept
}

const detailBytes = 160

func (r *Reject) Error() string { return string(r.Reason) + ": " + r.Detail }

// wrong is what the parser finds wrong with a line.
func wrong(reason Reason, format string, args ...any) *Reject {
	return &Reject{Reason: reason, Detail: clip(fmt.Sprintf(format, args...), detailBytes)}
}

// clip cuts valid UTF-8 to at most n bytes at a character's border.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}

// InputError is a fault of a crawl folder or file that a person must mend. Budget marks too many rejects.
type InputError struct {
	Message string
	Budget  bool
	// Fault is what is wrong with the bytes of one crawl file, without any name, so that it may stand in keyed bytes; "" for
	// faults of another kind.
	Fault string
	file  int // whose fault: index of the crawl file
}

func (e *InputError) Error() string { return e.Message }

func bad(format string, args ...any) error { return &InputError{Message: fmt.Sprintf(format, args...)} }

// badFile is a fault of the bytes of one crawl file.
func badFile(path, format string, args ...any) error {
	fault := fmt.Sprintf(format, args...)
	return &InputError{Message: path + ": " + fault, Fault: fault}
}
