package rouge

import "unicode/utf8"

// english is the Snowball English stemmer in the form of NLTK's port, whose regions are strings of their own. Words
// come cleaned, so that the steps for apostrophes have nothing to do.
func english(in []rune) []rune {
	if stem, ok := englishSpecial[string(in)]; ok {
		return []rune(stem)
	}
	word := append([]rune(nil), in...)
	if word[0] == 'y' {
		word[0] = 'Y'
	}
	for i := 1; i < len(word); i++ {
		if word[i] == 'y' && englishVowel(word[i-1]) {
			word[i] = 'Y'
		}
	}
	p := parts{word: word}
	switch {
	case startsWith(word, "gener"), startsWith(word, "arsen"):
		p.r1 = word[5:]
	case startsWith(word, "commun"):
		p.r1 = word[6:]
	default:
		p.r1 = regionAfter(word, englishVowel)
	}
	p.r2 = regionAfter(p.r1, englishVowel)
	p.englishPlural()
	p.englishPast()
	if n := len(p.word); n > 2 && (p.word[n-1] == 'y' || p.word[n-1] == 'Y') && !englishVowel(p.word[n-2]) {
		p.swap(1, "i")
	}
	p.englishDouble()
	p.englishSingle()
	p.englishResidual()
	p.englishE()
	for i, c := range p.word {
		if c == 'Y' {
			p.word[i] = 'y'
		}
	}
	return p.word
}

var englishVowel = oneOf("aeiouy")

var englishSpecial = map[string]string{
	"skis": "ski", "skies": "sky", "dying": "die", "lying": "lie", "tying": "tie", "idly": "idl", "gently": "gentl",
	"ugly": "ugli", "early": "earli", "only": "onli", "singly": "singl", "news": "news", "howe": "howe",
	"atlas": "atlas", "cosmos": "cosmos", "bias": "bias", "andes": "andes", "inning": "inning", "innings": "inning",
	"outing": "outing", "outings": "outing", "canning": "canning", "cannings": "canning", "herring": "herring",
	"herrings": "herring", "earring": "earring", "earrings": "earring", "proceed": "proceed", "proceeds": "proceed",
	"proceeded": "proceed", "proceeding": "proceed", "exceed": "exceed", "exceeds": "exceed", "exceeded": "exceed",
	"exceeding": "exceed", "succeed": "succeed", "succeeds": "succeed", "succeeded": "succeed", "succeeding": "succeed",
}

// englishPlural is step 1a.
func (p *parts) englishPlural() {
	n := len(p.word)
	switch suffix := firstSuffix(p.word, "sses", "ied", "ies", "us", "ss", "s"); suffix {
	case "sses":
		p.cut(2)
	case "ied", "ies":
		if n > 4 {
			p.cut(2)
		} else {
			p.cut(1)
		}
	case "s":
		if hasVowel(p.word[:max(n-2, 0)], englishVowel) {
			p.cut(1)
		}
	}
}

// englishPast is step 1b.
func (p *parts) englishPast() {
	suffix := firstSuffix(p.word, "eedly", "ingly", "edly", "eed", "ing", "ed")
	switch {
	case suffix == "":
		return
	case suffix == "eed" || suffix == "eedly":
		if endsWith(p.r1, suffix) {
			p.swap(len(suffix), "ee")
		}
		return
	case !hasVowel(p.word[:len(p.word)-len(suffix)], englishVowel):
		return
	}
	p.cut(len(suffix))
	n := len(p.word)
	switch {
	case firstSuffix(p.word, "at", "bl", "iz") != "":
		p.word, p.r1 = plus(p.word, 'e'), plus(p.r1, 'e')
		if len(p.word) > 5 || len(p.r1) >= 3 {
			p.r2 = plus(p.r2, 'e')
		}
	case firstSuffix(p.word, "bb", "dd", "ff", "gg", "mm", "nn", "pp", "rr", "tt") != "":
		p.cut(1)
	case len(p.r1) == 0 && (n >= 3 && shortSyllable(p.word) || n == 2 && englishVowel(p.word[0]) && !englishVowel(p.word[1])):
		p.word = plus(p.word, 'e')
		if len(p.r2) > 0 {
			p.r2 = plus(p.r2, 'e')
		}
	}
}

// shortSyllable: consonant, vowel, consonant other than w, x, Y at the end.
func shortSyllable(word []rune) bool {
	n := len(word)
	c := word[n-1]
	return !englishVowel(c) && c != 'w' && c != 'x' && c != 'Y' && englishVowel(word[n-2]) && !englishVowel(word[n-3])
}

// englishDouble is step 2: double suffixes become single ones.
func (p *parts) englishDouble() {
	suffix := firstSuffix(p.word, "ization", "ational", "fulness", "ousness", "iveness", "tional", "biliti", "lessli",
		"entli", "ation", "alism", "aliti", "ousli", "iviti", "fulli", "enci", "anci", "abli", "izer", "ator", "alli",
		"bli", "ogi", "li")
	if suffix == "" || !endsWith(p.r1, suffix) {
		return
	}
	short := len(p.r2) < len(suffix)
	n := len(suffix)
	switch suffix {
	case "tional", "entli", "fulli", "lessli":
		p.cut(2)
	case "fulness":
		p.cut(4)
	case "enci", "anci", "abli":
		p.swap(1, "e")
	case "izer", "ization":
		p.swap(n, "ize")
	case "alism", "aliti", "alli":
		p.swap(n, "al")
	case "ousli", "ousness":
		p.swap(n, "ous")
	case "biliti", "bli":
		p.swap(n, "ble")
	case "ational", "ation", "ator":
		p.swap(n, "ate")
		if short {
			p.r2 = []rune("e")
		}
	case "iveness", "iviti":
		p.swap(n, "ive")
		if short {
			p.r2 = []rune("e")
		}
	case "ogi":
		if before(p.word, 3) == 'l' {
			p.cut(1)
		}
	case "li":
		if c := before(p.word, 2); c != 0 && oneOf("cdeghkmnrt")(c) {
			p.cut(2)
		}
	}
}

// englishSingle is step 3.
func (p *parts) englishSingle() {
	suffix := firstSuffix(p.word, "ational", "tional", "alize", "icate", "iciti", "ative", "ical", "ness", "ful")
	if suffix == "" || !endsWith(p.r1, suffix) {
		return
	}
	switch suffix {
	case "tional":
		p.cut(2)
	case "ational":
		p.swap(7, "ate")
	case "alize":
		p.cut(3)
	case "icate", "iciti", "ical":
		p.swap(len(suffix), "ic")
	case "ful", "ness":
		p.cut(len(suffix))
	case "ative":
		if endsWith(p.r2, suffix) {
			p.cut(5)
		}
	}
}

// englishResidual is step 4.
func (p *parts) englishResidual() {
	suffix := firstSuffix(p.word, "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti",
		"ous", "ive", "ize", "ion", "al", "er", "ic")
	if suffix == "" || !endsWith(p.r2, suffix) {
		return
	}
	if c := before(p.word, 3); suffix == "ion" && c != 's' && c != 't' {
		return
	}
	p.cut(len(suffix))
}

// englishE is step 5.
func (p *parts) englishE() {
	n := len(p.word)
	switch {
	case endsWith(p.r2, "l") && before(p.word, 1) == 'l', endsWith(p.r2, "e"):
		p.word = p.word[:n-1]
	case endsWith(p.r1, "e") && n >= 4:
		c := p.word[n-2]
		if englishVowel(c) || c == 'w' || c == 'x' || c == 'Y' || !englishVowel(p.word[n-3]) || englishVowel(p.word[n-4]) {
			p.word = p.word[:n-1]
		}
	}
}

// firstSuffix is the first of the list that ends the word, or "".
func firstSuffix(word []rune, suffixes ...string) string {
	for _, s := range suffixes {
		if endsWith(word, s) {
			return s
		}
	}
	return ""
}

// before is the rune that stands n runes before the last ones, or 0.
func before(word []rune, n int) rune {
	if len(word) <= n {
		return 0
	}
	return word[len(word)-n-1]
}

func plus(s []rune, c rune) []rune { return append(append([]rune(nil), s...), c) }

func startsWith(word []rune, prefix string) bool {
	return len(word) >= len(prefix) && string(word[:len(prefix)]) == prefix
}

func lastRune(s string) (rune, int) { return utf8.DecodeLastRuneInString(s) }
