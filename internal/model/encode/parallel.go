package encode

import (
	"context"
	"sync"

	"crosssum/internal/engine"
	"crosssum/internal/native/torch"
)

// Texts are tokenized in sections, so that the first batches are encoded while the rest is still text.
const (
	sectionTexts = 4096
	batchesAhead = 256
)

// encodeAll encodes every text, while the next ones are tokenized. report gets the number of finished texts after each
// batch, and now and then while texts are tokenized, from one goroutine at a time.
func (e *encoder) encodeAll(ctx context.Context, in *texts, r engine.EncodeRequest, vectors []float32, report func(done int)) (tokens int64, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	batches := make(chan []int, batchesAhead)
	var (
		group sync.WaitGroup
		lock  sync.Mutex
		done  int
	)
	moved := func(texts int) {
		lock.Lock()
		defer lock.Unlock()
		done += texts
		report(done)
	}
	group.Go(func() {
		defer close(batches)
		var err error
		if tokens, err = e.cut(ctx, in, r, batches, moved); err != nil {
			cancel(err)
		}
	})
	e.forwardAll(ctx, cancel, in, batches, vectors, moved)
	group.Wait()
	return tokens, context.Cause(ctx)
}

// forwardAll encodes batches until the channel is closed, a batch a thread: short texts keep a thread busy by themselves, and
// no operator has to wait for another thread. Each batch is computed by one thread, so the number of threads does not change
// a bit. An error ends ctx; after its end, the batches are passed over. moved gets the number of texts of each finished batch.
func (e *encoder) forwardAll(ctx context.Context, cancel context.CancelCauseFunc, in *texts, batches <-chan []int, vectors []float32, moved func(texts int)) {
	workers := max(torch.Threads(), 1)
	torch.SetThreads(1)
	defer torch.SetThreads(workers)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for batch := range batches {
				if ctx.Err() != nil {
					continue
				}
				if err := e.encode(in, batch, vectors); err != nil {
					cancel(err)
					continue
				}
				moved(len(batch))
			}
		})
	}
	group.Wait()
}

// cut tokenizes the texts, section by section in the order of their digests, and hands on the batches of each.
func (e *encoder) cut(ctx context.Context, in *texts, r engine.EncodeRequest, batches chan<- []int, moved func(texts int)) (tokens int64, err error) {
	order := in.byDigest()
	for from := 0; from < len(order); from += sectionTexts {
		section := order[from:min(from+sectionTexts, len(order))]
		for n, i := range section {
			if n%256 == 0 {
				moved(0)
			}
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			n, err := in.tokenize(e, i, r.MaxTokens)
			if err != nil {
				return 0, err
			}
			tokens += n
		}
		for _, batch := range in.batches(section, r.BatchTokens) {
			select {
			case batches <- batch:
			case <-ctx.Done():
				return 0, context.Cause(ctx)
			}
		}
	}
	return tokens, nil
}
