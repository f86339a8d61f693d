package train

import (
	"cmp"
	"slices"

	"crosssum/internal/model/t5"
	"crosssum/internal/native/kernels"
)

// microBatch is what one forward pass takes: packed sequences and the place of each in the batch of the step, which the
// dropout masks follow.
type microBatch struct {
	t5.Batch
	places []int
}

// share sorts the examples of a batch by length and cuts those of one rank of several into micro-batches of at most size sequences, so
// that the work of one is bounded by its longest. Each rank takes every so many-th of the examples, so that all have as many and much the
// same work. tokens is the number of labels in the whole batch. Places in the batch decide ties: the cut is a pure function of the batch.
func share(batch []sequence, size, rank, ranks int) (batches []microBatch, tokens int) {
	order := make([]int, len(batch))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(len(batch[a].source), len(batch[b].source)), cmp.Compare(len(batch[a].label), len(batch[b].label)))
	})
	var own []int
	for k, i := range order {
		tokens += len(batch[i].label)
		if k%ranks == rank {
			own = append(own, i)
		}
	}
	for from := 0; from < len(own); from += size {
		b := microBatch{}
		var sources, targets []int
		for _, i := range own[from:min(from+size, len(own))] {
			e := batch[i]
			b.places = append(b.places, i)
			b.add(e.source, e.label, e.start)
			sources, targets = append(sources, len(e.source)), append(targets, len(e.label))
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
