package sentencepiece

// #include <stdlib.h>
// #include "bridge.h"
import "C"

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unsafe"
)

// TrainOptions describe a unigram model. An id of -1 leaves that special piece out; <unk> cannot be left out.
type TrainOptions struct {
	VocabularySize     int
	CharacterCoverage  float64 // share of the characters of the input that get pieces; 0 means 0.9995
	ByteFallback       bool    // characters without a piece become byte pieces instead of <unk>
	UserSymbols        []string
	Unk, Bos, Eos, Pad int
	Normalization      string            // "nmt_nfkc" if empty; "nfkc", "identity", ...
	Threads            int               // EM steps; 0 means 2. The model does not depend on time, but may on this number
	Extra              map[string]string // any other option of spm_train
}

func (o TrainOptions) arguments() (map[string]string, error) {
	a := map[string]string{
		"model_type": "unigram", "vocab_size": strconv.Itoa(o.VocabularySize), "minloglevel": "1",
		"character_coverage": "0.9995", "normalization_rule_name": "nmt_nfkc", "num_threads": "2",
		"byte_fallback": strconv.FormatBool(o.ByteFallback),
		"unk_id":        strconv.Itoa(o.Unk), "bos_id": strconv.Itoa(o.Bos), "eos_id": strconv.Itoa(o.Eos), "pad_id": strconv.Itoa(o.Pad),
	}
	if o.CharacterCoverage != 0 {
		a["character_coverage"] = strconv.FormatFloat(o.CharacterCoverage, 'g', -1, 64)
	}
	if o.Normalization != "" {
		a["normalization_rule_name"] = o.Normalization
	}
	if o.Threads != 0 {
		a["num_threads"] = strconv.Itoa(o.Threads)
	}
	for _, s := range o.UserSymbols {
		if s == "" || strings.ContainsAny(s, ",\"\x00\n") {
			return nil, fmt.Errorf("user_defined_symbols: %q holds a comma, a quote or a line end, or is empty", s)
		}
	}
	if len(o.UserSymbols) > 0 {
		a["user_defined_symbols"] = strings.Join(o.UserSymbols, ",")
	}
	maps.Copy(a, o.Extra)
	for k, v := range a {
		if strings.ContainsRune(k+v, 0) {
			return nil, fmt.Errorf("option %q holds a zero byte", k)
		}
	}
	return a, nil
}

// Train makes a model from the sentences, one a line, of the file at input and returns it serialized.
func Train(input string, o TrainOptions) ([]byte, error) {
	arguments, err := o.arguments()
	if err != nil {
		return nil, fmt.Errorf("training a SentencePiece model: %w", err)
	}
	names := slices.Sorted(maps.Keys(arguments))
	path := C.CString(input)
	defer C.free(unsafe.Pointer(path))
	options := (*[1 << 16]*C.char)(C.calloc(C.size_t(2*len(names)), C.size_t(unsafe.Sizeof(path))))[: 2*len(names) : 2*len(names)]
	defer C.free(unsafe.Pointer(&options[0]))
	for i, name := range names {
		options[2*i], options[2*i+1] = C.CString(name), C.CString(arguments[name])
		defer C.free(unsafe.Pointer(options[2*i]))
		defer C.free(unsafe.Pointer(options[2*i+1]))
	}
	var model *C.char
	var size C.size_t
	if err := failure(C.sp_train(path, &options[0], C.size_t(len(names)), &model, &size)); err != nil {
		return nil, fmt.Errorf("training a SentencePiece model on %s: %w", input, err)
	}
	defer C.free(unsafe.Pointer(model))
	return C.GoBytes(unsafe.Pointer(model), C.int(size)), nil
}
