package main

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/schemas"
)

// neighbour is an entry of a list; lists are by id, best first.
type neighbour struct {
	id    string
	score float64
}
type lists map[string][]neighbour

// tie is how far fp32 scores of the same two vectors lie apart between two programs: neighbours whose scores differ by
// less are as good as each other.
const tie = 2e-6

// same prints how far neighbours and mutual pairs agree with the peer's. One of the peer's neighbours is found if it is in the
// list, or as good as the last of it; a pair is the same if it is, or if both firsts are as good as each other.
func (o *options) same(request engine.SearchRequest) error {
	var ours, peers [2]lists
	var err error
	for i, name := range []string{"forward", "backward"} {
		if ours[i], err = read([]string{request.Forward, request.Backward}[i]); err != nil {
			return err
		}
		if peers[i], err = readText(o.Path("peer." + name)); err != nil {
			return err
		}
		found, tied, all := 0, 0, 0
		for id, list := range peers[i] {
			for _, other := range list {
				all++
				mine := ours[i][id]
				switch {
				case holds(mine, other.id):
					found++
				case len(mine) > 0 && math.Abs(mine[len(mine)-1].score-other.score) < tie:
					tied++
				}
			}
		}
		fmt.Printf("%s: of faiss-cpu's %d neighbours %d found, %d tied with the last of a list, recall %.6f\n",
			name, all, found, tied, float64(found+tied)/float64(max(all, 1)))
	}
	a, b := mutual(ours[0], ours[1]), mutual(peers[0], peers[1])
	equal, tied := 0, 0
	for id, other := range b {
		if a[id].id == other.id {
			equal++
		} else if math.Abs(ours[0][id][0].score-other.score) < tie {
			tied++
		}
	}
	fmt.Printf("mutual pairs: %d, faiss-cpu's %d: %d the same, %d with first neighbours that tie, %d different\n",
		len(a), len(b), equal, tied, len(b)-equal-tied)
	return nil
}

func holds(list []neighbour, id string) bool {
	for _, n := range list {
		if n.id == id {
			return true
		}
	}
	return false
}

// mutual pairs those that are each other's first.
func mutual(forward, backward lists) map[string]neighbour {
	pairs := map[string]neighbour{}
	for id, list := range forward {
		if back := backward[list[0].id]; len(back) > 0 && back[0].id == id {
			pairs[id] = list[0]
		}
	}
	return pairs
}

func read(path string) (lists, error) {
	l := lists{}
	return l, arrowfile.Each(path, func(row *schemas.NeighbourRow) error {
		id := arrowfile.Clone(row.SourceID)
		l[id] = append(l[id], neighbour{arrowfile.Clone(row.TargetID), float64(row.Score)})
		return nil
	})
}

func readText(path string) (lists, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	l := lists{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) != 3 {
			return nil, fmt.Errorf("%s: %q is not two ids and a score", path, lines.Text())
		}
		score, err := strconv.ParseFloat(f[2], 64)
		if err != nil {
			return nil, err
		}
		l[f[0]] = append(l[f[0]], neighbour{f[1], score})
	}
	return l, lines.Err()
}
