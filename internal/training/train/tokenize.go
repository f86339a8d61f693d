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

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/artifact/atomicfile"
	"crosssum/internal/artifact/digest"
	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/internal/model/t5"
	"crosssum/schemas"
)

// Tokenize writes the ids of every article of request.Input. It needs a model's config.json and vocabulary, not its weights.
func Tokenize(ctx context.Context, request engine.TokenizeRequest, report engine.Report) (engine.TokenizeResult, error) {
	params := schemas.Paper().Train // of which only these are asked here
	params.SourceTokens, params.TargetTokens = request.SourceTokens, request.TargetTokens
	if err := params.Check(); err != nil {
		return engine.TokenizeResult{}, fault.Of(schemas.InvalidInput, err)
	}
	config, err := t5.LoadConfig(request.Model)
	if err != nil {
		return engine.TokenizeResult{}, fault.New(schemas.MissingModel, "summarizer: %v", err)
	}
	tokenizer, err := t5.LoadTokenizer(request.Model, config)
	if err != nil {
		return engine.TokenizeResult{}, fault.New(schemas.MissingModel, "summarizer: %v", err)
	}
	return tokenizeFile(ctx, tokenizer, request, func(articles int64) { report(schemas.Progress{Done: articles, Of: "articles"}) })
}

// tokenizeFile is Tokenize with a vocabulary that is there already. alive hears of the articles that are done.
func tokenizeFile(ctx context.Context, tokenizer *t5.Tokenizer, request engine.TokenizeRequest, alive func(articles int64)) (n engine.TokenizeResult, err error) {
	w, err := createTokens(tokenizer, request, alive)
	if err != nil {
		return n, err
	}
	err = arrowfile.Each(request.Input, func(r *schemas.ArticleRow) error {
		text, summary := arrowfile.Clone(r.Text), arrowfile.Clone(r.Summary)
		return errors.Join(ctx.Err(), w.add(&pending{language: arrowfile.Clone(r.Language), id: arrowfile.Clone(r.ID), text: &text, summary: &summary}))
	})
	err = errors.Join(err, w.close())
	return w.count, err
}

// together is how many articles are tokenized side by side.
const together = 256

// pending is an article between reading and writing.
type pending struct {
	language, id  string
	text, summary *string // nil: there is none, and its list of ids is empty
	source, label []int32
	dropped       int
	err           error
}

// tokenWriter writes the ids of articles to request.Output in the order in which they come. It tokenizes them on all processors that
// the engine was given, beside the reading of the next.
type tokenWriter struct {
	file      *arrowfile.Writer[schemas.TokensRow]
	tokenizer *t5.Tokenizer
	request   engine.TokenizeRequest
	alive     func(articles int64)
	next      []*pending    // to be tokenized
	now       []*pending    // being tokenized
	encoded   chan struct{} // closed when now is
	count     engine.TokenizeResult
}

func createTokens(tokenizer *t5.Tokenizer, request engine.TokenizeRequest, alive func(articles int64)) (*tokenWriter, error) {
	file, err := arrowfile.Create[schemas.TokensRow](request.Output)
	return &tokenWriter{file: file, tokenizer: tokenizer, request: request, alive: alive}, err
}

func (w *tokenWriter) add(p *pending) error {
	if w.next = append(w.next, p); len(w.next) < together {
		return nil
	}
	return w.flush()
}

// flush writes what is being tokenized and begins with what is next.
func (w *tokenWriter) flush() error {
	if err := w.write(); err != nil {
		return err
	}
	some, encoded := w.next, make(chan struct{})
	w.now, w.encoded, w.next = some, encoded, nil
	go func() {
		sideBySide(len(some), func(i int) { some[i].encode(w.tokenizer, w.request) })
		close(encoded)
	}()
	return nil
}

func (w *tokenWriter) write() error {
	if w.encoded == nil {
		return nil
	}
	<-w.encoded
	lot := w.now
	w.now, w.encoded = nil, nil // also where one of them cannot be written: it is told once
	for _, p := range lot {
		if p.err != nil {
			return fmt.Errorf("%s: article %s/%s: %w", w.request.Input, p.language, p.id, p.err)
		}
		if err := w.file.Append(schemas.TokensRow{Language: p.language, ID: p.id, Source: p.source, Label: p.label, Dropped: int32(p.dropped)}); err != nil {
			return err
		}
		count(&w.count, p, w.tokenizer)
	}
	w.alive(w.count.Articles)
	return nil
}

func (w *tokenWriter) close() error {
	return errors.Join(w.flush(), w.write(), w.file.Close())
}

// sideBySide calls do for 0 to n-1 on all processors that the engine was given.
func sideBySide(n int, do func(i int)) {
	var all sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), 16)
	for k := range workers {
		all.Go(func() {
			for i := k; i < n; i += workers {
				do(i)
			}
		})
	}
	all.Wait()
}

func (p *pending) encode(tokenizer *t5.Tokenizer, request engine.TokenizeRequest) {
	if p.text != nil {
		p.source, p.err = tokenizer.Source(*p.text, request.SourceTokens)
	}
	if p.summary != nil && p.err == nil {
		p.label, p.dropped, p.err = tokenizer.Label(*p.summary, request.TargetTokens)
	}
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

// tokenized gives the files to train on: those of the request, or, where it has articles or the folder of a data set, what becomes of
// these, which lies in the work folder then. alive is called while it tokenizes.
func (in *inputs) tokenized(ctx context.Context, alive func(articles int64)) (samples string, tokens []string, err error) {
	request := in.request
	vocabulary, _, err := digest.File(filepath.Join(request.Model, vocabularyFile))
	if err != nil {
		return "", nil, err
	}
	key := fmt.Sprint(vocabulary, " ", request.Params.SourceTokens, " ", request.Params.TargetTokens)
	limits := engine.TokenizeRequest{SourceTokens: request.Params.SourceTokens, TargetTokens: request.Params.TargetTokens}
	if request.Dataset != "" {
		dir, err := in.once("data set "+key+" "+in.id, func(dir string) error {
			return errors.Join(os.Mkdir(dir, 0o755), tokenizeFolder(ctx, request.Dataset, dir, in.tokenizer, limits, alive))
		})
		return filepath.Join(dir, folderSamples), []string{filepath.Join(dir, folderTokens)}, err
	}
	if request.Samples.Tokens != nil {
		return request.Samples.File, request.Samples.Tokens, nil
	}
	for _, articles := range request.Samples.Articles {
		of, _, err := digest.File(articles)
		if err != nil {
			return "", nil, err
		}
		path, err := in.once(of+" "+key, func(path string) error {
			limits.Input, limits.Output = articles, path
			_, err := tokenizeFile(ctx, in.tokenizer, limits, alive)
			return err
		})
		if err != nil {
			return "", nil, err
		}
		tokens = append(tokens, path)
	}
	return request.Samples.File, tokens, nil
}

// once makes a file or folder of the work folder's tokens that is not there yet.
func (in *inputs) once(key string, make func(path string) error) (string, error) {
	name := sha256.Sum256([]byte(key))
	dir := filepath.Join(in.request.Work, "tokens")
	path := filepath.Join(dir, hex.EncodeToString(name[:]))
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	if err := errors.Join(os.MkdirAll(dir, 0o755), atomicfile.Sweep(dir)); err != nil {
		return "", err
	}
	return path, atomicfile.Make(path, make)
}
