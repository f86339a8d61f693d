package encode

import (
	"errors"
	"fmt"
	"io/fs"

	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/internal/model/bert"
	"crosssum/internal/model/resident"
	"crosssum/internal/model/static"
	"crosssum/internal/model/tokenizer"
	"crosssum/internal/native/torch"
	"crosssum/schemas"
)

// encoder is a sentence encoder: tokenizer, model, pooling, dense layers, unit length. One of model and static is nil.
type encoder struct {
	tokenizer tokenizer.Tokenizer
	model     *bert.Model
	static    *static.Model
	pooling   string // of a model: "mean", "cls" or "pooler"
	dense     []dense
	prompt    string // the directory's own prefix of every text
	unit      bool   // vectors have unit length; else they are as the directory's modules.json gives them
	dimension int
	empty     bool // weights were looked at and not read: it encodes nothing
	limit     int  // the most tokens of a text
	maxTokens int  // the directory's own choice, at most limit
}

// encoders keeps the encoder of the last request.
var encoders resident.Model[*encoder]

// load reads a Hugging Face directory; reports hear of the bytes of the model that were read.
func load(dir string, reports ...engine.Report) (*encoder, error) {
	return read(dir, false, reports...)
}

// read is load; empty: without the values of the weights, which are looked at and take no memory.
func read(dir string, empty bool, reports ...engine.Report) (*encoder, error) {
	modules, err := readModules(dir)
	if err != nil {
		return nil, err
	}
	report := func(done, total int64) {
		for _, report := range reports {
			report(schemas.Progress{Done: done, Total: total, Of: schemas.OfModel})
		}
	}
	e := &encoder{empty: empty, pooling: modules.pooling, unit: modules.normalize, prompt: modules.prompt}
	if modules.static != "" {
		err = e.loadStatic(modules, report)
	} else {
		err = e.loadModel(modules, report)
	}
	for i := 0; err == nil && i < len(modules.dense); i++ {
		var d dense
		d, err = modules.dense[i].load(e.dimension, empty)
		e.dense, e.dimension = append(e.dense, d), d.out
	}
	if err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

// loadTokenizer reads what cuts texts, and how long they may be; wordPiece tells whether it is BERT's own tokenizer.
func (e *encoder) loadTokenizer(m *modules) (wordPiece bool, err error) {
	if m.static != "" {
		e.limit = schemas.MostBatchTokens
		tokens, limit, err := tokenizer.LoadStatic(m.static)
		if limit > 0 {
			e.limit = min(limit, e.limit)
		}
		e.tokenizer, e.maxTokens = tokens, e.limit
		return false, err
	}
	config, err := bert.ReadConfig(m.transformer)
	if err != nil {
		return false, err
	}
	tokens, settings, wordPiece, err := tokenizer.Load(m.transformer, config.TokenizerClass, config.VocabSize)
	if err != nil {
		return false, err
	}
	if tokens.Size() > config.VocabSize {
		return false, fmt.Errorf("%s: the tokenizer has %d ids, and vocab_size is %d", m.transformer, tokens.Size(), config.VocabSize)
	}
	e.tokenizer, e.limit = tokens, config.MaxTokens()
	e.maxTokens = e.limit
	for _, n := range []int{m.maxTokens, int(settings.ModelMaxLength)} {
		if n > 0 {
			e.maxTokens = min(e.maxTokens, n)
		}
	}
	return wordPiece, nil
}

// loadModel reads a BertModel or XLMRobertaModel.
func (e *encoder) loadModel(m *modules, report func(done, total int64)) error {
	wordPiece, err := e.loadTokenizer(m)
	if err != nil {
		return err
	}
	if e.empty {
		e.model, err = bert.Outline(m.transformer)
	} else {
		e.model, err = bert.Load(m.transformer, report)
	}
	if err != nil {
		return err
	}
	if !m.listed && wordPiece {
		e.pooling = "pooler"
		if !e.model.HasPooler() {
			return fmt.Errorf("%s: has neither modules.json nor the tensors pooler.dense.*: nothing says how a text becomes one vector",
				m.transformer)
		}
	} else if !m.listed {
		e.pooling = "mean"
	}
	e.dimension = e.model.Config.HiddenSize
	return nil
}

// loadStatic reads a StaticEmbedding.
func (e *encoder) loadStatic(m *modules, report func(done, total int64)) error {
	if _, err := e.loadTokenizer(m); err != nil {
		return err
	}
	var err error
	if e.empty {
		e.static, err = static.Outline(m.static)
	} else {
		e.static, err = static.Load(m.static, report)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return noSafetensors(m.static)
	} else if err != nil {
		return err
	}
	if e.tokenizer.Size() > e.static.Rows {
		return fmt.Errorf("%s: the tokenizer has %d ids, and the table %d rows", m.static, e.tokenizer.Size(), e.static.Rows)
	}
	e.dimension = e.static.Dimension
	return nil
}

func (e *encoder) close() {
	if e.model != nil {
		e.model.Close()
	}
	for i := range e.dense {
		e.dense[i].free()
	}
}

// encode writes the vectors of the texts of one batch to their places in vectors. A StaticEmbedding gives the zero vector
// for a text without tokens; any other vector that is zero or not finite is an error.
func (e *encoder) encode(in *texts, batch []int, vectors []float32) error {
	out := make([]float32, len(batch)*e.dimension)
	if err := e.forward(in, batch, out); err != nil {
		return fmt.Errorf("encoding %d texts, the first %s: %w", len(batch), in.name(batch[0]), err)
	}
	for i, t := range batch {
		vector := vectors[t*e.dimension : (t+1)*e.dimension]
		copy(vector, out[i*e.dimension:])
		empty := len(in.texts[t].ids) == 0
		if !finite(vector) || e.unit && !unit(vector) && !empty {
			return fault.New(schemas.NotFinite, "%s: its embedding is not finite or zero", in.name(t))
		}
	}
	return nil
}

// forward writes the vectors [texts, dimension] of a batch, not yet of unit length.
func (e *encoder) forward(in *texts, batch []int, out []float32) error {
	width := len(out) / len(batch)
	if e.static != nil {
		width = e.static.Dimension
	} else if e.model != nil {
		width = e.model.Config.HiddenSize
	}
	pooled := out
	if len(e.dense) > 0 {
		pooled = make([]float32, len(batch)*width)
	}
	if e.static != nil {
		for i, t := range batch {
			if err := e.static.Mean(in.texts[t].ids, pooled[i*width:(i+1)*width]); err != nil {
				return err
			}
		}
	} else if err := e.pool(in, batch, pooled); err != nil {
		return err
	}
	if len(e.dense) == 0 {
		return nil
	}
	return torch.Do(func() {
		x := torch.FromFloat32s(pooled, len(batch), width)
		for i := range e.dense {
			x = e.dense[i].forward(x)
		}
		x.CopyFloat32s(out)
	})
}

// pool runs the model over a batch and writes a vector [hidden] for each text.
func (e *encoder) pool(in *texts, batch []int, pooled []float32) error {
	var ids []int64
	lengths := make([]int, len(batch))
	for i, t := range batch {
		for _, id := range in.texts[t].ids {
			ids = append(ids, int64(id))
		}
		lengths[i] = len(in.texts[t].ids)
	}
	if e.pooling != "mean" {
		return torch.Do(func() {
			if e.pooling == "pooler" {
				e.model.Pooled(ids, lengths).CopyFloat32s(pooled)
			} else {
				e.model.First(ids, lengths).CopyFloat32s(pooled)
			}
		})
	}
	width := len(pooled) / len(batch)
	states := make([]float32, len(ids)*width)
	if err := torch.Do(func() { e.model.Forward(ids, lengths).CopyFloat32s(states) }); err != nil {
		return err
	}
	for i, n := range lengths {
		meanPooling(states[:n*width], pooled[i*width:(i+1)*width])
		states = states[n*width:]
	}
	return nil
}
