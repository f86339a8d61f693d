package encode

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// LaBSE's shape.
const (
	labseRows, labseHidden, labseLayers, labseInner, labsePositions = 501153, 768, 12, 3072, 512
)

// placed is a tensor of a safetensors file, behind those before it.
type placed struct {
	name  string
	shape []int
}

// header is a safetensors header for F32 tensors, and the number of bytes of their values.
func header(t *testing.T, tensors []placed) ([]byte, int64) {
	t.Helper()
	fields, at := map[string]any{}, int64(0)
	for _, p := range tensors {
		size := int64(4)
		for _, d := range p.shape {
			size *= int64(d)
		}
		fields[p.name] = map[string]any{"dtype": "F32", "shape": p.shape, "data_offsets": []int64{at, at + size}}
		at += size
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return append(binary.LittleEndian.AppendUint64(nil, uint64(len(raw))), raw...), at
}

// floats are the bytes of n small random values.
func floats(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]byte, 0, 4*n)
	for range n {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(r.NormFloat64()*0.05)))
	}
	return out
}

// writeLaBSE writes a plain LaBSE directory with the words of the vocabulary at the given ids, fillers elsewhere: word rows,
// sparse, in one shard, all else, random, in another. Equal words have equal rows, whatever their ids.
func writeLaBSE(t *testing.T, dir, layers string, words map[int]string, rows int) {
	t.Helper()
	config := map[string]any{"model_type": "bert", "hidden_size": labseHidden, "num_hidden_layers": labseLayers, "num_attention_heads": 12,
		"intermediate_size": labseInner, "vocab_size": rows, "max_position_embeddings": labsePositions, "type_vocab_size": 2}
	index := map[string]any{"weight_map": map[string]string{"embeddings.word_embeddings.weight": "words.safetensors", "pooler.dense.weight": "layers.safetensors"}}
	var vocabulary strings.Builder
	for id := range rows {
		word, ok := words[id]
		if !ok {
			word = "##filler" + strconv.Itoa(id)
		}
		vocabulary.WriteString(word + "\n")
	}
	for name, value := range map[string]any{"config.json": config, "model.safetensors.index.json": index, "tokenizer_config.json": map[string]any{"do_lower_case": false}} {
		raw, err := json.Marshal(value)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), raw, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "vocab.txt"), []byte(vocabulary.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(layers, filepath.Join(dir, "layers.safetensors")); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(dir, "words.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	head, size := header(t, []placed{{"embeddings.word_embeddings.weight", []int{rows, labseHidden}}})
	_, err = file.Write(head)
	if err == nil {
		err = file.Truncate(int64(len(head)) + size)
	}
	for id, word := range words {
		if err == nil {
			_, err = file.WriteAt(floats(labseHidden, uint64(len(word))+uint64(word[1])<<8), int64(len(head))+int64(id)*labseHidden*4)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// writeLayers writes everything but the word rows: a few megabytes of random values, over and over.
func writeLayers(t *testing.T, path string) {
	t.Helper()
	h, inner := labseHidden, labseInner
	tensors := []placed{{"embeddings.position_embeddings.weight", []int{labsePositions, h}}, {"embeddings.token_type_embeddings.weight", []int{2, h}},
		{"embeddings.LayerNorm.weight", []int{h}}, {"embeddings.LayerNorm.bias", []int{h}}, {"pooler.dense.weight", []int{h, h}}, {"pooler.dense.bias", []int{h}}}
	for layer := range labseLayers {
		for _, d := range []struct {
			name    string
			out, in int
		}{{"attention.self.query", h, h}, {"attention.self.key", h, h}, {"attention.self.value", h, h}, {"attention.output.dense", h, h},
			{"intermediate.dense", inner, h}, {"output.dense", h, inner}, {"attention.output.LayerNorm", h, 0}, {"output.LayerNorm", h, 0}} {
			name := fmt.Sprintf("encoder.layer.%d.%s.", layer, d.name)
			shape := []int{d.out, d.in}
			if d.in == 0 {
				shape = shape[:1]
			}
			tensors = append(tensors, placed{name + "weight", shape}, placed{name + "bias", []int{d.out}})
		}
	}
	head, size := header(t, tensors)
	file, err := os.Create(path)
	if err == nil {
		_, err = file.Write(head)
	}
	block := floats(1<<20-7, 5)
	for err == nil && size > 0 {
		n := min(size, int64(len(block)))
		_, err = file.Write(block[:n])
		size -= n
	}
	if err = closed(file, err); err != nil {
		t.Fatal(err)
	}
}

func closed(file *os.File, err error) error {
	if file == nil {
		return err
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	return err
}

// room says why there is no room for a test at full size; "" if there is.
func room(dir string) string {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil || disk.Bavail*uint64(disk.Bsize) < 3<<30 {
		return fmt.Sprintf("%s has less than 3 GiB free (%v)", dir, err)
	}
	raw, err := os.ReadFile("/proc/meminfo")
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			if kib, _ := strconv.Atoi(strings.Fields(rest)[0]); kib > 4<<20 {
				return ""
			}
		}
	}
	return fmt.Sprintf("less than 4 GiB of memory are available (%v)", err)
}

const child = "CROSSSUM_TEST_LABSE" // a directory: the process loads it and prints what it took

func TestLaBSEAtItsFullSizeLoadsInTheMemoryOfItsFile(t *testing.T) {
	if dir := os.Getenv(child); dir != "" {
		loadAndTell(t, dir)
		return
	}
	if why := room(t.TempDir()); why != "" {
		t.Skipf("NOT TESTED: loading 501,153 rows of 768: %s", why)
	}
	dir := t.TempDir()
	layers := filepath.Join(dir, "layers")
	writeLayers(t, layers)
	words := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "image", "##s", "viewer", "für"}
	small, large := map[int]string{}, map[int]string{}
	for i, word := range words {
		small[i], large[labseRows-1-i*55001] = word, word
	}
	var told [2]string
	for i, rows := range []int{len(words), labseRows} {
		path := filepath.Join(dir, strconv.Itoa(rows))
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
		writeLaBSE(t, path, layers, map[bool]map[int]string{true: large, false: small}[rows == labseRows], rows)
		command := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		command.Env = append(os.Environ(), child+"="+path)
		out, err := command.CombinedOutput()
		_, told[i], _ = strings.Cut(string(out), "TOLD ")
		if told[i], _, _ = strings.Cut(told[i], "\n"); err != nil || told[i] == "" {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	var small0, large0 struct {
		PeakMiB, Seconds float64
		Tokens           int
		Vector           []float32
	}
	for i, to := range []any{&small0, &large0} {
		if err := json.Unmarshal([]byte(told[i]), to); err != nil {
			t.Fatal(err)
		}
	}
	file := float64(labseRows*labseHidden*4)/(1<<20) + small0.PeakMiB // the small process holds the layers and the libraries
	t.Logf("peak memory %.0f MiB (words %d MiB, all else %.0f MiB), %.1f s of processor", large0.PeakMiB, labseRows*labseHidden*4>>20, small0.PeakMiB, large0.Seconds)
	if large0.PeakMiB > file+250 || large0.PeakMiB > 3000 {
		t.Errorf("a peak of %.0f MiB: more than the word rows and the small model's peak take (%.0f MiB), plus 250", large0.PeakMiB, file)
	}
	if large0.Seconds > 10*(small0.Seconds+float64(labseRows)/100e3) { // some seconds; whichever the processor, rows cost what they are many
		t.Errorf("%.0f s of processor time, %.0f with a small vocabulary", large0.Seconds, small0.Seconds)
	}
	if large0.Tokens != 6 || !slices.Equal(small0.Vector, large0.Vector) {
		t.Errorf("%d tokens; the vector of the same words in a small vocabulary is %v, here %v", large0.Tokens, small0.Vector[:3], large0.Vector[:3])
	}
}

// loadAndTell loads an encoder, encodes one text, and prints peak memory, processor time, tokens and vector.
func loadAndTell(t *testing.T, dir string) {
	start := time.Now()
	e, err := load(dir)
	if err != nil {
		t.Fatal(err)
	}
	vector := encoded(t, e, []string{"images für viewer"}, 256)
	ids, err := e.tokenizer.Encode("images für viewer", 256)
	if err != nil {
		t.Fatal(err)
	}
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(map[string]any{"PeakMiB": float64(used.Maxrss) / 1024, "Tokens": len(ids), "Vector": vector,
		"Seconds": float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9, "Wall": time.Since(start).Seconds()})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("\nTOLD %s\n", raw)
}
