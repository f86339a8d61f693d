package train

import (
	"sort"

	"crosssum/internal/model/t5"
	"crosssum/internal/native/kernels"
	"crosssum/internal/sampling"
)

// microBatch is what one forward pass takes: packed sequences and the place of each in the batch of the step, which the
// dropout masks follow.
type microBatch struct {
	t5.Batch
	places []int
}

// cut sorts the examples of a batch by length and cuts them into micro-batches of at most size sequences, so that the
// work of one is bounded by its longest. start is the start token by pair; tokens is the number of labels in the whole
// batch. Places in the batch decide ties: the cut is a pure function of the batch.
func cut(d *dataset, draws []sampling.Draw, start []int, size int) (batches []microBatch, tokens int) {
	order := make([]int, len(draws))
	for i := range order {
		order[i] = i
	}
	texts := func(i int) (source, label []int32) {
		e := d.examples[draws[i].Pair][draws[i].Sample]
		return d.sources[e.source], d.labels[e.target]
	}
	sort.SliceStable(order, func(a, b int) bool {
		sourceA, labelA := texts(order[a])
		sourceB, labelB := texts(order[b])
		return len(sourceA) < len(sourceB) || len(sourceA) == len(sourceB) && len(labelA) < len(labelB)
	})
	for from := 0; from < len(order); from += size {
		b := microBatch{}
		var sources, targets []int
		for _, i := range order[from:min(from+size, len(order))] {
			source, label := texts(i)
			b.places = append(b.places, i)
			b.add(source, label, start[draws[i].Pair])
			sources, targets = append(sources, len(source)), append(targets, len(label))
			tokens += len(label)
		}
		b.Sources, b.Targets = kernels.Pack(sources), kernels.Pack(targets)
		batches = append(batches, b)
	}
	return batches, tokens
}

// add appends one sequence; the decoder reads the start token, then the label but its last.
func (b *microBatch) add(source, label []int32, start int) {
	for _, id := range source {
		b.Source = append(b.Source, int(id))
	}
	previous := start
	for _, id := range label {
		b.Decoder, b.Labels = append(b.Decoder, previous), append(b.Labels, int(id))
		previous = int(id)
	}
}
