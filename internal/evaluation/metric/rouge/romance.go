package rouge

import (
	"slices"
	"strings"
)

// The Spanish, Italian and Portuguese Snowball stemmers in the form of NLTK's port.

var (
	spanishVowel    = oneOf("aeiouáéíóúü")
	italianVowel    = oneOf("aeiouàèìòù")
	portugueseVowel = oneOf("aeiouáéíóúâêô")

	spanishPronouns = strings.Fields("selas selos sela selo las les los nos me se la le lo")
	spanishStandard = strings.Fields("amientos imientos amiento imiento acion aciones uciones ucion adoras adores ancias logías encias amente idades " +
		"anzas ismos ables ibles istas adora ación antes ancia logía ución encia mente anza icos icas ismo able ible ista osos osas ador ante idad ivas ivos " +
		"ico ica oso osa iva ivo")
	spanishY    = strings.Fields("yeron yendo yamos yais yan yen yas yes ya ye yo yó")
	spanishVerb = strings.Fields("aríamos eríamos iríamos iéramos iésemos aríais aremos eríais eremos iríais iremos ierais ieseis asteis isteis ábamos " +
		"áramos ásemos arían arías aréis erían erías eréis irían irías iréis ieran iesen ieron iendo ieras ieses abais arais aseis éamos arán arás aría erán " +
		"erás ería irán irás iría iera iese aste iste aban aran asen aron ando abas adas idas aras ases íais ados idos amos imos emos ará aré erá eré irá iré " +
		"aba ada ida ara ase ían ado ido ías áis éis ía ad ed id an ió ar er ir as ís en es")
	spanishAccents = strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u")

	italianPronouns = strings.Fields("gliela gliele glieli glielo gliene sene mela mele meli melo mene tela tele teli telo tene cela cele celi celo cene " +
		"vela vele veli velo vene gli ci la le li lo mi ne si ti vi")
	italianStandard = strings.Fields("atrice atrici azione azioni uzione uzioni usione usioni amento amenti imento imenti amente abile abili ibile ibili " +
		"mente atore atori logia logie anza anze iche ichi ismo ismi ista iste isti istà istè istì ante anti enza enze ico ici ica ice oso osi osa ose ità ivo " +
		"ivi iva ive")
	italianVerb = strings.Fields("erebbero irebbero assero assimo eranno erebbe eremmo ereste eresti essero iranno irebbe iremmo ireste iresti iscano " +
		"iscono issero arono avamo avano avate eremo erete erono evamo evano evate iremo irete irono ivamo ivano ivate ammo ando asse assi emmo enda ende endi " +
		"endo erai erei Yamo iamo immo irai irei isca isce isci isco ano are ata ate ati ato ava avi avo erà ere erò ete eva evi evo irà ire irò ita ite iti " +
		"ito iva ivi ivo ono uta ute uti uto ar ir")
	italianAccents = strings.NewReplacer("á", "à", "é", "è", "í", "ì", "ó", "ò", "ú", "ù")

	portugueseStandard = strings.Fields("amentos imentos uço~es amento imento adoras adores aço~es logias ências amente idades anças ismos istas adora " +
		"aça~o antes ância logia uça~o ência mente idade ança ezas icos icas ismo ável ível ista osos osas ador ante ivas ivos iras eza ico ica oso osa iva " +
		"ivo ira")
	portugueseVerb = strings.Fields("aríamos eríamos iríamos ássemos êssemos íssemos aríeis eríeis iríeis ásseis ésseis ísseis áramos éramos íramos ávamos " +
		"aremos eremos iremos ariam eriam iriam assem essem issem ara~o era~o ira~o arias erias irias ardes erdes irdes asses esses isses astes estes istes " +
		"áreis areis éreis ereis íreis ireis áveis íamos armos ermos irmos aria eria iria asse esse isse aste este iste arei erei irei aram eram iram avam arem " +
		"erem irem ando endo indo adas idas arás aras erás eras irás avas ares eres ires íeis ados idos ámos amos emos imos iras ada ida ará ara erá era irá " +
		"ava iam ado ido ias ais eis ira ia ei am em ar er ir as es is eu iu ou")
)

func spanish(in string) string {
	s := romance(in, spanishVowel)
	if suffix := ending(s.rv, spanishPronouns...); suffix != "" {
		rest := trim(s.rv, len(suffix))
		if endsAny(rest, "ando", "ándo", "ar", "ár", "er", "ér", "iendo", "iéndo", "ir", "ír") ||
			strings.HasSuffix(rest, "yendo") && strings.HasSuffix(trim(s.word, len(suffix)), "uyendo") {
			s.cut(len(suffix))
			s = regions{spanishAccents.Replace(s.word), spanishAccents.Replace(s.r1), spanishAccents.Replace(s.r2), spanishAccents.Replace(s.rv)}
		}
	}
	if !s.standard(ending(s.word, spanishStandard...), []string{"os", "ic", "ad"}, spanishRules) {
		s.spanishVerb()
	}
	if suffix := ending(s.rv, strings.Fields("os a e o á é í ó")...); suffix != "" {
		s.cut(len(suffix))
		if slices.Contains([]string{"e", "é"}, suffix) && strings.HasSuffix(s.word, "gu") && strings.HasSuffix(s.rv, "u") {
			s.cut(1)
		}
	}
	return spanishAccents.Replace(s.word)
}

// adverb cuts -amente and what it was made of.
func (s *regions) adverb(before ...string) {
	s.cut(6)
	switch {
	case strings.HasSuffix(s.r2, "iv"):
		s.cut(2)
		if strings.HasSuffix(s.r2, "at") {
			s.cut(2)
		}
	default:
		s.cut(len(ending(s.r2, before...)))
	}
}

// rule is what a standard suffix becomes, and what is cut of what stands before it then.
type rule struct {
	suffixes []string
	to       string
	then     []string
}

var spanishRules = []rule{
	{strings.Fields("adora ador ación adoras adores acion aciones ante antes ancia ancias"), "", []string{"ic"}},
	{strings.Fields("logía logías"), "log", nil},
	{strings.Fields("ución uciones ucion"), "u", nil},
	{strings.Fields("encia encias"), "ente", nil},
	{strings.Fields("mente"), "", strings.Fields("ante able ible")},
	{strings.Fields("idad idades"), "", strings.Fields("abil ic iv")},
	{strings.Fields("ivo iva ivos ivas"), "", []string{"at"}},
}

// standard is step 1 behind the cases of one language alone; it tells whether a suffix was removed.
func (s *regions) standard(suffix string, adverbs []string, rules []rule) bool {
	switch {
	case suffix == "":
		return false
	case suffix == "amente" && strings.HasSuffix(s.r1, suffix):
		s.adverb(adverbs...)
		return true
	case !strings.HasSuffix(s.r2, suffix):
		return false
	}
	for _, r := range rules {
		if one(suffix, r.suffixes...) {
			s.swap(len(suffix), r.to)
			s.cut(len(ending(s.r2, r.then...)))
			return true
		}
	}
	s.cut(len(suffix))
	return true
}

// spanishVerb is steps 2a and 2b.
func (s *regions) spanishVerb() {
	for _, suffix := range spanishY {
		if strings.HasSuffix(s.rv, suffix) && strings.HasSuffix(trim(s.word, len(suffix)), "u") {
			s.cut(len(suffix))
			break
		}
	}
	suffix := ending(s.rv, spanishVerb...)
	s.cut(len(suffix))
	if slices.Contains([]string{"en", "es", "éis", "emos"}, suffix) {
		if strings.HasSuffix(s.word, "gu") {
			s.word = trim(s.word, 1)
		}
		if strings.HasSuffix(s.rv, "gu") {
			s.rv = trim(s.rv, 1)
		}
	}
}

func italian(in string) string {
	word := []rune(strings.ReplaceAll(italianAccents.Replace(in), "qu", "qU"))
	consonants(word, "ui", italianVowel)
	s := romance(string(word), italianVowel)
	if suffix := ending(s.rv, italianPronouns...); suffix != "" {
		switch rest := trim(s.rv, len(suffix)); {
		case endsAny(rest, "ando", "endo"):
			s.cut(len(suffix))
		case endsAny(rest, "ar", "er", "ir"):
			s.swap(len(suffix), "e")
		}
	}
	if !s.italianStandard() {
		s.cut(len(ending(s.rv, italianVerb...)))
	}
	if endsAny(s.rv, "a", "e", "i", "o", "à", "è", "ì", "ò") {
		s.word, s.rv = chop(s.word), chop(s.rv)
		if strings.HasSuffix(s.rv, "i") {
			s.cut(1)
		}
	}
	if endsAny(s.rv, "ch", "gh") {
		s.cut(1)
	}
	return strings.NewReplacer("I", "i", "U", "u").Replace(s.word)
}

var italianRules = []rule{
	{strings.Fields("azione azioni atore atori"), "", []string{"ic"}},
	{strings.Fields("enza enze"), "te", nil},
	{strings.Fields("ità"), "", strings.Fields("ic iv abil")},
}

// italianStandard is step 1; it tells whether a suffix was removed.
func (s *regions) italianStandard() bool {
	suffix := ending(s.word, italianStandard...)
	n := len(suffix)
	switch r2 := strings.HasSuffix(s.r2, suffix); {
	case one(suffix, "amento", "amenti", "imento", "imenti") && strings.HasSuffix(s.rv, suffix):
		s.cut(n)
	case one(suffix, "logia", "logie") && r2:
		s.word = trim(s.word, 2)
		s.rv = trim(s.word, 2)
	case one(suffix, "uzione", "uzioni", "usione", "usioni") && r2:
		s.cut(5)
	case one(suffix, "ivo", "ivi", "iva", "ive") && r2:
		s.cut(n)
		if strings.HasSuffix(s.r2, "at") {
			s.cut(2)
			s.cut(len(ending(s.r2, "ic")))
		}
	default:
		return s.standard(suffix, []string{"os", "ic", "abil"}, italianRules)
	}
	return true
}

var portugueseIn, portugueseOut = strings.NewReplacer("ã", "a~", "õ", "o~", "qü", "qu", "gü", "gu"), strings.NewReplacer("a~", "ã", "o~", "õ")

func portuguese(in string) string {
	s := romance(portugueseIn.Replace(in), portugueseVowel)
	changed := s.portugueseStandard()
	if !changed {
		suffix := ending(s.rv, portugueseVerb...)
		changed = suffix != ""
		s.cut(len(suffix))
	}
	if changed {
		if strings.HasSuffix(s.rv, "i") && back(s.word, 2) == 'c' {
			s.cut(1)
		}
	} else {
		s.cut(len(ending(s.rv, strings.Fields("os a i o á í ó")...)))
	}
	switch {
	case endsAny(s.rv, "e", "é", "ê"):
		s.word, s.rv = chop(s.word), chop(s.rv)
		if strings.HasSuffix(s.word, "gu") && strings.HasSuffix(s.rv, "u") || strings.HasSuffix(s.word, "ci") && strings.HasSuffix(s.rv, "i") {
			s.cut(1)
		}
	case strings.HasSuffix(s.word, "ç"):
		s.word = chop(s.word) + "c"
	}
	return portugueseOut.Replace(s.word)
}

var portugueseRules = []rule{
	{strings.Fields("logia logias"), "log", nil},
	{strings.Fields("uça~o uço~es"), "u", nil},
	{strings.Fields("ência ências"), "ente", nil},
	{strings.Fields("mente"), "", strings.Fields("ante avel ivel")},
	{strings.Fields("idade idades"), "", strings.Fields("ic iv abil")},
	{strings.Fields("iva ivo ivas ivos"), "", []string{"at"}},
}

// portugueseStandard is step 1; it tells whether a suffix was removed.
func (s *regions) portugueseStandard() bool {
	suffix := ending(s.word, portugueseStandard...)
	if n := len(suffix); one(suffix, "ira", "iras") && strings.HasSuffix(s.rv, suffix) && strings.HasSuffix(trim(s.word, n), "e") {
		s.swap(n, "ir")
		return true
	}
	return s.standard(suffix, []string{"os", "ic", "ad"}, portugueseRules)
}
