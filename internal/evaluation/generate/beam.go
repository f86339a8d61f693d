package generate

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// Decoder is what beam search asks of a model: log-probabilities of the next token.
type Decoder interface {
	// Step lets row r go on from what row from[r] was (nil: every row from itself), feeds it tokens[r], and returns the
	// log-probabilities of its next token: [rows, vocabulary] in row-major order, which the caller may change until the next
	// Step. Rows are those of the examples one after the other, Options.Beams each.
	Step(tokens, from []int) ([]float32, error)
}

// Stopping says when an example with Beams finished hypotheses stops.
type Stopping int

// The three rules, early_stopping False, True and "never" of transformers.
const (
	StopHeuristic Stopping = iota // when the best running beam cannot win at its present length
	StopEarly                     // at once
	StopNever                     // when the best running beam cannot win at the greatest length
)

// Options are the settings of a search.
type Options struct {
	Beams         int
	MaxLength     int // tokens, the start token counted
	LengthPenalty float64
	NoRepeatNgram int   // 0: repeats are allowed
	EOS           int   // </s>
	Ends          []int // what else ends an output
	Banned        []int // tokens that are never generated
	Stopping      Stopping
}

// Hypothesis is one finished output. Tokens are without the start token, with </s> unless MaxLength came first.
type Hypothesis struct {
	Tokens []int
	Score  float32 // sum of log-probabilities / len(Tokens)^LengthPenalty
}

// beam is one running hypothesis.
type beam struct {
	tokens []int // with the start token
	sum    float32
	row    int // that its state is in
}

// example is the search for one source.
type example struct {
	running  []beam       // best first
	finished []Hypothesis // best first, at most Beams
	done     bool
}

// never is the sum of a beam that does not exist yet: at the first step all beams of an example are the same.
const never = -1e9

// Search runs beam search for the examples whose decoders start with starts, and returns all hypotheses of each, best
// first. It follows transformers' generate to the letter, scores in fp32; among equal scores the earlier beam, then
// the smaller token comes first.
func Search(decoder Decoder, starts []int, o Options) ([][]Hypothesis, error) {
	examples := make([]example, len(starts))
	for e := range examples {
		for b := range o.Beams {
			first := beam{tokens: []int{starts[e]}, sum: never, row: e*o.Beams + b}
			if b == 0 {
				first.sum = 0
			}
			examples[e].running = append(examples[e].running, first)
		}
	}
	tokens, from := make([]int, len(starts)*o.Beams), []int(nil)
	for generated := 1; open(examples); generated++ {
		for e := range examples {
			for b, r := range examples[e].running {
				tokens[e*o.Beams+b] = r.tokens[len(r.tokens)-1]
			}
		}
		scores, err := decoder.Step(tokens, from)
		if err != nil {
			return nil, err
		}
		if len(scores) == 0 || len(scores)%len(tokens) != 0 {
			return nil, fmt.Errorf("beam search: %d scores for %d rows", len(scores), len(tokens))
		}
		vocabulary := len(scores) / len(tokens)
		from = make([]int, len(tokens))
		for e := range examples {
			rows := scores[e*o.Beams*vocabulary : (e+1)*o.Beams*vocabulary]
			if !examples[e].done {
				examples[e].step(rows, vocabulary, generated, o)
			}
			for b := range examples[e].running {
				r := &examples[e].running[b]
				from[e*o.Beams+b], r.row = r.row, e*o.Beams+b
			}
		}
	}
	results := make([][]Hypothesis, len(examples))
	for e := range examples {
		results[e] = examples[e].finished
	}
	return results, nil
}

func open(examples []example) bool {
	return slices.ContainsFunc(examples, func(x example) bool { return !x.done })
}

// step extends an example by one token, the generated-th. scores are the log-probabilities of its beams.
func (x *example) step(scores []float32, vocabulary, generated int, o Options) {
	for b, r := range x.running {
		row := scores[b*vocabulary : (b+1)*vocabulary]
		for _, token := range o.Banned {
			row[token] = float32(math.Inf(-1))
		}
		for _, token := range repeats(r.tokens, o.NoRepeatNgram) {
			row[token] = float32(math.Inf(-1))
		}
	}
	last := generated+1 >= o.MaxLength
	var running []beam
	for rank, c := range best(x.running, scores, vocabulary, (2+len(o.Ends))*o.Beams) {
		before := x.running[c.beam]
		tokens := append(slices.Clone(before.tokens), c.token)
		switch {
		case c.token != o.EOS && !slices.Contains(o.Ends, c.token) && !last:
			if len(running) < o.Beams {
				running = append(running, beam{tokens, c.sum, before.row})
			}
		case rank < o.Beams:
			x.finish(Hypothesis{tokens[1:], c.sum / power(generated, o.LengthPenalty)}, o.Beams)
		}
	}
	x.done = last || len(running) < o.Beams
	if !x.done {
		x.running = running
		x.done = x.stops(generated, o)
	}
}

// stops tells whether no running beam may still change the finished list.
func (x *example) stops(generated int, o Options) bool {
	if len(x.finished) < o.Beams {
		return false
	}
	length := generated
	switch {
	case o.Stopping == StopEarly:
		return true
	case o.Stopping == StopNever && o.LengthPenalty > 0:
		length = o.MaxLength - 1
	}
	return x.running[0].sum/power(length, o.LengthPenalty) <= x.finished[len(x.finished)-1].Score
}

// finish puts h into the list, behind those that are as good, and drops the worst beyond limit.
func (x *example) finish(h Hypothesis, limit int) {
	at := sort.Search(len(x.finished), func(i int) bool { return x.finished[i].Score < h.Score })
	x.finished = slices.Insert(x.finished, at, h)
	x.finished = x.finished[:min(limit, len(x.finished))]
}

func power(length int, penalty float64) float32 { return float32(math.Pow(float64(length), penalty)) }

// candidate is a beam extended by a token.
type candidate struct {
	beam, token int
	sum         float32
}

// best are the k candidates with the largest sums, in order.
func best(running []beam, scores []float32, vocabulary, k int) []candidate {
	list := make([]candidate, 0, k+1)
	for b, r := range running {
		row := scores[b*vocabulary : (b+1)*vocabulary]
		for token, score := range row {
			sum := score + r.sum
			if len(list) == k && !(sum > list[k-1].sum) {
				continue
			}
			at := len(list)
			for at > 0 && sum > list[at-1].sum {
				at--
			}
			list = slices.Insert(list, at, candidate{b, token, sum})
			list = list[:min(k, len(list))]
		}
	}
	return list
}

// repeats are the tokens that would complete an n-gram which tokens, the start token included, holds already.
func repeats(tokens []int, n int) (banned []int) {
	if n == 0 || len(tokens)+1 < n {
		return nil
	}
	prefix := tokens[len(tokens)-n+1:]
	for i := 0; i+n <= len(tokens); i++ {
		if slices.Equal(tokens[i:i+n-1], prefix) {
			banned = append(banned, tokens[i+n-1])
		}
	}
	return banned
}
