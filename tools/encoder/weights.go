package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"

	"crosssum/internal/model/safetensors"
)

// weight is one tensor on both sides: its name in the file and in Hugging Face's BertModel, and its shape there.
type weight struct {
	from, to string
	shape    []int
}

// weights lists the tensors of a BertModel in the order in which they are written.
func (h *header) weights() []weight {
	d, f := h.hidden, h.feedForward
	list := []weight{
		{"emb.word", "embeddings.word_embeddings.weight", []int{h.vocabulary, d}},
		{"emb.pos", "embeddings.position_embeddings.weight", []int{h.positions, d}},
		{"emb.type", "embeddings.token_type_embeddings.weight", []int{h.types, d}},
	}
	both := func(from, to string, shape ...int) {
		list = append(list, weight{from + ".w", to + ".weight", shape}, weight{from + ".b", to + ".bias", shape[:1]})
	}
	both("emb.ln", "embeddings.LayerNorm", d)
	for i := 0; i < h.layers; i++ {
		from, to := fmt.Sprintf("l%d.", i), fmt.Sprintf("encoder.layer.%d.", i)
		both(from+"q", to+"attention.self.query", d, d)
		both(from+"k", to+"attention.self.key", d, d)
		both(from+"v", to+"attention.self.value", d, d)
		both(from+"ao", to+"attention.output.dense", d, d)
		both(from+"aln", to+"attention.output.LayerNorm", d)
		both(from+"fi", to+"intermediate.dense", f, d)
		both(from+"fo", to+"output.dense", d, f)
		both(from+"oln", to+"output.LayerNorm", d)
	}
	return list
}

func (w weight) values() int {
	n := 1
	for _, d := range w.shape {
		n *= d
	}
	return n
}

// check says whether the file holds exactly the tensors of the model that its header describes.
func (h *header) check() error {
	list := h.weights()
	for _, w := range list {
		t, ok := h.tensors[w.from]
		if !ok {
			return fmt.Errorf("tensor %s is missing", w.from)
		}
		if t.values != w.values() {
			return fmt.Errorf("tensor %s has %d values, wanted %v", w.from, t.values, w.shape)
		}
	}
	if len(list) != len(h.tensors) {
		return fmt.Errorf("holds %d tensors, and a BertModel of %d layers has %d", len(h.tensors), h.layers, len(list))
	}
	return nil
}

// writeWeights writes a safetensors file in fp32: u64 length of the header, the header in JSON, the values.
func (h *header) writeWeights(path string, b []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	out := bufio.NewWriterSize(file, 1<<20)
	if err := h.writeDirectory(out); err != nil {
		return err
	}
	for _, w := range h.weights() {
		if err := writeValues(out, b, h.tensors[w.from]); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return file.Sync()
}

func (h *header) writeDirectory(out io.Writer) error {
	type entry struct {
		Type    string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
	directory := map[string]any{"__metadata__": map[string]string{"format": "pt"}}
	at := 0
	for _, w := range h.weights() {
		directory[w.to] = entry{"F32", w.shape, [2]int{at, at + 4*w.values()}}
		at += 4 * w.values()
	}
	text, err := json.Marshal(directory) // sorts the names: the same bytes every time
	if err != nil {
		return err
	}
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	if err := binary.Write(out, binary.LittleEndian, uint64(len(text))); err != nil {
		return err
	}
	_, err = out.Write(text)
	return err
}

// writeValues writes a tensor in fp32. A quantized one is made of blocks of 32 along the input: an fp16 scale, then 16
// bytes whose low nibbles are the first 16 values and whose high nibbles are the next; value = (nibble - 8) * scale.
func writeValues(out io.Writer, file []byte, t tensor) error {
	b := file[t.offset : t.offset+t.bytes]
	if !t.quantized {
		_, err := out.Write(b)
		return err
	}
	var block [32 * 4]byte
	for ; len(b) > 0; b = b[18:] {
		scale := safetensors.Float16(binary.LittleEndian.Uint16(b))
		for j, nibbles := range b[2:18] {
			low, high := float32(int(nibbles&15)-8)*scale, float32(int(nibbles>>4)-8)*scale
			binary.LittleEndian.PutUint32(block[4*j:], math.Float32bits(low))
			binary.LittleEndian.PutUint32(block[4*(j+16):], math.Float32bits(high))
		}
		if _, err := out.Write(block[:]); err != nil {
			return err
		}
	}
	return nil
}
