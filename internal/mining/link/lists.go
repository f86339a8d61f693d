package link

import (
	"fmt"
	"math"
	"slices"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

// lists are the neighbour lists of the articles from..to-1 in one language, best first, ties to the smaller id: for each entry 8
// bytes.
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
func readLists(path string, articles *Articles, source, target string, k int, keep kept) (*lists, error) {
	from, to, ok := articles.span(source)
	targetFrom, targetTo, known := articles.span(target)
	if !ok || !known {
		return nil, corrupt("neighbours of %s in %s: there are no articles of one of them", source, target)
	}
	want := min(k, targetTo-targetFrom)
	if source == target {
		want = min(k, max(targetTo-targetFrom-1, 0))
	}
	r := &listReader{lists: lists{from: from, offsets: make([]int32, 1, to-from+1)}, articles: articles, source: source, target: target,
		next: from, to: to, want: want, kept: keep}
	if err := arrowfile.Each(path, r.entry); err != nil {
		return nil, err
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	if r.next != to && want > 0 {
		return nil, corrupt("neighbours of %s in %s: %d lists for %d articles", source, target, r.next-from, to-from)
	}
	for len(r.offsets) < to-from+1 { // nothing to be a neighbour of: no rows at all
		r.offsets = append(r.offsets, int32(len(r.targets)))
	}
	return &r.lists, nil
}

// kept are the entries of a list that are wanted: the best few, and only those of a score.
type kept struct {
	most  int
	least float32
}

// bestOf are the k best of a list.
func bestOf(k int) kept { return kept{k, -2} }

// listReader is the state of reading one file of neighbours.
type listReader struct {
	lists
	articles       *Articles
	source, target string
	next, to       int // the article whose list begins next, and the end of its language
	want           int
	kept

	rank, length int // of the open list: entries, and those of others than the article itself
	last         int32
	lastScore    float32
}

func (r *listReader) entry(row *schemas.NeighbourRow) error {
	if row.Rank == 0 {
		if err := r.end(); err != nil {
			return err
		}
		if r.next == r.to || row.SourceID != r.articles.ID(int32(r.next)) {
			return r.corrupt("list of %q where that of another article stands in the articles", row.SourceID)
		}
		r.next++
	}
	if r.next == r.from || row.SourceID != r.articles.ID(int32(r.next-1)) || int(row.Rank) != r.rank {
		return r.corrupt("rank %d of %q out of order", row.Rank, row.SourceID)
	}
	n, err := r.articles.Number(r.target, row.TargetID)
	if err != nil {
		return err
	}
	score := row.Score
	if math.IsNaN(float64(score)) || math.Abs(float64(score)) > 1.001 {
		return r.corrupt("%q has score %v, which is no cosine", row.SourceID, score)
	}
	if r.rank > 0 && (score > r.lastScore || score == r.lastScore && n <= r.last) {
		return r.corrupt("the list of %q is not sorted by score and id", row.SourceID)
	}
	r.rank, r.last, r.lastScore = r.rank+1, n, score
	if r.source == r.target && int(n) == r.next-1 {
		return nil // an article is not its own neighbour
	}
	if r.length++; r.length <= r.most && score >= r.least {
		r.targets, r.scores = append(r.targets, n), append(r.scores, score)
	}
	return nil
}

// end ends the open list, if there is one.
func (r *listReader) end() error {
	if r.rank == 0 {
		return nil
	}
	r.offsets = append(r.offsets, int32(len(r.targets)))
	if r.length < r.want {
		return invalid("neighbours of %s in %s: %q has %d, the rule needs %d: set align.keep to at least align.neighbours",
			r.source, r.target, r.articles.ID(int32(r.next-1)), r.length, r.want)
	}
	if r.next == r.from+1 && r.least < -1 { // one is as long as it must be: make room for as many as there are articles
		r.targets, r.scores = slices.Grow(r.targets, (r.to-r.from)*r.want), slices.Grow(r.scores, (r.to-r.from)*r.want)
	}
	r.rank, r.length = 0, 0
	return nil
}

func (r *listReader) corrupt(format string, args ...any) error {
	return corrupt("neighbours of %s in %s: %s", r.source, r.target, fmt.Sprintf(format, args...))
}
