package tokenizer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEveryCodePointIsCutAsTheFastTokenizerCutsIt(t *testing.T) {
	for _, c := range []struct { // digests by testdata/make_code_points.py
		text bertText
		want string
	}{
		{bertText{clean: true, ideographs: true}, "24562f9d7976ff39e9c1e52cee2dcff64f6de2fc86446d94e5c72386234f0474"},
		{bertText{clean: true, ideographs: true, lower: true, strip: true}, "a51ab32702a36e5fffdec44831e95d03bcf93cc587dcb792d3a6ad9b15ee46f4"},
		{bertText{clean: true, lower: true}, "2bf00449a5374285e91c1d7bd29b11200bfb544d8cd56d3bbc8aa3f195b6b872"},
		{bertText{clean: true, ideographs: true, strip: true}, "0366dcdbe85b8abe910047e03f8ca88b21e2f511de05f99d4ba0776fc0106e3a"},
	} {
		h := sha256.New()
		for r := rune(0); r <= utf8.MaxRune; r++ {
			if !utf8.ValidRune(r) {
				continue
			}
			var cut []string
			words(c.text.normalize("a"+string(r)+"b"), func(word string) bool { cut = append(cut, word); return true })
			fmt.Fprintln(h, strings.Join(cut, " "))
		}
		if got := hex.EncodeToString(h.Sum(nil)); got != c.want {
			t.Errorf("%+v: digest %s", c.text, got)
		}
	}
}

// toy is a small cased vocabulary.
func toy(t testing.TB, change func(*Config)) *BERT {
	t.Helper()
	vocabulary, err := parseVocabulary([]byte("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n##bb\nab\né\n##́\n"))
	if err != nil {
		t.Fatal(err)
	}
	c := &Config{ChineseChars: true}
	if change != nil {
		change(c)
	}
	b, err := newBERT(vocabulary, c, &listed{}, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAWordIsCutGreedily(t *testing.T) {
	for text, want := range map[string][]int32{
		"a": {5}, "ab": {8}, "abb": {8, 6}, "abbb": {8, 7}, "b": {1}, "aba": {1}, "": nil, "ab ab": {8, 8}, strings.Repeat("ab", 51): {1},
		"a[SEP]a": {5, 3, 5}, "[SEP": {1, 1}, "[MASK][MASK]": {4, 4}, "é": {9}, "e\u0301": {1},
	} {
		ids, err := toy(t, nil).Encode(text, 64)
		if err != nil || !slices.Equal(ids, append(append([]int32{2}, want...), 3)) {
			t.Errorf("%q: %v, %v", text, ids, err)
		}
	}
	ids, err := toy(t, func(c *Config) { c.SplitSpecial = true }).Encode("a[SEP]", 64)
	if err != nil || !slices.Equal(ids, []int32{2, 5, 1, 1, 1, 3}) {
		t.Errorf("special tokens as text: %v, %v", ids, err)
	}
	if ids, err = toy(t, nil).Encode("a a a a a", 4); err != nil || !slices.Equal(ids, []int32{2, 5, 5, 3}) {
		t.Errorf("cut off: %v, %v", ids, err)
	}
}

func FuzzVocabulary(f *testing.F) {
	f.Add([]byte("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n"), "a [SEP] ab")
	f.Add([]byte("[UNK]\r\n\n \n##\n[CLS]\n[SEP]\n[PAD]\n[MASK]"), "x\xffy\u0301##")
	f.Fuzz(func(t *testing.T, raw []byte, text string) {
		vocabulary, err := parseVocabulary(raw)
		if err != nil {
			return
		}
		if b, err := newBERT(vocabulary, &Config{DoLowerCase: len(raw)%2 == 0, ChineseChars: true}, &listed{}, 1<<20); err == nil {
			checkIDs(t, b, text)
		}
	})
}

// checkIDs encodes a text: ids are those of the vocabulary and not too many.
func checkIDs(t *testing.T, tokens Tokenizer, text string) {
	t.Helper()
	ids, err := tokens.Encode(text, 16)
	if err != nil {
		return
	}
	if len(ids) > 16 {
		t.Errorf("%d ids", len(ids))
	}
	for _, id := range ids {
		if id < 0 || int(id) >= tokens.Size() {
			t.Errorf("id %d of %d", id, tokens.Size())
		}
	}
}

// small files of both kinds, which fuzzing starts from.
const (
	wordPieceFile = `{"version":"1.0","truncation":null,"padding":null,"added_tokens":[{"id":0,"content":"[UNK]","single_word":false,"lstrip":false,
"rstrip":false,"normalized":false,"special":true}],"normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,
"strip_accents":null,"lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":{"type":"TemplateProcessing","single":[
{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}}],"pair":[],
"special_tokens":{"[CLS]":{"id":"[CLS]","ids":[1],"tokens":["[CLS]"]},"[SEP]":{"id":"[SEP]","ids":[2],"tokens":["[SEP]"]}}},"decoder":null,
"model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2,"a":3,"##b":4}}}`
	unigramFile = `{"version":"1.0","truncation":{"direction":"Right","max_length":8,"strategy":"LongestFirst","stride":0},"padding":null,"added_tokens":[
{"id":0,"content":"<s>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],"normalizer":{"type":"Sequence","normalizers":[
{"type":"Precompiled","precompiled_charsmap":""},{"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "}]},"pre_tokenizer":{"type":"Metaspace","replacement":"▁",
"prepend_scheme":"always","split":true},"post_processor":{"type":"RobertaProcessing","sep":["</s>",2],"cls":["<s>",0],"trim_offsets":true,"add_prefix_space":true},
"decoder":null,"model":{"type":"Unigram","unk_id":1,"vocab":[["<s>",0.0],["<unk>",0.0],["</s>",0.0],["▁a",-1.5],["b",-2.0]],"byte_fallback":false}}`
)

func TestBothKindsOfFilesAreRead(t *testing.T) {
	for content, want := range map[string][2][]int32{wordPieceFile: {{1, 3, 4, 2}, {3, 4}}, unigramFile: {{0, 3, 4, 2}, {3, 4}}} {
		f, err := parseFile([]byte(content))
		if err != nil {
			t.Fatal(err)
		}
		for i, special := range []bool{true, false} {
			tokens, err := f.tokenizer(special)
			if err != nil {
				t.Fatal(err)
			}
			if ids, err := tokens.Encode("ab", 16); err != nil || !slices.Equal(ids, want[i]) {
				t.Errorf("%v, %v; wanted %v", ids, err, want[i])
			}
		}
	}
}

func TestSpecialTokensBeyondTheVocabularyAreRefused(t *testing.T) {
	two := strings.NewReplacer(`"a":3`, `"a":0`, `"##b":4`, `"##b":0`, `"[CLS]":1`, `"[CLS]":0`, `"[SEP]":2`, `"[SEP]":1`).Replace(wordPieceFile)
	f, err := parseFile([]byte(two)) // five pieces of two ids, and [SEP] is put behind every text as 2
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.tokenizer(true); err == nil || !strings.Contains(err.Error(), "outside of the vocabulary") {
		t.Errorf("%v", err)
	}
}

func FuzzFile(f *testing.F) {
	f.Add([]byte(wordPieceFile), "a ab [UNK]")
	f.Add([]byte(unigramFile), "a ab <s>")
	f.Fuzz(func(t *testing.T, raw []byte, text string) {
		file, err := parseFile(raw)
		if err != nil {
			return
		}
		for _, special := range []bool{true, false} {
			if tokens, err := file.tokenizer(special); err == nil {
				checkIDs(t, tokens, text)
			}
		}
	})
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(`{"do_lower_case": false, "model_max_length": 1e30, "mask_token": {"content": "[MASK]", "lstrip": true}, "added_tokens_decoder": {"0": {"content": "x"}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := &Config{}
		if err := c.parse(raw); err == nil && c.ModelMaxLength < 0 {
			t.Errorf("length %d", c.ModelMaxLength)
		}
	})
}
