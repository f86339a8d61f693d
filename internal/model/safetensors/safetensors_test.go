package safetensors

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func write(t *testing.T, path string, tensors ...Tensor) []byte {
	t.Helper()
	if err := Write(path, tensors); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	dir := t.TempDir()
	a := Float32Tensor("b.weight", []float32{1, -2, float32(math.Inf(1)), 4, 5, 6}, 2, 3)
	b := Tensor{"a.bias", "BF16", []int{2}, []byte{0x80, 0x3f, 0, 0xc0}}    // 1, -2
	c := Tensor{"half", "F16", []int{3}, []byte{0, 0x3c, 1, 0, 0xff, 0x7b}} // 1, 2^-24, 65504
	d := Tensor{"empty", "F32", []int{0, 7}, nil}
	raw := write(t, filepath.Join(dir, "model.safetensors"), a, b, c, d)
	if !bytes.Equal(raw, write(t, filepath.Join(dir, "other.safetensors"), d, c, b, a)) {
		t.Error("the order of the tensors changes the bytes")
	}
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := f.Names(); !slices.Equal(got, []string{"a.bias", "b.weight", "empty", "half"}) {
		t.Fatal(got)
	}
	for name, want := range map[string][]float32{
		"b.weight": {1, -2, float32(math.Inf(1)), 4, 5, 6}, "a.bias": {1, -2}, "half": {1, 1.0 / (1 << 24), 65504}, "empty": {},
	} {
		if got, err := f.Float32s(name); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if e, ok := f.Entry("b.weight"); !ok || !slices.Equal(e.Shape, []int{2, 3}) || e.Len() != 6 || e.DType != "F32" {
		t.Error(e)
	}
	if _, err := f.Float32s("none"); err == nil || !strings.Contains(err.Error(), "none") {
		t.Error(err)
	}
}

func TestShardsAreOneModel(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "model-00001-of-00002.safetensors"), Float32Tensor("a", []float32{1}, 1))
	write(t, filepath.Join(dir, "model-00002-of-00002.safetensors"), Float32Tensor("b", []float32{2}, 1))
	for index, want := range map[string]string{
		`{"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}`: "",
		`{"weight_map":{"a":"model-00001-of-00002.safetensors","c":"model-00002-of-00002.safetensors"}}`: `"c" is in no shard`,
		`{"weight_map":{"a":"../model-00001-of-00002.safetensors"}}`:                                     "no safetensors file beside it",
		`{"weight_map":{"a":"model-3.safetensors"}}`:                                                     "names the shard model-3.safetensors, which is not there",
		`[`: "not an index",
	} {
		if err := os.WriteFile(filepath.Join(dir, "model.safetensors.index.json"), []byte(index), 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := Open(dir)
		if want != "" {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want %q", index, err, want)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got, err := f.Float32s("b"); err != nil || got[0] != 2 {
			t.Error(got, err)
		}
		f.Close()
	}
}

func file(header string, values int) []byte {
	raw := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(raw, header...), make([]byte, values)...)
}

func TestALyingHeaderIsAnError(t *testing.T) {
	for name, raw := range map[string][]byte{
		"empty":            {},
		"short":            {1, 2, 3},
		"long header":      binary.LittleEndian.AppendUint64(nil, 1<<62),
		"header past end":  append(binary.LittleEndian.AppendUint64(nil, 9), "{}"...),
		"not JSON":         file("{x}", 0),
		"offset past end":  file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 7),
		"negative offset":  file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}`, 8),
		"wrong length":     file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 8),
		"no offsets":       file(`{"a":{"dtype":"F32","shape":[2]}}`, 8),
		"overflowing":      file(`{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,0]}}`, 8),
		"wrapping offsets": file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775804,-9223372036854775808]}}`, 8),
		"negative shape":   file(`{"a":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}}`, 8),
		"unknown type":     file(`{"a":{"dtype":"F8","shape":[2],"data_offsets":[0,2]}}`, 8),
		"foreign metadata": file(`{"__metadata__":{"a":1}}`, 0),
	} {
		if _, err := parse(bytes.NewReader(raw), int64(len(raw))); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzHeader(f *testing.F) {
	f.Add([]byte(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`))
	f.Add([]byte(`{"__metadata__":{"format":"pt"},"a":{"dtype":"BF16","shape":[0,9223372036854775807],"data_offsets":[8,8]}}`))
	f.Fuzz(func(t *testing.T, header []byte) {
		raw := file(string(header), 64)
		entries, err := parse(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			return
		}
		for name, e := range entries {
			if e.from < 8 || e.to > int64(len(raw)) || e.from > e.to || e.Len()*int(sizes[e.DType]) != int(e.to-e.from) {
				t.Errorf("%q: accepted entry %+v of a file of %d bytes", name, e, len(raw))
			}
		}
	})
}

func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"metadata":{"total_size":4},"weight_map":{"a":"model-1.safetensors","b":"model-1.safetensors"}}`))
	f.Add([]byte(`{"weight_map":{"a":"..","b":"../x.safetensors","c":""}}`))
	dir := f.TempDir()
	if err := Write(filepath.Join(dir, "model-1.safetensors"), []Tensor{Float32Tensor("a", []float32{1}, 1)}); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, index []byte) {
		path := filepath.Join(dir, "model.safetensors.index.json")
		if err := os.WriteFile(path, index, 0o644); err != nil {
			t.Fatal(err)
		}
		model, err := Open(path)
		if err != nil {
			return
		}
		defer model.Close()
		if names := model.Names(); !slices.Equal(names, []string{"a"}) {
			t.Errorf("%q names tensors %q", index, names)
		}
	})
}

func TestReadingIsWatchedAndPiecewise(t *testing.T) {
	dir := t.TempDir()
	values := make([]float32, pieceBytes/4+1000)
	for i := range values {
		values[i] = float32(i)
	}
	write(t, filepath.Join(dir, "model.safetensors"), Float32Tensor("a", values, len(values)), Tensor{"b", "I64", []int{1}, make([]byte, 8)})
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var told [][2]int64
	f.Watch(func(done, total int64) { told = append(told, [2]int64{done, total}) })
	got, err := f.Float32s("a")
	if total := int64(4*len(values) + 8); err != nil || !slices.Equal(got, values) ||
		!slices.Equal(told, [][2]int64{{pieceBytes, total}, {total - 8, total}}) {
		t.Errorf("%d values, %v; told %v", len(got), err, told)
	}
	if _, err := f.Float32s("b"); err == nil || !strings.Contains(err.Error(), "I64") {
		t.Error(err)
	}
}

// TestWhatTheFormatsOwnLibraryRefusesIsRefused: each of these files has one tensor too many, or bytes that belong to none.
func TestWhatTheFormatsOwnLibraryRefusesIsRefused(t *testing.T) {
	const a, b = `"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`, `"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}`
	at := func(from, to int) string {
		return fmt.Sprintf(`"b":{"dtype":"U8","shape":[%d],"data_offsets":[%d,%d]}`, to-from, from, to)
	}
	for name, c := range map[string]struct {
		header string
		values int
		says   string
	}{
		"a whole file":                   {"{" + a + "," + b + "}", 12, ""},
		"an empty tensor between":        {"{" + a + "," + b + `,"c":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}`, 12, ""},
		"a name twice":                   {"{" + a + "," + a + "}", 8, `"a" stands twice`},
		"a name twice, once escaped":     {"{" + a + `,"\u0061":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}`, 12, `"a" stands twice`},
		"metadata twice":                 {`{"__metadata__":{"x":"1"},"__metadata__":{"x":"2"},` + a + "}", 8, `"__metadata__" stands twice`},
		"two tensors over one range":     {"{" + a + "," + at(0, 8) + "}", 8, `"b" begin at byte 0, within another's, which end at 8`},
		"one that reaches into the next": {"{" + a + "," + at(7, 9) + "}", 9, `"b" begin at byte 7`},
		"an empty one within another":    {"{" + a + "," + at(4, 4) + "}", 8, `"b" begin at byte 4`},
		"a hole before the values":       {"{" + at(4, 8) + "}", 8, `4 bytes before the values of tensor "b"`},
		"a hole between":                 {"{" + a + "," + at(9, 10) + "}", 10, `1 bytes before the values of tensor "b"`},
		"bytes after the last one":       {"{" + a + "}", 9, "1 bytes follow the values"},
		"values without a tensor":        {"{}", 4, "4 bytes follow the values"},
		"two objects":                    {"{" + a + "}{}", 8, "more follows the object"},
	} {
		raw := file(c.header, c.values)
		_, err := parse(bytes.NewReader(raw), int64(len(raw)))
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTensorsAreEqualByTypeShapeAndEveryByte(t *testing.T) {
	values := make([]float32, 2*pieceBytes/4+3) // three pieces
	changed := func(at int) []float32 {
		other := slices.Clone(values)
		other[at] = 1
		return other
	}
	n := len(values)
	path := filepath.Join(t.TempDir(), "model.safetensors")
	write(t, path, Float32Tensor("a", values, n), Float32Tensor("same", values, n), Float32Tensor("shape", values, 1, n),
		Float32Tensor("first", changed(0), n), Float32Tensor("middle", changed(pieceBytes/4), n), Float32Tensor("last", changed(n-1), n),
		Tensor{"type", "I32", []int{n}, make([]byte, 4*n)}, Float32Tensor("none", nil, 0), Float32Tensor("nothing", nil, 0))
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for pair, want := range map[[2]string]bool{{"a", "same"}: true, {"a", "shape"}: false, {"a", "first"}: false, {"a", "middle"}: false,
		{"a", "last"}: false, {"a", "type"}: false, {"a", "absent"}: false, {"none", "nothing"}: true, {"a", "none"}: false} {
		if got, err := f.Equal(pair[0], pair[1]); got != want || err != nil {
			t.Errorf("%v: %v, %v", pair, got, err)
		}
	}
}

func TestWhatIsWrongWithTheJSONOfAHeaderIsSaidInJSONsWords(t *testing.T) {
	for text, want := range map[string]string{
		`[]`:                        "header: no JSON object",
		`{"a": 1}`:                  `tensor "a": wanted an object, got a number`,
		`{"a": {"dtype": 7}}`:       `tensor "a": dtype: wanted a string, got a number`,
		`{"a": {"shape": ["x"]}}`:   `tensor "a": shape: wanted a whole number, got a string`,
		`{"a": {"shape": [1.5]}}`:   `tensor "a": shape: wanted a whole number, got a number 1.5`,
		`{"__metadata__": [1]}`:     "__metadata__: wanted an object, got a list",
		`{"__metadata__": {"a":1}}`: "__metadata__: wanted a string, got a number",
		`{"a": {"dtype": "F32"`:     "ends before its JSON does",
		`{"a": x}`:                  "header: byte 5: invalid character",
	} {
		raw := file(text, 0)
		_, err := parse(bytes.NewReader(raw), int64(len(raw)))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "json: cannot") || strings.Contains(err.Error(), "Go ") {
			t.Errorf("%s: wanted %q, got %v", text, want, err)
		}
	}
	path := filepath.Join(t.TempDir(), "model.safetensors.index.json")
	for text, want := range map[string]string{`[]`: "wanted an object, got a list", `{"weight_map": {"a": 1}}`: "weight_map: wanted a string, got a number"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := openSharded(path); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "Go ") {
			t.Errorf("%s: wanted %q, got %v", text, want, err)
		}
	}
}
