package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/model/safetensors"
	"crosssum/internal/native/sentencepiece"
)

// builder writes a file of the format with one layer of hidden size 32, every part of which a test may change.
type builder struct {
	pieces  []piece
	special [4]int32 // bos, eos, pad, unk
	normal  map[rune]string
	layers  int32
}

func small() *builder {
	return &builder{
		pieces:  []piece{{"<s>", 0}, {"<pad>", 0}, {"</s>", 0}, {"<unk>", 0}, {"▁a", -1.5}, {"b", -2.25}, {"<mask>", 0}},
		special: [4]int32{0, 2, 1, 3}, normal: map[rune]string{'\t': " ", 0x200d: " "}, layers: 1,
	}
}

// nibble is the quantized value i of a tensor of the fixture, before its scale of 0.5.
func nibble(i int) int { return i*7%16 - 8 }

func (s *builder) bytes() []byte {
	var b bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			binary.Write(&b, binary.LittleEndian, v)
		}
	}
	b.WriteString("E5S1")
	put(uint32(1), int32(32), s.layers, int32(4), int32(64), int32(len(s.pieces)+1), int32(6), int32(2), float32(1e-12), int32(32))
	put(int32(len(s.pieces)), s.special)
	var blob bytes.Buffer
	offsets := []uint32{0}
	for _, p := range s.pieces {
		blob.WriteString(p.text)
		offsets = append(offsets, uint32(blob.Len()))
	}
	put(uint64(blob.Len()), offsets)
	for _, p := range s.pieces {
		put(p.score)
	}
	b.Write(blob.Bytes())
	var normal bytes.Buffer
	for r := rune(0); r < 0x3000; r++ {
		if to, ok := s.normal[r]; ok {
			binary.Write(&normal, binary.LittleEndian, uint32(r))
			normal.WriteByte(byte(len([]rune(to))))
			for _, t := range to {
				binary.Write(&normal, binary.LittleEndian, uint32(t))
			}
		}
	}
	put(int32(len(s.normal)), uint32(normal.Len()))
	b.Write(normal.Bytes())
	s.tensors(&b)
	return b.Bytes()
}

// tensors writes the directory and the values: matrices in four bits, vectors and the small tables in fp32.
func (s *builder) tensors(b *bytes.Buffer) {
	h := &header{hidden: 32, layers: int(s.layers), feedForward: 64, vocabulary: len(s.pieces) + 1, positions: 6, types: 2}
	list := h.weights()
	quantized := func(w weight) bool {
		return len(w.shape) == 2 && w.from != "emb.pos" && w.from != "emb.type"
	}
	size := 4
	for _, w := range list {
		size += 2 + len(w.from) + 1 + 4 + 8 + 8
	}
	var values bytes.Buffer
	var directory bytes.Buffer
	binary.Write(&directory, binary.LittleEndian, int32(len(list)))
	for _, w := range list {
		at, kind := values.Len(), byte(0)
		if quantized(w) {
			kind = 1
			for block := 0; block < w.values()/32; block++ {
				binary.Write(&values, binary.LittleEndian, uint16(0x3800)) // 0.5 in fp16
				for j := 0; j < 16; j++ {
					values.WriteByte(byte(nibble(block*32+j)+8) | byte(nibble(block*32+16+j)+8)<<4)
				}
			}
		} else {
			for i := 0; i < w.values(); i++ {
				binary.Write(&values, binary.LittleEndian, float32(i)+0.25)
			}
		}
		binary.Write(&directory, binary.LittleEndian, uint16(len(w.from)))
		directory.WriteString(w.from)
		directory.WriteByte(kind)
		binary.Write(&directory, binary.LittleEndian, uint32(w.values()))
		binary.Write(&directory, binary.LittleEndian, uint64(b.Len()+size+at))
		binary.Write(&directory, binary.LittleEndian, uint64(values.Len()-at))
	}
	b.Write(directory.Bytes())
	b.Write(values.Bytes())
}

// library compiles maps of single code points, as a ModelProto whose map has every rule as a row of units: enough for these tests.
func library(builtin map[string]string) Library {
	return Library{
		Builtin: func(string) ([]byte, error) { return modelWith(compile(builtin)), nil },
		Compile: func(rules map[string]string) ([]byte, error) { return modelWith(compile(rules)), nil },
	}
}

func modelWith(charsmap []byte) []byte {
	var spec, model sentencepiece.Message
	spec.Bytes(1, []byte("x"))
	spec.Bytes(2, charsmap)
	model.Bytes(1, []byte("a piece"))
	model.Bytes(3, spec)
	return model
}

func TestTheDirectoryHoldsTheExactValues(t *testing.T) {
	out := filepath.Join(t.TempDir(), "models", "encoder")
	if err := convert(small().bytes(), out, library(map[string]string{"\t": " ", "é": "e"})); err != nil {
		t.Fatal(err)
	}
	file, err := safetensors.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	query, err := file.Float32s("encoder.layer.0.attention.self.query.weight")
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range query {
		if want := float32(nibble(i)) * 0.5; v != want {
			t.Fatalf("query weight %d is %v, wanted %v", i, v, want)
		}
	}
	bias, err := file.Float32s("encoder.layer.0.output.dense.bias")
	if err != nil || len(bias) != 32 || bias[31] != 31.25 {
		t.Errorf("bias %v, %v", bias, err)
	}
	if entry, _ := file.Entry("encoder.layer.0.output.dense.weight"); fmt.Sprint(entry.Shape) != "[32 64]" {
		t.Errorf("shape %v", entry.Shape)
	}
	var config map[string]any
	b, err := os.ReadFile(filepath.Join(out, "config.json"))
	if err == nil {
		err = json.Unmarshal(b, &config)
	}
	if err != nil || config["hidden_size"] != 32.0 || config["vocab_size"] != 8.0 || config["layer_norm_eps"] != 1e-12 {
		t.Errorf("config %v, %v", config, err)
	}
}

func TestTheVocabularyHasXLMRsOrderAndTheEncodersOwnMap(t *testing.T) {
	h, err := parse(small().bytes())
	if err != nil {
		t.Fatal(err)
	}
	model, err := h.vocabularyFrom(library(map[string]string{"\t": " ", "é": "e"}))
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for b := model; len(b) > 0; {
		if b[0] != 1<<3|2 {
			break // pieces come first
		}
		size, n := binary.Uvarint(b[1:])
		text, err := field(b[1+n:1+n+int(size)], 1)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
		b = b[1+n+int(size):]
	}
	if got := strings.Join(texts, " "); got != "<unk> <s> </s> ▁a b" {
		t.Errorf("pieces %s", got)
	}
	m, err := readCharsmap(model)
	if err != nil {
		t.Fatal(err)
	}
	rules := m.rules()
	if len(rules) != 2 || rules["\t"] != " " || rules["\u200d"] != " " {
		t.Errorf("the map is %q: U+200D is to be a space, and é to stay", rules)
	}
}

func TestConvertingTwiceGivesTheSameBytesAndNeverTwiceTheSameFolder(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := convert(small().bytes(), filepath.Join(dir, name), library(nil)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"model.safetensors", "sentencepiece.bpe.model", "config.json", "tokenizer_config.json", "modules.json"} {
		a, err1 := os.ReadFile(filepath.Join(dir, "a", name))
		b, err2 := os.ReadFile(filepath.Join(dir, "b", name))
		if err1 != nil || err2 != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs (%v, %v)", name, err1, err2)
		}
	}
	if err := convert(small().bytes(), filepath.Join(dir, "a"), library(nil)); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("an existing folder: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("left over: %v, %v", entries, err)
	}
}

func TestAFailedConversionLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	s := small()
	s.pieces[6].text = "mask"
	err := convert(s.bytes(), filepath.Join(dir, "out"), library(nil))
	if err == nil || !strings.Contains(err.Error(), "<mask>") {
		t.Errorf("%v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("left over: %v, %v", entries, err)
	}
}

func TestFilesThatLieAreErrors(t *testing.T) {
	good := small().bytes()
	if h, err := parse(good); err != nil || h.check() != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(good)-1; n += 3 {
		if h, err := parse(good[:n]); err == nil && h.check() == nil {
			t.Errorf("a file cut to %d of %d bytes was read", n, len(good))
		}
	}
	for at := 4; at < 60; at += 4 {
		bad := append([]byte(nil), good...)
		binary.LittleEndian.PutUint32(bad[at:], math.MaxUint32)
		if h, err := parse(bad); err == nil && h.check() == nil && at != 36 { // byte 36 is the epsilon
			t.Errorf("a number of 2^32-1 at byte %d was believed", at)
		}
	}
}

func TestAnotherFileThanThePinnedOneIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "e5-small-q4.bin")
	if err := os.WriteFile(path, small().bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Convert(path, path+".out", library(nil)); err == nil || !strings.Contains(err.Error(), "bytes") {
		t.Errorf("%v", err)
	}
}

func TestHalfPrecisionIsWidenedExactly(t *testing.T) {
	for h, want := range map[uint16]float32{0x3c00: 1, 0xc000: -2, 0x0001: 1.0 / (1 << 24), 0x83ff: -1023.0 / (1 << 24),
		0x7bff: 65504, 0x3555: 0.333251953125, 0x0000: 0} {
		if got := safetensors.Float16(h); got != want {
			t.Errorf("%#04x is %v, wanted %v", h, got, want)
		}
	}
	if !math.IsInf(float64(safetensors.Float16(0x7c00)), 1) || safetensors.Float16(0x7e00) == safetensors.Float16(0x7e00) {
		t.Error("infinity or NaN is lost")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(small().bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := parse(b); err == nil && h.check() == nil {
			for _, w := range h.weights() {
				if err := writeValues(&bytes.Buffer{}, b, h.tensors[w.from]); err != nil {
					t.Error(err)
				}
			}
		}
	})
}
