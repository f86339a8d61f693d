// Package neardup finds articles of one language whose texts are equal or nearly equal: equal after normalization, or with a
// Jaccard similarity of their shingles above a threshold, where MinHash proposes and exact sets decide.
package neardup

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"slices"
	"strings"
	"unicode"

	"github.com/zeebo/xxh3"
	"golang.org/x/text/unicode/norm"
)

const (
	shingle    = 3       // tokens
	mostTokens = 1 << 15 // of a text: what stands behind them is not compared, unless the texts are equal
)

// Normalize is what two texts are compared by: HTML entities read, NFKC, lower case, every kind of quote one, invisible characters
// left out, runs of white space one space.
func Normalize(text string) string {
	text = norm.NFKC.String(html.UnescapeString(text))
	var b strings.Builder
	b.Grow(len(text))
	space := false
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			space = true
			continue
		case unicode.In(r, unicode.Cf, unicode.Cc):
			continue
		case unicode.In(r, unicode.Pi, unicode.Pf), strings.ContainsRune("\"`´‚„‵′″「」『』〝〞〟", r):
			r = '\''
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// Digest is the first half of the SHA-256 of a normalized text.
type Digest [16]byte

// DigestOf is the digest of a normalized text.
func DigestOf(normalized string) Digest {
	sum := sha256.Sum256([]byte(normalized))
	return Digest(sum[:16])
}

func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// ParseDigest reads what String wrote.
func ParseDigest(s string) (d Digest, err error) {
	if len(s) != 2*len(d) {
		return d, fmt.Errorf("%.80q is no digest of a text", s)
	}
	_, err = hex.Decode(d[:], []byte(s))
	return d, err
}

// Shingles are the hashes of all runs of three tokens, rising, each once; of a shorter text that of all its tokens. A token is a word
// or a number; in scripts that are written without spaces, a character.
func Shingles(normalized string) []uint64 {
	hashes := tokens(normalized)
	if len(hashes) == 0 {
		return nil
	}
	n := max(1, len(hashes)-shingle+1)
	set := make([]uint64, 0, n)
	for i := range n {
		var h uint64
		for _, t := range hashes[i:min(i+shingle, len(hashes))] {
			h = mix(h ^ t)
		}
		set = append(set, h)
	}
	slices.Sort(set)
	return slices.Compact(set)
}

// unspaced are scripts without spaces between words.
var unspaced = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
	unicode.Tibetan}

func tokens(text string) (hashes []uint64) {
	begin := -1 // of the open word
	end := func(at int) {
		if begin >= 0 && len(hashes) < mostTokens {
			hashes = append(hashes, xxh3.HashString(text[begin:at]))
		}
		begin = -1
	}
	for i, r := range text {
		switch {
		case len(hashes) == mostTokens:
			return hashes
		case r >= 0xe00 && unicode.In(r, unspaced...):
			end(i)
			if unicode.IsLetter(r) {
				hashes = append(hashes, xxh3.HashString(string(r)))
			}
		case unicode.In(r, unicode.L, unicode.M, unicode.N):
			if begin < 0 {
				begin = i
			}
		default:
			end(i)
		}
	}
	end(len(text))
	return hashes
}

// mix is the finalizer of splitmix64: a permutation of 64-bit numbers.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Jaccard is |a and b| / |a or b| of two rising sets; 0 where both are empty.
func Jaccard(a, b []uint64) float64 {
	both := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			both, i, j = both+1, i+1, j+1
		}
	}
	if len(a)+len(b) == 0 {
		return 0
	}
	return float64(both) / float64(len(a)+len(b)-both)
}
