package train

import (
	"crypto/sha256"
	"encoding/binary"
	"io"
	"math"

	"crosssum/internal/fault"
	"crosssum/internal/model/t5"
	"crosssum/internal/native/c10d"
	"crosssum/internal/native/torch"
	"crosssum/schemas"
)

// Data parallel training. Every rank, a process with a device of its own, has the whole model and draws the whole batch of each
// step; it computes the gradients of its share, and all take the same optimizer step by the sums over the ranks. So nothing but
// sums is sent, parameters are the same everywhere, and checkpoints compare their digests. Rank 0 is the process that was asked to
// train: it starts the others (ranks_processes.go), logs and writes; they do neither.

// ranks are the processes of a training as one of them sees them; nil: there is one.
type ranks struct {
	rank, size int
	group      *c10d.Group
	alive      func() error      // asked while others are awaited: its error ends the wait
	explain    func(error) error // names the cause of a sum that failed
	others     *others           // of rank 0
}

// place is the rank and the number of ranks.
func (s *ranks) place() (rank, size int) {
	if s == nil {
		return 0, 1
	}
	return s.rank, s.size
}

// combine makes a rank's loss and gradients those of the whole batch. stopped: a rank gives up the step, so all do. It is called
// inside torch.DoGrad, which a lost rank ends.
func (s *ranks) combine(line *metric, gradients []torch.Tensor, stopped bool) bool {
	if s == nil {
		return stopped
	}
	head := doubles(line.Loss, truth(stopped), float64(line.Step))
	s.sum(head)
	sums := head.Float64s()
	if sums[2] != float64(s.size*line.Step) {
		torch.Failf("train: the ranks are not in the same step: rank %d is in step %d", s.rank, line.Step)
	}
	line.Loss = sums[0]
	if sums[1] > 0 {
		return true
	}
	s.sum(gradients...)
	return false
}

// look ends the step between two micro-batches when rank 0 knows that another is lost. It is called inside torch.DoGrad.
func (s *ranks) look() {
	if s == nil {
		return
	}
	if err := s.alive(); err != nil {
		torch.Fail(s.explain(err))
	}
}

func (s *ranks) sum(tensors ...torch.Tensor) {
	if err := torch.Do(func() { s.group.Sum(s.alive, tensors...) }); err != nil {
		torch.Fail(s.explain(err))
	}
}

// agree says whether any rank gives up what all are at.
func (s *ranks) agree(stopped bool) (any bool, err error) {
	if s == nil {
		return stopped, nil
	}
	err = torch.Do(func() {
		head := doubles(truth(stopped))
		s.sum(head)
		any = head.Item() > 0
	})
	return any, err
}

// same compares the digests of all ranks' parameters after a step.
func (s *ranks) same(weights t5.Parameters, step int) error {
	if s == nil {
		return nil
	}
	return torch.Do(func() {
		digest := parametersDigest(weights)
		values := make([]float64, s.size*len(digest)) // each rank fills its own row
		for i, b := range digest {
			values[s.rank*len(digest)+i] = float64(b)
		}
		all := doubles(values...)
		s.sum(all)
		values = all.Float64s()
		for i, v := range values {
			if rank := i / len(digest); v != values[i%len(digest)] {
				torch.Fail(fault.New(schemas.RanksDiffer, "train: after step %d the parameters of rank %d are "+
					"not those of rank 0 (by SHA-256), so no checkpoint is written: the one before is good on all ranks, and the run goes on from "+
					"it when it is started again; if it comes again, look at the devices' memory and at whether all are of one kind", step, rank))
			}
		}
	})
}

// parametersDigest is the SHA-256 of all parameters' bytes in byte order of names.
func parametersDigest(weights t5.Parameters) [sha256.Size]byte {
	h := sha256.New()
	for _, name := range weights.Names() {
		io.WriteString(h, name)
		h.Write(weights[name].Bytes(torch.Float32))
	}
	return [sha256.Size]byte(h.Sum(nil))
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func doubles(values ...float64) torch.Tensor {
	raw := make([]byte, 0, 8*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(v))
	}
	return torch.FromBytes(raw, torch.Float64, len(values))
}

// divisible refuses batches that the ranks cannot share equally.
func divisible(f feed, ranks int) error {
	if f.divisor()%ranks == 0 {
		return nil
	}
	return invalid("%s cannot be shared equally by %d ranks: choose a number of ranks that divides it", f.unequal(ranks), ranks)
}
