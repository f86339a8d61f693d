package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/model/t5"
	"crosssum/schemas"
)

// tokensOf tokenizes the articles of a request, as the stage does.
func tokensOf(t *testing.T, request engine.TrainRequest) (path string, n engine.TokenizeResult) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "tokens.arrow")
	n, err := Tokenize(context.Background(), engine.TokenizeRequest{Model: request.Model, Input: request.Samples.Articles[0], Output: path,
		SourceTokens: request.Params.SourceTokens, TargetTokens: request.Params.TargetTokens}, func(schemas.Progress) {})
	must(t, err)
	return path, n
}

func TestTokensThatAreThereTrainToTheSameBytesAsTheArticlesTheyAreOf(t *testing.T) {
	request := toy(t)
	model, metrics, _ := trainIn(t, request, t.TempDir())
	path, n := tokensOf(t, request)
	if n.Articles < 24 || n.Source != n.Articles*20 || n.Label != n.Articles*10 {
		t.Errorf("counts %+v of articles that are longer than 20 and 10 tokens", n)
	}
	request.Samples.Tokens = []string{path}
	again, metricsAgain, _ := trainIn(t, request, t.TempDir())
	if !bytes.Equal(model, again) || !bytes.Equal(metrics, metricsAgain) {
		t.Errorf("metrics\n%s\n%s", metrics, metricsAgain)
	}
}

func TestTextsAreTokenizedOnceForAllAttempts(t *testing.T) {
	articles, folder := toy(t), toy(t)
	folder.Dataset = folderOf(t, folder)
	folder.Samples = nil
	for name, request := range map[string]engine.TrainRequest{"articles": articles, "the folder of a data set": folder} {
		work := t.TempDir()
		stopAfter(t, request, work, 7)
		made, _ := filepath.Glob(filepath.Join(work, "tokens", "*"))
		if len(made) != 1 {
			t.Fatalf("%s: files %v", name, made)
		}
		before, err := os.Stat(made[0])
		must(t, err)
		trainIn(t, request, work)
		after, err := os.Stat(made[0])
		must(t, err)
		if !os.SameFile(before, after) {
			t.Errorf("%s: the second attempt tokenized again", name)
		}
	}
}

func TestATrainingThatIsInterruptedWhileItTokenizesEndsThereAndLeavesNothingHalf(t *testing.T) {
	request := toy(t)
	request.Samples, request.Dataset = nil, t.TempDir()
	var rows strings.Builder
	for i := range 9000 {
		fmt.Fprintf(&rows, "{\"text\": \"the text %d\", \"summary\": \"of %d\"}\n", i, i)
	}
	must(t, os.WriteFile(filepath.Join(request.Dataset, "german-english_train.jsonl"), []byte(rows.String()), 0o644))
	request = withFolders(t, request)
	ctx, cancel := context.WithCancel(t.Context())
	texts := 0.0
	_, err := Run(ctx, request, func(p schemas.Progress) {
		if texts = max(texts, p.Metrics["articles_read"]); texts > 0 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || texts == 0 || texts > 4000 {
		t.Errorf("%v after %.0f of 18000 texts", err, texts)
	}
	if left, _ := filepath.Glob(filepath.Join(request.Work, "tokens", "*")); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

func TestIdsOfADataSetThatAreBrokenAreToldWithWhatToRemove(t *testing.T) {
	request := toy(t)
	request.Dataset = folderOf(t, request)
	request.Samples = nil
	for name, spoil := range map[string]func(path string) error{
		folderSamples: func(path string) error { return os.Truncate(path, 100) },
		folderTokens:  os.Remove,
	} {
		work := t.TempDir()
		stopAfter(t, request, work, 7)
		made, _ := filepath.Glob(filepath.Join(work, "tokens", "*"))
		must(t, spoil(filepath.Join(made[0], name)))
		spoilt := request
		spoilt.Work, spoilt.Output = work, t.TempDir()
		_, err := Run(t.Context(), spoilt, nil)
		if kind(err) != schemas.CorruptObject || !strings.Contains(err.Error(), "remove "+made[0]+", and the data set is tokenized again") {
			t.Errorf("%s: %v", name, err)
		}
		must(t, os.RemoveAll(made[0]))
		_, _, result := trainIn(t, request, work)
		if result.ResumedFrom != 7 {
			t.Errorf("%s: resumed from %d", name, result.ResumedFrom)
		}
	}
}

func TestSentinelsThatTextsSpellOutAreCounted(t *testing.T) {
	request := toy(t)
	request.Samples.Articles = []string{filepath.Join(t.TempDir(), "articles.arrow")}
	must(t, arrowfile.WriteRows(request.Samples.Articles[0], 1, func(int) schemas.ArticleRow {
		return schemas.ArticleRow{Language: "english", ID: "1", Summary: "a <extra_id_54> and b <extra_id_53>", Text: "of <extra_id_54>, </s> and <pad>"}
	}))
	_, n := tokensOf(t, request)
	if n.Spelled != 1 || n.Dropped != 2 {
		t.Errorf("%+v, wanted one in the source and two left out of the label", n)
	}
}

func TestTokensOfAnotherVocabularyAreRefused(t *testing.T) {
	request := toy(t)
	for what, row := range map[string][2][]int32{"an id beyond the model's table": {{5, 80, 1}, {5, 1}}, "a negative id": {{5, 1}, {-1, 1}}, "an article without ids": {{}, {1}}} {
		path := filepath.Join(t.TempDir(), "tokens.arrow")
		w, err := arrowfile.Create[schemas.TokensRow](path)
		must(t, err)
		must(t, w.Append(schemas.TokensRow{Language: "english", ID: "10", Source: row[0], Label: row[1]}))
		must(t, w.Close())
		bad, samples := request, *request.Samples
		samples.Tokens = []string{path}
		bad.Samples, bad.Work, bad.Output = &samples, t.TempDir(), t.TempDir()
		_, err = Run(context.Background(), bad, nil)
		if kind(err) != schemas.CorruptObject || !strings.Contains(err.Error(), "article english/10 has") || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAnArticleThatCannotBeTokenizedIsToldOnce(t *testing.T) {
	request := toy(t)
	config, err := t5.LoadConfig(request.Model)
	must(t, err)
	tokenizer, err := t5.LoadTokenizer(request.Model, config)
	must(t, err)
	w, err := createTokens(tokenizer, engine.TokenizeRequest{Output: filepath.Join(t.TempDir(), "tokens.arrow")}, func(int64) {})
	must(t, err)
	for i := range 3 * together {
		p := &pending{language: "english", id: fmt.Sprint(i)}
		if i == 5 {
			p.err = errors.New("no such piece")
		}
		if err = w.add(p); err != nil {
			break
		}
	}
	if err = errors.Join(err, w.close()); err == nil || strings.Count(err.Error(), "no such piece") != 1 || !strings.Contains(err.Error(), "article english/5") {
		t.Errorf("%v", err)
	}
}
