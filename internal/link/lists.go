package link

import (
	"math"

	"crosssum/internal/arrowfile"
	"crosssum/schemas"
)

// lists are the neighbour lists of the articles from..to-1 in one language, best first, ties to the smaller id.
type lists struct {
	from    int
	offsets []int32 // of the list of article from+i, in targets and scores; one entry more than articles
	targets []int32
	scores  []float32
}

// of is the list of article n, cut to its best k.
func (l *lists) of(n int32, k int) (targets []int32, scores []float32) {
	from, to := l.offsets[int(n)-l.from], l.offsets[int(n)-l.from+1]
	to = min(to, from+int32(k))
	return l.targets[from:to], l.scores[from:to]
}

// readLists reads a neighbours file. Every article of source must have a list of at least min(k, articles of target)
// others, in order of rank, scores falling, ties to the smaller id.
func readLists(path string, articles *Articles, source, target string, k int) (*lists, error) {
	from, to, ok := articles.span(source)
	targetFrom, targetTo, known := articles.span(target)
	if !ok || !known {
		return nil, corrupt("neighbours of %s in %s: there are no articles of one of them", source, target)
	}
	l := &lists{from: from, offsets: []int32{0}}
	next := from // the article whose list begins next
	rank, last, lastScore := 0, int32(0), float32(0)
	err := arrowfile.Each(path, schemas.Neighbour, func(row arrowfile.Row) error {
		if row.Int(1) == 0 {
			if next > from {
				l.offsets = append(l.offsets, int32(len(l.targets)))
			}
			if next == to || row.Str(0) != articles.ids[next] {
				return corrupt("neighbours of %s in %s: list of %q where that of another article stands in the articles",
					source, target, row.Str(0))
			}
			next, rank = next+1, 0
		}
		if next == from || row.Str(0) != articles.ids[next-1] || row.Int(1) != int64(rank) {
			return corrupt("neighbours of %s in %s: rank %d of %q out of order", source, target, row.Int(1), row.Str(0))
		}
		n, err := articles.Number(target, row.Str(2))
		if err != nil {
			return err
		}
		score := float32(row.Float(3))
		if math.IsNaN(float64(score)) || math.Abs(float64(score)) > 1.001 {
			return corrupt("neighbours of %s in %s: %q has score %v, which is no cosine", source, target, row.Str(0), score)
		}
		if rank > 0 && (score > lastScore || score == lastScore && n <= last) {
			return corrupt("neighbours of %s in %s: the list of %q is not sorted by score and id", source, target, row.Str(0))
		}
		rank, last, lastScore = rank+1, n, score
		if source == target && int(n) == next-1 {
			return nil // an article is not its own neighbour
		}
		l.targets, l.scores = append(l.targets, n), append(l.scores, score)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if next > from {
		l.offsets = append(l.offsets, int32(len(l.targets)))
	}
	want := min(k, targetTo-targetFrom)
	if source == target {
		want = min(k, max(targetTo-targetFrom-1, 0))
	}
	if next != to && want > 0 {
		return nil, corrupt("neighbours of %s in %s: %d lists for %d articles", source, target, next-from, to-from)
	}
	for len(l.offsets) < to-from+1 { // nothing to be a neighbour of: no rows at all
		l.offsets = append(l.offsets, int32(len(l.targets)))
	}
	for i := 0; i+1 < len(l.offsets); i++ {
		if int(l.offsets[i+1]-l.offsets[i]) < want {
			return nil, invalid("neighbours of %s in %s: %q has %d, the rule needs %d: set align.keep to at least align.neighbours",
				source, target, articles.ids[from+i], l.offsets[i+1]-l.offsets[i], want)
		}
	}
	return l, nil
}
