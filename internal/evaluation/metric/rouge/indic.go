package rouge

import (
	"strings"
	"unicode/utf8"
)

// hindi is the suffix stripper of Ramanathan and Rao (2003): the longest suffix that leaves more than one code point.
func hindi(word string) string {
	for n := 5; n >= 1; n-- {
		if utf8.RuneCountInString(word) > n+1 {
			if suffix := ending(word, hindiSuffixes[n]...); suffix != "" {
				return trim(word, len(suffix))
			}
		}
	}
	return word
}

var hindiSuffixes = [6][]string{
	1: strings.Fields("ो े ू ु ी ि ा"),
	2: strings.Fields("कर ाओ िए ाई ाए ने नी ना ते ीं ती ता ाँ ां ों ें"),
	3: strings.Fields("ाकर ाइए ाईं ाया ेगी ेगा ोगी ोगे ाने ाना ाते ाती ाता तीं ाओं ाएं ुओं ुएं ुआं"),
	4: strings.Fields("ाएगी ाएगा ाओगी ाओगे एंगी ेंगी एंगे ेंगे ूंगी ूंगा ातीं नाओं नाएं ताओं ताएं ियाँ ियों ियां"),
	5: strings.Fields("ाएंगी ाएंगे ाऊंगी ाऊंगा ाइयाँ ाइयों ाइयां"),
}

// bengali is Rafi Kamal's suffix stripper (2014): four groups, one pass each. In a group the first suffix that ends the
// word ends the group. A plain suffix is cut only where something other than vowel signs remains; "x->y" puts y's code
// points at the start of the suffix and drops the rest.
func bengali(word string) string {
	for _, group := range bengaliGroups {
		for _, rule := range group {
			if stem, ok := strings.CutSuffix(word, rule.suffix); ok {
				if rule.to != "" || strings.Trim(stem, bengaliVowelSigns) != "" {
					word = stem + rule.to
				}
				break
			}
		}
	}
	return word
}

const bengaliVowelSigns = "\u09be\u09bf\u09c0\u09c7\u09c1\u09c2\u09cb"

type bengaliRule struct{ suffix, to string }

// bengaliGroups: Y is the single code point U+09DF, which NFC text does not have.
var bengaliGroups = func() (groups [][]bengaliRule) {
	for _, line := range []string{
		"ই ও তো",
		"কে তে রা",
		"চ্ছি চ্ছিল চ্ছে চ্ছিস চ্ছিলেন চ্ছ Yেছে েছ েছে েছেন রছ->র রব->র েল েলো ওYা েYে->া Y Yে Yেছিল েYেছিল->া েছিল েYেছিলেন->া েছিলেন লেন " +
			"দের ের ার েন বেন িস ছিস ছিলি ছি ছে লি বি ে",
		"টি টির েরটা েরটার টা টার গুলো গুলোর েরগুলো েরগুলোর",
	} {
		var group []bengaliRule
		for _, rule := range strings.Fields(strings.ReplaceAll(line, "Y", "\u09DF")) {
			suffix, to, _ := strings.Cut(rule, "->")
			group = append(group, bengaliRule{suffix, to})
		}
		groups = append(groups, group)
	}
	return groups
}()
