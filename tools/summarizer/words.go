package main

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"crosssum/internal/model/safetensors"
	"crosssum/internal/model/t5"
	"crosssum/internal/native/sentencepiece"
)

// wordRows begins both tables with the word rows of an XLM-R encoder (e5): a piece takes the encoder's row of the same
// piece, or the mean of the rows that the encoder cuts it into; centred, projected to d_model by their principal
// components, and scaled to the deviation of a new table. So words that mean the same in several languages begin near
// each other. Bytes, sentinels and control pieces stay random.
func wordRows(model *t5.Model, pieces *sentencepiece.Model, encoder string) error {
	ids, rows, width, err := encoderRows(pieces, encoder)
	if err != nil {
		return err
	}
	centre(rows, width)
	d := model.Config.DModel
	if d > width {
		return fmt.Errorf("%s: its rows of %d cannot fill tables of %d", encoder, width, d)
	}
	basis := principal(rows, width, d)
	shared, head := map[int][]float32{}, map[int][]float32{}
	var squares float64
	projected := make([][]float64, len(rows))
	for i, row := range rows {
		projected[i] = project(row, basis, d)
		for _, x := range projected[i] {
			squares += x * x
		}
	}
	scale := 1 / math.Sqrt(squares/float64(len(rows)*d)) // mean square of 1
	for i, id := range ids {
		a, b := make([]float32, d), make([]float32, d)
		for k, x := range projected[i] {
			a[k], b[k] = float32(x*scale), float32(x*scale/math.Sqrt(float64(d)))
		}
		shared[id], head[id] = a, b
	}
	fmt.Printf("%d of %d pieces begin with rows of %s\n", len(ids), pieces.Size(), encoder)
	if err := model.SetRows("shared.weight", shared); err != nil {
		return err
	}
	return model.SetRows("lm_head.weight", head)
}

// encoderRows finds a row for every ordinary piece that the encoder can spell.
func encoderRows(pieces *sentencepiece.Model, encoder string) (ids []int, rows [][]float64, width int, err error) {
	theirs, err := sentencepiece.Load(filepath.Join(encoder, "sentencepiece.bpe.model"))
	if err != nil {
		return nil, nil, 0, err
	}
	file, err := safetensors.Open(encoder)
	if err != nil {
		return nil, nil, 0, err
	}
	defer file.Close()
	const name = "embeddings.word_embeddings.weight"
	entry, ok := file.Entry(name)
	if !ok || len(entry.Shape) != 2 {
		return nil, nil, 0, fmt.Errorf("%s: no matrix %q", encoder, name)
	}
	table, err := file.Float32s(name)
	if err != nil {
		return nil, nil, 0, err
	}
	width = entry.Shape[1]
	for id := 0; id < pieces.Size(); id++ {
		piece, err := pieces.Piece(id)
		if err != nil {
			return nil, nil, 0, err
		}
		if piece.Kind != sentencepiece.Normal || piece.Score <= sentinelScore {
			continue
		}
		found, err := spelled(theirs, piece.Text)
		if err != nil {
			return nil, nil, 0, err
		}
		if row := meanRow(table, width, entry.Shape[0], found); row != nil {
			ids, rows = append(ids, id), append(rows, row)
		}
	}
	return ids, rows, width, nil
}

// spelled is the encoder's row numbers for a piece: Hugging Face's id is the SentencePiece id plus 1.
func spelled(theirs *sentencepiece.Model, text string) (rows []int, err error) {
	if id := theirs.ID(text); id != theirs.Unk() {
		return []int{id + 1}, nil
	}
	ids, err := theirs.Encode(strings.ReplaceAll(text, "▁", " "))
	for _, id := range ids {
		if int(id) != theirs.Unk() && int(id) != theirs.ID("▁") {
			rows = append(rows, int(id)+1)
		}
	}
	return rows, err
}

func meanRow(table []float32, width, height int, rows []int) []float64 {
	if len(rows) == 0 {
		return nil
	}
	mean := make([]float64, width)
	for _, r := range rows {
		if r >= height {
			return nil
		}
		for k := range mean {
			mean[k] += float64(table[r*width+k]) / float64(len(rows))
		}
	}
	return mean
}

func centre(rows [][]float64, width int) {
	mean := make([]float64, width)
	for _, row := range rows {
		for k, x := range row {
			mean[k] += x / float64(len(rows))
		}
	}
	for _, row := range rows {
		for k := range row {
			row[k] -= mean[k]
		}
	}
}

// principal finds the d leading directions of rows by subspace iteration: [d][width], orthonormal.
func principal(rows [][]float64, width, d int) [][]float64 {
	covariance := make([][]float64, width)
	for i := range covariance {
		covariance[i] = make([]float64, width)
	}
	for _, row := range rows {
		for i, x := range row {
			for j, y := range row {
				covariance[i][j] += x * y
			}
		}
	}
	basis := make([][]float64, d)
	for k := range basis {
		basis[k] = make([]float64, width)
		basis[k][k] = 1
	}
	for turn := 0; turn < 12; turn++ {
		for k := range basis {
			basis[k] = project(basis[k], covariance, width)
		}
		for k := range basis { // Gram and Schmidt
			for j := 0; j < k; j++ {
				x := dot(basis[k], basis[j])
				for i := range basis[k] {
					basis[k][i] -= x * basis[j][i]
				}
			}
			norm := math.Sqrt(dot(basis[k], basis[k]))
			for i := range basis[k] {
				basis[k][i] /= norm
			}
		}
	}
	return basis
}

func project(row []float64, basis [][]float64, d int) []float64 {
	out := make([]float64, d)
	for k := range out {
		out[k] = dot(row, basis[k])
	}
	return out
}

func dot(a, b []float64) (sum float64) {
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}
