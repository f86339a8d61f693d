package link

// AgreementWeight is what lies between the value of a pair that all other languages speak for and one that all speak against,
// for very many of them. It was chosen with the default encoder, on articles outside the shipped sample.
const AgreementWeight = 0.1

// agree gives every contender, in (a, b) order, the value
//
//	margin + AgreementWeight ((n + 1) / (t + 2) - 1/2)
//
// where t counts the other languages in which both a and b have a contender, and n those in which it is the same article. With
// nothing known (t = 0) it is the margin. True pairs of an article that stands in many languages agree; where a pair is wrong,
// the two sides' own translations lead apart.
func agree(contenders []contender, articles *Articles) {
	says := newOpinions(articles)
	for _, c := range contenders {
		says.add(c.a, c.b)
	}
	for i := range contenders {
		c := &contenders[i]
		agreement := says.agreement(c.a, c.b)
		c.rule, c.agreement = "agreement", float32(agreement)
		c.value = float32(float64(c.margin) + AgreementWeight*agreement)
	}
}

// opinions are what languages say of articles: their best counterparts.
type opinions struct {
	language []int32
	partners [][]int32 // ascending, at most one a language
}

func newOpinions(articles *Articles) *opinions {
	o := &opinions{make([]int32, articles.Len()), make([][]int32, articles.Len())}
	for i := range articles.Languages {
		for n := articles.first[i]; n < articles.first[i+1]; n++ {
			o.language[n] = int32(i)
		}
	}
	return o
}

// add is of contenders in the order of their pairs of articles, or of their pairs of languages.
func (o *opinions) add(a, b int32) {
	o.partners[a] = append(o.partners[a], b)
	o.partners[b] = append(o.partners[b], a)
}

// agreement is (n + 1) / (t + 2) - 1/2 of a pair.
func (o *opinions) agreement(a, b int32) float64 {
	same, shared := 0, 0
	x, y := o.partners[a], o.partners[b]
	for len(x) > 0 && len(y) > 0 {
		switch {
		case o.language[x[0]] < o.language[y[0]]:
			x = x[1:]
		case o.language[x[0]] > o.language[y[0]]:
			y = y[1:]
		default: // never a's or b's own language: an article has no contender in it
			shared++
			if x[0] == y[0] {
				same++
			}
			x, y = x[1:], y[1:]
		}
	}
	return float64(same+1)/float64(shared+2) - 0.5
}
