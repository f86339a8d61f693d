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
	language := make([]int32, articles.Len())
	for i := range articles.Languages {
		for n := articles.first[i]; n < articles.first[i+1]; n++ {
			language[n] = int32(i)
		}
	}
	partners := make([][]int32, articles.Len()) // ascending, at most one a language
	for _, c := range contenders {
		partners[c.a] = append(partners[c.a], c.b)
		partners[c.b] = append(partners[c.b], c.a)
	}
	for i := range contenders {
		c := &contenders[i]
		same, shared := 0, 0
		x, y := partners[c.a], partners[c.b]
		for len(x) > 0 && len(y) > 0 {
			switch {
			case language[x[0]] < language[y[0]]:
				x = x[1:]
			case language[x[0]] > language[y[0]]:
				y = y[1:]
			default: // never a's or b's own language: an article has no contender in it
				shared++
				if x[0] == y[0] {
					same++
				}
				x, y = x[1:], y[1:]
			}
		}
		c.rule = "agreement"
		c.value = float32(float64(c.margin) + AgreementWeight*(float64(same+1)/float64(shared+2)-0.5))
	}
}
