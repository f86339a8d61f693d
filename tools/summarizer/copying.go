package main

import (
	"errors"
	"strings"

	"crosssum/internal/model/t5"
)

// Strengths of the copying circuit: of the bias to the neighbour, of the note about the previous token, of the match
// between it and the token just generated, of the copied token. Others is what all other branches are scaled by.
const (
	copyBias, copyNote, copyMatch, copyValue, copyOthers = 8, 1, 0.08, 1.5, 0.5
)

// copying lays the circuit that a summarizer needs most and finds last by itself into new weights, over tables that begin
// with related rows (wordRows): the first encoder layer notes at every position which token came before; the first
// decoder layer looks for the position whose note is the token just generated, and fetches the token that stands there.
// So training begins from a model that goes on with its source, instead of from one that ignores it. Everything is
// ordinary weights: nothing is fixed, and the architecture is mT5's. It needs d_model = num_heads * d_kv.
func copying(model *t5.Model) error {
	c := model.Config
	d, w := c.DModel, c.DKV
	if d != c.NumHeads*w || c.NumHeads < 2 {
		return errors.New("the copying start needs d_model = num_heads * d_kv and two heads")
	}
	note := d - w // the last w dimensions, where principal components hold least, take the note
	edits := []error{}
	edit := func(name string, change func([]float32)) { edits = append(edits, model.Edit(name, change)) }
	for _, name := range model.Weights.Names() {
		if strings.HasSuffix(name, ".o.weight") || strings.HasSuffix(name, ".wo.weight") {
			edit(name, func(v []float32) {
				for i := range v {
					v[i] *= copyOthers
				}
			})
		}
	}
	edit("encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", func(v []float32) { // [buckets, heads]
		v[1*c.NumHeads+0] = copyBias               // head 0: distance -1
		v[(c.Buckets/2+1)*c.NumHeads+1] = copyBias // head 1: distance +1
	})
	self := "encoder.block.0.layer.0.SelfAttention."
	edit(self+"v.weight", func(v []float32) { // [heads*w, d]: head 0 takes the first w dimensions
		clear(v[:w*d])
		for j := 0; j < w; j++ {
			v[j*d+j] = 1
		}
	})
	edit(self+"o.weight", func(v []float32) { // [d, heads*w]: head 0 writes to the note
		for r := 0; r < d; r++ {
			clear(v[r*d : r*d+w])
		}
		for j := 0; j < w; j++ {
			v[(note+j)*d+j] = copyNote
		}
	})
	cross := "decoder.block.0.layer.1.EncDecAttention."
	every := func(first int, x float32) func([]float32) { // every head takes dimensions first to first+w-1
		return func(v []float32) {
			clear(v)
			for r := 0; r < d; r++ {
				v[r*d+first+r%w] = x
			}
		}
	}
	edit(cross+"q.weight", every(0, copyMatch))
	edit(cross+"k.weight", every(note, 1))
	edit(cross+"v.weight", diagonal(d, d, 1))
	edit(cross+"o.weight", diagonal(d, note, copyValue)) // all but the note
	return errors.Join(edits...)
}

// diagonal is x on the first n diagonal entries of a d x d matrix, 0 elsewhere.
func diagonal(d, n int, x float32) func([]float32) {
	return func(v []float32) {
		clear(v)
		for r := 0; r < n; r++ {
			v[r*d+r] = x
		}
	}
}
