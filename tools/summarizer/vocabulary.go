package main

import (
	"bufio"
	"errors"
	"math"
	"os"
	"strings"

	"crosssum/internal/model/starts"
	"crosssum/internal/native/sentencepiece"
)

// writeSentences writes up to total lines (summaries and paragraphs) for the vocabulary. Articles are taken in id order,
// which is that of hashes, so a prefix is a fair draw.
func writeSentences(path string, all []article, total int, smoothing float64) (int, error) {
	lines := map[string][]string{}
	var languages []string
	for _, a := range all {
		if lines[a.language] == nil {
			languages = append(languages, a.language)
		}
		lines[a.language] = append(lines[a.language], append([]string{a.Summary}, strings.Split(a.Text, "\n")...)...)
	}
	sum := 0.0
	for _, l := range languages {
		sum += math.Pow(float64(len(lines[l])), smoothing)
	}
	file, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	w := bufio.NewWriter(file)
	written := 0
	for _, l := range languages {
		share := int(float64(total) * math.Pow(float64(len(lines[l])), smoothing) / sum)
		for _, line := range lines[l][:min(share, len(lines[l]))] {
			if line = strings.TrimSpace(line); line != "" {
				w.WriteString(line + "\n")
				written++
			}
		}
	}
	return written, errors.Join(w.Flush(), file.Close())
}

// Sentinels is how many <extra_id_N> pieces end a vocabulary, as mT5's: <extra_id_0> has the highest id.
const Sentinels = 100

// sentinelScore is so low that SentencePiece spells a sentinel that text contains with other pieces.
const sentinelScore = -100

// TrainVocabulary trains a unigram vocabulary of `size` pieces, the sentinels included, with mT5's special ids (pad 0,
// </s> 1, <unk> 2) and byte pieces for characters beyond the coverage.
func TrainVocabulary(sentences, output string, size int, coverage float64) error {
	trained, err := sentencepiece.Train(sentences, sentencepiece.TrainOptions{
		VocabularySize: size - Sentinels, CharacterCoverage: coverage, ByteFallback: true,
		Pad: 0, Eos: 1, Unk: 2, Bos: -1, Threads: 2,
		Extra: map[string]string{"split_digits": "true", "train_extremely_large_corpus": "false"},
	})
	if err != nil {
		return err
	}
	model := sentencepiece.Message(trained)
	for n := Sentinels - 1; n >= 0; n-- { // what is appended to a serialized model are its last pieces
		var piece sentencepiece.Message
		piece.Bytes(1, []byte(starts.SentinelPiece(n)))
		piece.Float(2, sentinelScore)
		model.Bytes(1, piece)
	}
	return os.WriteFile(output, model, 0o644)
}
