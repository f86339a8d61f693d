package screen

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/model/langid"
	"crosssum/schemas"
)

// judged is what the real classifier and screening say of summaries in the file of a language ("true", "false" or "null"), with
// originals in the English file.
func judged(t *testing.T, language string, summaries []string, english ...string) []string {
	t.Helper()
	model := filepath.Join("..", "..", "..", "build", "models", "lid.176.ftz")
	if _, err := os.Stat(model); err != nil {
		t.Fatalf("%v\nthe language classifier is missing: run ./crosssum setup", err)
	}
	in := Input{Language: language, Params: schemas.Demo().Screen}
	dir := t.TempDir()
	files := map[string][]string{"english": append(english, "a program"), language: summaries}
	for _, name := range slices.Compact(slices.Sorted(slices.Values([]string{"english", language}))) {
		articles, classified := filepath.Join(dir, name+".articles"), filepath.Join(dir, name+".classified")
		rows := files[name]
		if err := arrowfile.WriteRows(articles, len(rows), func(i int) schemas.ArticleRow {
			return schemas.ArticleRow{Language: name, ID: fmt.Sprintf("%04d", i), Summary: rows[i], Text: "text"}
		}); err != nil {
			t.Fatal(err)
		}
		request := engine.ClassifyRequest{Model: model, Input: articles, Column: "summary", Output: classified}
		if _, err := langid.Run(context.Background(), request, func(schemas.Progress) {}); err != nil {
			t.Fatal(err)
		}
		in.Languages, in.Articles, in.Classified = append(in.Languages, name), append(in.Articles, articles), append(in.Classified, classified)
	}
	out := t.TempDir()
	if _, err := Run(context.Background(), in, out, func(int64) {}); err != nil {
		t.Fatal(err)
	}
	var got []string
	each(t, filepath.Join(out, "languages.arrow"), func(r *schemas.IdentifiedRow) {
		if r.OK == nil {
			got = append(got, "null")
		} else {
			got = append(got, fmt.Sprint(*r.OK))
		}
	})
	return got
}

func expect(t *testing.T, want, language string, summaries []string, english ...string) {
	t.Helper()
	for i, got := range judged(t, language, summaries, english...) {
		if got != want {
			t.Errorf("%s: %q is %s, wanted %s", language, summaries[i], got, want)
		}
	}
}

var unknownOnes = map[string][]string{
	"hausa": {"Gwamnatin Najeriya ta ce za ta dauki mataki kan masu garkuwa da mutane a arewacin kasar",
		"Shugaban kasar ya gana da manyan hafsoshin soji domin tattauna matsalar tsaro a jihohin arewa",
		"Hukumar lafiya ta duniya ta gargadi kasashen Afirka kan yaduwar cutar kwalara"},
	"igbo": {"Onye isi ala Naijiria ekwuola na ya ga-alụ ọgụ megide ndị na-eme mpụ n'ala ahụ",
		"Ndị uwe ojii ejidela mmadụ isii na-ebo ebubo na ha gburu otu nwaanyị na Legọs",
		"Gọọmenti etiti agbaala ọsọ enyemaka ebe idei mmiri mebiri ụlọ ọtụtụ mmadụ"},
	"kirundi": {"Umukuru w'igihugu c'Uburundi yavuze ko abanyagihugu bategerezwa gukora cane kugira igihugu gitere imbere",
		"Abantu barenga mirongo itanu barapfuye mw'isanganya ry'ubwato ryabereye mu kiyaga Tanganyika",
		"Ishirahamwe mpuzamakungu ry'amagara y'abantu ryasavye ibihugu vya Afirika gukingira abana"},
	"oromo": {"Mootummaan Itoophiyaa qaala'insa jireenyaa hir'isuuf tarkaanfii haaraa akka fudhatu beeksise",
		"Namoonni kudhan balaa konkolaataatiin lubbuu isaanii dhabuu poolisiin himeera",
		"Barattoonni yunivarsiitii waggaa kana ebbifaman hojii argachuu akka hin dandeenye dubbatan"},
	"pidgin": {"Di federal goment don tok say dem go pay workers dia salary before di month end for Naija",
		"Police don arrest six pipo wey dem accuse say dem kidnap one woman for Lagos state",
		"Why many young pipo dey run comot Nigeria to go find better life for abroad",
		"Wetin we know about di new virus wey dey spread for some kontris for Africa"},
	"tigrinya": {"መንግስቲ ኢትዮጵያ ንክብሪ መነባብሮ ንምንካይ ሓድሽ ስጉምቲ ከም ዝወስድ ኣፍሊጡ", "ውድብ ጥዕና ዓለም ንሃገራት ኣፍሪቃ ብዛዕባ ምልባዕ ሕማም ኮሌራ ኣጠንቂቑ",
		"መንግስቲ ኢትዮጵያ ንክብሪ መነባብሮ ንምንካይ ሓድሽ ስጉምቲ ከም ዝወስድ ኣፍሊጡ ውድብ ጥዕና ዓለም ንሃገራት ኣፍሪቃ ኣጠንቂቑ"},
	"xhosa": {"URhulumente uthe uza kuthatha amanyathelo angqongqo ngokuchasene nabantu abaxhwila abanye",
		"Amapolisa abambe abantu abathandathu abarhanelwa ngokubulala umfazi eKapa",
		"Amapolisa athi umfazi ubulewe eKapa, kwaye uRhulumente uza kuthatha amanyathelo"},
}

func TestNothingIsKnownOfALanguageThatTheClassifierDoesNotKnow(t *testing.T) {
	for language, summaries := range unknownOnes {
		expect(t, "null", language, append(summaries, "Linux", "GNU Compiler Collection", "2024", "…", "KDE Frameworks 5"))
	}
}

func TestASurelyOtherLanguageIsFalseInTheFileOfAnUnknownOne(t *testing.T) {
	originals := []string{"Simple image viewer", "Editor for short notes and lists", "Games for small children"}
	others := append([]string{"The government of Nigeria says it will act against kidnappers in the north of the country",
		"Police have arrested six people who are accused of kidnapping a woman in Lagos state",
		"Why so many young people are leaving Nigeria in search of a better life abroad",
		"What we know about the new virus that is spreading in some African countries",
		"Le gouvernement du Nigeria affirme qu'il agira contre les ravisseurs dans le nord du pays",
		"Правительство Нигерии заявляет, что примет меры против похитителей на севере страны",
		"حكومة نيجيريا تقول إنها ستتخذ إجراءات ضد الخاطفين في شمال البلاد خلال الأيام القادمة"}, originals...)
	for language := range unknownOnes {
		expect(t, "false", language, others, originals...)
		expect(t, "null", language, []string{"Simple image viewer", "Editor for short notes"}) // no original of them is there
	}
}

var (
	serbianCyrillic = []string{"Програм за преглед слика и докумената", "Полиција је ухапсила шест особа у Београду", "Влада је усвојила предлог новог закона",
		"Преводи између језика", "Уређивач текста", "Алат за GNOME радну површ"}
	serbianLatin = []string{"Program za pregled slika i dokumenata", "Policija je uhapsila šest osoba u Beogradu", "Vlada je usvojila predlog novog zakona",
		"Prevodi između jezika", "Jednostavan uređivač teksta za svaki dan"}
	simplified  = []string{"图像查看器和编辑器", "政府宣布新的经济计划", "简单的文本编辑软件", "网络连接管理工具", "GNOME 桌面的设置编辑器"}
	traditional = []string{"圖像檢視器和編輯器", "政府宣布新的經濟計劃", "簡單的文字編輯軟體", "網路連線管理工具", "GNOME 桌面的設定編輯器"}
	names       = []string{"GNU Compiler Collection", "Linux", "KDE Frameworks", "Qt 6 Virtual Keyboard", "OpenStreetMap", "GNOME Commander", "LibreOffice Writer"}
)

func TestATextInTheOtherScriptOfItsLanguageIsFalse(t *testing.T) {
	for _, c := range []struct {
		language           string
		right, wrong, more []string
	}{
		{"serbian_cyrillic", serbianCyrillic, serbianLatin, names},
		{"serbian_latin", serbianLatin, serbianCyrillic, names},
		{"chinese_simplified", simplified, traditional, append(names, "播放影片", "文件管理器", "使用命令列", "开发", "開發", "軟體", "国王說")},
		{"chinese_traditional", traditional, simplified, append(names, "播放影片", "分析器前端", "软件", "开发", "国王說", "人群中的台北人", "為了更好的音樂")},
		{"chinese_hong_kong", traditional, simplified, names},
		{"belarusian", []string{"Праграма для прагляду малюнкаў", "Рэдактар тэксту"}, nil, names},
		{"uzbek", []string{"Ўзбекистон президенти янги қонунни имзолади"}, []string{"O‘zbekiston prezidenti yangi qonunni imzoladi va hukumatga topshirdi"}, names},
		{"uzbek_latin", []string{"O‘zbekiston prezidenti yangi qonunni imzoladi"}, []string{"Ўзбекистон президенти янги қонунни имзолади"}, names},
	} {
		expect(t, "true", c.language, append(c.right, c.more...))
		if c.wrong != nil {
			expect(t, "false", c.language, c.wrong)
		}
	}
}

func TestATextInAScriptThatIsNotItsLanguagesIsFalse(t *testing.T) {
	cyrillic, kana, han, arabic := "Просмотр изображений", "画像を表示するプログラム", "图像查看器和编辑器", "عارض الصور والوثائق"
	for language, wrong := range map[string][]string{"danish": {cyrillic, kana, han, arabic}, "hindi": {cyrillic, kana, arabic}, "xhosa": {cyrillic, kana, han, arabic},
		"tigrinya": {cyrillic, han}, "japanese": {cyrillic, arabic, "이미지를 표시하는 프로그램"}, "korean": {cyrillic, kana}, "russian": {kana, "Προβολή εικόνων και εγγράφων"},
		"chinese_simplified": {kana, cyrillic}, "greek": {cyrillic}} {
		expect(t, "false", language, wrong)
	}
	for language, right := range map[string][]string{"danish": {"Привет", "Visning af Привет мир", "Linux"}, "japanese": {"画像編集", "国語辞典", "GNU Compiler Collection", kana, "開発環境構築", "学会"},
		"korean": {"大韓民國", "이미지 보기", "GNU Compiler Collection"}, "russian": {cyrillic, "GNU Compiler Collection", "клиент gnome-dvb-daemon", "BitTorrent-клиент"},
		"hindi": {"GNU Compiler Collection", "Linux"}, "kurdish": {"بەرنامەیەک بۆ بینینی وێنەکان"}, "bosnian": {"Програм за преглед слика"},
		"english": {"Ελ", "naïve α-β test of λ"}} {
		expect(t, "true", language, right)
	}
}

func TestNothingIsKnownOfATextWithoutLetters(t *testing.T) {
	for _, language := range []string{"danish", "japanese", "serbian_latin", "hausa"} {
		expect(t, "null", language, []string{"2024", "…", "3.14 - 2", "🙂🙂"})
	}
}
