package sentencepiece

import (
	"math"
	"testing"
)

// FuzzPieces gives the library well-formed files with vocabularies that nobody would make: of every algorithm, with pieces
// twice, empty or of no text, of every kind and none, and with scores that are not numbers. Bytes that were changed at
// random, as FuzzModelFile gives it, seldom get past the parser.
func FuzzPieces(f *testing.F) {
	f.Add([]byte("\x02\x00\x05<unk>\x01\x01\x04\xe2\x96\x81a\x01\x02\x01b\x03\x00\x03<s>"), byte(1), "ab <s>")
	f.Add([]byte("\x02\x00\x01u\x01\xff\x00\x01\x80\x01a\x04\x03\x02ab\x06\x00\x060x0x41"), byte(0x82), "a ab b")
	f.Fuzz(func(t *testing.T, raw []byte, options byte, text string) {
		var model, trainer, normalizer Message
		for len(raw) >= 3 {
			kind, score, n := raw[0]%8, float32(int8(raw[1])), min(int(raw[2]%24), len(raw)-3)
			switch raw[1] {
			case 127:
				score = float32(math.NaN())
			case 128:
				score = float32(math.Inf(-1))
			}
			var piece Message
			piece.Bytes(1, raw[3:3+n])
			piece.Float(2, score)
			piece.Varint(3, uint64(kind))
			model.Bytes(1, piece)
			raw = raw[3+n:]
		}
		trainer.Varint(3, uint64(options%6)) // model_type; 1 to 4 are known
		trainer.Varint(35, uint64(options>>7))
		trainer.Varint(40, uint64(options>>3&7)) // unk_id
		model.Bytes(2, trainer)
		normalizer.Varint(3, uint64(options>>6&1))
		model.Bytes(3, normalizer)
		cutsSoundly(t, model, text)
	})
}
