package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

// random writes two files of unit vectors in random directions; two thirds of the sources are translations: a target with
// noise, at a cosine of about 0.8.
func random(source, target string, queries, rows, d int) error {
	generator := rand.New(rand.NewPCG(2026, uint64(rows)))
	targets := make([]float32, rows*d)
	for i := range rows {
		direction(generator, targets[i*d:(i+1)*d], nil)
	}
	if err := write(target, "hindi", rows, func(i int) []float32 { return targets[i*d : (i+1)*d] }); err != nil {
		return err
	}
	vector := make([]float32, d)
	return write(source, "english", queries, func(i int) []float32 {
		if at := generator.IntN(rows); i%3 > 0 {
			direction(generator, vector, targets[at*d:(at+1)*d])
		} else {
			direction(generator, vector, nil)
		}
		return vector
	})
}

// direction fills out with a unit vector: random, or near another.
func direction(generator *rand.Rand, out, near []float32) {
	sum := 0.0
	for k := range out {
		x := 0.75 * generator.NormFloat64() / math.Sqrt(float64(len(out)))
		if near != nil {
			x += float64(near[k])
		}
		out[k] = float32(x)
		sum += x * x
	}
	for k := range out {
		out[k] /= float32(math.Sqrt(sum))
	}
}

func write(path, language string, rows int, vector func(i int) []float32) error {
	first := vector(0)
	w, err := arrowfile.CreateVectors[schemas.EmbeddingRow](path, len(first), nil)
	if err != nil {
		return err
	}
	for i := range rows {
		if i > 0 {
			first = vector(i)
		}
		if err := w.Append(schemas.EmbeddingRow{Language: language, ID: fmt.Sprintf("%s-article-%08d", language, i), Embedding: first}); err != nil {
			return err
		}
	}
	return w.Close()
}
