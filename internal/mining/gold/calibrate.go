package gold

import (
	"maps"
	"math"
	"slices"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/mining/link"
	"crosssum/schemas"
)

// Calibration names what is judged: Input as link reads it (its threshold says nothing), known pairs, and the precision that
// is wanted. Seed is the bootstrap's.
type Calibration struct {
	link.Input
	Gold      string
	Precision float64
	Seed      uint64
}

const (
	// Resamples of the bootstrap.
	Resamples = 1000
	// rungs and cutRungs are about how many thresholds are tried; fewer where every one costs minimum cuts.
	rungs, cutRungs = 250, 30
	// kinBytes of a text are enough to see what it shares with others.
	kinBytes = 4096
)

// Calibrate judges the rule at a ladder of thresholds. Equal inputs give equal results. progress is called with how
// far it is: half is reading.
func Calibrate(in Calibration, progress func(done, total int)) (schemas.Calibration, error) {
	truth, err := Read(in.Gold)
	if err != nil {
		return schemas.Calibration{}, err
	}
	s := newScored()
	add := s.adder(truth)
	var entries []Entry
	if in.Rule == schemas.EvidenceRule {
		in.Model = &startEvidence
	}
	sweep, err := link.NewSweep(in.Input, func(n int32, r *schemas.ArticleRow) error {
		if err := add(n, r); err != nil {
			return err
		}
		if known := s.rows[n]; known.Key != "" {
			text := r.Text
			entries = append(entries, Entry{Language: arrowfile.Clone(r.Language), Key: known.Key, Packages: known.Packages,
				Text: arrowfile.Clone(text[:min(len(text), kinBytes)])})
		}
		return nil
	}, func(done, total int) { progress(done, 2*total) })
	if err != nil {
		return schemas.Calibration{}, err
	}
	s.articles = sweep.Articles
	if len(entries) == 0 {
		return schemas.Calibration{}, invalid("gold: none of its articles is in the crawl: do its languages and ids belong to it?")
	}
	out := schemas.Calibration{Rule: in.Rule, Measure: schemas.Rules[in.Rule].Measure, Neighbours: in.K, Duplicate: in.DuplicateThreshold,
		Articles: s.articles.Len(), Languages: len(s.articles.Languages), Judged: int64(len(entries)), Resamples: Resamples,
		Precision: in.Precision}
	steps := rungs
	if in.Rule == "induced" {
		steps = cutRungs
	}
	j := newJury(s, sweep, ClusterKeys(entries))
	if j.gold[0] == 0 {
		return out, invalid("gold: no two articles of the crawl have the same key in two languages: there is nothing to find")
	}
	if in.Rule == schemas.EvidenceRule {
		if out.Model, err = j.fitEvidence(in.Input, func() { progress(len(in.Lists), 2*len(in.Lists)) }); err != nil {
			return out, err
		}
	}
	thresholds := slices.DeleteFunc(ladder(sweep.Values(), steps), func(t float64) bool { return !sweep.Tractable(t) })
	for i, threshold := range thresholds {
		out.Points = append(out.Points, j.judge(threshold))
		progress(len(in.Lists)+(i+1)*len(in.Lists)/len(thresholds), 2*len(in.Lists))
	}
	j.bootstrap(out.Points, in.Seed)
	out.Clusters = j.clusters
	out.Advice = advise(out.Points, in.Precision)
	if out.Model != nil {
		out.Reliability, out.ByLanguages = j.reliability(), j.byLanguages(out.Model, in.Precision)
	}
	return out, nil
}

// ladder gives some n round thresholds that span the values but for the lowest hundredth and the highest thousandth, and at
// least one.
func ladder(values []float64, n int) []float64 {
	if len(values) == 0 {
		return []float64{0}
	}
	low, high := values[len(values)/100], values[len(values)-1-len(values)/1000]
	step := math.Pow(10, math.Floor(math.Log10(math.Max(high-low, 1e-6)/float64(n))))
	for _, m := range []float64{1, 2, 5, 10} {
		if m*step*float64(n) >= high-low {
			step *= m
			break
		}
	}
	var out []float64
	for i := math.Floor(low / step); i <= math.Ceil(high/step); i++ {
		out = append(out, round(i*step, 1e9))
	}
	return out
}

func round(x, of float64) float64 { return math.Round(x*of) / of }

// advise chooses the smallest threshold that reaches the wanted precision, for all pairs and those of English, by the value and
// by the lower end of its interval.
func advise(points []schemas.Point, wanted float64) []schemas.Advice {
	var out []schemas.Advice
	for _, pairs := range []string{"all", "english"} {
		for _, lower := range []bool{false, true} {
			a := schemas.Advice{Pairs: pairs, LowerBound: lower}
			for _, p := range points {
				c := p.All
				if pairs == "english" {
					c = p.English
				}
				value := c.Precision.Value
				if lower {
					value = c.Precision.Low
				}
				if c.Judged > 0 && value > a.Best {
					a.Threshold, a.Best, a.Reached = p.Threshold, value, value >= wanted
				}
				if a.Reached {
					break
				}
			}
			out = append(out, a)
		}
	}
	return out
}

// jury judges the pairs of a sweep. Every pair counts half in the cluster of each of its ends: counts by cluster are doubled.
type jury struct {
	s        *scored
	sweep    *link.Sweep
	clusters int
	cluster  []int32   // by article; -1: not in the gold
	verdicts []verdict // by pair of the sweep
	same     []int32   // by pair of the sweep: the pair of classes with gold that it belongs to, or -1
	truths   [][]int32 // by pair of classes: the cluster of each gold pair
	gold     [2]int64  // gold pairs: all, English
	goldBy   [2][]int32
	classes  map[[2]int32]int32 // pairs of classes with gold
	ten      languages
	now      []int32 // counts at the threshold judged last: [cluster][2 groups][measures]
	last     []int32
	changes  [][]change // by threshold, against the one before
}

type verdict struct {
	judged, neither, right, byKey, english bool
}

// The measures that are counted by cluster. A pair right by key is one found by key.
const (
	countJudged = iota
	countRight
	countByKey
	countFound
	measures
)

// change of a count by cluster; at is group*measures + measure.
type change struct {
	cluster int32
	at      int32
	by      int32
}

func newJury(s *scored, sweep *link.Sweep, groups map[string]string) *jury {
	j := &jury{s: s, sweep: sweep}
	ten := s.tenLargest()
	names, number := link.Numbered(slices.Collect(maps.Values(groups)))
	j.clusters = len(names)
	for _, r := range s.rows {
		if r.Key == "" {
			j.cluster = append(j.cluster, -1)
		} else {
			j.cluster = append(j.cluster, int32(number[groups[r.Key]]))
		}
	}
	classes := map[[2]int32]int32{}
	j.goldBy = [2][]int32{make([]int32, j.clusters), make([]int32, j.clusters)}
	for name, group := range s.byLanguages() {
		isEnglish := ten.english(name[0], name[1])
		for _, p := range group.gold {
			pair := [2]int32{s.class[p[0]], s.class[p[1]]}
			n, ok := classes[pair]
			if !ok {
				n = int32(len(j.truths))
				classes[pair] = n
				j.truths = append(j.truths, nil)
			}
			c := j.cluster[p[0]]
			j.truths[n] = append(j.truths[n], c)
			j.gold[0]++
			j.goldBy[0][c] += 2
			if isEnglish {
				j.gold[1]++
				j.goldBy[1][c] += 2
			}
		}
	}
	j.classes = classes
	j.ten = ten
	j.reconsider()
	j.now, j.last = make([]int32, j.clusters*2*measures), make([]int32, j.clusters*2*measures)
	return j
}

// reconsider judges the pairs that the sweep has now.
func (j *jury) reconsider() {
	j.verdicts, j.same = j.verdicts[:0], j.same[:0]
	for i := range j.sweep.Len() {
		a, b := j.sweep.Pair(i)
		v := verdict{judged: j.cluster[a] >= 0 && j.cluster[b] >= 0, english: j.ten.english(j.s.articles.Language(a), j.s.articles.Language(b))}
		v.byKey = v.judged && j.s.rows[a].Key == j.s.rows[b].Key
		v.right = v.byKey || v.judged && j.s.sameClass(a, b)
		if v.judged && !v.right && neither(j.s.rows[a], j.s.rows[b]) {
			v.judged, v.neither = false, true
		}
		j.verdicts = append(j.verdicts, v)
		n, ok := j.classes[[2]int32{j.s.class[a], j.s.class[b]}]
		if !ok {
			n = -1
		}
		j.same = append(j.same, n)
	}
}

// judge counts at one threshold and keeps what has changed since the one before, for the bootstrap.
func (j *jury) judge(threshold float64) schemas.Point {
	accepted := j.sweep.At(threshold)
	j.now, j.last = j.last, j.now
	clear(j.now)
	seen := make([]bool, len(j.truths))
	p := schemas.Point{Threshold: threshold, Largest: float64(j.sweep.Largest(accepted)) / float64(j.s.articles.Len())}
	curves := [2]*schemas.Curve{&p.All, &p.English}
	byKey := [2]int64{}
	for _, i := range accepted {
		v := j.verdicts[i]
		a, b := j.sweep.Pair(i)
		fresh := j.same[i] >= 0 && (v.judged || v.neither) && !seen[j.same[i]]
		for g, c := range curves[:1+btoi(v.english)] {
			c.Pairs++
			c.Neither += int64(btoi(v.neither))
			for measure, counts := range [countFound]bool{v.judged, v.right, v.byKey} {
				if counts {
					j.now[j.slot(j.cluster[a], g, measure)]++
					j.now[j.slot(j.cluster[b], g, measure)]++
				}
			}
			c.Judged += int64(btoi(v.judged))
			c.Right += int64(btoi(v.right))
			byKey[g] += int64(btoi(v.byKey))
			if fresh {
				for _, cluster := range j.truths[j.same[i]] {
					j.now[j.slot(cluster, g, countFound)] += 2
				}
				c.Found += int64(len(j.truths[j.same[i]]))
			}
		}
		if fresh {
			seen[j.same[i]] = true
		}
	}
	for g, c := range curves {
		c.Gold = j.gold[g]
		c.Precision.Value, c.Recall.Value = ratio(c.Right, c.Judged), ratio(c.Found, c.Gold)
		c.KeyPrecision.Value, c.KeyRecall.Value = ratio(byKey[g], c.Judged), ratio(byKey[g], c.Gold)
		if sum := c.Precision.Value + c.Recall.Value; sum > 0 {
			c.F1 = 2 * c.Precision.Value * c.Recall.Value / sum
		}
	}
	var changes []change
	for i, n := range j.now {
		if n != j.last[i] {
			changes = append(changes, change{int32(i / (2 * measures)), int32(i % (2 * measures)), n - j.last[i]})
		}
	}
	j.changes = append(j.changes, changes)
	return p
}

// slot is the place of a count in now and last.
func (j *jury) slot(cluster int32, group, measure int) int {
	return (int(cluster)*2+group)*measures + measure
}

func ratio(a, b int64) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
