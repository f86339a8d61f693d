package rouge

import (
	"slices"
	"strings"
)

// The Scandinavian, German and Dutch Snowball stemmers in the form of NLTK's port.

var (
	danishVowel  = oneOf("aeiouyæåø")
	swedishVowel = oneOf("aeiouyäåö")
	germanVowel  = oneOf("aeiouyäöü")
	dutchVowel   = oneOf("aeiouyè")

	danishSuffixes = [2][]string{strings.Fields("erendes erende hedens ethed erede heden heder endes ernes erens erets ered ende erne eren erer heds " +
		"enes eres eret hed ene ere ens ers ets en er es et e s"), strings.Fields("elig løst lig els ig")}
	danishPairs     = strings.Fields("gd dt gt kt")
	danishDouble    = strings.Fields("bb cc dd ff gg hh jj kk ll mm nn pp qq rr ss tt vv ww xx zz")
	swedishSuffixes = [2][]string{strings.Fields("heterna hetens heter heten anden arnas ernas ornas andes andet arens arna erna orna ande arne aste " +
		"aren ades erns ade are ern ens het ast ad en ar er or as es at a e s"), strings.Fields("fullt löst els lig ig")}
	swedishPairs      = strings.Fields("dd gd nn dt gt kt tt")
	norwegianSuffixes = [2][]string{strings.Fields("hetenes hetene hetens heter heten endes ande ende edes enes erte ede ane ene ens ers ets het ast ert " +
		"en ar er as es et a e s"), strings.Fields("hetslov eleg elig elov slov leg eig lig els lov ig")}
	germanSuffixes = [3][]string{strings.Fields("ern em er en es e s"), strings.Fields("est en er st"), strings.Fields("isch lich heit keit end ung ig ik")}
	dutchSuffixes  = [2][]string{strings.Fields("heden ene en se s"), strings.Fields("baar lijk bar end ing ig")}
)

// scandinavian is a word with r1 before which at least three letters stand, after step 1: a suffix is cut, a lone s only
// behind some letters.
func scandinavian(word string, vowel func(rune) bool, suffixes []string, keepsS func(word string) bool) regions {
	s := atLeast3(word, vowel)
	switch suffix := ending(s.r1, suffixes...); {
	case suffix == "s":
		if keepsS(s.word) {
			s.cut(1)
		}
	case suffix == "erte", suffix == "ert": // Norwegian only
		s.swap(len(suffix), "er")
	default:
		s.cut(len(suffix))
	}
	return s
}

func danish(word string) string {
	s := scandinavian(word, danishVowel, danishSuffixes[0], func(w string) bool { return strings.ContainsRune("abcdfghjklmnoprtvyzå", back(w, 2)) })
	if endsAny(s.r1, danishPairs...) {
		s.cut(1)
	}
	if strings.HasSuffix(s.r1, "igst") {
		s.cut(2)
	}
	switch suffix := ending(s.r1, danishSuffixes[1]...); suffix {
	case "":
	case "løst":
		s.cut(1)
	default:
		s.cut(len(suffix))
		if endsAny(s.r1, danishPairs...) {
			s.cut(1)
		}
	}
	if endsAny(s.word, danishDouble...) && len([]rune(s.word)) > 3 {
		s.cut(1)
	}
	return s.word
}

func swedish(word string) string {
	s := scandinavian(word, swedishVowel, swedishSuffixes[0], func(w string) bool { return strings.ContainsRune("bcdfghjklmnoprtvy", back(w, 2)) })
	if endsAny(s.r1, swedishPairs...) {
		s.cut(1)
	}
	switch suffix := ending(s.r1, swedishSuffixes[1]...); suffix {
	case "fullt", "löst":
		s.cut(1)
	default:
		s.cut(len(suffix))
	}
	return s.word
}

func norwegian(word string) string {
	s := scandinavian(word, danishVowel, norwegianSuffixes[0], func(w string) bool {
		return strings.ContainsRune("bcdfghjlmnoprtvyz", back(w, 2)) || back(w, 2) == 'k' && !danishVowel(back(w, 3))
	})
	if endsAny(s.r1, "dt", "vt") {
		s.cut(1)
	}
	s.cut(len(ending(s.r1, norwegianSuffixes[1]...)))
	return s.word
}

func german(in string) string {
	word := []rune(strings.ReplaceAll(in, "ß", "ss"))
	consonants(word, "uy", germanVowel)
	s := atLeast3(string(word), germanVowel)
	switch suffix := ending(s.r1, germanSuffixes[0]...); {
	case slices.Contains([]string{"en", "es", "e"}, suffix) && strings.HasSuffix(trim(s.word, len(suffix)), "niss"):
		s.cut(len(suffix) + 1)
	case suffix == "s":
		if strings.ContainsRune("bdfghklmnrt", back(s.word, 2)) {
			s.cut(1)
		}
	default:
		s.cut(len(suffix))
	}
	switch suffix := ending(s.r1, germanSuffixes[1]...); suffix {
	case "st":
		if strings.ContainsRune("bdfghklmnt", back(s.word, 3)) && len([]rune(s.word)) >= 6 {
			s.cut(2)
		}
	default:
		s.cut(len(suffix))
	}
	return germanMarks.Replace(germanDerived(s))
}

var germanMarks = strings.NewReplacer("ä", "a", "ö", "o", "ü", "u", "U", "u", "Y", "y")

// germanDerived is step 3, suffixes of derivation.
func germanDerived(s regions) string {
	suffix := ending(s.r2, germanSuffixes[2]...)
	n := len(suffix)
	r1, r2 := trim(s.r1, n), trim(s.r2, n)
	switch {
	case slices.Contains([]string{"end", "ung"}, suffix) && strings.HasSuffix(r2, "ig") && !strings.HasSuffix(r2, "eig"):
		return trim(s.word, n+2)
	case slices.Contains([]string{"ig", "ik", "isch"}, suffix) && strings.HasSuffix(r2, "e"):
		return s.word
	case slices.Contains([]string{"lich", "heit"}, suffix) && endsAny(r1, "er", "en"):
		return trim(s.word, n+2)
	case suffix == "keit" && strings.HasSuffix(r2, "lich"):
		return trim(s.word, n+4)
	case suffix == "keit" && strings.HasSuffix(r2, "ig"):
		return trim(s.word, n+2)
	}
	return trim(s.word, n)
}

var dutchAccents = strings.NewReplacer("ä", "a", "á", "a", "ë", "e", "é", "e", "í", "i", "ï", "i", "ö", "o", "ó", "o", "ü", "u", "ú", "u")

func dutch(in string) string {
	word := []rune(dutchAccents.Replace(in))
	consonantY(word, dutchVowel)
	consonants(word, "i", dutchVowel)
	s := atLeast3(string(word), dutchVowel)
	s.dutchPlural()
	step2 := s.dutchE()
	if strings.HasSuffix(s.r2, "heid") && back(s.word, 5) != 'c' {
		s.cut(4)
		if strings.HasSuffix(s.r1, "en") && !dutchVowel(back(s.word, 3)) && !strings.HasSuffix(trim(s.word, 2), "gem") {
			s.cut(2)
			s.dutchUndouble()
		}
	}
	s.dutchDerived(step2)
	out := []rune(s.word)
	if n := len(out); n >= 4 && !dutchVowel(out[n-1]) && out[n-1] != 'I' && slices.Contains([]string{"aa", "ee", "oo", "uu"}, string(out[n-3:n-1])) && !dutchVowel(out[n-4]) {
		out = append(out[:n-2], out[n-1])
	}
	return strings.NewReplacer("I", "i", "Y", "y").Replace(string(out))
}

func (s *regions) dutchUndouble() {
	if endsAny(s.word, "kk", "dd", "tt") {
		s.cut(1)
	}
}

// dutchPlural is step 1.
func (s *regions) dutchPlural() {
	suffix := ending(s.r1, dutchSuffixes[0]...)
	stem := trim(s.word, len(suffix))
	switch suffix {
	case "heden":
		inR2 := strings.HasSuffix(s.r2, "heden")
		r2 := s.r2
		if s.swap(5, "heid"); !inR2 {
			s.r2 = r2
		}
	case "ene", "en":
		if !strings.HasSuffix(s.word, "heden") && !dutchVowel(back(stem, 1)) && !strings.HasSuffix(stem, "gem") {
			s.cut(len(suffix))
			s.dutchUndouble()
		}
	case "se", "s":
		if c := back(stem, 1); !dutchVowel(c) && c != 'j' {
			s.cut(len(suffix))
		}
	}
}

// dutchE is step 2: a final e behind a non-vowel.
func (s *regions) dutchE() bool {
	if !strings.HasSuffix(s.r1, "e") || dutchVowel(back(s.word, 2)) {
		return false
	}
	s.cut(1)
	s.dutchUndouble()
	return true
}

// dutchDerived is step 3b.
func (s *regions) dutchDerived(step2 bool) {
	suffix := ending(s.r2, dutchSuffixes[1]...)
	switch {
	case suffix == "end", suffix == "ing":
		s.cut(3)
		if strings.HasSuffix(s.r2, "ig") && back(s.word, 3) != 'e' {
			s.cut(2)
		} else {
			s.dutchUndouble()
		}
	case suffix == "ig" && back(s.word, 3) != 'e', suffix == "baar", suffix == "bar" && step2:
		s.cut(len(suffix))
	case suffix == "lijk":
		s.cut(4)
		s.dutchE()
	}
}
