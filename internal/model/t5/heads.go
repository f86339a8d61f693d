package t5

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"

	"crosssum/internal/model/safetensors"
	"crosssum/internal/native/torch"
)

// The output head is a table of its own (mT5 and T5 v1.1 as published) or tied: the shared table, before which T5 scales
// the decoder's outputs by d_model^-0.5. What transformers does by version, from its source:
//
//	                 4.57                        5.23
//	t5, tied         scales                      scales, unless scale_decoder_outputs is false
//	mt5, tied        scales                      does not scale
//	not tied         never scales                never scales
//	absent field     t5 tied, mt5 not tied       both tied
//	file has both    tied is tied                tied only if both tables are equal
//
// transformers 5 writes "tie_word_embeddings": true for every mT5, tied or not. So a file with two different tables is never
// tied here; a tied mT5 is scaled unless the config says by its fields that it was written by 5; and a scaled one is
// written as "t5", the same network, which both versions scale.

// readTies resolves tie_word_embeddings and scale_decoder_outputs as far as config.json tells.
func (c *Config) readTies(fields map[string]json.RawMessage) {
	if _, ok := fields["tie_word_embeddings"]; !ok {
		c.TieWordEmbeddings = c.ModelType == "t5"
	}
	if _, ok := fields["scale_decoder_outputs"]; !ok {
		var version string
		json.Unmarshal(fields["transformers_version"], &version)
		c.ScaleOutputs = c.TieWordEmbeddings && (c.ModelType == "t5" || !strings.HasPrefix(version, "5."))
	}
}

// untie gives the model a head of its own where the file holds one that differs from the shared table.
func (c *Config) untie(file *safetensors.File) error {
	if _, ok := file.Entry(headName); !ok || !c.TieWordEmbeddings {
		return nil
	}
	if _, ok := file.Entry(sharedName); !ok {
		return nil // the tied table under its other name
	}
	shared, err := file.Bytes(sharedName)
	if err != nil {
		return err
	}
	head, err := file.Bytes(headName)
	if err != nil || bytes.Equal(shared, head) {
		return err
	}
	c.TieWordEmbeddings, c.ScaleOutputs = false, false
	return nil
}

// head is the table of the output head, [vocab_size, d_model].
func (m *Model) head() torch.Tensor {
	if m.Config.TieWordEmbeddings {
		return m.weight(sharedName)
	}
	return m.weight(headName)
}

// outputs are the decoder's final states as the head takes them, [rows, d_model].
func (m *Model) outputs(hidden torch.Tensor) torch.Tensor {
	if m.Config.ScaleOutputs {
		return hidden.MulScalar(1 / math.Sqrt(float64(m.Config.DModel)))
	}
	return hidden
}
