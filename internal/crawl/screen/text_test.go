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
