package gold

import (
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"unicode"

	"crosssum/internal/mining/link"
)

// Texts count as one cluster when they share a package, a text, a long paragraph that is no boilerplate, or half of
// their word shingles.
const (
	shingleWords      = 4
	minhashBands      = 10
	minhashRows       = 4 // 10 bands of 4: a pair of Jaccard 0.6 meets with probability 0.75, 0.8 with 0.995
	clusterJaccard    = 0.5
	paragraphBytes    = 100 // shorter paragraphs say nothing about kinship
	boilerplateKeys   = 30  // a paragraph of more keys is boilerplate, not kinship
	bucketCandidates  = 24  // comparisons a row makes within one bucket
	minhashSignatures = minhashBands * minhashRows
)

// Entry is one article of which is known what it is a translation of: its Key.
type Entry struct {
	Language string
	Key      string // "ddtp:<Description-md5>", "appstream:<component id>" or "gnome-help:<page>"
	Packages []string
	Title    string // says nothing of kinship
	Summary  string
	Text     string
}

// ClusterKeys groups the keys of entries so that no two groups share a package, a text or a near-identical English text.
// The result maps each key to its group's smallest key.
func ClusterKeys(entries []Entry) map[string]string {
	all := make([]string, len(entries))
	for i, e := range entries {
		all[i] = e.Key
	}
	keys, number := link.Numbered(all)
	u := link.NewForest(len(keys))
	first := map[string]int32{} // package or text -> a key that has it
	same := func(kind, value string, key int32) {
		if other, ok := first[kind+value]; ok {
			u.Union(key, other)
		} else {
			first[kind+value] = key
		}
	}
	paragraphs := map[uint64][]int32{}
	signatures := map[int32][]uint64{}
	for _, e := range entries {
		k := int32(number[e.Key])
		for _, p := range e.Packages {
			same("p", p, k)
		}
		words := wordsOf(e.Text)
		same("t"+e.Language, strings.Join(words, " "), k)
		for _, p := range strings.Split(e.Text, "\n") {
			if len(p) >= paragraphBytes {
				h := hash64(e.Language + p)
				if seen := paragraphs[h]; len(seen) <= boilerplateKeys && (len(seen) == 0 || seen[len(seen)-1] != k) {
					paragraphs[h] = append(seen, k)
				}
			}
		}
		if e.Language == "english" {
			signatures[k] = minhash(words)
		}
	}
	for _, seen := range paragraphs {
		for i := 1; i < len(seen) && len(seen) <= boilerplateKeys; i++ {
			u.Union(seen[0], seen[i])
		}
	}
	joinSimilar(u, signatures)
	group := map[string]string{}
	for k, i := range number {
		group[k] = keys[u.Root(int32(i))]
	}
	return group
}

// wordsOf lowers and keeps letters: version numbers and punctuation make no new text.
func wordsOf(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
}

func hash64(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}

// minhash is the signature of a text's shingles: the least value of each of 40 hash functions.
func minhash(words []string) []uint64 {
	s := make([]uint64, minhashSignatures)
	for i := range s {
		s[i] = ^uint64(0)
	}
	for at := 0; at == 0 || at+shingleWords <= len(words); at++ {
		h := hash64(strings.Join(words[at:min(at+shingleWords, len(words))], " "))
		for i := range s {
			x := (h ^ uint64(i+1)*0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9 // splitmix64's finalizer
			x = (x ^ x>>27) * 0x94D049BB133111EB
			s[i] = min(s[i], x^x>>31)
		}
	}
	return s
}

func joinSimilar(u *link.Forest, signatures map[int32][]uint64) {
	order := slices.Sorted(maps.Keys(signatures))
	for band := 0; band < minhashBands; band++ {
		buckets := map[[minhashRows]uint64][]int32{}
		for _, k := range order {
			var b [minhashRows]uint64
			copy(b[:], signatures[k][band*minhashRows:])
			joined := false
			for _, other := range buckets[b] {
				if jaccard(signatures[k], signatures[other]) >= clusterJaccard {
					u.Union(k, other)
					joined = true
				}
			}
			if !joined && len(buckets[b]) < bucketCandidates {
				buckets[b] = append(buckets[b], k)
			}
		}
	}
}

func jaccard(a, b []uint64) float64 {
	equal := 0
	for i := range a {
		if a[i] == b[i] {
			equal++
		}
	}
	return float64(equal) / float64(len(a))
}
