package encode

import (
	"context"
	"sync"

	"crosssum/internal/native/torch"
)

// encodeAll encodes every text, a batch a thread: short texts keep a thread busy by themselves, and no operator has to
// wait for another thread. Each batch is computed by one thread, so the number of threads does not change a bit.
// report gets the number of finished texts after each batch, from one goroutine at a time.
func (e *encoder) encodeAll(ctx context.Context, in *texts, budget int, vectors []float32, report func(done int)) error {
	workers := max(torch.Threads(), 1)
	torch.SetThreads(1)
	defer torch.SetThreads(workers)

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	batches := in.batches(budget)
	var (
		lock       sync.Mutex
		group      sync.WaitGroup
		next, done int
	)
	take := func() []int {
		lock.Lock()
		defer lock.Unlock()
		if next == len(batches) || ctx.Err() != nil {
			return nil
		}
		next++
		return batches[next-1]
	}
	for range workers {
		group.Go(func() {
			for batch := take(); batch != nil; batch = take() {
				if err := e.encode(in, batch, vectors); err != nil {
					cancel(err)
					return
				}
				lock.Lock()
				done += len(batch)
				report(done)
				lock.Unlock()
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}
