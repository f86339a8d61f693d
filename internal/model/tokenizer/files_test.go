package tokenizer

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"crosssum/internal/native/sentencepiece"
)

// precompiled is a normalizer with the compiled map of rules.
func precompiled(t *testing.T, rules map[string]string) normalizer {
	t.Helper()
	model, err := sentencepiece.CompileNormalization(rules)
	if err != nil {
		t.Fatal(err)
	}
	field := func(b []byte, wanted protowire.Number) (found []byte) {
		if err := sentencepiece.Message(b).Fields(func(number protowire.Number, content []byte) error {
			if number == wanted {
				found = content
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return found
	}
	raw, err := json.Marshal(map[string]any{"type": "Precompiled", "precompiled_charsmap": field(field(model, 3), 2)})
	if err != nil {
		t.Fatal(err)
	}
	var p part
	if err := json.Unmarshal(raw, &p); err != nil {
		t.Fatal(err)
	}
	n, err := p.normalizer()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAMapIsAppliedToGraphemesAsThePackageDoesIt(t *testing.T) {
	rules := map[string]string{}
	for r := rune(1); r < 0x10000; r++ {
		if utf8.ValidRune(r) && r != 'q' {
			rules[string(r)] = "q"
		}
	}
	rules["\u0301"] = "z"
	normalize := precompiled(t, rules)
	for context, want := range map[string]string{ // digests by testdata/make_graphemes.py
		"X\u0301\u0302":                   "e302f8c84729219ad7841d7bfce128d61ae4b346142ec5d5b81e4d57d2764d53",
		"Xa\u0301":                        "e486f42423c58ef778b3179bdc31cfbad186dbb6151f3df7e583c13106b13489",
		"aX":                              "6d9bf8770fbb5523e9e9c29fae7919625a6f56ff0e8656d78a67d6ab9ea596c8",
		"\u00a9X\u200d\u2122\u0301":       "6741d90c7e852de7e4ba6035f1101f42852dab3b6bf6e4d7675fcb0ef45f8f92",
		"X\u200d\u2122\u0301":             "64fa342bdb3d242a6ece2e6cd74c31d9d7471f4f3c82bcac18c86f90300e54b1",
		"X\u094d\u0915\u0301":             "e99ab4861a6984d58ea87dcde122936ae57d589aabfb728c345fe0d248dc31f7",
		"\u0915X\u0915\u0301":             "b9b3a9f7b4b89e0d400d8d230596cd66fed9a250070d4cae4b884738e6565b44",
		"\u0915\u094dX\u0915\u0301":       "6816683d65bb7190a4e29bb7f01c65133e2546a194db7d9f629fe7acbd618a05",
		"\u1100X\u0301":                   "51372e3d014e8c4ecef151a89d5176fc13af0267db74c52b43a09914eb3a714f",
		"\u1161X\u0301":                   "ec56d47bd3786f14a6560631a56d454230f4971240333d4be55da69f8547ad17",
		"\u11a8X\u0301":                   "48763916bf14f785e1abce3de0f212661e04ca1ad4193eb30dba8c58f2b3c531",
		"\uac00X\u0301":                   "ec56d47bd3786f14a6560631a56d454230f4971240333d4be55da69f8547ad17",
		"\uac01X\u0301":                   "48763916bf14f785e1abce3de0f212661e04ca1ad4193eb30dba8c58f2b3c531",
		"X\u1161\u0301":                   "0664d8783bf859da9a4e777a42a43745e725f01a29d4668d19948fc7e9dc3be3",
		"X\u11a8\u0301":                   "22db05416d8c13fffa8bf7fdbfdc9db83f80ef8cbc2c93ebf9c94b6670147e95",
		"X\uac00\u0301":                   "baf6bf419754f46232423e65f7a490b484f33e3e3e5871f550a2459777ff7832",
		"\u00a9\u200dX\u0301":             "0b96c650e97184751121389d4f3bf3e7601f5ba157393d05820f828750135065",
		"\u0915\u094dX\u0301":             "c1040d7409760dd04343372a0d75d4055c399f60af7a4c0ba9208d13092a42e1",
		"\u0600X\u0301":                   "a61fa298649ad1b837e974c607be928f3128a34bccdd12476229d2e4dffe001a",
		"\r X":                            "43fc3ac974b2a55363407740d1fe0a195262223b040c7a84a1483bf14d7fac18",
		"\rX\n":                           "ac2cab9c6915c523ac30c813e686735e20dddc6a5ca8711096df313bcec19082",
		"\u00a9X\u200d\u200d\u2122\u0301": "1cc345b3a38856273c95366771fc30a8d2c22fafe7e24096cafdd13817e2285b",
		"\u200dX\u2122\u0301":             "7c64415731dd1fedc3bf59931c07b578a19eb7ed737cf434d28c8f73fee677f6",
	} {
		before, after, _ := strings.Cut(context, "X")
		h := sha256.New()
		for r := rune(0); r <= utf8.MaxRune; r++ {
			if utf8.ValidRune(r) {
				fmt.Fprintln(h, normalize(before+string(r)+after))
			}
		}
		if got := hex.EncodeToString(h.Sum(nil)); got != want {
			t.Errorf("%+q: digest %s", context, got)
		}
	}
}

func TestIdsOfTokenizerJSONAreThoseOfThePackageTokenizers(t *testing.T) { // see testdata/make_files.py
	var want struct {
		Vocabulary json.RawMessage
		WordPieces json.RawMessage
		Map        string
		Texts      []string
		Files      map[string]json.RawMessage
		IDs        map[string][][]int32
	}
	file, err := os.Open("testdata/files.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err == nil {
		err = json.NewDecoder(unpacked).Decode(&want)
	}
	if err != nil {
		t.Fatal(err)
	}
	whole := strings.NewReplacer(`"VOCABULARY"`, string(want.Vocabulary), `"WORDPIECES"`, string(want.WordPieces), `"MAP"`, `"`+want.Map+`"`)
	for name, raw := range want.Files {
		t.Run(name, func(t *testing.T) {
			f, err := parseFile([]byte(whole.Replace(string(raw))))
			if err != nil {
				t.Fatal(err)
			}
			tokens, err := f.tokenizer(f.PostProcessor != nil)
			if err != nil {
				t.Fatal(err)
			}
			differ := 0
			for i, text := range want.Texts {
				got, err := tokens.Encode(text, 1<<20)
				if err != nil || !slices.Equal(got, want.IDs[name][i]) {
					if differ++; differ <= 5 {
						t.Errorf("%.60q:\n got %v (%v)\nwant %v", text, got, err, want.IDs[name][i])
					}
				}
			}
			if differ > 0 {
				t.Errorf("%d of %d texts differ", differ, len(want.Texts))
			}
		})
	}
}
