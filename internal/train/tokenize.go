package train

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"crosssum/internal/arrowfile"
	"crosssum/internal/engine"
	"crosssum/internal/model/t5"
	"crosssum/schemas"
)

// Tokenize writes the ids of every article of request.Input. It needs a model's config.json and vocabulary, not its weights.
func Tokenize(ctx context.Context, request engine.TokenizeRequest, report engine.Report) (engine.TokenizeResult, error) {
	config, err := t5.LoadConfig(request.Model)
	if err != nil {
		return engine.TokenizeResult{}, &engine.Error{Type: schemas.MissingModel, Message: "summarizer: " + err.Error()}
	}
	tokenizer, err := t5.LoadTokenizer(request.Model, config)
	if err != nil {
		return engine.TokenizeResult{}, &engine.Error{Type: schemas.MissingModel, Message: "summarizer: " + err.Error()}
	}
	return tokenizeFile(ctx, tokenizer, request, func(articles int64) { report(schemas.Progress{Done: articles, Of: "articles"}) })
}

// together is how many articles are tokenized side by side; their ids are written in order.
const together = 256

// pending is an article between reading and writing.
type pending struct {
	language, id, text, summary string
	source, label               []int32
	dropped                     int
	err                         error
}

// tokenizeFile is Tokenize with a vocabulary that is there already. alive hears of the articles that are done.
func tokenizeFile(ctx context.Context, tokenizer *t5.Tokenizer, request engine.TokenizeRequest, alive func(articles int64)) (n engine.TokenizeResult, err error) {
	if request.SourceTokens < 2 || request.TargetTokens < 2 {
		return n, invalid("source_tokens %d and target_tokens %d must be at least 2", request.SourceTokens, request.TargetTokens)
	}
	w, err := arrowfile.Create(request.Output, schemas.Tokens, false)
	if err != nil {
		return n, err
	}
	var some []*pending
	flush := func() error {
		encode(some, tokenizer, request)
		for _, p := range some {
			if p.err != nil {
				return fmt.Errorf("%s: article %s/%s: %w", request.Input, p.language, p.id, p.err)
			}
			if err := w.Append(p.language, p.id, p.source, p.label, int32(p.dropped)); err != nil {
				return err
			}
			count(&n, p, tokenizer)
		}
		some = some[:0]
		alive(n.Articles)
		return ctx.Err()
	}
	err = arrowfile.Each(request.Input, schemas.Article, func(r arrowfile.Row) error {
		some = append(some, &pending{language: arrowfile.Clone(r.Str(0)), id: arrowfile.Clone(r.Str(1)), text: arrowfile.Clone(r.Str(5)), summary: arrowfile.Clone(r.Str(4))})
		if len(some) == together {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	return n, errors.Join(err, w.Close())
}

// encode fills in the ids, on all processors that the engine was given.
func encode(some []*pending, tokenizer *t5.Tokenizer, request engine.TokenizeRequest) {
	var all sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), 16)
	for k := range workers {
		all.Go(func() {
			for i := k; i < len(some); i += workers {
				p := some[i]
				if p.source, p.err = tokenizer.Source(p.text, request.SourceTokens); p.err == nil {
					p.label, p.dropped, p.err = tokenizer.Label(p.summary, request.TargetTokens)
				}
			}
		})
	}
	all.Wait()
}

func count(n *engine.TokenizeResult, p *pending, tokenizer *t5.Tokenizer) {
	n.Articles++
	n.Source += int64(len(p.source))
	n.Label += int64(len(p.label))
	n.Dropped += int64(p.dropped)
	for _, id := range p.source {
		if tokenizer.Sentinels()[id] {
			n.Spelled++
		}
	}
}

// tokenized gives the files of ids to train on: request.Tokens, or what becomes of request.Articles, which lies in the work folder
// then. alive is called while it tokenizes.
func tokenized(request engine.TrainRequest, tokenizer *t5.Tokenizer, alive func(articles int64)) ([]string, error) {
	if len(request.Tokens) > 0 {
		return request.Tokens, nil
	}
	dir := filepath.Join(request.Work, "tokens")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	vocabulary, err := digestFile(filepath.Join(request.Model, vocabularyFile), false)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, articles := range request.Articles {
		digest, err := digestFile(articles, false)
		if err != nil {
			return nil, err
		}
		key := sha256.Sum256(fmt.Appendf(nil, "%s %s %d %d", digest, vocabulary, request.Params.SourceTokens, request.Params.TargetTokens))
		path := filepath.Join(dir, hex.EncodeToString(key[:])+".arrow")
		paths = append(paths, path)
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			if err != nil {
				return nil, err
			}
			continue
		}
		aside := path + ".writing"
		if err := os.RemoveAll(aside); err != nil {
			return nil, err
		}
		_, err = tokenizeFile(context.Background(), tokenizer, engine.TokenizeRequest{Input: articles, Output: aside,
			SourceTokens: request.Params.SourceTokens, TargetTokens: request.Params.TargetTokens}, alive)
		if err == nil {
			err = os.Rename(aside, path)
		}
		if err != nil {
			return nil, err
		}
	}
	return paths, nil
}
