package crawl

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

const good = `{"id":"a1","url":"u","title":"t","summary":"s","text":"x"}`

func TestEveryKindOfBadRowHasItsReason(t *testing.T) {
	for row, want := range map[string]Reason{
		good:                                  "",
		`{"id":"a","summary":"s","text":"x"}`: "", // url and title may be absent
		` {"id":"a","summary":"s","text":"x","other":[1,{"a":null}]} `: "", // fields of other people's
		`{"id":"a","summary":"😀","text":"\ud83d\ude00 \u00e9"}`:        "",
		`{"id":"a","summary":"s","text":"x","images":["i"]}`:           "",
		`{"id":"a","summary":"s","text":"x","deleted":false}`:          "",
		`{"id":"a","deleted":true}`:                                    "",
		`{"id":"a","summary":7,"images":null,"deleted":true}`:          "", // what goes is not read
		`{"deleted":true}`:                     MissingField,
		`{"id":"a\tb","deleted":true}`:         BadID,
		`{"id":7,"deleted":true}`:              WrongType,
		`{"id":"","deleted":true}`:             EmptyField,
		`{"id":"a","deleted":1}`:               WrongType,
		`{"id":"a","deleted":"yes"}`:           WrongType,
		`not json`:                             NotJSON,
		`[1]`:                                  NotJSON,
		`"text"`:                               NotJSON,
		good + good:                            NotJSON,
		good[:len(good)-1]:                     NotJSON,
		`{"id":"a","summary":"s","text":"x",}`: NotJSON,
		`{"id":"a","summary":"s","text":"tab	in it"}`:                        NotJSON,
		`{"id":"a","summary":"s","text":"\x"}`:                               NotJSON,
		`{"id":"a","summary":"s","text":"\u12g4"}`:                           NotJSON,
		`{"id":"a","summary":"s","text":"x","n":01}`:                         NotJSON,
		`{"id":"a","summary":"s","text":"x","n":1.}`:                         NotJSON,
		`{"id":"a","summary":"s","text":"x","n":NaN}`:                        "", // as Python writes it, in what is not read
		`{"id":"a","summary":"s","text":"x","n":[Infinity,-Infinity]}`:       "",
		`{"id":"a","summary":"s","text":"x","o":{"score": NaN }}`:            "",
		`{"id":"a","deleted":true,"summary":NaN}`:                            "",
		`{"id":NaN,"summary":"s","text":"x"}`:                                WrongType,
		`{"id":"a","summary":"s","text":NaN}`:                                WrongType,
		`{"id":"a","summary":"s","text":"x","title":NaN}`:                    WrongType,
		`{"id":"a","summary":"s","text":"x","url":-Infinity}`:                WrongType,
		`{"id":"a","summary":"s","text":"x","images":[NaN]}`:                 WrongType,
		`{"id":"a","summary":"s","text":"x","images":Infinity}`:              WrongType,
		`{"id":"a","summary":"s","text":"x","deleted":NaN}`:                  WrongType,
		`{"id":"a","summary":"s","text":"x","n":nan}`:                        NotJSON, // nobody writes that
		`{"id":"a","summary":"s","text":"x","n":-NaN}`:                       NotJSON,
		`{"id":"a","summary":"s","text":"x","n":Infinity1}`:                  NotJSON,
		`{"id":"a","summary":"s","text":"x","n":Inf}`:                        NotJSON,
		`{"id":"a","summary":"s","text":"x","n":-Infinit}`:                   NotJSON,
		`{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`:  NotJSON,
		"{\"id\":\"a\",\"summary\":\"\xff\",\"text\":\"x\"}":                 InvalidUTF8,
		"{\"id\":\"a\",\"summary\":\"\xed\xa0\x80\",\"text\":\"x\"}":         InvalidUTF8, // a surrogate as bytes
		`{"id":"a","summary":"\ud800","text":"x"}`:                           LoneSurrogate,
		`{"id":"a","summary":"\udc00\ud800","text":"x"}`:                     LoneSurrogate,
		`{"id":"a","summary":"\ud800\u0041","text":"x"}`:                     LoneSurrogate,
		`{"id":"a","id":"b","summary":"s","text":"x"}`:                       DuplicateKey,
		`{"id":"a","\u0069d":"b","summary":"s","text":"x"}`:                  DuplicateKey,
		`{"id":"a","summary":"s","text":"x","o":{"k":1,"k":2}}`:              DuplicateKey,
		`{"id":"a","text":"x"}`:                                              MissingField,
		`{"id":"a","summary":" \n ","text":"x"}`:                             EmptyField,
		`{"id":"","summary":"s","text":"x"}`:                                 EmptyField,
		`{"id":7,"summary":"s","text":"x"}`:                                  WrongType,
		`{"id":"a","summary":null,"text":"x"}`:                               WrongType,
		`{"id":"a","summary":"s","text":null}`:                               WrongType,
		`{"id":null,"summary":"s","text":"x"}`:                               WrongType,
		`{"id":"a","summary":"s","text":"x","images":[null]}`:                WrongType,
		`{"id":"a","summary":"s","text":"x","images":null}`:                  "", // optional, and absent
		`{"id":"a","summary":"s","text":"x","title":null}`:                   "",
		`{"id":"a","summary":"s","text":"x","url":null}`:                     "",
		`{"id":"a","summary":"s","text":"x","deleted":null}`:                 "",
		"{\"id\":\"a\",\"summary\":\"\u200b\ufeff\",\"text\":\"x\"}":         EmptyField, // of what nobody sees
		`{"id":"a","summary":"\u200e \u0001","text":"x"}`:                    EmptyField,
		`{"id":"a","summary":"s","text":"\u00ad\u3164\n"}`:                   EmptyField,
		`{"id":"\ufe0f","summary":"s","text":"x"}`:                           EmptyField,
		`{"id":"a","summary":"\u200bक","text":"x"}`:                          "",
		`{"id":"a","summary":"s","text":"x","url":["u"]}`:                    WrongType,
		`{"id":"a","summary":"s","text":"x","images":"i"}`:                   WrongType,
		`{"id":"a","summary":"s","text":"x","images":[1]}`:                   WrongType,
		`{"id":"a\tb","summary":"s","text":"x"}`:                             BadID,
		`{"id":"` + strings.Repeat("i", 513) + `","summary":"s","text":"x"}`: BadID,
		`{"id":"a","summary":"s\u0000","text":"x"}`:                          NulCharacter,
	} {
		_, err := parseLine([]byte(row))
		if got := reasonOf(err); got != want {
			t.Errorf("%.80q: got %q (%v), want %q", row, got, err, want)
		}
		if err != nil && len(err.Detail) > detailBytes {
			t.Errorf("%.80q: a detail of %d bytes", row, len(err.Detail))
		}
	}
}

func reasonOf(err *Reject) Reason {
	if err == nil {
		return ""
	}
	return err.Reason
}

func TestValuesAreKeptToTheByte(t *testing.T) {
	a, err := parseLine([]byte(`{"id":"\/a\"","url":"","title":" t ","summary":"\u00e9\n\t<b>","text":"cafe\u0301 \ufeff","images":["b","a"]}`))
	if err != nil {
		t.Fatal(err)
	}
	if a.ID != `/a"` || a.Title != " t " || a.Summary != "é\n\t<b>" || a.Text != "cafe\u0301 \ufeff" || strings.Join(a.Images, "") != "ba" {
		t.Errorf("%+v", a)
	}
}

func TestDigestsKeepFieldsApart(t *testing.T) {
	if (Article{Title: "a", Summary: "b"}).Digest() == (Article{Title: "ab"}).Digest() {
		t.Error("moving text from one field to the next leaves the digest as it was")
	}
}

// FuzzParseLine: whatever our parser takes, encoding/json takes and reads the same; what it refuses has a known reason.
func FuzzParseLine(f *testing.F) {
	for _, seed := range []string{good, `{"id":"a","summary":"\ud83d\ude00","text":"x","n":-0.5e+7}`, `{"deleted":true,"id":"x"}`, `[`, `{"a":{"b":[]}}`, "\xff", `{"id":"a","id":"a"}`} {
		f.Add([]byte(seed))
	}
	known := map[Reason]bool{}
	for _, r := range Reasons {
		known[r] = true
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := parseLine(b)
		if err != nil {
			if !known[err.Reason] || len(err.Detail) > detailBytes {
				t.Fatalf("%q: reason %q, detail of %d bytes", b, err.Reason, len(err.Detail))
			}
			return
		}
		var want map[string]any
		if jerr := json.Unmarshal(b, &want); jerr != nil {
			t.Fatalf("%q: taken, but encoding/json says %v", b, jerr)
		}
		if want["id"] != a.ID || (want["deleted"] == true) != a.Deleted {
			t.Fatalf("%q: read as %+v", b, a)
		}
		if !a.Deleted && (want["summary"] != a.Summary || want["text"] != a.Text) || a.Deleted && a.Summary+a.Text+a.URL != "" {
			t.Fatalf("%q: read as %+v", b, a)
		}
	})
}

// FuzzStrictness: a JSON object that encoding/json takes is refused for a stated strictness only.
func FuzzStrictness(f *testing.F) {
	f.Add(good)
	f.Add(`{"a":[1e5,-0,true,null,"\u00e9"]}`)
	f.Fuzz(func(t *testing.T, s string) {
		var o map[string]any
		if json.Unmarshal([]byte(s), &o) != nil || o == nil {
			return
		}
		_, err := parseLine([]byte(s))
		if err != nil && err.Reason == NotJSON && !strings.Contains(err.Detail, "nested deeper") {
			t.Fatalf("%q is JSON, yet: %v", s, err)
		}
	})
}

func TestInputErrorsCanBeTold(t *testing.T) {
	var input *InputError
	if !errors.As(bad("x"), &input) || input.Budget {
		t.Error("bad makes no InputError")
	}
}
