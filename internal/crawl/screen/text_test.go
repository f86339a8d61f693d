package screen

import "testing"

func TestMojibakeIsTellingFromHonestText(t *testing.T) {
	for text, want := range map[string]bool{
		"café": false, "cafÃ©": true, "itâ€™s": true, "Ð¿Ñ€Ð¸Ð²ÐµÑ‚": true, "Â°C": true, "Ã¼ber": true, "ðŸ˜€": true, "ï¿½": true, "æ—¥æœ¬": true,
		"«CAFÉ»": false, "«MAÇÃ»": false, "São Tomé": false, "ÎLE": false, "naïve": false, "Łódź „tak”": false, "Привет": false, "日本語": false,
		"Ærø — øl": false, "PÂTÉ": false, "été…": false, "GARÇON": false, "½ Ã": false, "Ð": false, "": false,
	} {
		if got := Mojibake(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestZawgyiIsTellingFromBurmese(t *testing.T) {
	for text, want := range map[string]bool{
		"\u1019\u1002\u1064\u101c\u102c\u1015\u102b":                                     true, // mingalaba
		"\u103b\u1019\u1014\u1039\u1019\u102c\u108f\u102d\u102f\u1004\u1039\u1004\u1036": true, // the country's name
		"\u1031\u1014\u1031\u1000\u102c\u1004\u1039\u1038\u101c\u102c\u1038":             true, // how are you: by its order alone
		"\u1000\u103c\u103a\u1014\u1033\u1015\u1039":                                     true,
		"မင်္ဂလာပါ":                                                                      false, "မြန်မာနိုင်ငံ": false, "နေကောင်းလား": false, "ကျွန်တော်တို့ရဲ့ ဖုန်းတွေ အားလုံး ကောင်းတယ်": false,
		"ပြည်ထောင်စု သမ္မတ မြန်မာနိုင်ငံတော် အစိုးရ၏ ကြေညာချက် ဖြေရှင်းသေး၍": false,
		"နေကောင်းလား ပြေလည်သေးတွေ့တွေးမေးလေးဘေးေ":                            false, // one slip of the hand
		"Linux": false, "": false,
	} {
		if got := Zawgyi(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	h := &hygiene{template: 3, burmese: true}
	h.add("Linux", "\u1031\u1014\u1031\u1000\u102c\u1004\u1039\u1038", "text")
	h.add("\u1019\u1002\u1064\u101c\u102c", "title", "text")
	h.add("မင်္ဂလာပါ", "title", "text")
	if other := (&hygiene{template: 3}); h.zawgyi != 2 {
		t.Errorf("%d articles", h.zawgyi)
	} else if other.add("\u1075\u1062\u1078\u103a", "Shan, which has letters of its own"); other.zawgyi != 0 {
		t.Error("Shan counts")
	}
}
